"""What the ingest of hostile files takes in memory and CPU time, each in a process of its own. Run by hand.

python tests/benchmarks/hostile_files.py FORMS KINDS SIZES      such as beacons,faro all 16,64 (MB)
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).parents[2]
_MOST_CPU_S = 600


def main() -> None:
    """Prints a line for each file."""
    from tests.hostile_files import FORMS

    forms, kinds, sizes = (text.split(",") for text in sys.argv[1:4])
    for form in FORMS if forms == ["all"] else forms:
        for kind in FORMS[form].kinds if kinds == ["all"] else kinds:
            for size in sizes:
                command = [sys.executable, __file__, "--measure", form, kind, size]
                done = subprocess.run(command, capture_output=True, text=True, check=False)
                text = done.stdout if not done.returncode else f"failed: {done.stderr[-300:]}"
                print(f"{form:14} {kind:20} {size:>5} MB   {text.strip()}", flush=True)


def measure(form_name: str, kind: str, size: float) -> dict[str, float]:
    """Returns the megabytes above what an empty ingest takes, the CPU seconds, and rows read and rejected."""
    from orchestration import lake
    from orchestration.settings import load_settings
    from tests import hostile_files

    form = hostile_files.FORMS[form_name]
    default = load_settings()
    with tempfile.TemporaryDirectory(prefix="hostile-") as home:
        config = default.config.model_copy(update={"sources": [form.source]})
        settings = replace(default, home=Path(home), config=config)
        path = settings.landing / hostile_files.DAY / f"hostile.{form.ending}"
        path.parent.mkdir(parents=True)
        path.write_bytes(form.start)
        lake.ingest(settings, form.raw_table)
        hostile_files.write(path, form, kind, int(size * (1 << 20)))
        Path("/proc/self/clear_refs").write_text("5")
        before, began = peak_mb(), time.process_time()
        resource.setrlimit(resource.RLIMIT_CPU, (int(began) + _MOST_CPU_S, _MOST_CPU_S * 2))
        (file,) = lake.ingest(settings, form.raw_table).files
        return {
            "mb": round(peak_mb() - before),
            "cpu_s": round(time.process_time() - began, 2),
            "read": file.rows_read,
            "kept": file.rows_kept,
            "rejected": file.rows_rejected,
        }


def peak_mb() -> float:
    """Returns the most memory that this process ever held, since it was last reset."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    if sys.argv[1] == "--measure":
        for at in range(2, len(sys.argv), 3):
            print(json.dumps(measure(sys.argv[at], sys.argv[at + 1], float(sys.argv[at + 2]))))
    else:
        main()
