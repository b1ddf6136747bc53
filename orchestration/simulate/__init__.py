"""A seeded shop with planted truth, written as the export files that real tools would leave: `simulate` is the way in.

Nothing here reads configuration, lake or warehouse: the pipeline must find out what is planted from the files alone.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa

from orchestration.simulate import beacons, commerce, errors, hostile, reliability
from orchestration.simulate.beacon_lines import BeaconWriter
from orchestration.simulate.plan import DAY_MS, HOUR_MS, Plan, make_plan
from orchestration.simulate.traffic import Sessions, Views, draw_day, views_by_day
from orchestration.simulate.truth import Truth, iso
from orchestration.simulate.writers import BadLine, hex_ids, write_lines

__all__ = ["Truth", "simulate"]

# Tells a simulation that was cut off from a folder of the user's own: it may be written to again.
_MARKER = ".simulating"
_FEEDS = "beacons|beacons-late|errors|probes|requests|orders|sessions|maintenance|incidents|releases|alert_reviews"
_SIMULATED = re.compile(rf"\d{{4}}-\d\d-\d\d/({_FEEDS})\.(csv|ndjson)(\.gz)?")


def simulate(
    out: Path,
    days: int,
    end: date,
    seed: int,
    page_views_per_day: int,
    progress: Callable[[int, int, str], None] | None = None,
) -> Truth:
    """Writes `out/<date>/…` (ten feeds) for the days that end with `end`, and `out/truth.json`.

    The same arguments write the same bytes. What an earlier simulation left in these days is replaced; other days are
    left alone. Each file appears under its name only when it is whole.

    Args:
        out: The folder of the days, usually a landing folder; made if it is not there.
        days: How many UTC days, at least 1.
        end: The last of them.
        seed: Of all chance, 0 or more.
        page_views_per_day: Of people, on average over the days; at least 1.
        progress: Called after each day with (days done, days, date).

    Returns:
        What was planted and what was written.

    Raises:
        ValueError: An argument is out of range.
        FileExistsError: These days hold exports that no simulation wrote.
    """
    if days < 1 or page_views_per_day < 1 or seed < 0:
        raise ValueError(
            f"days={days}, page_views_per_day={page_views_per_day}, seed={seed}: the first two are at least 1, "
            "the seed is 0 or more"
        )
    plan = make_plan(days, end, seed)
    truth = Truth({"days": days, "end": end.isoformat(), "seed": seed, "page_views_per_day": page_views_per_day}, plan)
    earlier = _earlier_files(out, plan)
    run = _Run(out, truth, seed)
    for number, view_count in enumerate(views_by_day(plan, page_views_per_day, seed)):
        day_ms = plan.start_ms + number * DAY_MS
        run.day(day_ms, view_count)
        if progress:
            progress(number + 1, days, iso(day_ms)[:10])
    for path in earlier - set(truth.files):
        (out / path).unlink(missing_ok=True)
    truth.write(out / "truth.json")
    (out / _MARKER).unlink()
    return truth


def _earlier_files(out: Path, plan: Plan) -> set[str]:
    """Returns what an earlier simulation wrote into the days of the plan, and marks `out` as a simulation under way."""
    days = {iso(ms)[:10] for ms in range(plan.start_ms, plan.end_ms, DAY_MS)}
    files = {f"{day}/{file.name}" for day in days for file in (out / day).glob("*") if file.is_file()}
    simulated = (out / "truth.json").exists() or (out / _MARKER).exists()
    if files and not simulated:
        raise FileExistsError(
            f"{out} holds exports of {min(files)[:10]} that were not simulated; name another folder to keep them"
        )
    out.mkdir(parents=True, exist_ok=True)
    (out / _MARKER).touch()
    return {path for path in files if _SIMULATED.fullmatch(path)}


class _Run:
    """One simulation under way: what a day leaves behind for the exports of later days."""

    def __init__(self, out: Path, truth: Truth, seed: int):
        self.out, self.truth, self.plan, self.seed = out, truth, truth.plan, seed
        self.changes = commerce.Changes()
        self.over_midnight: dict[int, list[pa.Array]] = {}
        self.late: dict[int, list[pa.Array]] = {}

    def day(self, day_ms: int, view_count: int) -> None:
        """Draws and writes one day."""
        rng = np.random.default_rng([self.seed, 1, day_ms // DAY_MS])
        sessions, views = draw_day(day_ms, view_count, self.plan, rng)
        session_ids = hex_ids(rng, len(sessions))
        writer = BeaconWriter(sessions, session_ids, views, self.plan, rng)
        self.truth.add(day_ms, skewed_sessions=writer.skewed_sessions)
        self._beacons(day_ms, sessions, views, writer, rng)
        lines = errors.error_rows(
            day_ms, sessions, session_ids, views, writer.page_view_ids, writer.urls, self.plan, self.truth, rng
        )
        self._write(day_ms, "errors.ndjson.gz", [lines], bad=hostile.error_lines(day_ms, len(lines), rng))
        header, lines = commerce.orders(day_ms, sessions, session_ids, views, self.changes, self.truth, self.plan, rng)
        self._csv(day_ms, "orders", header, lines, rng)
        header, lines = commerce.session_rows(day_ms, sessions, session_ids, views, writer.urls, self.plan)
        self._csv(day_ms, "sessions", header, lines, rng)
        self._reliability(day_ms, views, rng)

    def _beacons(
        self, day_ms: int, sessions: Sessions, views: Views, writer: BeaconWriter, rng: np.random.Generator
    ) -> None:
        reports = beacons.draw_reports(day_ms, sessions, views, self.plan, self.truth, rng)
        beacons.count_views(reports, sessions, views, self.truth)
        received = reports.ts // DAY_MS * DAY_MS
        on_time = reports.export_day == received
        for day in np.unique(reports.export_day[~on_time]):
            chosen = reports.where(~on_time & (reports.export_day == day))
            self.late.setdefault(int(day), []).extend(writer.lines(chosen))
        for day in np.unique(received[on_time & (received > day_ms)]):
            chosen = reports.where(on_time & (received == day))
            self.over_midnight.setdefault(int(day), []).extend(writer.lines(chosen))
        today = reports.where(on_time & (received == day_ms))
        before = self.over_midnight.pop(day_ms, [])
        rows = len(today.view) + sum(map(len, before))
        bad = hostile.beacon_lines(day_ms, rows, rng)
        chunks = (chunk for part in (before, writer.lines(today)) for chunk in part)
        self._write(day_ms, "beacons.ndjson.gz", chunks, bad=bad)
        if late := self.late.pop(day_ms, []):
            self._write(day_ms, "beacons-late.ndjson.gz", late)

    def _reliability(self, day_ms: int, views: Views, rng: np.random.Generator) -> None:
        by_hour = np.bincount(np.clip((views.start_ms - day_ms) // HOUR_MS, 0, 23), minlength=24)
        header, lines = reliability.probes(day_ms, self.plan, self.truth, rng)
        self._csv(day_ms, "probes", header, lines, rng)
        header, lines = reliability.requests(day_ms, by_hour, self.plan, self.truth, rng)
        self._csv(day_ms, "requests", header, lines, rng)
        # Small files come as plain CSV, and only on days that have something to tell.
        for feed in (reliability.maintenance, reliability.incidents, reliability.releases, reliability.alert_reviews):
            header, lines = feed(day_ms, self.plan)
            if len(lines):
                self._write(day_ms, f"{feed.__name__}.csv", [lines], header, gzipped=False)

    def _csv(self, day_ms: int, feed: str, header: bytes, lines: pa.Array, rng: np.random.Generator) -> None:
        bad = hostile.csv_rows(day_ms, feed, len(lines), rng)
        self._write(day_ms, f"{feed}.csv.gz", [lines], header, bad)

    def _write(
        self, day_ms: int, name: str, chunks: Iterable[pa.Array], header: bytes = b"", bad: Sequence[BadLine] = (), *,
        gzipped: bool = True,
    ) -> None:  # fmt: skip
        path = f"{iso(day_ms)[:10]}/{name}"
        self.truth.files[path] = write_lines(self.out / path, chunks, header, bad, gzipped=gzipped)
