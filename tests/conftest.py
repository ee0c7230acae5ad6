"""A real service on a real port, with a real SQLite file, for each test."""

import asyncio
import json
import sqlite3
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from server.config import Config
from server.service import Service
from server.store.writer import SqliteStore

from . import node
from .faults.shim import Faults, build, compiler
from .layers import pytest_addoption, pytest_generate_tests  # noqa: F401
from .ledger import balances, sums_of
from .process import VARIABLE, wait_until

EXAMPLES = Path(__file__).parent / "examples"


@pytest.fixture(scope="module", autouse=True)
def layer(request):
    """The HTTP layer of all services that a test starts, by way of their environment."""
    chosen = getattr(request, "param", request.config.getoption("http"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, chosen)
        yield chosen


@pytest.fixture
def database(tmp_path):
    """Path of the database file."""
    return str(tmp_path / "t.db")


@pytest.fixture
def settings():
    """Settings of the service under test; a module overrides it."""
    return {}


@pytest.fixture
def held(database):
    """A store that writes only while its `free` is set."""
    return HeldStore(database)


@pytest.fixture
def store(request):
    """The store to use: `held` where the test asks for it, else SQLite; a module overrides it."""
    return request.getfixturevalue("held") if "held" in request.fixturenames else None


@pytest.fixture
def service(io_loop, database, settings, store, layer):
    ours = {"db": database, "port": 0, "http": layer, "drain_seconds": 2.0}
    service = Service(Config(**{**ours, **settings}), store)
    io_loop.run_sync(service.start)
    yield service
    io_loop.run_sync(service.stop)


@pytest.fixture
def app(service):
    return service.app


@pytest.fixture
def http_server(service):
    """The service's own server, with its limits, instead of pytest-tornado's plain one."""
    return service


@pytest.fixture
def base_url(service):
    return service.url


@pytest.fixture
def post(http_client, base_url):
    """Post JSON (or bytes as they are); `answer` is the decoded body."""

    async def post(path, body, content_type="application/json", **options):
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Content-Type": content_type} if content_type else {}
        headers |= options.pop("headers", {})
        return await _fetch(
            http_client, base_url + path, method="POST", body=raw, headers=headers, **options
        )

    return post


@pytest.fixture
def get(http_client, base_url):
    """Get a path."""

    async def get(path, **options):
        return await _fetch(http_client, base_url + path, **options)

    return get


@pytest.fixture
def becomes_ok(get):
    """Wait until /health says ok, and no longer than is promised after a repair."""

    async def becomes_ok():
        async with asyncio.timeout(5):
            while (await get("/health")).answer["status"] != "ok":  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    return becomes_ok


class HeldStore(SqliteStore):
    """Writes only while `free` is set; `entered` is set once a write waits for it."""

    def __init__(self, path):
        super().__init__(path)
        self.free, self.entered = threading.Event(), threading.Event()

    def write(self, batch, mark=None):
        self.entered.set()
        assert self.free.wait(30)
        return super().write(batch, mark)


async def until(condition, seconds=4.0):
    """Let the loop turn until `condition` holds."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 nobody tells us when it holds
            await asyncio.sleep(0.005)


async def _fetch(http_client, url, **options):
    response = await http_client.fetch(url, raise_error=False, **options)
    is_json = response.headers.get("Content-Type") == "application/json"
    response.answer = json.loads(response.body) if is_json and response.body else None
    return response


@pytest.fixture
def counted(service):
    """The value of a metric's sample; None where there is no such sample."""

    def counted(name, **labels):
        return service.metrics.registry.get_sample_value(f"tokenweir_{name}", labels)

    return counted


@pytest.fixture
def ledger(service):
    """Both identities of the ledger, exactly; returns its sums by name."""

    def ledger():
        sums = sums_of(service.metrics.registry.collect())
        refused = sums["rejected"] + sums["refused"] + sums["dropped_ingest"]
        assert sums["received"] == sums["accepted"] + refused
        assert balances(sums), sums
        return sums

    return ledger


@pytest.fixture
def refused(counted, ledger):
    """Check that a post of traces was refused as a whole, and is counted as that only."""

    def refused(response, status, reason):
        assert (response.code, response.answer["error"]["reason"]) == (status, reason)
        assert counted("http_requests_rejected_total", route="traces", reason=reason) == 1
        assert ledger()["received"] == 0

    return refused


@pytest.fixture
def opened(database):
    """The store itself, without a service."""
    store = SqliteStore(database)
    store.open()
    yield store
    store.close()


def reconnect(store, factory):
    """Give an opened store another connection to its file, made by `factory`."""
    link = store._link
    link.forget()
    link.db = sqlite3.connect(link._path, isolation_level=None, factory=factory)
    link.db.execute("PRAGMA user_version")  # makes the log
    link._files.remember()
    return link.db


@pytest.fixture
def rows(service, database):
    """All rows of a table as dicts, once everything accepted is settled."""

    async def rows(table="llm_traces"):
        await service.pipeline.drain()
        return read_rows(database, table)

    return rows


@pytest.fixture
def stored_errors(server, database):
    """The errors of a process that a module has as `server`, once so many are stored."""

    def stored_errors(count):
        wait_until(lambda: server.metric("tokenweir_events_persisted_total") == count, "errors")
        return read_rows(database, "error_events")

    return stored_errors


def read_rows(path, table):
    """All rows of a table as dicts, oldest first."""
    with closing(sqlite3.connect(path)) as db:
        db.row_factory = sqlite3.Row
        found = [dict(row) for row in db.execute(f"SELECT * FROM {table} ORDER BY id")]
    for row in found:
        row["metadata"] = json.loads(row["metadata"]) if row["metadata"] else None
    return found


def read_totals(path):
    """The lifetime counts above 0, without the marks that stand beside them."""
    with closing(sqlite3.connect(path)) as db:
        counts = db.execute("SELECT name, value FROM totals WHERE name GLOB '*.*' AND value > 0")
        return {name: value for name, value in counts if not name.startswith("journal.")}


def example(name):
    """A payload of tests/examples."""
    return json.loads((EXAMPLES / name).read_text("utf-8"))


@pytest.fixture(scope="session")
def shim(tmp_path_factory):
    """The library that makes a process's disk fail."""
    if not sys.platform.startswith("linux") or not compiler():
        pytest.skip("a failing disk takes Linux and a C compiler")
    return build(tmp_path_factory.mktemp("shim"))


@pytest.fixture
def faults(shim, database, tmp_path_factory):
    """The disk under the database, for a process started in `faults.environment()`."""
    return Faults(shim, database, tmp_path_factory.mktemp("faults") / "control")


@pytest.fixture(scope="session")
def packages(request):
    """A directory with the senders in JavaScript, ready to run."""
    room = request.config.cache.mkdir("javascript")
    node.install(room)
    return room
