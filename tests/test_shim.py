"""The failing disk by itself: which calls of a process it makes fail, when, and how."""

import errno
import os
import subprocess
import sys

import pytest

from .faults.shim import DATABASE, FOR_EVER, JOURNAL, MAIN, WAL
from .process import wait_until

CHILD = """
import errno, os, sys, time
from concurrent.futures import ThreadPoolExecutor
def attempt(line):
    try:
        return eval(line)
    except OSError as error:
        return errno.errorcode[error.errno]
def late(line):
    start = time.monotonic()
    return attempt(line), time.monotonic() - start >= 0.05
path, fds = sys.argv[1], {}
def fd(name):
    if name not in fds:
        fds[name] = os.open(path + name, os.O_RDWR | os.O_CREAT)
    return fds[name]
for line in sys.stdin:
    print(attempt(line), flush=True)
"""


class Child:
    """A process on the failing disk that evaluates expressions."""

    def __init__(self, process):
        self._process = process

    def __call__(self, expression):
        """What it gives, or the errno that it fails with."""
        self.say(expression)
        return self.hear()

    def say(self, expression):
        print(expression, file=self._process.stdin, flush=True)

    def hear(self):
        return self._process.stdout.readline().strip()


@pytest.fixture
def ask(faults, database):
    with subprocess.Popen(
        (sys.executable, "-c", CHILD, database),
        env=os.environ | faults.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Child(process)
        faults.heal()
        process.communicate(timeout=30)


WRITE = "os.write(fd(''), b'12345678')"


def test_a_disk_without_faults_is_a_plain_disk(ask, faults):
    assert [ask(WRITE), ask("os.pread(fd(''), 9, 0)")] == ["8", "b'12345678'"]
    assert [faults.seen(name) for name in ("open", "write", "read", "sync")] == [1, 1, 1, 0]
    assert faults.injected() == 0


def test_the_nth_call_fails_and_then_count_calls(ask, faults):
    rule = faults.fail("write", nth=3, error=errno.ENOSPC, count=2)
    assert [ask(WRITE) for _ in range(6)] == ["8", "8", "ENOSPC", "ENOSPC", "8", "8"]
    assert (rule.seen, rule.injected, faults.injected()) == (6, 2, 2)


def test_calls_fail_for_ever_until_the_disk_is_healed(ask, faults):
    faults.fail("write", count=FOR_EVER, error=errno.EROFS)
    assert [ask(WRITE) for _ in range(3)] == ["EROFS"] * 3
    faults.heal()
    assert ask(WRITE) == "8"


@pytest.mark.parametrize(
    ("operation", "calls"),
    [
        ("read", ["os.read(fd(''), 1)", "os.pread(fd(''), 1, 0)"]),
        ("write", [WRITE, "os.pwrite(fd(''), b'1', 5)"]),
        ("sync", ["os.fsync(fd(''))", "os.fdatasync(fd(''))"]),
        ("truncate", ["os.ftruncate(fd(''), 1)"]),
        ("open", ["os.open(path, os.O_RDWR)", "open(path)"]),
        ("remove", ["os.rename(path, path + '2')", "os.unlink(path)"]),
    ],
)
def test_an_operation_is_all_its_calls_and_no_others(operation, calls, ask, faults):
    ask(WRITE)
    faults.fail(operation, count=FOR_EVER)
    assert [ask(call) for call in calls] == ["EIO"] * len(calls)
    faults.heal()
    rest = {"read", "write", "sync", "truncate", "open", "remove"} - {operation}
    faults.fail(*rest, count=FOR_EVER)
    assert "EIO" not in [ask(call) for call in calls]


def test_any_is_every_operation(ask, faults):
    ask(WRITE)
    faults.fail("any", count=FOR_EVER)
    assert [ask(WRITE), ask("os.fsync(fd(''))"), ask("open(path)")] == ["EIO"] * 3


def test_only_files_of_the_pattern_fail(ask, faults):
    ask("os.mkdir(path + '.journal.d')")
    names = ["", "-wal", "-shm", ".journal.d/1"]
    for name in names:
        ask(f"fd('{name}')")
    failing = {}
    for pattern in (MAIN, WAL, DATABASE, JOURNAL):
        faults.fail("write", count=FOR_EVER, only=pattern)
        failing[pattern] = [name for name in names if ask(f"os.write(fd('{name}'), b'1')") == "EIO"]
        faults.heal()
    assert failing == {MAIN: names[:1], WAL: names[1:2], DATABASE: names[:3], JOURNAL: names[3:]}


def test_other_files_are_left_alone(ask, faults, tmp_path):
    faults.fail("any", count=FOR_EVER)
    assert ask(f"open({str(tmp_path / 'other')!r}, 'w').write('1234')") == "4"


def test_a_short_write_comes_before_the_failure(ask, faults):
    faults.fail("write", nth=2, half=True)
    assert [ask(WRITE) for _ in range(4)] == ["8", "4", "EIO", "8"]
    assert ask("os.fstat(fd('')).st_size") == "20"


def test_two_rules_hold_at_a_time(ask, faults):
    faults.fail("write", error=errno.EDQUOT)
    faults.fail("sync", error=errno.EIO)
    assert [ask("os.fsync(fd(''))"), ask(WRITE), ask(WRITE)] == ["EIO", "EDQUOT", "8"]


def test_a_frozen_call_waits_until_the_disk_is_healed(ask, faults):
    rule = faults.slow("write", seconds=3600)
    ask.say(WRITE)
    wait_until(lambda: rule.held == 1, "the write to be held")
    faults.heal()
    assert ask.hear() == "8"
    assert (rule.held, rule.injected) == (0, 1)


def test_a_slow_call_is_late_and_may_fail_then(ask, faults):
    faults.slow("write", seconds=0.05, count=1)
    assert ask(f"late({WRITE!r})") == "(8, True)"
    faults.fail("write", seconds=0.05)
    assert ask(f"late({WRITE!r})") == "('EIO', True)"


def test_many_threads_fail_as_often_as_was_said(ask, faults):
    ask("fd('')")
    rule = faults.fail("write", nth=100, count=300)
    failed = f"list(ThreadPoolExecutor(8).map(attempt, [{WRITE!r}] * 2000)).count('EIO')"
    assert ask(failed) == "300"
    assert (rule.seen, rule.injected) == (2000, 300)
