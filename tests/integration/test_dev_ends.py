"""`beaconmart dev` is several processes; whoever ends it, and however, none of them stays."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from orchestration import processes
from tests.conftest import BEACONMART, ROOT, Site

# A leader that ends, and a child of its own that does not listen.
STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if len(sys.argv) == 1:
    subprocess.Popen([sys.executable, __file__, "child"])
    time.sleep(0.5)
    sys.exit(7)
else:
    time.sleep(600)
"""


def alive(mark):
    """The ids of processes that have the mark in their environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (folder / "environ").read_bytes() and folder.name != str(os.getpid()):
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def gone(mark, seconds):
    """Whether none of them is left within so many seconds."""
    deadline = time.monotonic() + seconds
    while alive(mark) and time.monotonic() < deadline:
        time.sleep(0.1)
    return alive(mark) == []


@pytest.fixture
def mark(tmp_path, monkeypatch):
    """What all processes of a test have in their environment; those that are left are killed after it."""
    monkeypatch.setenv("BEACONMART_HOME", str(tmp_path / "home"))
    yield f"BEACONMART_HOME={tmp_path / 'home'}"
    for process in alive(f"BEACONMART_HOME={tmp_path / 'home'}"):
        os.kill(process, signal.SIGKILL)


@pytest.mark.slow
def test_what_a_program_leaves_behind_when_it_ends_by_itself_is_ended_too(mark, tmp_path):
    script = tmp_path / "stubborn.py"
    script.write_text(STUBBORN)
    assert processes.run_until_told([sys.executable, str(script)], grace_seconds=1) == 7
    assert gone(mark, 1)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "to_group"),
    [(signal.SIGTERM, True), (signal.SIGINT, False), (signal.SIGHUP, True)],
)
def test_dev_ends_with_all_its_processes(mark, tmp_path, parsed_project, number, to_group):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    site = Site(tmp_path / "home")
    shutil.copytree(parsed_project, site.home / "dbt")
    with (tmp_path / "said").open("w") as said:
        command = [*BEACONMART, "dev", "--port", port]
        pipes = {"stdout": said, "stderr": subprocess.STDOUT, "start_new_session": True}
        dev = subprocess.Popen(command, env=site.environment(), cwd=ROOT, **pipes)
        deadline = time.monotonic() + 180
        while len(alive(mark)) < 5 and time.monotonic() < deadline:
            time.sleep(0.2)
        assert len(alive(mark)) >= 5, (tmp_path / "said").read_text()
        (os.killpg if to_group else os.kill)(dev.pid, number)
        assert dev.wait(timeout=processes.GRACE_SECONDS + 10) == 0
    assert gone(mark, 2), (tmp_path / "said").read_text()
