"""Reports that people add to the configuration: Markdown with queries and figures, built into pages of the release.

What such a file may say is read in `document` and `specs`, its queries run in `queries`, figures are made in `figures`
and `shapes`, pages in `building`. Drawing and HTML are those of every other page.
"""
