"""The command line, as a person uses it: real processes, a data folder of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Nothing of the developer's own settings; everything in a folder of the test."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("CALLCENTER_", "REDIS_"))}
    keys = ("OPENAI_API_KEY", "OPENAI_BASE_URL", "LIVEKIT_URL")
    return {k: v for k, v in clean.items() if k not in keys} | {
        "CALLCENTER_DATA_DIR": str(tmp_path / "data"),
        "COLUMNS": "200",
    }


@pytest.fixture
def run(tmp_path: Path, environment: dict[str, str]) -> Run:
    """Run `callcenter …` in an empty folder."""

    def run(*words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "callcenter.cli", *words],
            cwd=tmp_path,
            env=environment,
            input=typed,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    return run


def test_a_typed_call_can_be_listed_reported_and_forgotten(run: Run) -> None:
    """From the first word to the last trace, each in a process of its own."""
    talk = run("console", typed="what's my balance\n447122\n4821\nbye\n")
    assert talk.returncode == 0, talk.stderr
    assert "eighty-four dollars" in " ".join(talk.stdout.split())
    (call,) = json.loads(run("calls", "--json").stdout)
    assert call["disposition"] == "completed"
    assert call["call"] in run("calls").stdout
    report = run("report", call["call"])
    assert report.returncode == 0
    assert "ended by agent: completed" in report.stdout
    assert json.loads(run("report", call["call"], "--json").stdout)["identified"] is True
    forgotten = run("forget", "+15550100199", "--yes")
    assert forgotten.returncode == 0
    assert "1 calls" in forgotten.stdout
    assert json.loads(run("calls", "--json").stdout) == []


def test_hanging_up_with_the_end_of_input_ends_the_call(run: Run) -> None:
    """Ctrl-D is putting the receiver down."""
    assert run("console", typed="hello\n").returncode == 0
    (call,) = json.loads(run("calls", "--json").stdout)
    assert call["disposition"] == "caller_left"


def test_interrupt_ends_the_call_and_leaves_no_lost_one(
    tmp_path: Path, environment: dict[str, str], run: Run
) -> None:
    """Ctrl-C closes the record before the process goes."""
    process = subprocess.Popen(
        [sys.executable, "-m", "callcenter.cli", "console"],
        cwd=tmp_path,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    while "How can I help" not in " ".join(process.stdout.readline().split()):
        assert process.poll() is None
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in errors
    (call,) = json.loads(run("calls", "--json").stdout)
    assert call["disposition"] == "caller_left"


def test_a_call_that_does_not_exist_is_told_plainly(run: Run) -> None:
    """One line, exit code 1, what to do next."""
    answer = run("report", "c-nothing")
    assert answer.returncode == 1
    assert "callcenter calls" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_number_that_is_none_is_told_plainly(run: Run) -> None:
    """Nothing is deleted for a typing mistake."""
    answer = run("forget", "12", "--yes")
    assert answer.returncode == 1
    assert "country code" in answer.stderr


def test_an_unknown_desk_is_told_plainly(run: Run) -> None:
    """The message names the ones there are."""
    answer = run("console", "--department", "catering")
    assert answer.returncode == 1
    assert "triage" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_settings_that_are_wrong_stop_the_process_before_anything_happens(
    run: Run, environment: dict[str, str]
) -> None:
    """Exit code 2 and the line to mend."""
    environment["CALLCENTER_MAX_CALLS"] = "many"
    answer = run("calls")
    assert answer.returncode == 2
    assert "CALLCENTER_MAX_CALLS" in answer.stderr


def test_redis_that_is_not_there_is_told_plainly(run: Run, environment: dict[str, str]) -> None:
    """No traceback and no password in the message."""
    environment["REDIS_URL"] = "redis://:hunter2@127.0.0.1:1/0"
    answer = run("calls")
    assert answer.returncode == 1
    assert answer.stderr.strip()
    assert "hunter2" not in answer.stderr
    assert "Traceback" not in answer.stderr


def test_demo_reaches_its_end_and_leaves_its_report(run: Run, tmp_path: Path) -> None:
    """Exit 0 only if the events say so."""
    answer = run("demo", "--text", "--pace", "0")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    report = json.loads((tmp_path / "out/demo/report.json").read_text("utf-8"))
    assert report["departments"] == ["triage", "billing", "support"]
    assert (tmp_path / "out/demo/transcript.txt").stat().st_size > 500
