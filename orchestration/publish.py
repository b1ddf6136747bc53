"""Makes a release of what the warehouse holds, or says on the pages why there is no newer one.

Everything is read from the one file that the release itself contains, so that pages, marts, exports and status.json
cannot disagree. How releases replace each other is in `releases`, what pages say is in `reports`; when to publish is
decided by whoever calls.
"""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from orchestration import database, dbt, lake, memory, metrics, warehouse
from orchestration.releases import Release, building, current, link_tree, replace_text
from orchestration.reports import digest, pages, status
from orchestration.reports.content import Context, attention
from orchestration.reports.custom.building import Built
from orchestration.reports.custom.building import build as build_custom
from orchestration.reports.delivered import known
from orchestration.reports.formats import Formats, day
from orchestration.reports.marts import Marts, Row
from orchestration.settings import Settings

Progress = Callable[[int, int | None, str], None]
STEPS = (
    "copying the marts",
    "writing the exports",
    "writing the table docs",
    "drawing the pages",
    "swapping the release in",
)
DOCS_STAMP = "project.sha256"


def publish(
    settings: Settings,
    as_of: date,
    quality: list[Row],
    generated_at: datetime,
    data_docs: Path | None = None,
    progress: Progress | None = None,
) -> Release:
    """Make a release of the warehouse and swap it in.

    Args:
        settings: where the home is and what the site is called.
        as_of: the last day of data that pages show.
        quality: check results: suite, check_name, asset, is_passed, is_blocking, observed, expected, missing.
        generated_at: the one "generated at" of all files; aware.
        data_docs: a folder of Great Expectations' Data Docs to publish along.
        progress: called with (steps done, steps, what is being done).

    Returns:
        The release that `published` now points to.

    Raises:
        releases.PublishError: something else than a link stands where `published` belongs.
    """
    say = progress or (lambda done, total, detail: None)
    with building(settings, as_of, generated_at) as (folder, made):
        with warehouse.writing(settings):  # no other run between the copy and the exports
            say(0, len(STEPS), STEPS[0])
            warehouse.snapshot(settings, folder / "marts.duckdb")
            say(1, len(STEPS), STEPS[1])
            warehouse.export(settings, folder / "exports")
            say(2, len(STEPS), STEPS[2])
            _table_docs(settings, folder / "docs")
            metrics.write_definitions(settings, folder / metrics.MANIFEST)
        if data_docs and data_docs.is_dir():
            shutil.copytree(data_docs, folder / "data-docs")
        say(3, len(STEPS), STEPS[3])
        site = settings.config.site
        custom = build_custom(
            settings.config_dir, folder / "marts.duckdb", as_of, Formats(site.currency, site.timezone)
        )
        with database.connect(folder / "marts.duckdb", True, memory_limit=memory.limit(settings)) as connection:
            _pages(settings, Marts(connection, as_of), quality, generated_at, folder, custom)
        say(4, len(STEPS), STEPS[4])
    say(len(STEPS), len(STEPS), "published")
    return made[0]


def block(settings: Settings, as_of: date, quality: list[Row], generated_at: datetime, reasons: list[str]) -> Release:
    """Keep the release that people see, and say on its pages and in status.json why there is no newer one.

    Args:
        settings: where the home is and what the site is called.
        as_of: the last day of the data that was not published.
        quality: check results of the run that was blocked.
        generated_at: when it was blocked; aware.
        reasons: what is wrong, a sentence each.

    Returns:
        The new release: the old one's files with a banner; before the first release, one page that says why.
    """
    shown = current(settings)
    what = f"The run with data to {day(as_of)} was not published"
    with building(settings, as_of, generated_at) as (folder, made):
        if shown:
            _with_banner(shown, folder, what, reasons)
            content = json.loads((folder / "status.json").read_text(encoding="utf-8"))
        else:
            frame = frame_of(settings, as_of, generated_at, folder)
            pages.copy_assets(folder)
            mark = pages.banner(reasons, f"{what}.")
            (folder / "index.html").write_text(pages.blocked_page(frame, mark), encoding="utf-8")
            content = status.nothing_yet(settings.config.site.name, as_of, generated_at, folder.name)
        content["failing_checks"] = status.failing(quality)
        content["blocked"] = {"at": generated_at.isoformat(), "as_of": as_of.isoformat(), "reasons": reasons}
        (folder / "status.json").unlink(missing_ok=True)
        status.write(folder / "status.json", content)
    return made[0]


