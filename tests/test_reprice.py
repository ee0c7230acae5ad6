"""`tokenweir reprice` as an operator runs it, beside a running service or alone."""

import os
import pty
import re
import select
import signal
import sqlite3
import subprocess
import threading
from contextlib import closing
from pathlib import Path

import pytest

from server.cost import make_price
from server.normalise import Normaliser
from server.store.connection import open_beside
from server.store.read_back import to_json
from server.store.repricing import reprice
from server.store.writer import SqliteStore

from .conftest import read_rows
from .process import SERVER, run, serving, start, wait_until

pytestmark = pytest.mark.slow

NORMALISER = Normaliser(20_000, 65_536)
COST = 0.0035
DOCS = Path(__file__).parents[1] / "docs" / "costs.md"
DAY = 86_400_000


def call(model="gpt-4o", **members):
    item = {"provider": "openai", "model": model, "prompt_tokens": 1000, "completion_tokens": 100}
    return NORMALISER.trace({**item, **members}, "native")


def paid(model):
    """A call that a metric has paid for."""
    return call(model)._replace(metadata=b'{"metered":true}')


def fill(database, *traces):
    """Store calls as a version without prices did."""
    store = SqliteStore(database)
    store.open()
    store.write(traces)
    store.close()


def change(database, sql):
    with closing(sqlite3.connect(database)) as db:
        db.execute(sql)
        db.commit()


@pytest.fixture
def command(database):
    """Runs the command on the database; what it printed."""

    def command(*arguments):
        done = run("reprice", *arguments, f"--db={database}")
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    return command


def costs(database):
    return [(row["cost_usd"], row["cost_source"]) for row in read_rows(database, "llm_traces")]


def test_calls_with_tokens_and_no_cost_get_one_and_the_rest_stays(database, command):
    texts = {"input_text": "hello", "output_text": "x" * 20_000, "metadata": {"a": 1}}
    fill(
        database,
        call(**texts),
        call(cost_usd=0.25),
        call("my-own"),
        call("my-own"),
        call(prompt_tokens=None, completion_tokens=None),
        paid("gpt-4o"),
    )
    before = read_rows(database, "llm_traces")
    assert command() == (
        "1 calls priced, $0.003500 added; 2 unknown\n"
        "provider  model   calls\nopenai    my-own      2\n"
    )
    after = read_rows(database, "llm_traces")
    assert after[1:] == before[1:]
    table = after[0]["metadata"].pop("price_table")
    assert table.startswith("genai-prices 0.")
    assert after[0] == {**before[0], "cost_usd": COST, "cost_source": "computed"}


def test_it_can_be_run_again(database, command):
    fill(database, call(), call("my-own"))
    command()
    rows = read_rows(database, "llm_traces")
    assert command().startswith("0 calls priced, $0.000000 added; 1 unknown\n")
    assert read_rows(database, "llm_traces") == rows


def test_a_dry_run_says_the_same_and_changes_nothing(database, command):
    fill(database, call(), call("my-own"))
    with open(database, "rb") as file:
        before = file.read()
    said = command("--dry-run")
    assert said.startswith("1 calls would be priced, $0.003500 added; 1 unknown\n")
    with open(database, "rb") as file:
        assert file.read() == before
    assert said.replace("would be ", "") == command()


def test_rows_that_only_sum_up_others_stay_without(database, command):
    fill(database, call(), call())
    change(database, "UPDATE llm_traces SET counted = 0 WHERE id = 1")
    command()
    assert costs(database) == [(None, None), (COST, "computed")]


def test_since_is_a_time_as_query_has_it(database, command):
    old, new = call(), call()
    fill(database, old._replace(created_at=new.created_at - 3 * DAY), new)
    assert command("--since=2d").startswith("1 calls priced")
    assert costs(database) == [(None, None), (COST, "computed")]
    assert command("--since=2020-01-01").startswith("1 calls priced")
    done = run("reprice", "--since=nonsense", f"--db={database}")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("tokenweir: error: --since must be 30m, 2h")


def test_models_without_a_price_are_listed_the_most_frequent_first(database, command):
    fill(database, *(call(f"own-{n % 30}" if n % 2 else "mine\x1b[31m") for n in range(120)))
    fill(database, *(call(f"rare-{n}") for n in range(9)))
    lines = command().splitlines()
    assert lines[0].endswith("129 unknown")
    assert lines[2].split() == ["openai", "mine·[31m", "60"]
    assert len(lines) == 1 + 1 + 20 + 1
    assert lines[-1] == "and 5 more models"


def test_metadata_that_are_no_json_are_no_hindrance(database, command):
    fill(database, call(), call())
    change(database, "UPDATE llm_traces SET metadata = 'service_tier, no JSON' WHERE id = 1")
    assert command().startswith("2 calls priced")


