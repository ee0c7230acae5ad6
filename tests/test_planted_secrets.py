"""Secrets in every field of every dialect, and then a search of all that the service wrote."""

import gzip
import json
import re
import sqlite3
import urllib.request
from contextlib import closing
from itertools import count, cycle
from pathlib import Path

import pytest
import re2

from server.events import Error, Trace

from .conftest import EXAMPLES
from .credentials import pem, some
from .locking import Lock
from .process import serving, wait_until

LIMIT = 1000
SETTINGS = ("--log-level=debug", f"--max-text-bytes={LIMIT}", "--max-metadata-bytes=8000")
KINDS = {
    "key": lambda: ("sk-proj-", some(60), ""),
    "bearer": lambda: ("Authorization: Bearer ", some(40), ""),
    "url": lambda: ("postgres://app:", some(20), "@db/x"),
    "named": lambda: ('{"password": "', some(20), '"}'),
    "env": lambda: ("AWS_SECRET_ACCESS_KEY=", some(40), ""),
    "jwt": lambda: (f"eyJ{some(20)}.", some(60), "." + some(30)),
}
NAMES = {*Trace._fields, *Error._fields} - {
    *("created_at", "started_at", "occurred_at", "source", "status", "severity", "metadata"),
    *("prompt_tokens", "completion_tokens", "total_tokens", "cache_read_tokens", "latency_ms"),
    *("cache_write_tokens", "reasoning_tokens", "cost_usd", "cost_source"),
    "time_to_first_token_ms",
}
TEXTS = ("input_text", "output_text", "message", "stack_trace")


class Garden:
    """What was planted, by where; and a word beside each that is to be found."""

    def __init__(self):
        self.secrets: dict[str, str] = {}
        self._kinds, self._numbers = cycle(KINDS.values()), count()

    def plant(self, where):
        """A text with a secret of the next kind in it."""
        before, secret, after = next(self._kinds)()
        self.secrets[f"{where} {next(self._numbers)}"] = secret
        return f"about {before}{secret}{after} it"

    def key(self, where):
        """A private key."""
        text = pem()
        self.secrets[f"{where} {next(self._numbers)}"] = text.split("\n")[2]
        return text

    def found_in(self, haystack):
        """Where those were planted of which twelve bytes are in `haystack`."""
        places = {
            piece: where for where, secret in self.secrets.items() for piece in pieces(secret)
        }
        options = re2.Options()
        options.max_mem = 2**28  # thousands of words, and one pass for all
        found = re2.compile(b"|".join(map(re2.escape, places)), options).findall(haystack)
        return {places[piece] for piece in found}


def pieces(secret):
    """Some twelve bytes each, so that no part of 16 goes unseen."""
    return [secret[i : i + 12].encode() for i in range(0, len(secret) - 11, 4)]


@pytest.fixture
def garden():
    return Garden()


def native(garden, path):
    """Events, each with a secret in one of its fields, and one with secrets in all."""
    traces = {"provider": "p", "model": "m"}
    full = traces if path == "traces" else {"error_type": "e", "message": "m"}
    fields = set((Trace if path == "traces" else Error)._fields) & NAMES | {"status"}
    events = [{**full, name: garden.plant(f"{path} {name}")} for name in sorted(fields)]
    names = sorted(fields - {"status"})  # beside an error_type it is not stored
    events.append({**full, **{name: garden.plant(f"{path} {name}") for name in names}})
    for name in fields & set(TEXTS):
        events.append({**full, name: garden.key(f"{path} {name}")})
        for offset in range(0, 80, 5):  # across the edge
            start = "x" * (LIMIT - offset) + " "
            events.append({**full, name: start + garden.plant(f"{path} cut {name}") + " y" * LIMIT})
    in_metadata = {
        garden.plant("key"): 1,
        "value": garden.plant("value"),
        "list": [{"deep": [garden.plant("deep")]}, garden.plant("escaped") + '\n"\\'],
        "large": garden.plant("large") + "z" * 9000,
        **{name: telling(garden, name) for name in ("x-api-key", "Authorization", "client_secret")},
    }
    events.append({**full, "metadata": in_metadata})
    events.append({**full, "metadata": json.dumps({"of text": garden.plant("metadata as text")})})
    events.append({**full, "unknown": garden.plant("unknown"), garden.plant("unknown name"): 1})
    events.append({**full, "unknown": {"password": telling(garden, "unknown password")}})
    return events


def telling(garden, where):
    """A secret that only the name of its member tells."""
    garden.secrets[f"telling {where}"] = secret = some(30, "abcdef ")
    return secret


def gateway(garden):
    """LiteLLM's calls as captured, each with a secret in one of its strings, or in all."""
    for path in sorted((EXAMPLES / "litellm").glob("*.logs.*.body")):
        body = json.loads(path.read_bytes())
        call = body[0] if isinstance(body, list) else body
        yield planted(call, lambda where: garden.plant(f"all {where}"))
        for leaf in leaves(call):
            fresh = {**call, "litellm_call_id": f"{path.name} {leaf}"}
            yield planted(fresh, lambda where: garden.plant(where), only=leaf)
    for offset in range(0, 80, 4):
        model = "m" * (256 - offset) + " " + garden.plant("cut model") + " n" * 300
        yield {"litellm_call_id": garden.plant("call id"), "model": model, "end_user": "u"}


def leaves(value, path=()):
    """The paths of the strings in `value`."""
    if isinstance(value, str):
        yield path
    elif isinstance(value, dict | list):
        for key, one in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(one, (*path, key))


