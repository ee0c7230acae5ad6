"""The program as a user runs it: start, stop, settings, errors, query, send-sample."""

import http.client
import json
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from .conftest import read_rows
from .process import run, serving, start, wait_until

TRACE = {"provider": "openai", "model": "gpt-4o-mini"}


@pytest.mark.both_layers
@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_writes_what_is_queued_and_exits_0(signum, database, tmp_path):
    with serving(database) as service:
        for _ in range(5):
            service.post("/v1/traces", [TRACE] * 200)
        status, errors = service.stop(signum)
    assert status == 0
    assert "Traceback" not in errors
    assert len(read_rows(database, "llm_traces")) == 1000
    assert [path.name for path in tmp_path.iterdir()] == ["t.db"]  # checkpointed


@pytest.mark.both_layers
@pytest.mark.slow
def test_a_stop_in_the_middle_of_traffic_loses_nothing_accepted(database):
    with serving(database) as service:
        sender = start("send-sample", f"--url={service.url}", "--count=100000")
        wait_until(lambda: service.metric("tokenweir_events_accepted_total") > 300, "traffic")
        status, _ = service.stop()
        said, complaint = sender.communicate(timeout=30)
    assert status == 0
    assert sender.returncode == 1
    assert complaint.startswith("tokenweir: error: stopped early")
    accepted = int(said.split(": ")[1].split(" accepted")[0])
    stored = len(read_rows(database, "llm_traces")) + len(read_rows(database, "error_events"))
    assert accepted > 300
    assert stored - accepted in (0, 1)  # one answer may have been on its way


@pytest.mark.both_layers
@pytest.mark.slow
def test_a_stop_while_the_database_is_locked_ends_in_time_and_counts_what_is_lost(database):
    with (
        serving(database, "--drain-seconds=1", "--journal=off") as service,
        closing(sqlite3.connect(database, isolation_level=None)) as lock,
    ):
        lock.execute("BEGIN IMMEDIATE")
        assert service.post("/v1/traces", [TRACE] * 10)["accepted"] == 10
        status, errors = service.stop()
    assert status == 0
    assert "the store cannot be written: database is locked" in errors
    assert "10 accepted events could not be stored and are lost" in errors
    assert read_rows(database, "llm_traces") == []


