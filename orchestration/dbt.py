"""The dbt project run inside this process, and the pure functions that build its arguments.

A dbt process start costs seconds, and parsing the project again as many: what was parsed is kept on disk, until a file
of the project changes. What the SQL means does not belong here, nor does what a run rebuilds: that is in the warehouse.
"""

import hashlib
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from orchestration.settings import Settings
from orchestration.warehouse.connection import connect
from orchestration.warehouse.ledger import rebuilding

PROJECT_DIR = Path(__file__).parents[1] / "dbt_project"

_PARSED = "partial_parse.msgpack"  # dbt's own names
_NODE_FINISHED = "NodeFinished"


class DbtError(RuntimeError):
    """dbt failed; the message names every table that did and why, the days, the files behind them, and how to go on."""


@dataclass(frozen=True)
class NodeResult:
    """What became of one dbt node. `status` is success, pass, error, fail, skipped or warn."""

    unique_id: str
    status: str
    seconds: float
    message: str | None
    rows: int | None


def build(
    settings: Settings,
    select: Sequence[str] = (),
    exclude: Sequence[str] = (),
    full_refresh: bool = False,
    on_node: Callable[[NodeResult], None] | None = None,
) -> list[NodeResult]:
    """Build tables with their tests; calls `on_node` after each node.

    Raises:
        DbtError: A node failed, or the project does not parse.
    """
    # Half a second for files that nobody reads: the manifest was written by `parse`, results go to `on_node`.
    return _invoke(settings, [*build_args(select, exclude, full_refresh), "--no-write-json"], on_node)


def build_args(select: Sequence[str] = (), exclude: Sequence[str] = (), full_refresh: bool = False) -> list[str]:
    """The arguments of a production build.

    Unit tests stay out: they test the SQL and not the data. So do seeds, unless everything is rebuilt: a changed seed
    is a changed project, which makes a full refresh.
    """
    args = ["build", "--exclude-resource-type", "unit_test"]
    if not full_refresh:
        args.append("seed")
    if select:
        args += ["--select", *select]
    if exclude:
        args += ["--exclude", *exclude]
    if full_refresh:
        args.append("--full-refresh")
    return args


def parse(settings: Settings) -> Path:
    """Write target/manifest.json, parsing only if the project changed; returns its path."""
    os.environ["BEACONMART_WAREHOUSE"] = str(settings.warehouse)
    target = target_dir(settings)
    stamp, kept, written = target / "project.sha256", target / _PARSED, target / "manifest.json"
    state = project_state()
    if not (stamp.exists() and stamp.read_text() == state and kept.exists() and written.exists()):
        from dbt.cli.main import dbtRunner

        stamp.unlink(missing_ok=True)
        outcome = dbtRunner().invoke(["parse", *global_args(settings)])
        if not outcome.success:
            raise DbtError(f"The dbt project does not parse: {outcome.exception}")
        stamp.write_text(state)
    return written


def manifest(settings: Settings) -> Path:
    """The path of the project's manifest, made if it is missing or older than the project."""
    return parse(settings)


def parsed(settings: Settings) -> Path:
    """The path of what dbt itself reads instead of parsing; made if it is missing or older than the project."""
    return parse(settings).with_name(_PARSED)


def read_parsed(path: Path) -> Any:
    """The parsed project as a fresh object: dbt notes in it what it compiled, and would leave that out next time."""
    from dbt.contracts.graph.manifest import Manifest

    manifest = Manifest.from_msgpack(path.read_bytes())
    manifest.build_flat_graph()
    return manifest


def docs(settings: Settings, out_dir: Path) -> Path:
    """Write the static dbt docs, one self-contained `index.html`, into `out_dir`; returns its path."""
    _invoke(settings, ["docs", "generate", "--static", "--no-compile"])
    out_dir.mkdir(parents=True, exist_ok=True)
    page = out_dir / "index.html"
    page.write_bytes((target_dir(settings) / "static_index.html").read_bytes())
    return page


def target_dir(settings: Settings) -> Path:
    """Where dbt writes: under the home, never into the source tree."""
    return Path(os.environ.get("DBT_TARGET_PATH") or settings.home / "dbt").resolve()


def global_args(settings: Settings) -> list[str]:
    """Arguments of every dbt command: where the project is, where it may write, and no output of its own."""
    target = str(target_dir(settings))
    project = ["--project-dir", str(PROJECT_DIR), "--profiles-dir", str(PROJECT_DIR)]
    return [*project, "--target-path", target, "--log-path", target, "--log-level", "none", "--log-level-file", "none"]


