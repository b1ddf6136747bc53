"""CSV cells that a spreadsheet cannot mistake for a formula.

Text of strangers (URLs, error messages) lands in files that people open in a spreadsheet; everything that writes such
a cell goes through here. Numbers and dates pass as they are.
"""

import csv
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

# What Excel, LibreOffice or Google Sheets take for the start of a formula, the full-width forms included.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "|", "%")
# The same for the engine of DuckDB, which writes whole tables.
FORMULA = "^[ \u00a0]*[" + "".join(re.escape(start) for start in FORMULA_STARTS) + "]"


def neutral(cell: Any) -> Any:
    """Return the cell, with an apostrophe before text that a spreadsheet could run."""
    if isinstance(cell, str) and cell.lstrip(" \u00a0").startswith(FORMULA_STARTS):
        return "'" + cell
    return cell


def write_csv(path: Path, header: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    """Write a UTF-8 CSV file with CRLF line ends, every cell neutralised."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([neutral(cell) for cell in header])
        writer.writerows([neutral(cell) for cell in row] for row in rows)
