"""One process at a time: the lock beside the database, taken and lost by real processes."""

import fcntl
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from server.lock import Lock
from server.store import Unusable

HOLDER = """
import sys
from server.lock import Lock
Lock(sys.argv[1]).take()
print("taken", flush=True)
sys.stdin.read()
"""


@contextmanager
def holding(path):
    """Another process that has the lock; its process."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == b"taken\n"
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def lock(database):
    lock = Lock(database)
    yield lock
    lock.release()


def test_a_second_process_is_told_who_has_it(lock, database):
    with (
        holding(database) as holder,
        pytest.raises(Unusable, match=f"^is in use by another tokenweir, process {holder.pid}$"),
    ):
        lock.take()


def test_a_killed_process_has_it_no_more(lock, database):
    with holding(database) as holder:
        holder.kill()
        holder.wait()
        Path(f"{database}.lock").write_text(f"{2**40}\n")  # longer than any of ours
        lock.take()
    assert Path(f"{database}.lock").read_text() == f"{os.getpid()}\n"


def test_a_link_to_the_database_has_the_same_lock(lock, database, tmp_path):
    (tmp_path / "link.db").symlink_to(database)
    with holding(str(tmp_path / "link.db")), pytest.raises(Unusable):
        lock.take()


def test_it_is_left_out_who_has_it_where_that_cannot_be_read(lock, database):
    with holding(database):
        Path(f"{database}.lock").write_text("no number")
        with pytest.raises(Unusable, match=r"^is in use by another tokenweir$"):
            lock.take()


def test_releasing_removes_the_file_and_lets_the_next_one_take_it(lock, database, tmp_path):
    lock.take()
    assert (Path(f"{database}.lock").stat().st_mode & 0o777) == 0o600
    lock.release()
    lock.release()
    assert list(tmp_path.iterdir()) == []
    with holding(database):
        pass


def test_releasing_leaves_a_file_alone_that_took_the_place_of_ours(lock, database):
    lock.take()
    Path(f"{database}.lock").unlink()
    Path(f"{database}.lock").write_text("another's")
    lock.release()
    assert Path(f"{database}.lock").read_text() == "another's"


@pytest.mark.parametrize("change", ["removed", "replaced"])
def test_a_file_that_goes_between_opening_and_locking_is_not_the_lock(
    change, lock, database, monkeypatch
):
    path, flock, calls = Path(f"{database}.lock"), fcntl.flock, []

    def late(descriptor, operation):
        calls.append(descriptor)
        if len(calls) == 1:
            path.unlink()
            if change == "replaced":
                path.touch()
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", late)
    lock.take()
    assert len(calls) == 2
    assert os.fstat(lock._descriptor).st_ino == path.stat().st_ino
    assert len(open_descriptors(database)) == 1


def test_nothing_stays_open_where_another_has_it(lock, database):
    with holding(database), pytest.raises(Unusable):
        lock.take()
    assert open_descriptors(database) == []


def test_a_program_that_is_started_does_not_inherit_it(lock):
    lock.take()
    assert not os.get_inheritable(lock._descriptor)


def test_where_it_cannot_be_made_is_said(tmp_path):
    with pytest.raises(Unusable, match=r"cannot be locked \(.*none/t.db.lock: No such file"):
        Lock(str(tmp_path / "none" / "t.db")).take()


def open_descriptors(database):
    """Our descriptors on the lock's file, removed or not."""
    found = [os.readlink(path) for path in Path("/proc/self/fd").iterdir() if path.is_symlink()]
    return [name for name in found if name.startswith(f"{database}.lock")]
