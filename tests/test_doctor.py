"""`tokenweir doctor`: marked events that arrive, and at which step others are lost."""

import itertools
import json
import socket
import sqlite3
import threading
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from server import cli
from server.doctoring import answered
from server.doctoring.asking import Answer
from server.doctoring.marked import JSON, PROTOBUF, Post, native

from .conftest import read_rows
from .holders import READ, SEND, WRONG, files
from .ledger import balances, sums_shown
from .locking import Lock
from .process import serving

STEPS = {
    "native": ["/v1/traces", "/v1/errors"],
    "litellm": ["/v1/litellm"],
    "otel": ["/v1/traces", "/v1/logs", "/v1/metrics"],
    "openclaw": ["/v1/traces", "/v1/logs", "/v1/metrics"],
    "sentry": ["/api/1/envelope/"],
}
HEALTH = {"version": "9", "queue_depth": 0, "events_received": 0, "status": "ok", "reasons": []}
NATIVE = ("--as=native", "--wait=0.3")


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch, tmp_path):
    for name in ("DB", "PORT", "ADDRESS", "KEY"):
        monkeypatch.delenv(f"TOKENWEIR_{name}", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def doctor(capsys):
    """Run it; its exit status, and its steps."""

    def doctor(*arguments):
        status = cli.main(["doctor", "--json", *arguments])
        said = capsys.readouterr()
        assert said.err == ""
        return status, [json.loads(line) for line in said.out.splitlines()]

    return doctor


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    return str(tmp_path_factory.mktemp("doctor") / "t.db")


@pytest.fixture(scope="module")
def server(database):
    """One for all tests that leave it as it was."""
    with serving(database) as server:
        yield server


@pytest.mark.slow
class OnItsOwn:
    """Tests that have a service each."""

    @pytest.fixture
    def settings(self):
        return ()

    @pytest.fixture
    def database(self, tmp_path):
        return str(tmp_path / "t.db")

    @pytest.fixture
    def server(self, database, settings):
        with serving(database, *settings) as server:
            yield server


def failed(steps):
    """What is said by the steps that failed, by what they are of."""
    return {(one["about"], one["check"]): one["said"] for one in steps if one["level"] == "FAILED"}


def of(steps, check):
    return [one for one in steps if one["check"] == check]


def lone(steps, check):
    (found,) = of(steps, check)
    return found["level"], found["said"]


@pytest.mark.slow
def test_events_of_all_senders_are_followed_to_their_rows(doctor, server, database):
    status, steps = doctor(server.url, f"--db={database}")
    assert (status, failed(steps)) == (0, {})
    assert {one["level"] for one in steps} == {"ok"}
    sent = [f"{sender} {path}" for sender, paths in STEPS.items() for path in paths]
    assert [one["about"] for one in of(steps, "answer")] == sent
    rows = [one for one in sent if not one.endswith("metrics")]
    assert [one["about"] for one in of(steps, "row")] == rows
    for one in of(steps, "counters"):
        wanted = "skipped +1" if "metrics" in one["about"] else "accepted +1, persisted +1"
        assert wanted in one["said"]
    assert balances(sums_shown(server))


@pytest.mark.slow
def test_what_is_stored_is_marked_and_small(doctor, server, database):
    _, steps = doctor(server.url, f"--db={database}")
    shown = {one["row"]["event_id"] for one in of(steps, "row")}
    calls, errors = (
        [row for row in read_rows(database, table) if row["event_id"] in shown]
        for table in ("llm_traces", "error_events")
    )
    assert len(calls + errors) == len(shown) == 8
    assert {row["source"] for row in calls + errors} == {"native", "litellm", "otlp", "sentry"}
    for row in calls + errors:
        assert (row["provider"], row["model"]) == ("tokenweir-doctor", "doctor")
    for row in calls:
        assert (row["status"], row["prompt_tokens"], row["completion_tokens"]) == ("ok", 1, 1)
    by_source = {row["source"]: row["cost_usd"] for row in calls}
    assert by_source == {"native": 1e-6, "litellm": 1e-6, "otlp": None}
    assert "input_text" not in of(steps, "row")[0]["row"]


@pytest.mark.slow
def test_it_can_be_run_again(doctor, server, database):
    before = len(read_rows(database, "error_events"))
    for _ in range(2):
        assert doctor(server.url, f"--db={database}", "--as=sentry")[0] == 0
    assert len(read_rows(database, "error_events")) == before + 2


@pytest.mark.slow
def test_one_line_a_step_and_a_sum_are_for_people(capsys, server, database):
    assert cli.main(["doctor", server.url, f"--db={database}", "--as=openclaw"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("ok       service, reach: tokenweir ")
    assert "prompt_tokens 1, completion_tokens 1, cost_usd -" in lines[4]
    assert lines[-1] == f"{server.url}: {len(lines) - 1} ok, 0 WARNING, 0 FAILED"


def test_the_url_is_that_of_the_settings(doctor, server, database):
    port = server.url.rpartition(":")[2]
    assert doctor(f"--port={port}", f"--db={database}", *NATIVE)[0] == 0


def test_without_a_database_the_counters_have_to_do(doctor, server):
    status, steps = doctor(server.url, *NATIVE)
    assert status == 0
    level, said = lone(steps, "database")
    assert (level, said) == ("WARNING", "./tokenweir.db does not exist, or is out of reach")
    assert all("stored, by the counters" in one["said"] for one in of(steps, "row"))


class TestWithKeys(OnItsOwn):
    @pytest.fixture
    def settings(self, tmp_path):
        given = files(tmp_path)
        for name, key in (("send", SEND), ("read", READ), ("wrong", WRONG)):
            (tmp_path / name).write_text(f"{key}\n")
        return [f"--{name.replace('_', '-')}={path}" for name, path in given.items()]

    def test_the_keys_open(self, doctor, server, database):
        keys = ("--key-file=send", "--read-key-file=read")
        status, steps = doctor(server.url, f"--db={database}", *keys)
        assert (status, {one["level"] for one in steps}) == (0, {"ok"})
        for row in read_rows(database, "llm_traces"):
            assert row["metadata"]["ingest_key"] == "laptop"

    def test_without_a_key_it_says_that_one_is_asked_for(self, doctor, server, database):
        status, steps = doctor(server.url, f"--db={database}")
        assert status == 1
        assert len(of(steps, "answer")) == len(failed(steps)) == 10
        for (about, check), said in failed(steps).items():
            assert (check, said.startswith("401, ")) == ("answer", True)
            assert ("asks for a key" if "sentry" not in about else "key") in said

    @pytest.mark.parametrize("origin", ["file", "environment"])
    def test_of_a_wrong_key_it_says_which(self, origin, doctor, server, monkeypatch):
        monkeypatch.setenv("TOKENWEIR_KEY", WRONG if origin == "environment" else SEND)
        given = ["--key-file=wrong"] if origin == "file" else []
        status, steps = doctor(server.url, "--as=otel", *given)
        assert status == 1
        where = "that in wrong" if origin == "file" else "that in TOKENWEIR_KEY"
        for said in failed(steps).values():
            assert f"401, it knows no such key as {where}:" in said
        assert WRONG not in json.dumps(steps)

    @pytest.mark.parametrize("given", [[], ["--read-key-file=wrong"]])
    def test_without_a_key_to_read_the_row_is_found_all_the_same(
        self, given, doctor, server, database
    ):
        asked = (server.url, "--as=sentry", "--key-file=send", *given)
        status, steps = doctor(*asked, f"--db={database}")
        assert status == 0
        level, said = lone(steps, "counters")
        assert (level, said.startswith("/metrics: it ")) == ("WARNING", True)
        assert lone(steps, "row")[0] == "ok"

    def test_with_nothing_to_look_at_it_says_so(self, doctor, server):
        status, steps = doctor(server.url, "--as=sentry", "--key-file=send")
        assert status == 0
        assert lone(steps, "row") == (
            "WARNING",
            "accepted; to see more give --db, or a key to read with",
        )


@contextmanager
def answering(answer):
    """The URL of a stranger that gives this status and body to all."""

    class Stranger(BaseHTTPRequestHandler):
        def do_GET(self):
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, body = answer(self.path)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, *said):
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Stranger) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def free_port():
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        return taken.getsockname()[1]


def unreached(steps):
    """The only step."""
    (only,) = steps
    assert (only["about"], only["check"], only["level"]) == ("service", "reach", "FAILED")
    return only["said"]


def test_where_nobody_listens_it_says_so(doctor):
    status, steps = doctor(f"http://127.0.0.1:{free_port()}")
    assert status == 1
    assert "nobody listens at 127.0.0.1:" in unreached(steps)


def test_a_host_that_nobody_knows_is_named(doctor):
    status, steps = doctor("http://tokenweir.invalid:4318")
    assert status == 1
    assert "no such host: tokenweir.invalid" in unreached(steps)


@pytest.mark.parametrize("answer", [(404, b"{}"), (200, b"{}"), (200, b'"live"'), (502, b"<p>")])
def test_another_service_on_the_port_is_not_taken_for_ours(answer, doctor):
    with answering(lambda path: answer) as url:
        status, steps = doctor(url)
    assert status == 1
    assert f"is answered {answer[0]}, and not by tokenweir" in unreached(steps)


@contextmanager
def saying(words):
    """The port of a stranger that says this to who connects, and ends."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:

        def talk():
            listener.settimeout(10)
            peer, _ = listener.accept()
            with peer:
                peer.recv(4096)
                peer.sendall(words)

        thread = threading.Thread(target=talk)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            thread.join()


@pytest.mark.parametrize(
    ("scheme", "words", "said"),
    [
        ("http", b"\x15\x03\x01\x00\x02\x02\x46", "speaks no plain HTTP. Does it want https?"),
        ("http", b"", "speaks no plain HTTP. Does it want https?"),
        ("https", b"HTTP/1.1 400 Bad Request\r\n\r\n", "speaks no TLS, as tokenweir itself: try"),
    ],
)
def test_the_wrong_scheme_is_told_of(scheme, words, said, doctor):
    with saying(words) as port:
        status, steps = doctor(f"{scheme}://127.0.0.1:{port}")
    assert status == 1
    assert said in unreached(steps)


@pytest.mark.slow
def test_https_to_tokenweir_itself_is_told_of(doctor, server):
    status, steps = doctor(server.url.replace("http", "https"))
    assert status == 1
    assert f"try http://{server.url[7:]}".lower() in unreached(steps).lower()


@pytest.mark.parametrize("path", ["/v1/traces", "/api/1/envelope/", "/gateway"])
def test_a_url_with_a_path_is_told_of(path, doctor, server):
    status, steps = doctor(server.url + path)
    assert status == 1
    said = f"tokenweir answers at {server.url}: leave {path.rstrip('/')} away"
    assert unreached(steps).startswith(said)


@pytest.mark.parametrize(
    "url", ["127.0.0.1:4318", "ftp://127.0.0.1", "http://", "http://a:b", "http://key@127.0.0.1"]
)
def test_what_is_no_url_is_one_clear_line(url, capsys):
    assert cli.main(["doctor", url]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)


@pytest.mark.slow
def test_behind_a_locked_database_the_row_is_not_there_yet(doctor, server, database):
    with Lock(database):
        status, steps = doctor(server.url, f"--db={database}", *NATIVE)
    assert status == 1
    lost = failed(steps)
    assert list(lost) == [("native /v1/traces", "row"), ("native /v1/errors", "row")]
    assert "not stored after 0.3 s: 1 events wait; /health says" in lost["native /v1/traces", "row"]
    assert "received +1, accepted +1" in of(steps, "counters")[0]["said"]


class TestWithASmallQueue(OnItsOwn):
    @pytest.fixture
    def settings(self):
        return ["--queue-events=1"]

    def test_what_is_dropped_or_refused_is_lost_at_the_answer(self, doctor, server, database):
        with Lock(database):
            assert server.post("/v1/traces", {"provider": "p", "model": "m"})["accepted"] == 1
            status, steps = doctor(server.url, f"--db={database}", "--wait=0")
        assert status == 1
        lost = failed(steps)
        assert {check for _, check in lost} == {"answer"}
        for sender in ("native /v1/traces", "litellm /v1/litellm"):
            assert lost[sender, "answer"].startswith("202, but dropped: the queue is full")
        for sender in ("otel /v1/logs", "openclaw /v1/traces", "sentry /api/1/envelope/"):
            assert lost[sender, "answer"].startswith("503 queue_full: the queue is full")
        assert ("otel /v1/metrics", "answer") not in lost


POISON = (
    "CREATE TRIGGER poison BEFORE INSERT ON llm_traces WHEN new.model = 'doctor' "
    "BEGIN SELECT raise(ABORT, 'no such model'); END"
)


def change(database, sql):
    with closing(sqlite3.connect(database, isolation_level=None)) as db:
        db.execute(sql)


class TestARefusal(OnItsOwn):
    def test_what_the_store_refuses_is_a_dead_letter(self, doctor, server, database):
        change(database, POISON)
        status, steps = doctor(server.url, f"--db={database}", *NATIVE)
        assert status == 1
        assert failed(steps) == {
            (
                "native /v1/traces",
                "row",
            ): "the store refused it: SQLITE_CONSTRAINT_TRIGGER: no such "
            "model; tokenweir dead-letters show 1"
        }
        assert "dead_lettered +1" in of(steps, "counters")[0]["said"]

    def test_without_the_database_the_counters_tell_of_a_dead_letter(
        self, doctor, server, database
    ):
        change(database, POISON)
        status, steps = doctor(server.url, *NATIVE)
        assert status == 1
        said = "the store refused an event: tokenweir dead-letters list says why"
        assert failed(steps) == {("native /v1/traces", "row"): said}


@pytest.mark.slow
def test_another_database_than_the_services_is_told_of(doctor, server, tmp_path):
    other = tmp_path / "other.db"
    with serving(other) as another:
        another.stop()
    status, steps = doctor(server.url, f"--db={other}", *NATIVE)
    assert status == 1
    said = f"stored, but not in {other}: is it this service's? Give --db"
    assert set(failed(steps).values()) == {said}


@pytest.mark.slow
def test_a_database_that_lies_about_by_chance_is_no_failure(doctor, server, tmp_path):
    with serving(tmp_path / "tokenweir.db") as another:
        another.stop()
    status, steps = doctor(server.url, *NATIVE)
    assert status == 0
    assert {one["level"] for one in of(steps, "row")} == {"WARNING"}


@pytest.mark.parametrize(
    ("held", "said"), [(None, "does not exist"), (b"no database" * 99, "not a database")]
)
def test_a_database_that_cannot_be_read_is_told_of(held, said, doctor, server, tmp_path):
    path = tmp_path / "bad.db"
    if held:
        path.write_bytes(held)
    status, steps = doctor(server.url, f"--db={path}", *NATIVE)
    assert status == 1
    (found,) = failed(steps).values()
    assert said in found


@pytest.mark.parametrize(
    ("health", "ready", "level", "said"),
    [
        ({}, 200, "ok", "0 events wait"),
        ({"status": "degraded", "reasons": ["a", "b"]}, 200, "WARNING", "degraded: a; b"),
        ({}, 503, "FAILED", "takes no events now"),
    ],
)
def test_how_the_service_feels_is_said(health, ready, level, said, doctor):
    def answer(path):
        status = ready if path == "/readyz" else 200
        return status, json.dumps({**HEALTH, **health}).encode()

    with answering(answer) as url:
        _, steps = doctor(url, *NATIVE)
    found = lone(steps, "health")
    assert (found[0], said in found[1]) == (level, True)


METRICS = """
# TYPE tokenweir_events_accepted_total counter
tokenweir_events_accepted_total{{kind="error"}} {sent}
# TYPE tokenweir_events_persisted_total counter
tokenweir_events_persisted_total{{kind="error"}} {stored}
# TYPE tokenweir_queue_events gauge
tokenweir_queue_events {queued}
# TYPE tokenweir_queue_oldest_event_age_seconds gauge
tokenweir_queue_oldest_event_age_seconds {oldest}
"""


def scraped(doctor, wait, *, stores, **queue):
    """What the doctor says of a row, by metrics that show one more event at each scrape."""
    seen = itertools.count(1)

    def answer(path):
        if path == "/metrics":
            sent = next(seen)
            return 200, METRICS.format(sent=sent, stored=sent * stores, **queue).encode()
        return 200, json.dumps(HEALTH).encode()

    with answering(answer) as url:
        status, steps = doctor(url, "--as=sentry", f"--wait={wait}")
    return status, *lone(steps, "row")


def test_a_queue_that_others_fill_holds_nothing_up(doctor):
    """What is younger than our event came after it."""
    status, level, said = scraped(doctor, 0.5, stores=True, queued=7, oldest=0.001)
    assert (status, level, said.startswith("stored, by the counters")) == (0, "ok", True)


def test_an_event_that_waits_between_two_batches_is_not_taken_for_settled(doctor):
    """A service of an older version tells no age then, which a lock can make last."""
    _, level, said = scraped(doctor, 0.2, stores=False, queued=1, oldest=0)
    assert (level, said.startswith("not stored after 0.2 s: 1 events wait")) == ("FAILED", True)


def test_a_proxy_that_refuses_is_told_of(doctor):
    def answer(path):
        return (403, b"<p>no</p>") if path.startswith("/v1") else (200, json.dumps(HEALTH).encode())

    with answering(answer) as url:
        status, steps = doctor(url, *NATIVE)
    assert status == 1
    said = "403, which tokenweir did not say: does a proxy between refuse it?"
    assert set(failed(steps).values()) == {said}


def refusal(reason):
    return json.dumps({"error": {"reason": reason, "message": "…"}}).encode()


REJECTED = {
    "accepted": 0,
    "dropped": 0,
    "rejected": 1,
    "events": [{"status": "rejected", "error": {"reason": "schema_invalid", "path": "/model"}}],
}


@pytest.mark.parametrize(
    ("content_type", "answer", "said"),
    [
        (JSON, (404, JSON, refusal("not_found")), "404 not_found: the path is wrong"),
        (JSON, (413, JSON, refusal("body_too_large")), "413 body_too_large: max_body_bytes"),
        (JSON, (415, JSON, refusal("unsupported_media_type")), "a proxy between changes"),
        (JSON, (503, JSON, refusal("shutting_down")), "503 shutting_down: it is stopping"),
        (JSON, (400, JSON, json.dumps(REJECTED).encode()), "400 schema_invalid /model: "),
        (JSON, (202, JSON, b"{}"), "202, but not tokenweir's"),
        (PROTOBUF, (200, "text/html", b"<html>"), "200, but not tokenweir's"),
        (PROTOBUF, (200, PROTOBUF, b"<html>"), "200, but not tokenweir's"),
        (PROTOBUF, (200, PROTOBUF, b"\x0a\x06\x08\x01\x12\x02no"), "200, but rejected: no"),
        ("a/b", (200, "text/html", b"<html>"), "200, but not tokenweir's"),
    ],
)
def test_an_answer_that_loses_the_event_is_explained(content_type, answer, said):
    post = Post("/v1/traces", content_type, b"", "trace")
    with pytest.raises(answered.Lost) as lost:
        answered.check(post, Answer(*answer), "")
    assert said in str(lost.value)


def test_marks_are_never_the_same():
    assert len({post.trace_id for _ in range(50) for post in native.posts()}) == 100
