"""A limit on the storage holds at every moment, in the real process, at full speed."""

import http.client
import itertools
import json
import sqlite3
import threading
from contextlib import closing, contextmanager
from urllib.parse import urlsplit

import pytest

from server.disk import Disk
from server.store.writer import SqliteStore

from .ledger import balances, sums_shown
from .process import serving, wait_until
from .test_retention import trace

pytestmark = pytest.mark.slow

MB = 10**6
LIMIT = 50 * MB
CALL = {"provider": "openai", "model": "gpt-4o-mini"}
LIMITS = (f"--max-storage-bytes={LIMIT}", f"--queue-bytes={4 * 2**20}")


def bodies():
    """Arrays of events of 200 bytes, 2 KB, 8 KB, two texts of 15 KB, and 60 KiB of metadata."""
    kinds = (
        [CALL] * 500,
        [CALL | {"input_text": "x" * 1000, "output_text": "y" * 1000}] * 400,
        [CALL | {"input_text": "x" * 4100, "output_text": "y" * 4300}] * 150,
        [CALL | {"input_text": "x" * 15_000, "output_text": "y" * 15_000}] * 100,
        [CALL | {"metadata": {str(n): "m" * 600 for n in range(100)}}] * 40,
    )
    return itertools.cycle([json.dumps(kind).encode() for kind in kinds])


@contextmanager
def watched(database):
    """Samples the size of all files every few ms; the largest so far."""
    disk, most, done = Disk(database), [0], threading.Event()

    def sample():
        while not done.wait(0.002):
            most[0] = max(most[0], disk.total_bytes())

    thread = threading.Thread(target=sample)
    thread.start()
    yield most
    done.set()
    thread.join()


def send(url, most_bytes):
    """Post over four connections until so many bytes of bodies were accepted."""
    accepted, lock, each = [0], threading.Lock(), bodies()

    def drive():
        with closing(http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)) as connection:
            while accepted[0] < most_bytes:
                with lock:
                    body = next(each)
                connection.request("POST", "/v1/traces", body, {"Content-Type": "application/json"})
                answer = json.loads(connection.getresponse().read())
                share = answer["accepted"] / (answer["accepted"] + answer["dropped"])
                with lock:
                    accepted[0] += int(len(body) * share)

    threads = [threading.Thread(target=drive) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert accepted[0] >= most_bytes  # none of them failed


def deleted(service):
    return service.metric("tokenweir_storage_retention_deleted_rows_total")


@pytest.mark.parametrize("journal", ["inline", "thread", "off"])
def test_500_mb_written_never_take_more_than_a_limit_of_50_by_a_tenth(journal, database):
    with watched(database) as most, serving(database, *LIMITS, f"--journal={journal}") as service:
        send(service.url, 500 * MB)
        wait_until(lambda: service.json("/health")["queue_depth"] == 0, "the queue to empty")
        wait_until(lambda: Disk(database).wal_bytes() <= LIMIT / 32, "the log to be given back")
        assert LIMIT / 2 < most[0] <= 1.1 * LIMIT
        assert Disk(database).total_bytes() <= LIMIT
        sums, gone = sums_shown(service), deleted(service)
        assert balances(sums)
        with closing(sqlite3.connect(database)) as db:
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            count, last, first = db.execute(
                "SELECT count(*), max(id), min(id) FROM llm_traces"
            ).fetchone()
        assert count == sums["persisted"] - gone > 0
        assert count <= last - first + 1 < count + 2000  # the newest, as four requests raced
        assert service.stop()[0] == 0


def test_a_lower_limit_is_reached_in_the_background(database):
    store = SqliteStore(database)
    store.open()
    for number in range(160):
        store.write([trace(86_400 - number, text="x" * 15_000) for _ in range(40)])
    store.close()
    assert Disk(database).main_bytes() > 4 * LIMIT
    with serving(database, *LIMITS) as service:
        while Disk(database).total_bytes() > LIMIT:
            before = sums_shown(service)["persisted"]
            assert service.post("/v1/traces", [CALL] * 10)["accepted"] == 10
            stored = before + 10
            wait_until(
                lambda stored=stored: sums_shown(service)["persisted"] == stored, "its turn", 2
            )
        assert deleted(service) < 6400
        status, errors = service.stop()
    assert status == 0, errors
    assert errors.count("retention_days or over max_storage_bytes") <= 1
