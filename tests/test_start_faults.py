"""A disk that fails while the service starts: it works, or ends with one line that says why."""

import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from itertools import count, product, takewhile

import pytest

from server.store.writer import SqliteStore

from .faults.books import Books, stored_ids
from .faults.shim import FOR_EVER, OPERATIONS, Faults
from .process import Running, first_line, serving, start


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """The files of a service that was killed after it had stored 20 events."""
    directory = tmp_path_factory.mktemp("killed")
    with serving(directory / "t.db") as service:
        books = Books(service, directory / "t.db")
        books.send(20)
        books.settle()
    return directory


@pytest.fixture(scope="module")
def nothing(tmp_path_factory):
    """A directory without a database."""
    return tmp_path_factory.mktemp("nothing")


@pytest.fixture(params=["nothing", pytest.param("killed", marks=pytest.mark.slow)])
def before(request):
    """What is on the disk before the start."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def start_with(shim, before, tmp_path):
    """Start where the nth call fails; whether there was an nth one."""

    def start_with(operation, nth=1, times=1):
        directory = tmp_path / f"{operation}-{nth}"
        shutil.copytree(before, directory)
        faults = Faults(shim, str(directory / "t.db"), directory / "control")
        rule = faults.fail(operation, nth=nth, count=times)
        start_and_heal(faults, directory / "t.db")
        assert set(stored_ids(directory / "t.db")) >= set(stored_ids(before / "t.db"))
        return rule.injected > 0

    return start_with


def start_and_heal(faults, database):
    with start("--port=0", f"--db={database}", environment=faults.environment()) as process:
        try:
            banner = first_line(process)
            faults.heal()
            if banner:
                use(Running(process, banner), database)
            else:
                give_up(process, database)
        finally:
            process.kill()


def use(service, database):
    books = Books(service, database)
    books.send(10)
    books.settle()
    books.check()
    assert service.stop()[0] == 0


def give_up(process, database):
    _, errors = process.communicate(timeout=30)
    assert re.fullmatch("tokenweir: error: [^\n]+\n", errors), errors
    assert process.returncode == 1
    store = SqliteStore(str(database))
    store.open()  # nothing is left behind that would hinder the next start
    store.close()


def test_a_disk_that_fails_from_the_start_is_said_or_endured(start_with):
    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(lambda name: start_with(name, times=FOR_EVER), OPERATIONS)) >= 4


@pytest.mark.slow
def test_each_call_that_fails_at_the_start_is_said_or_endured(start_with):
    def stride(operation, first):
        return sum(takewhile(bool, (start_with(operation, nth) for nth in count(first, 2))))

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(stride, *zip(*product(OPERATIONS, (1, 2)), strict=True))) >= 30
