"""Builds one custom report on the release that people see, while its author works on it.

The page stands among the others in `home/preview`, whose files are those of the release. What a report may say and how
it is built belongs to `orchestration.reports.custom`.
"""

import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from orchestration.publish import frame_of
from orchestration.releases import current, link_tree
from orchestration.reports import pages
from orchestration.reports.custom.building import build
from orchestration.reports.formats import Formats
from orchestration.settings import Mistake, Settings
from orchestration.tables import TableError

LOOKED_AT_S = 0.5


@dataclass(frozen=True)
class Preview:
    """The pages that were written, the first in the navigation first, and what is wrong with the report."""

    files: list[Path]
    mistakes: list[Mistake]


def preview(settings: Settings, file: Path) -> Preview:
    """Build the pages of one report against the published marts.

    Raises:
        TableError: Nothing has been published yet.
    """
    shown = current(settings)
    if shown is None:
        raise TableError("Nothing has been published yet. Run `beaconmart run` first.")
    told = json.loads((shown.path / "status.json").read_text(encoding="utf-8"))
    as_of, site = date.fromisoformat(told["as_of"]), settings.config.site
    built = build(settings.config_dir, shown.path / "marts.duckdb", as_of, Formats(site.currency, site.timezone), file)
    folder = settings.home / "preview"
    _like(shown.path, folder)
    names = {page.name for page in built.pages}
    # What is there is a second name of the release's own file.
    for page in names:
        for old in [
            *folder.glob(f"{page}.html"),
            *folder.glob(f"csv/{page}-*"),
            *folder.glob(f"assets/figures/{page}-*"),
        ]:
            old.unlink()
    nav = [entry for entry in _navigation(folder) if entry[0] not in names]
    nav += [(page.name, page.nav, page.parent) for page in built.pages if page.in_nav]
    pages.write(built.pages, nav, told, frame_of(settings, as_of, datetime.now(UTC), folder), folder)
    return Preview([folder / f"{page.name}.html" for page in built.pages], built.mistakes)


def watch(settings: Settings, file: Path) -> Iterator[Preview]:
    """Build a report now, and again whenever its file changes, for as long as somebody asks for more."""
    seen = None
    while True:
        stamp = file.stat().st_mtime_ns if file.exists() else None
        if stamp != seen:
            seen = stamp
            yield preview(settings, file)
        time.sleep(LOOKED_AT_S)


def _like(release: Path, folder: Path) -> None:
    """Make the folder a release's, without its large files, unless it is already."""
    mark = folder / ".release"
    if mark.exists() and mark.read_text() == release.name:
        return
    shutil.rmtree(folder, ignore_errors=True)
    link_tree(release, folder)
    mark.write_text(release.name)


def _navigation(folder: Path) -> pages.Navigation:
    file = folder / pages.NAVIGATION
    entries = json.loads(file.read_text(encoding="utf-8")) if file.exists() else []
    return [(name, label, parent) for name, label, parent in entries]