def planted(value, plant, only=None, path=()):
    """A copy of `value` with something planted behind its strings."""
    if isinstance(value, dict):
        return {k: planted(one, plant, only, (*path, k)) for k, one in value.items()}
    if isinstance(value, list):
        return [planted(one, plant, only, (*path, n)) for n, one in enumerate(value)]
    is_meant = isinstance(value, str) and only in (None, path)
    return f"{value} {plant('/'.join(map(str, path)))}" if is_meant else value


def post(service, path, body, **headers):
    """The raw answer to bytes."""
    headers.setdefault("Content-Type", "application/json")
    request = urllib.request.Request(service.url + path, body, headers)  # noqa: S310 our own
    with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310 our own
        return response.read()


def send_all(service, garden):
    """Everything, in each shape of a request; the answers."""
    lines = b"\n".join(json.dumps(event).encode() for event in native(garden, "traces"))
    yield post(service, "/v1/traces", lines, **{"Content-Type": "application/x-ndjson"})
    for path in ("traces", "errors"):
        events = native(garden, path)
        yield post(service, f"/v1/{path}", json.dumps(events).encode())
        packed = gzip.compress(json.dumps(native(garden, path)).encode())
        yield post(service, f"/v1/{path}", packed, **{"Content-Encoding": "gzip"})
        for event in events[:3]:
            yield post(service, f"/v1/{path}", json.dumps(event).encode())
    calls = list(gateway(garden))
    for start in range(0, len(calls), 100):
        yield post(service, "/v1/litellm", json.dumps(calls[start : start + 100]).encode())
    for path in ("/metrics", "/health", "/readyz"):
        yield service.get(path).encode()


def written(directory):
    """The bytes of all files, by name."""
    return {str(p): p.read_bytes() for p in Path(directory).rglob("*") if p.is_file()}


def check_hidden(garden, texts):
    for name, text in texts.items():
        assert not garden.found_in(text), name


def refuse(database):
    """Have the store refuse events now and then, which is then a dead letter."""
    with closing(sqlite3.connect(database)) as db:
        for table in ("llm_traces", "error_events"):
            db.execute(
                f"CREATE TRIGGER refuse_{table} BEFORE INSERT ON {table}"
                " WHEN NEW.created_at % 3 = 0 BEGIN SELECT RAISE(ABORT, 'refused'); END"
            )
        db.commit()


def is_idle(service):
    return service.metric("tokenweir_queue_events") == 0


@pytest.mark.slow
def test_no_planted_secret_is_in_anything_that_is_written_or_said(garden, database, tmp_path):
    with serving(database, *SETTINGS) as service:
        refuse(database)
        said = b"".join(send_all(service, garden))
        wait_until(lambda: is_idle(service), "the queue to empty", 60)
        assert service.metric("tokenweir_events_dead_lettered_total") > 5
        assert service.metric("tokenweir_events_persisted_total") > 200
        assert service.metric('tokenweir_redactions_total{rule="time_budget"}') == 0
        with Lock(database):
            said += b"".join(send_all(service, garden))
            service.process.kill()
            output, errors = service.process.communicate()
            files = written(tmp_path)
    journal = b"".join(text for name, text in files.items() if "journal" in name)
    assert b"[redacted:" in journal
    assert len(journal) > 100_000
    assert any(name.endswith("-wal") for name in files)
    check_hidden(garden, {**files, "answers": said, "output": (output + errors).encode()})
    with serving(database, *SETTINGS) as service:  # the journal becomes rows and letters
        wait_until(lambda: is_idle(service), "the queue to empty", 60)
        files = written(tmp_path)
        status, errors = service.stop()
    assert status == 0
    files |= {f"{name} at last": text for name, text in written(tmp_path).items()}
    check_hidden(garden, {**files, "log": errors.encode()})
    assert any(b"[redacted:" in text for text in files.values())


@pytest.mark.slow
def test_without_redaction_the_search_finds_them(garden, database, tmp_path):
    with serving(database, *SETTINGS, "--redact=no") as service:
        list(send_all(service, garden))
        wait_until(lambda: is_idle(service), "the queue to empty", 60)
        service.stop()
    found = garden.found_in(b"".join(written(tmp_path).values()))
    native = {where for where in garden.secrets if re.match("(traces|errors) [a-z_]+ [0-9]", where)}
    assert len(native) > 100
    assert native <= found


@pytest.mark.slow
def test_with_capture_none_no_text_is_written(garden, database, tmp_path):
    texts = dict.fromkeys(TEXTS[:2], "a text that nobody wants to keep")
    said = dict.fromkeys(TEXTS[2:], "a text that nobody wants to keep")
    call = {
        "litellm_call_id": "c",
        "model": "m",
        "messages": [{"role": "user", "content": "a text that nobody wants to keep"}],
        "error_str": "a text that nobody wants to keep",
    }
    with serving(database, *SETTINGS, "--capture=none") as service:
        trace = {"provider": "p", "model": "m", "metadata": {"a": "kept"}, **texts}
        service.post("/v1/traces", [trace, {**trace, "unknown": texts, "metadata": {"b": texts}}])
        service.post("/v1/errors", {"error_type": "e", **said})
        service.post("/v1/litellm", call)
        with Lock(database):
            service.post("/v1/traces", trace)
            service.process.kill()
            _, errors = service.process.communicate()
            files = written(tmp_path)
    everything = b"".join(files.values()) + errors.encode()
    assert b"nobody wants" not in everything
    assert b"[not captured]" in everything
    assert b"kept" in everything
