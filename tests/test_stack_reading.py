"""Grafana reads the database as another user, and the service still starts and writes after it."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from .process import Running, wait_until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can be two other users"),
]

TOP = Path(__file__).parents[1]
SOURCES = TOP / "grafana" / "provisioning" / "datasources" / "tokenweir.yaml"
(SQLITE,) = (
    source["jsonData"]
    for source in yaml.safe_load(SOURCES.read_text("utf-8"))["datasources"]
    if source["type"] == "frser-sqlite-datasource"
)
SERVICE, GRAFANA, GROUP = "10001", "472", "10001"
AS_USER = (sys.executable, "-m", "tests.as_user")


@pytest.fixture
def directory():
    """As the Dockerfile makes it, and with a way to it for all (pytest's own is root's)."""
    with tempfile.TemporaryDirectory() as top:
        os.chmod(top, 0o711)  # noqa: S103 on purpose
        made = Path(top, "tokenweir")
        made.mkdir(mode=0o750)
        os.chown(made, int(SERVICE), int(GROUP))
        yield made


@pytest.fixture
def database(directory):
    return directory / "tokenweir.db"


@contextmanager
def serving(database, expected):
    """The service as its user, once it has stored a row, the `expected`-th; killed at the end."""
    process = start(database)
    try:
        service = Running(process)
        service.post("/v1/traces", {"provider": "p", "model": "m"})
        wait_until(lambda: service.metric("tokenweir_events_persisted_total") == 1, "the row")
        assert read(database, user=SERVICE) == expected
        yield service
    finally:
        process.kill()
        process.communicate()


def start(database):
    """The service's process."""
    return subprocess.Popen(
        (*AS_USER, SERVICE, GROUP, "serve", "--port=0", f"--db={database}"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=TOP,
    )


def read(database, user=GRAFANA):
    """What the data source sees: the number of rows, or SQLite's error."""
    uri = f"{SQLITE['pathPrefix']}{database}?{SQLITE['pathOptions']}"
    done = subprocess.run(
        (*AS_USER, user, GROUP, "read", uri), capture_output=True, text=True, cwd=TOP, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def owners(directory):
    return {os.stat(path).st_uid for path in directory.iterdir()}


def test_another_user_of_the_group_reads_while_the_service_runs_and_after_it_was_killed(
    directory, database
):
    with serving(database, expected=1) as service:
        assert read(database) == 1
        service.stop(signal.SIGKILL)
        assert read(database) == 1
    with serving(database, expected=2):
        assert read(database) == 2
        assert owners(directory) == {int(SERVICE)}


def test_while_the_service_is_stopped_that_user_gets_an_error_and_leaves_nothing(
    directory, database
):
    with serving(database, expected=1) as service:
        assert service.stop()[0] == 0
    assert read(database) in ("SQLITE_READONLY_DIRECTORY", "SQLITE_CANTOPEN")
    assert [path.name for path in directory.iterdir()] == ["tokenweir.db"]
    with serving(database, expected=2):
        assert read(database) == 2


def test_a_directory_that_the_group_may_write_to_ends_with_a_service_that_does_not_start(
    directory, database
):
    """Why the docs warn of it: SQLite's side files are then the reader's."""
    directory.chmod(0o2770)
    with serving(database, expected=1) as service:
        assert service.stop()[0] == 0
    assert read(database) == 1
    side = [f"{database}-wal", f"{database}-shm"]
    assert {os.stat(path).st_uid for path in side} == {int(GRAFANA)}
    process = start(database)
    assert "may we read and write it" in process.communicate(timeout=60)[1]
    assert process.returncode == 1
    for path in side:  # what the docs say then
        os.chown(path, int(SERVICE), int(GROUP))
    with serving(database, expected=2):
        pass


def test_what_root_reads_stays_the_service_s(directory, database):
    with serving(database, expected=1) as service:
        assert service.stop()[0] == 0
    assert read(database, user="0") == 1
    assert owners(directory) == {int(SERVICE)}
    with serving(database, expected=2):
        pass
