"""Marts and reports to the release; how pages are made does not belong here."""
