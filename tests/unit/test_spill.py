import os
import stat
import subprocess
import sys

from orchestration.spill import PREFIX, YOUNG_SECONDS, spill_folder

HOLD = "import sys, pathlib\nfrom orchestration.spill import spill_folder\nwith spill_folder(pathlib.Path(sys.argv[1])) as f:\n    print(f, flush=True); input()"  # noqa: E501


def age(folder):
    os.utime(folder, (0, 0))
    assert YOUNG_SECONDS < 10**9


def test_each_process_spills_into_a_folder_of_its_own_that_goes_away(tmp_path):
    with spill_folder(tmp_path) as one, spill_folder(tmp_path) as other:
        assert one != other
        assert stat.S_IMODE(one.stat().st_mode) == 0o700
    assert not list(tmp_path.iterdir())


def test_what_a_killed_process_left_is_removed_and_what_a_living_one_uses_stays(tmp_path):
    living, killed = (
        subprocess.Popen(
            [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    )
    try:
        folders = [process.stdout.readline().strip() for process in (living, killed)]
        killed.kill()
        killed.wait()
        for folder in folders:
            age(folder)
        with spill_folder(tmp_path):
            assert os.path.exists(folders[0])  # noqa: PTH110
            assert not os.path.exists(folders[1])  # noqa: PTH110
    finally:
        living.communicate("\n")
    assert not list(tmp_path.glob(f"{PREFIX}*"))
