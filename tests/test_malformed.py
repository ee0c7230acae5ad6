"""A table of malformed requests against the real process: each answered in JSON, none harmful."""

import json
from collections import Counter
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest

from .conftest import read_rows
from .malformed import CASES
from .malformed.case import LIMITS, MARKER, NO_ANSWER, good, post, taken
from .malformed.wire import exchange
from .process import serving, wait_until

pytestmark = pytest.mark.both_layers

SECONDS = 2.0
"""Longest time to an answer."""
EVERY = 4
"""Cases from one good event to the next."""


class Service:
    """A running service, and all that it has acknowledged."""

    def __init__(self, running, database):
        self.running, self.database, self.sent = running, database, 0
        self.acknowledged: Counter[str] = Counter()
        self.totals: Counter[str] = Counter()
        self._address = (urlsplit(running.url).hostname, urlsplit(running.url).port)

    def send(self, case):
        """What came back to a case."""
        came = exchange(self._address, case)
        self._note(came.answer)
        if came.then:
            self._note(came.then)
        return came

    def _note(self, answer):
        value = decoded(answer) if answer.body[:1] == b"{" else {}
        for entry in value.get("events", ()):
            if entry["status"] == "accepted":
                self.acknowledged[entry["event_id"]] += 1
        self.totals.update({fate: value.get(fate, 0) for fate in ("accepted", "rejected")})

    def metrics(self):
        """All samples by name and labels."""
        lines = self.running.get("/metrics").splitlines()
        pairs = (line.rpartition(" ") for line in lines if not line.startswith("#"))
        return {name: float(value) for name, _, value in pairs}


@pytest.fixture(scope="module")
def services(layer, tmp_path_factory):
    """One service for each set of limits."""
    with ExitStack() as stack:
        running = {}
        for name, flags in LIMITS.items():
            database = str(tmp_path_factory.mktemp(name) / "t.db")
            service = stack.enter_context(serving(database, "--log-level=debug", *flags))
            running[name] = Service(service, database)
        yield running


@pytest.mark.parametrize(
    "case",
    [  # in a quick run every eighth
        pytest.param(case, id=case.id, marks=pytest.mark.slow if number % 8 else ())
        for number, case in enumerate(CASES)
    ],
)
def test_a_malformed_request_is_answered_and_harms_nobody(case, services):
    service = services[case.limits]
    came = service.send(case)
    service.sent += 1
    if service.sent % EVERY == 0:
        after = service.send(taken("", post(good(f"after-{case.id}"))))
        assert after.answer.status == 202
    check(case, came)


def check(case, came):
    """The answer to a case, to the letter."""
    answer = came.answer
    assert came.seconds < SECONDS
    assert answer.status in case.answers, answer
    assert MARKER.encode() not in answer.body
    assert case.headers.items() <= answer.headers.items()
    if case.then:
        assert came.then.status == case.then
    if answer.status == NO_ANSWER:
        return
    assert came.rest == b""
    if case.request.startswith(b"HEAD "):
        return
    reason = case.answers[answer.status]
    if case.path is not None or answer.status == 202:
        check_items(case, reason, decoded(answer))
    elif reason:
        check_refusal(reason, decoded(answer))


def decoded(answer):
    """The JSON of an answer."""
    assert answer.headers.get("content-type") == "application/json", answer
    return json.loads(answer.body)


def check_items(case, reason, value):
    entries = value.pop("events")
    fates = "".join(entry["status"][0] for entry in entries)
    assert fates == case.fates
    assert value == {"accepted": fates.count("a"), "dropped": 0, "rejected": fates.count("r")}
    for entry in entries:
        if entry["status"] == "accepted":
            assert entry.keys() == {"event_id", "trace_id", "status"}
            continue
        assert entry.keys() == {"status", "error"}
        assert entry["error"].keys() == {"reason", "path", "message"}
        assert (entry["error"]["reason"], entry["error"]["path"]) == (reason, case.path)
        assert 0 < len(entry["error"]["message"]) <= 300


def check_refusal(reason, value):
    assert value.keys() == {"error"}
    assert value["error"].keys() == {"reason", "message"}
    assert value["error"]["reason"] == reason
    assert 0 < len(value["error"]["message"]) <= 300


@pytest.mark.parametrize("limits", LIMITS)
def test_all_that_was_accepted_is_stored_once_and_the_process_ends_well(limits, services):
    service = services[limits]
    wait_until(lambda: service.metrics()["tokenweir_queue_events"] == 0, "an empty queue")
    samples = service.metrics()
    status, errors = service.running.stop()
    assert status == 0
    assert "Traceback" not in errors
    assert MARKER not in errors
    tables = ("llm_traces", "error_events")
    rows = [row for table in tables for row in read_rows(service.database, table)]
    assert Counter(row["event_id"] for row in rows) == service.acknowledged
    check_metrics(samples, service.totals)


def check_metrics(samples, totals):

    def total(name, *labels):
        name = f"tokenweir_{name}_total{{"
        found = [k for k in samples if k.startswith(name) and all(label in k for label in labels)]
        return sum(samples[key] for key in found)

    accepted, rejected = total("events_accepted"), total("events_rejected")
    assert total("events_dropped") == total("events_deduplicated") == 0
    assert total("events_received") == accepted + rejected
    assert accepted == total("events_persisted") == totals["accepted"]
    assert rejected == totals["rejected"]
    assert total("http_requests") > 0
    assert total("http_requests", 'code="5') == 0
    assert samples["tokenweir_http_requests_in_flight"] == 1  # the one that asks


def test_the_table_has_hundreds_of_different_requests():
    assert len(CASES) >= 300
    assert max(Counter(case.id for case in CASES).values()) == 1
    same = Counter((case.limits, case.request) for case in CASES)
    assert [case.id for case in CASES if same[case.limits, case.request] > 1] == []
