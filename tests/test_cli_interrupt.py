"""Ctrl-C and SIGTERM, sent to a command at any moment: one line, one exit code, and the same command goes on."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from jaxneuron.cli import _interrupt

GOES_ON, ANEW = "stopped; the same command goes on from here\n", "stopped; the same command begins anew\n"
WORK = """
import sys, time
from jaxneuron.cli import _interrupt
_interrupt.GRACE = 0.3
sys.argv = ["jaxneuron", {command!r}]
with _interrupt.heard():
    try:
        {first}
        print("ready", flush=True)
        for _ in range(2000):
            time.sleep(0.005)
            {stop}
    except KeyboardInterrupt:
        print("saved", flush=True)
        {after}
"""


def interrupted(
    *numbers, command="train", first="_interrupt.stage_counts()", stop="_interrupt.stage_counts()", after="raise"
):
    """Return the exit code, and what was said, of work to which signals were sent."""
    code = WORK.format(command=command, first=first, stop=stop, after=after)
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
    ) as process:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        for number in numbers:
            process.send_signal(number)
            time.sleep(0.1)
        out, said = process.communicate(timeout=60)
    return process.returncode, out, said


@pytest.mark.parametrize(
    ("given", "options", "expected"),
    [
        ([signal.SIGINT], {}, (130, "saved\n", GOES_ON)),
        ([signal.SIGTERM], {}, (143, "saved\n", GOES_ON)),
        ([signal.SIGINT], {"command": "find"}, (130, "saved\n", ANEW)),
        ([signal.SIGINT], {"after": "sys.exit(2)"}, (130, "saved\n", GOES_ON)),
        ([signal.SIGINT], {"first": "pass", "stop": "pass"}, (130, "", GOES_ON)),
        ([signal.SIGINT], {"stop": "pass"}, (130, "", GOES_ON)),
        ([signal.SIGINT, signal.SIGINT], {"after": "time.sleep(50)"}, (130, "saved\n", GOES_ON)),
    ],
    ids=["Ctrl-C", "SIGTERM", "nothing kept", "an error on the way", "never counts", "counts no more", "twice"],
)
def test_work_stops_where_nothing_is_lost_or_soon(given, options, expected):
    assert interrupted(*given, **options) == expected


def test_afterwards_the_signals_are_heard_as_before():
    before = [signal.getsignal(number) for number in _interrupt.SIGNALS]
    with _interrupt.heard():
        assert [signal.getsignal(number) for number in _interrupt.SIGNALS] != before
    assert [signal.getsignal(number) for number in _interrupt.SIGNALS] == before


@pytest.mark.slow
def test_a_training_that_is_stopped_again_and_again_ends_as_if_it_had_not_been(tmp_path):
    options = ["--width", "8", "--epochs", "1", "--batch", "256"]
    environment = os.environ | {"JAX_PLATFORMS": "cpu", "JAX_COMPILATION_CACHE_DIR": str(tmp_path / "cache")}

    def train(folder, seconds):
        command = [sys.executable, "-m", "jaxneuron.cli", "train", "lstm", "--out", str(tmp_path / folder), *options]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
        ) as process:
            if seconds is not None:
                time.sleep(seconds)
                process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=300)
        return process.returncode, said

    for seconds in (2.0, 5.0):
        code, said = train("stopped", seconds)
        assert (code, said) in ((130, GOES_ON), (0, "")), said
    assert [train(folder, None)[0] for folder in ("stopped", "whole")] == [0, 0]
    stopped, whole = (json.loads((tmp_path / folder / "curves.json").read_text()) for folder in ("stopped", "whole"))
    assert [{**row, "seconds": 0} for row in stopped] == [{**row, "seconds": 0} for row in whole]
    assert not (tmp_path / "stopped" / ".lock").exists()