@pytest.mark.both_layers
@pytest.mark.slow
def test_an_open_connection_is_answered_while_stopping(database):
    with (
        serving(database) as service,
        closing(sqlite3.connect(database, isolation_level=None)) as lock,
        closing(http.client.HTTPConnection(service.url.removeprefix("http://"))) as connection,
    ):

        def ask(method, path, body=None):
            connection.request(method, path, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            return response.status, json.loads(response.read())

        lock.execute("BEGIN IMMEDIATE")
        assert ask("POST", "/v1/traces", json.dumps(TRACE))[1]["accepted"] == 1
        service.process.send_signal(signal.SIGTERM)
        wait_until(lambda: ask("GET", "/readyz")[0] == 503, "the stop to begin")
        assert ask("GET", "/health")[1]["status"] == "stopping"
        status, answer = ask("POST", "/v1/traces", json.dumps(TRACE))
        assert (status, answer["dropped"]) == (202, 1)
        lock.execute("ROLLBACK")
        assert service.stop()[0] == 0
    assert len(read_rows(database, "llm_traces")) == 1


@pytest.mark.both_layers
def test_the_banner_says_where_and_what_to_try(database):
    with serving(database) as service:
        assert service.banner.startswith("tokenweir 0.1.0 listening on http://127.0.0.1:")
        assert service.banner.endswith(f", storing in {database}\n")
        assert service.process.stdout.readline().startswith(f"try: curl {service.url}/v1/traces")


@pytest.mark.both_layers
@pytest.mark.slow
def test_the_books_balance_after_sample_traffic(database):
    with serving(database) as service:
        sent = run("send-sample", f"--url={service.url}", "--count=500", "--seed=3")
        assert sent.returncode == 0, sent.stderr
        assert ": 500 accepted, 0 dropped, 0 rejected" in sent.stdout
        wait_until(lambda: service.metric("tokenweir_queue_events") == 0, "the queue to empty")
        assert service.metric("tokenweir_events_persisted_total") == 500
    traces = read_rows(database, "llm_traces")
    errors = read_rows(database, "error_events")
    assert len(traces) + len(errors) == 500
    assert len({row["model"] for row in traces}) >= 5
    assert len({row["session_id"] for row in traces}) >= 20
    failed = {row["trace_id"] for row in traces if row["status"] == "error"}
    assert failed >= {row["trace_id"] for row in errors if row["error_type"] == "llm_error"}
    assert any(row["metadata"].get("truncated") for row in traces)


@pytest.mark.slow
def test_sample_traffic_is_the_same_for_the_same_seed(tmp_path):
    runs = []
    for name in ("a.db", "b.db"):
        with serving(tmp_path / name) as service:
            run("send-sample", f"--url={service.url}", "--count=50")
            service.stop()
        changing = ("event_id", "created_at", "started_at")
        rows = read_rows(tmp_path / name, "llm_traces")
        runs.append([{k: v for k, v in row.items() if k not in changing} for row in rows])
    assert runs[0] == runs[1]


@pytest.mark.slow
def test_a_rate_is_kept(database):
    with serving(database) as service:
        sent = run("send-sample", f"--url={service.url}", "--count=20", "--rate=40")
    seconds = float(sent.stdout.split(" in ")[1].split(" s")[0])
    assert seconds >= 0.4


def test_sending_to_nobody_is_one_clear_line():
    failed = run("send-sample", "--url=http://127.0.0.1:9", "--count=1")
    assert failed.returncode == 1
    said = one_line(failed.stderr)
    assert said.endswith("stopped early: http://127.0.0.1:9: [Errno 111] Connection refused\n")


@pytest.mark.slow
@pytest.mark.parametrize("url", ["http://127.0.0.1:99999", "http://[::1", "ftp://x", "http://x/v1"])
def test_a_bad_url_is_one_clear_line(url):
    failed = run("send-sample", f"--url={url}")
    assert failed.returncode == 2
    assert "--url must be http://HOST:PORT" in one_line(failed.stderr)


@pytest.mark.both_layers
@pytest.mark.slow
def test_sending_to_a_service_that_refuses_is_one_clear_line(database):
    with serving(database, "--max-body-bytes=10") as service:
        failed = run("send-sample", f"--url={service.url}")
    assert re.search("413 .* is no answer of tokenweir", one_line(failed.stderr))


def one_line(text):
    assert text.count("\n") == 1, text
    assert text.startswith("tokenweir: error: ")
    return text


@pytest.mark.both_layers
@pytest.mark.slow
def test_a_used_port_is_one_clear_line(database):
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        failed = run(f"--port={port}", f"--db={database}")
    assert failed.returncode == 1
    said = one_line(failed.stderr)
    assert f"cannot listen on 127.0.0.1:{port}: Address already in use" in said


@pytest.mark.slow
def test_a_database_that_cannot_be_used_is_one_clear_line(tmp_path):
    damaged = tmp_path / "damaged.db"
    damaged.write_bytes(b"garbage" * 1000)
    for path, said in (
        (damaged, "is damaged, or no SQLite database"),
        (tmp_path, "is a directory"),
        (tmp_path / "none" / "t.db", "does its directory exist"),
        ("/proc/t.db", "does its directory exist"),
    ):
        failed = run("--port=0", f"--db={path}")
        assert failed.returncode == 1
        assert f"the database {path} " in one_line(failed.stderr)
        assert said in failed.stderr
    assert damaged.read_bytes() == b"garbage" * 1000


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "environment", "said"),
    [
        (
            ["--queue-events=0"],
            {},
            "queue_events must be at least 1, not '0' (from --queue-events)",
        ),
        ([], {"TOKENWEIR_PORT": "x"}, "port must be a number, not 'x' (from TOKENWEIR_PORT)"),
        (["--port=65536"], {}, "port must be at most 65535"),
        (["--drain-seconds=nan"], {}, "drain_seconds must be a number"),
        (["--log-format=xml"], {}, "log_format must be one of text, json"),
    ],
)
def test_a_bad_setting_is_one_line_that_names_it(arguments, environment, said, database):
    failed = run("serve", f"--db={database}", *arguments, environment=environment)
    assert failed.returncode == 2
    assert said in one_line(failed.stderr)