def test_there_must_be_a_database(tmp_path):
    done = run("reprice", f"--db={tmp_path}/none.db")
    assert done.returncode == 1
    assert done.stderr.startswith("tokenweir: error: the database")


def test_many_calls_are_priced_in_short_transactions(database):
    fill(database, *(call(event_id=str(n), output_text="y" * 9000) for n in range(3000)))
    with open_beside(database) as db:
        slices = list(reprice(db, make_price(computes=True), None, writes=True))
    assert sum(one.rows for one in slices) == 3000
    assert sum(len(one.priced) for one in slices) == 3000
    assert max(len(one.priced) for one in slices) <= 200
    assert {cost for cost, _ in costs(database)} == {COST}


def test_a_part_that_is_joined_meanwhile_is_not_undone(database):
    """The row is read again in the transaction that changes it."""
    fill(database, call())
    computed = make_price(computes=True)
    asked: list[object] = []

    def price(trace):
        if not asked:
            change(database, "UPDATE llm_traces SET cost_usd = 9.0, cost_source = 'reported'")
        asked.append(trace)
        return computed(trace)

    with open_beside(database) as db:
        assert [one.priced for one in reprice(db, price, None, writes=True) if one.priced] == []
    assert costs(database) == [(9.0, "reported")]


def test_beside_a_running_service_that_is_sent_calls_nobody_waits(database, command):
    fill(database, *(call(event_id=str(n), output_text="y" * 5000) for n in range(2000)))
    with serving(database) as service:
        stop = threading.Event()
        sent = []

        def send():
            while not stop.is_set():
                item = {"provider": "openai", "model": "gpt-4o", "prompt_tokens": 1000}
                sent.append(service.post("/v1/traces", item)["accepted"])

        sender = threading.Thread(target=send)
        sender.start()
        try:
            assert command().startswith("2000 calls priced")
        finally:
            stop.set()
            sender.join()
        wait_until(lambda: service.metric("tokenweir_events_persisted_total") == sum(sent), "rows")
        assert service.metric("tokenweir_writer_retries_total") == 0
        assert service.json("/health")["status"] == "ok"
        assert service.stop()[0] == 0
    rows = read_rows(database, "llm_traces")
    assert len(rows) == 2000 + sum(sent)
    assert {row["cost_source"] for row in rows} == {"computed"}


def test_an_interrupt_keeps_what_is_done_and_the_next_run_does_the_rest(database, command):
    fill(database, *(call(event_id=str(n), output_text="y" * 9000) for n in range(6000)))
    process = start("reprice", f"--db={database}")

    def begun():
        with closing(sqlite3.connect(database)) as db:
            return db.execute("SELECT count(cost_usd) FROM llm_traces").fetchone()[0]

    wait_until(begun, "the first cost")
    process.send_signal(signal.SIGINT)
    said, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (130, "")
    done = begun()
    assert 0 < done < 6000
    assert done - 200 <= int(said.split()[0]) <= done
    assert command().startswith(f"{6000 - done} calls priced")


def test_a_terminal_is_told_how_far_it_is(database):
    fill(database, call())
    leader, follower = pty.openpty()
    command = (*SERVER, "reprice", f"--db={database}")
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=follower)
    os.close(follower)
    shown = b""
    while b"100 %" not in shown and select.select([leader], [], [], 30)[0]:
        shown += os.read(leader, 1000)
    assert b"[#########################] 100 % of 1 calls" in shown
    assert process.wait(30) == 0
    os.close(leader)


def test_a_dead_letter_is_priced_when_it_is_replayed(database):
    fill(database, call())
    letter = to_json(call(event_id="late"))
    with closing(sqlite3.connect(database)) as db:
        put = (
            "INSERT INTO dead_letters (created_at, kind, reason, event) VALUES (1, 'trace', 'x', ?)"
        )
        db.execute(put, (letter,))
        db.commit()
    assert run("dead-letters", "replay", "1", f"--db={database}").returncode == 0
    assert costs(database) == [(None, None), (COST, "computed")]


QUERIES = re.findall(r"```sql\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)


def test_the_queries_of_the_docs_tell_what_they_say(database, command):
    nothing = {"prompt_tokens": 0, "completion_tokens": 0}
    fill(database, call(), call("my-own"), call(prompt_tokens=None, completion_tokens=None))
    fill(database, call("my-own", **nothing), paid("my-own"))
    command()
    with closing(sqlite3.connect(database)) as db:
        unknown, usage, sources = [db.execute(sql).fetchall() for sql in QUERIES]
    assert unknown == [("openai", "my-own", 1, 1100)]
    assert usage == [("openai", "gpt-4o", 2, 0.5), ("openai", "my-own", 3, 0.0)]
    assert sorted(sources) == [("computed", 1, COST), ("unknown", 3, None)]
