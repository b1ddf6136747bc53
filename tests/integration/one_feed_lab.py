"""Sites that deliver one feed or two, each from the least configuration, run by the real command in one process.

A process start, the imports and the parse of the dbt project would cost more than the run of a small site; they are
paid once. Which statements a page may make does not belong here.
"""

import gzip
import shutil
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from orchestration.cli import beaconmart
from orchestration.simulate import simulate
from tests.conftest import Site

LAST_DAY, DAYS, SEED, PAGE_VIEWS_PER_DAY = date(2026, 11, 27), 10, 5, 60
SYSTEMS = {
    "beacons": "web_vitals",
    "errors": "web_errors",
    "access_log": "access_log",
}
FILES = {"access_log": "access.log"}
SITES = (
    ("beacons",),
    ("errors",),
    ("probes",),
    ("incidents",),
    ("orders",),
    ("sessions",),
    ("requests",),
    ("releases",),
    ("access_log",),
    ("beacons", "errors"),
    ("probes", "incidents"),
    ("beacons", "orders"),
)
_RELEASE = (
    "release,deployed_at,service\n2026.11.1,2026-11-20T10:00:00Z,storefront\n2026.11.2,2026-11-26T10:00:00Z,web\n"
)
_INCIDENTS = """incident_id,service,severity,title,started_at,detected_at,acknowledged_at,restored_at,resolved_at
I1,checkout,critical,Cannot pay,{0}T10:00:00Z,{0}T10:05:00Z,{0}T10:09:00Z,{0}T10:40:00Z,{0}T11:00:00Z
I2,search,major,Search is slow,{1}T08:00:00Z,{1}T08:02:00Z,{1}T08:06:00Z,{1}T08:30:00Z,{1}T09:00:00Z
"""
_AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Safari/537.36"


@dataclass(frozen=True)
class Ran:
    """A site after `beaconmart run`: what it delivers, what the commands printed and how they ended."""

    feeds: tuple[str, ...]
    site: Site
    output: str
    exit_code: int
    status_output: str
    status_exit_code: int


def deliveries(folder: Path) -> Path:
    """Writes the exports of ten days of every feed, as a small shop would leave them; returns the landing folder."""
    landing = folder / "landing"
    truth = simulate(landing, DAYS, LAST_DAY, SEED, PAGE_VIEWS_PER_DAY)
    for path, written in truth.files.items():
        _mend(landing / path, written["malformed_lines"])
    days = [LAST_DAY - timedelta(days=back) for back in range(DAYS)]
    for path in (*landing.glob("*/incidents.csv"), *landing.glob("*/releases.csv")):
        path.unlink()
    (landing / str(LAST_DAY) / "incidents.csv").write_text(_INCIDENTS.format(days[2], days[1]))
    (landing / str(LAST_DAY) / "releases.csv").write_text(_RELEASE)
    for day in days:
        (landing / str(day) / "access.log").write_text(_log(day))
    return landing


def run(feeds: tuple[str, ...], landing: Path, folder: Path, parsed: Path) -> Ran:
    """Runs a site that delivers these feeds, and asks for its status."""
    site = Site(folder / "home", folder / "config")
    site.config.mkdir(parents=True)
    site.home.mkdir()
    (site.config / "beaconmart.yml").write_text(configuration(feeds))
    site.landing.symlink_to(landing)
    shutil.copytree(parsed, site.home / "dbt")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in site.environment().items():
            patch.setenv(name, value)
        results = [CliRunner().invoke(beaconmart, [verb]) for verb in ("run", "status")]
    codes = [result.exit_code for result in results]
    return Ran(feeds, site, results[0].output, codes[0], results[1].output, codes[1])


def configuration(feeds: tuple[str, ...]) -> str:
    """The least that a site writes: its name and its sources, and the currency of its orders."""
    currency = ", currency: EUR" if "orders" in feeds else ""
    lines = [f"site: {{name: Corner Site, timezone: UTC{currency}}}", "sources:"]
    for feed in feeds:
        path = f"{{date}}/{FILES.get(feed, feed + '*')}"
        lines.append(f'  - {{name: {feed}, system: {SYSTEMS.get(feed, feed)}, path: "{path}", timezone: UTC}}')
    return "\n".join(lines) + "\n"


def _mend(path: Path, bad_lines: list[int]) -> None:
    """Takes the lines out of a file that no reader accepts: of a site of few rows they would be too large a share."""
    read = gzip.open if path.suffix == ".gz" else open
    with read(path, "rb") as file:
        lines = file.read().split(b"\n")
    with read(path, "wb") as file:
        file.write(b"\n".join(line for number, line in enumerate(lines, 1) if number not in bad_lines))


def _log(day: date) -> str:
    """A day of a web server's log: pages, and what they load."""
    return "".join(
        f'203.0.113.{number} - - [{day:%d/%b/%Y}:{number % 24:02}:10:00 +0000] "GET {path} HTTP/1.1" 200 512 "-" '
        f'"{_AGENT}"\n'
        for number in range(60)
        for path in ("/", f"/product/{number % 7}", "/cart", "/main.css")
    )