def test_a_flag_beats_the_environment_which_beats_the_default():
    shown = run(
        "config",
        "--port=1",
        environment={"TOKENWEIR_PORT": "2", "TOKENWEIR_QUEUE_EVENTS": "3", "TOKENWEIR_DB": ""},
    ).stdout
    lines = {line.split()[0]: line.split()[1:] for line in shown.splitlines()}
    assert lines["port"] == ["1", "--port"]
    assert lines["queue_events"] == ["3", "TOKENWEIR_QUEUE_EVENTS"]
    assert lines["db"] == ["./tokenweir.db", "default"]


@pytest.mark.slow
def test_a_variable_that_names_no_setting_is_told(database):
    environment = {"TOKENWEIR_INGEST_KEY_FILE": "/x", "TOKENWEIR_KEY": "tw_x"}
    service = start("--port=0", f"--db={database}", environment=environment)
    service.stdout.readline()  # it is listening
    service.terminate()
    said = service.communicate()[1]
    assert "TOKENWEIR_INGEST_KEY_FILE names no setting" in said
    assert "TOKENWEIR_KEY " not in said


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        [],
        ["serve"],
        ["config"],
        ["query"],
        ["dead-letters"],
        ["key"],
        ["backup"],
        ["check"],
        ["send-sample"],
    ],
)
def test_every_command_has_help(command):
    shown = run(*command, "--help")
    assert shown.returncode == 0
    assert shown.stdout.startswith("usage: tokenweir")


def test_the_version_is_that_of_setup_py():
    assert run("--version").stdout == "tokenweir 0.1.0\n"
    assert 'version="0.1.0"' in (Path(__file__).parents[1] / "setup.py").read_text()


def test_the_command_is_installed():
    command = Path(sys.executable).with_name("tokenweir")
    shown = subprocess.run([command, "--version"], capture_output=True, text=True, timeout=30)
    assert shown.stdout == "tokenweir 0.1.0\n"


@pytest.mark.both_layers
@pytest.mark.slow
def test_logs_can_be_json_and_hold_no_payload(database):
    arguments = ("--port=0", f"--db={database}", "--log-format=json", "--log-level=debug")
    with start(*arguments) as process:
        lines = [json.loads(process.stderr.readline())]
        while "listening on" not in lines[-1]["message"]:
            lines.append(json.loads(process.stderr.readline()))
        port = int(lines[-1]["message"].split(",")[0].rpartition(":")[2])
        with closing(socket.create_connection(("127.0.0.1", port))) as raw:
            raw.sendall(b"POST /v1/traces?secret=1 HTTP/9 secret\r\nsecret\r\n\r\n")
            assert raw.recv(1000)
        with closing(http.client.HTTPConnection("127.0.0.1", port)) as connection:
            connection.request("GET", "/secret")
            assert connection.getresponse().status == 404
        process.send_signal(signal.SIGTERM)
        out, errors = process.communicate(timeout=30)
    lines += [json.loads(line) for line in errors.splitlines()]
    assert {"time", "level", "logger", "message"} <= set(lines[-1])
    assert lines[-1]["message"] == "stopped"
    assert "secret" not in out + errors


@pytest.fixture(scope="module")
def sampled(tmp_path_factory):
    """A database with sample traffic in it; the tests only read it."""
    database = str(tmp_path_factory.mktemp("sampled") / "t.db")
    with serving(database) as service:
        run("send-sample", f"--url={service.url}", "--count=300")
        service.stop()
    return database