def block_after_failure(
    settings: Settings, step: str, words: str, generated_at: datetime | None = None
) -> Release | None:
    """Say on the pages that a newer run failed in `step`; before the first release there is nothing to say it on.

    The data that would have been published may never have come to be, so the pages name only what failed.
    """
    shown = current(settings)
    if shown is None:
        return None
    content = json.loads((shown.path / "status.json").read_text(encoding="utf-8"))
    as_of = date.fromisoformat(content["as_of"])
    reason = f"{step} failed: {words.strip()}"
    at = generated_at or datetime.now(UTC)
    with building(settings, as_of, at) as (folder, made):
        _with_banner(shown, folder, "A newer run failed", [reason])
        content["blocked"] = {"at": at.isoformat(), "as_of": None, "reasons": [reason]}
        (folder / "status.json").unlink()
        status.write(folder / "status.json", content)
    return made[0]


def _pages(
    settings: Settings, marts: Marts, quality: list[Row], generated_at: datetime, folder: Path, custom: Built
) -> None:
    health = status.health(marts)
    site = settings.config.site
    formats = Formats(site.currency, site.timezone)
    targets: dict[str, Any] = settings.config.targets.model_dump()
    unmatched = tuple(lake.unmatched_message(settings, source) for source in lake.unmatched_sources(settings))
    context = Context(marts, formats, quality, health, site.name, targets, site.currency, unmatched)
    pages.render(context, frame_of(settings, marts.as_of, generated_at, folder), folder, custom.pages)
    if known("errors", context.feeds):
        news = digest.markdown(digest.news(marts), marts, formats, site.name)
    else:
        news = digest.not_delivered(marts, site.name)
    (folder / "digest.md").write_text(news, encoding="utf-8")
    alerts = [
        {"severity": item.severity, "title": item.text, "page": item.href} for item in attention.attention(context)
    ]
    release = folder.name.partition("-")[2]
    told = status.document(marts, health, quality, alerts, generated_at, site.name, release)
    told |= {"failing_reports": custom.problems, "unmatched_sources": list(unmatched)}
    status.write(folder / "status.json", told)


def frame_of(settings: Settings, as_of: date, generated_at: datetime, folder: Path) -> pages.Frame:
    """What stands around the pages of a release, whose folder says what there is to download."""
    site = settings.config.site
    there = {
        "status.json": "status.json",
        "downloads.html": "every table as Parquet",
        "docs/index.html": "docs of tables and columns",
        "data-docs/index.html": "docs of the checks",
    }
    # Pages are written before these two, and always.
    always = {"status.json", "downloads.html"} if (folder / "marts.duckdb").exists() else {"status.json"}
    downloads = tuple((href, label) for href, label in there.items() if href in always or (folder / href).exists())
    return pages.Frame(site, Formats(site.currency, site.timezone), as_of, generated_at, downloads)


def _with_banner(shown: Release, folder: Path, what: str, reasons: list[str]) -> None:
    link_tree(shown.path, folder)
    as_of = date.fromisoformat(json.loads((folder / "status.json").read_text(encoding="utf-8"))["as_of"])
    mark = pages.banner(reasons, f"{what}: these pages show data to {day(as_of)}.")
    for page in sorted(folder.glob("*.html")):
        replace_text(page, pages.with_banner(page.read_text(encoding="utf-8"), mark))


def _table_docs(settings: Settings, target: Path) -> None:
    """Write the dbt docs, or take those of the release before when the project has not changed: they cost seconds."""
    state = dbt.project_state()
    shown = current(settings)
    kept = shown.path / "docs" if shown else None
    if kept and (kept / DOCS_STAMP).exists() and (kept / DOCS_STAMP).read_text() == state:
        link_tree(kept, target)
        return
    dbt.docs(settings, target)
    (target / DOCS_STAMP).write_text(state)
