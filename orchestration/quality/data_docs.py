"""Makes Great Expectations' Data Docs fit to be published: no script, no network, one small style sheet.

Nor does anything differ between two runs on the same data. The library's pages load Bootstrap and jQuery from
elsewhere, which published pages forbid. What the pages say is the library's and does not belong here.
"""

import re
import shutil
from pathlib import Path

STYLE = Path(__file__).with_name("data_docs.css")

_POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'none'"
)
_REMOVED = (
    r"<script\b.*?</script>",
    r"<style\b.*?</style>",
    r"<footer\b.*?</footer>",
    r"<link\b[^>]*>",
    r"<img\b[^>]*>",
    r"\son[a-z]+=\"[^\"]*\"",
    r"<div class=\"card mb-3\">\s*<div[^>]*>\s*<strong>Actions</strong>.*?</label>(?:\s*</div>){5}",
    r"<title></title>",
)
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_WALL_CLOCK = r"\d{8}T\d{6}\.\d{6}Z(?=\s*</span>)"


def make_self_contained(docs_dir: Path) -> None:
    """Rewrite every page of the site in place; the index, whose tables are made by a script, is written anew."""
    shutil.rmtree(docs_dir / "static", ignore_errors=True)
    shutil.copyfile(STYLE, docs_dir / "style.css")
    (docs_dir / "index.html").write_text(_index(docs_dir), encoding="utf-8")
    for page in docs_dir.rglob("*.html"):
        up = "../" * (len(page.relative_to(docs_dir).parts) - 1)
        page.write_text(_cleaned(page.read_text(encoding="utf-8"), up), encoding="utf-8")


def _index(docs_dir: Path) -> str:
    rows = []
    for page in sorted(docs_dir.glob("validations/*/**/*.html")):
        path = page.relative_to(docs_dir)
        failed = "fa-times text-danger" in page.read_text(encoding="utf-8")
        sign = "✘ failed" if failed else "✔ passed"
        colour = "text-danger" if failed else "text-success"
        rows.append(f'<tr><td><a href="{path}">{path.parts[1]}</a></td><td class="{colour}">{sign}</td></tr>')
    head = (
        "<head><meta charset='utf-8'><meta name='viewport' content='width=device-width'><title>Data Docs</title></head>"
    )
    table = f"<table><thead><tr><th>Validation</th><th>Result</th></tr></thead><tbody>{''.join(rows)}</tbody></table>"
    words = "<p>What Great Expectations checked before this release was published, and what it found.</p>"
    return f"<!DOCTYPE html>\n<html>{head}<body><h1>Data Docs</h1>{words}{table}</body></html>"


def _cleaned(html: str, up: str) -> str:
    for pattern in _REMOVED:
        html = re.sub(pattern, "", html, flags=re.DOTALL)
    html = re.sub(_WALL_CLOCK, "—", html)
    ids: dict[str, str] = {}
    html = re.sub(_UUID, lambda found: ids.setdefault(found[0], f"{len(ids)}"), html)
    policy = f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    head = f'{policy}\n<link rel="stylesheet" href="{up}style.css">\n'
    html = html.replace("<html>", '<html lang="en">', 1).replace("</head>", head + "</head>", 1)
    return re.sub(r"(\s*\n){3,}", "\n\n", html)