@pytest.mark.slow
def test_query_prints_a_table_newest_first_a_page_at_a_time(sampled):
    first = run("query", "traces", f"--db={sampled}", "--limit=3").stdout.splitlines()
    assert first[0].split()[:3] == ["id", "created_at", "provider"]
    ids = [int(line.split()[0]) for line in first[1:4]]
    assert ids == sorted(ids, reverse=True)
    assert first[4] == f"next page: --before={ids[-1]}"
    second = run("query", "traces", f"--db={sampled}", "--limit=3", f"--before={ids[-1]}").stdout
    assert int(second.splitlines()[1].split()[0]) == ids[-1] - 1


@pytest.mark.slow
def test_query_prints_json_lines_with_everything(sampled):
    shown = run("query", "errors", "--json", environment={"TOKENWEIR_DB": sampled}).stdout
    rows = [json.loads(line) for line in shown.splitlines()]
    assert rows[0] == read_rows(sampled, "error_events")[-1]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("option", "column", "value"),
    [
        ("--provider", "provider", "anthropic"),
        ("--model", "model", "gpt-4o"),
        ("--status", "status", "error"),
    ],
)
def test_query_filters(option, column, value, sampled):
    shown = run(
        "query", "traces", f"--db={sampled}", "--json", "--limit=1000", f"{option}={value}"
    ).stdout
    wanted = [row for row in read_rows(sampled, "llm_traces") if row[column] == value]
    assert [json.loads(line)["id"] for line in shown.splitlines()] == [
        row["id"] for row in reversed(wanted)
    ]
    assert wanted


@pytest.mark.slow
def test_query_finds_a_session_a_trace_and_a_time(sampled):
    row = read_rows(sampled, "llm_traces")[10]
    for options in (
        [f"--session={row['session_id']}"],
        [f"--trace={row['trace_id']}"],
        ["--since=1h", "--until=2100-01-01T00:00:00Z"],
        ["--since=2026-01-01", "--until=2100-01-01"],
    ):
        shown = run("query", "traces", f"--db={sampled}", "--json", "--limit=1000", *options).stdout
        assert row["id"] in [json.loads(line)["id"] for line in shown.splitlines()]
    none = run("query", "traces", f"--db={sampled}", "--json", "--until=1h").stdout
    assert none == ""
    assert "no such rows" in run("query", "errors", f"--db={sampled}", "--model=none").stderr


@pytest.mark.slow
def test_query_says_what_is_wrong_in_one_line(sampled, tmp_path):
    for arguments, said in (
        ([f"--db={tmp_path / 'none.db'}"], "does not exist"),
        ([f"--db={sampled}", "--since=yesterday"], "--since must be 30m, 2h, 7d"),
        ([f"--db={sampled}", "--since=1700000000"], "--since must be 30m, 2h, 7d"),
        ([f"--db={sampled}", f"--limit={10**30}"], "a number is too large"),
        ([f"--db={sampled}", "--since=99999999999999999d"], "a number is too large"),
        ([f"--db={tmp_path}"], "is a directory"),
        ([f"--db={sampled}", "--severity=fatal"], "traces have no severity"),
        ([f"--db={sampled}", "--limit=0"], "--limit must be at least 1"),
        ([f"--db={__file__}"], "cannot be read"),
    ):
        failed = run("query", "traces", *arguments)
        assert failed.returncode in (1, 2)
        assert said in one_line(failed.stderr)


@pytest.mark.slow
def test_query_lets_no_sender_steer_the_terminal(database):
    with serving(database) as service:
        service.post("/v1/traces", {"provider": "a\x1b[31m\n\x9b", "model": "m" * 200})
        wait_until(lambda: service.metric("tokenweir_events_persisted_total") == 1, "the row")
        shown = run("query", "traces", f"--db={database}").stdout
    assert "\x1b" not in shown
    assert "a·[31m··" in shown
    assert max(map(len, shown.splitlines())) < 250


@pytest.mark.slow
def test_a_reader_that_goes_away_is_no_error(sampled):
    with start("query", "traces", f"--db={sampled}", "--json", "--limit=1000") as process:
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == ""