def project_state() -> str:
    """Returns a hash of all that decides what the project compiles to; files are read again only if one has changed."""
    files = []
    for path in sorted(PROJECT_DIR.rglob("*")):
        if path.suffix in {".sql", ".yml", ".csv", ".md"} and "target" not in path.relative_to(PROJECT_DIR).parts:
            status = path.stat()
            files.append((path, status.st_mtime_ns, status.st_ctime_ns, status.st_size))
    return _hashed(tuple(files))


@lru_cache(maxsize=1)
def _hashed(files: tuple[tuple[Path, int, int, int], ...]) -> str:
    digest = hashlib.sha256()
    for path, *_ in files:
        digest.update(str(path.relative_to(PROJECT_DIR)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _invoke(
    settings: Settings, args: list[str], on_node: Callable[[NodeResult], None] | None = None
) -> list[NodeResult]:
    from dbt.cli.main import dbtRunner  # seconds to import, and most commands never need it

    results: list[NodeResult] = []
    said: list[str] = []

    def listen(event: Any) -> None:
        if event.info.name == _NODE_FINISHED:
            results.append(_node_result(event))
            if on_node:
                on_node(results[-1])
        elif event.info.level == "error":
            said.append(event.info.msg)

    _leave_out_what_nobody_uses()
    with connect(settings):  # whose limits hold for dbt as well, which opens the same file
        try:
            outcome = dbtRunner(manifest=read_parsed(parsed(settings)), callbacks=[listen]).invoke(
                [*args, *global_args(settings)]
            )
        finally:
            _release_warehouse()
    if not outcome.success:
        raise DbtError(_explain(settings, outcome, results, said))
    return results


def _leave_out_what_nobody_uses() -> None:
    """A third of what dbt does with a table of few rows: messages for debugging, and a search for foreign keys."""
    from dbt.adapters.duckdb.impl import DuckDBAdapter
    from dbt_common.events.base_types import EventLevel
    from dbt_common.events.event_manager import EventManager
    from dbt_common.events.event_manager_client import ctx_set_event_manager

    class Heard(EventManager):
        def fire_event(self, e: Any, level: EventLevel | None = None, *args: Any, **options: Any) -> None:
            if type(e).__name__ == _NODE_FINISHED or (level or e.level_tag()) in {EventLevel.WARN, EventLevel.ERROR}:
                super().fire_event(e, level, *args, **options)

    ctx_set_event_manager(Heard())
    DuckDBAdapter._foreign_key_catalog_types = set()


def _release_warehouse() -> None:
    """Close the file: dbt would keep it open, and locked against other processes, for as long as this one lives."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    # The adapter raises a bare Exception where nothing was opened yet, and then there is nothing to close.
    with suppress(Exception):
        DuckDBConnectionManager.env().close()
    DuckDBConnectionManager.close_all_connections()


def _node_result(event: Any) -> NodeResult:
    info, result = event.data.node_info, event.data.run_result
    adapter = dict(result.adapter_response) if result.adapter_response else {}
    rows = adapter.get("rows_affected")
    return NodeResult(
        unique_id=info.unique_id,
        status=result.status,
        seconds=result.execution_time,
        message=result.message or None,
        rows=int(rows) if rows is not None else None,
    )


def _explain(settings: Settings, outcome: Any, results: list[NodeResult], said: list[str]) -> str:
    failed = [result for result in results if result.status in {"error", "fail"}]
    if not failed:
        return "\n".join([f"dbt stopped: {outcome.exception or outcome.result}", *said])
    lines = [f"  {result.unique_id.split('.')[2]}: {(result.message or '').strip()}" for result in failed]
    days, files = rebuilding(settings)
    newest = [f"    {file}" for file in files]
    return "\n".join(
        [
            f"{len(failed)} table{'s' * (len(failed) > 1)} or tests failed; nothing was published.",
            *lines,
            f"It was rebuilding {days}, {'which have rows of' if files else 'for which no file is new.'}",
            *newest,
            "To go on without a file: `beaconmart forget FILE`, then `beaconmart run`. If no file is to blame:",
            "`beaconmart run --full-refresh`. A row that was kept must not stop a run: please report this message.",
        ]
    )
