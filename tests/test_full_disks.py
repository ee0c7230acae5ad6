"""No room, or no right, to write: a limit on file sizes, a full disk, a directory kept shut."""

import ctypes
import os
import resource
import subprocess

import pytest

from .faults.books import NOTICED_SECONDS, kept_books
from .faults.shim import WAL
from .process import wait_until

LONG = "x" * 10_000
_DROP_CAPABILITY, _OVERRIDE_RIGHTS = 24, 1  # PR_CAPBSET_DROP, CAP_DAC_OVERRIDE


def endure(books, repair):
    """What fails is told, and after the repair all is well again."""
    wait_until(books.is_degraded, "health to be degraded", NOTICED_SECONDS)
    books.send(20)
    repair()
    books.settle()


@pytest.mark.slow
@pytest.mark.parametrize("full", ["-wal", ""], ids=["log", "database"])
def test_a_limit_on_file_sizes_loses_nothing(full, database):
    with kept_books(database) as books:
        books.send(50)
        books.settle()
        of_files = (books.service.process.pid, resource.RLIMIT_FSIZE)
        soft, hard = resource.prlimit(*of_files)
        resource.prlimit(*of_files, (os.path.getsize(database + full), hard))
        books.send(50, LONG)
        endure(books, lambda: resource.prlimit(*of_files, (soft, hard)))


@pytest.fixture
def small_disk(tmp_path):
    """A directory on a file system of 4 MiB."""
    path = tmp_path / "small"
    path.mkdir()
    try:
        _run("mount", "-t", "tmpfs", "-o", "size=4m", "none", path)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("to mount a small file system takes root")
    yield path
    _run("umount", path)


def _run(*command):
    subprocess.run(command, check=True, capture_output=True, timeout=30)


def fill(path):
    """Write until the disk is full."""
    with pytest.raises(OSError, match="No space left"):
        path.write_bytes(bytes(8 * 2**20))


@pytest.mark.slow
def test_a_disk_that_fills_again_and_again_loses_nothing(small_disk):
    ballast = small_disk / "ballast"
    with kept_books(str(small_disk / "t.db")) as books:
        for _ in range(3):
            fill(ballast)
            books.send(20, LONG)
            endure(books, ballast.unlink)


def give_up_override():
    """Let rights count for root too; in the child, before it runs the service."""
    if os.geteuid() == 0:
        assert ctypes.CDLL(None).prctl(_DROP_CAPABILITY, _OVERRIDE_RIGHTS, 0, 0, 0) == 0


@pytest.mark.slow
@pytest.mark.parametrize("files", [0o600, 0o400], ids=["directory", "files too"])
def test_a_directory_shut_to_the_service_loses_nothing(files, tmp_path, faults, database):
    def allow(directory, files):
        for path in tmp_path.glob("t.db*"):
            path.chmod(files if path.is_file() else directory)
        tmp_path.chmod(directory)

    options = {"environment": faults.environment(), "preexec_fn": give_up_override}
    with kept_books(database, **options) as books:
        books.send(50)
        books.settle()
        allow(0o500, files)
        rule = faults.fail("write", only=WAL)  # what is open stays open until something fails
        books.send(50)
        wait_until(lambda: rule.injected, "the failure")
        wait_until(books.is_told, "health to be degraded, or all well", NOTICED_SECONDS)
        books.send(20)
        allow(0o700, 0o600)
