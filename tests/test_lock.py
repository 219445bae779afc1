"""One run at a time in a folder."""

import os
import subprocess
import sys

import pytest

from jaxneuron import lock

HOLD = "import sys, pathlib; from jaxneuron import lock\nwith lock.folder(pathlib.Path(sys.argv[1])): print(); input()"


def test_a_second_process_is_told_who_is_at_work_until_the_first_is_killed(tmp_path):
    folder = tmp_path / "out"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ
    ) as other:
        assert other.stdout is not None and other.stdout.readline()
        with pytest.raises(BlockingIOError, match=f"out is being written by process {other.pid} .*another folder"):
            with lock.folder(folder):
                pass
        other.kill()
    assert (folder / ".lock").exists()
    with lock.folder(folder):
        (folder / "made").touch()
    assert [path.name for path in folder.iterdir()] == ["made"]


def test_a_folder_into_which_nothing_comes_is_removed(tmp_path):
    run = lock.one_at_a_time(lambda directory: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run(tmp_path / "a" / "out")
    assert not (tmp_path / "a" / "out").exists()


def test_a_lock_is_held_by_one_and_taken_again(tmp_path):
    with lock.folder(tmp_path), pytest.raises(BlockingIOError), lock.folder(tmp_path):
        pass
    with lock.folder(tmp_path):
        pass
