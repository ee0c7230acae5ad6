"""`tokenweir connect`: what it prints, for whom, and that plain settings of it work."""

import json
import os
import re
import shutil
import subprocess
import urllib.request

import pytest
import yaml

from server import cli
from server.commands.connect import SENDERS
from server.connecting.fill import fill
from server.connecting.target import VARIABLE, local_url, parse

from .blocks import after, blocks, printed
from .conftest import read_rows
from .corpus import EXAMPLES, captured, request_of
from .holders import SEND, files
from .process import run, serving, wait_until

URL = "http://127.0.0.1:4318"
each_sender = pytest.mark.parametrize("sender", SENDERS)
each_key = pytest.mark.parametrize("key", ["", VARIABLE, SEND])


@pytest.fixture
def connect(capsys, monkeypatch):
    """Run it with these arguments and variables; its exit status, and what it said."""
    for name in ("DB", "PORT", "ADDRESS", "KEY", "INGEST_KEYS_FILE"):
        monkeypatch.delenv(f"TOKENWEIR_{name}", raising=False)

    def connect(*arguments, **variables):
        for name, value in variables.items():
            monkeypatch.setenv(f"TOKENWEIR_{name}", value)
        status = cli.main(["connect", *arguments])
        return status, *capsys.readouterr()

    return connect


def text_of(sender, key, url=URL):
    return fill(SENDERS[sender].TEXT, parse(url, key))


@each_sender
@each_key
def test_settings_are_filled_and_say_where_they_go(sender, key):
    text = text_of(sender, key)
    assert not re.search(r"\{(url|key|dsn)|\[(key|open|named)\]", text)
    assert URL.removeprefix("http://") in text
    for comment, body in blocks(text):
        assert comment.startswith("# ")
        assert body.strip()
        assert "#" not in body


@each_sender
def test_settings_show_a_key_only_where_there_is_one(sender):
    assert "key" not in re.sub(r"sk-|no hyphen in a key", "", text_of(sender, "")).lower()
    assert "TOKENWEIR_KEY" in text_of(sender, VARIABLE)
    given = text_of(sender, SEND)
    assert SEND in given
    assert "TOKENWEIR_KEY" not in given


@each_sender
def test_settings_go_to_the_path_of_a_proxy_too(sender):
    for line in text_of(sender, "", "https://example.org/weir/").splitlines():
        if "example.org" in line:
            assert re.search(r'(https://example\.org/weir["/]|@example\.org/weir/1")', line), line


def test_without_a_sender_all_are_listed():
    listed = run("connect").stdout.splitlines()
    assert [line.split()[0] for line in listed] == list(SENDERS)


def test_an_unknown_sender_is_one_clear_line():
    failed = run("connect", "pigeon")
    assert failed.returncode == 2
    assert "invalid choice: 'pigeon'" in failed.stderr


@pytest.mark.parametrize(
    ("arguments", "variables", "url"),
    [
        ((), {}, "http://127.0.0.1:4318/v1"),
        (("--port=5000",), {}, "http://127.0.0.1:5000/v1"),
        (("--address=0.0.0.0",), {"PORT": "99"}, "http://127.0.0.1:99/v1"),
        (("--address=::1",), {}, "http://[::1]:4318/v1"),
        (("--url=https://weir.example.org/",), {}, "https://weir.example.org/v1"),
    ],
)
def test_the_url_is_that_of_the_service(arguments, variables, url, connect):
    status, text, _ = connect("curl", *arguments, **variables)
    assert (status, text.count(f'"{url}/traces"')) == (0, 1)


def test_every_address_is_reached_on_loopback():
    assert local_url("::", 1) == "http://[::1]:1"
    assert local_url("192.0.2.7", 1) == "http://192.0.2.7:1"


def test_a_key_in_the_environment_is_named_and_not_printed(connect):
    _, text, _ = connect("curl", KEY=SEND)
    assert '"x-api-key: $TOKENWEIR_KEY"' in text
    assert SEND not in text


def test_a_service_with_keys_is_sent_one(tmp_path, connect):
    _, text, _ = connect("sentry", f"--ingest-keys-file={files(tmp_path)['ingest_keys_file']}")
    assert 'SENTRY_DSN="http://$TOKENWEIR_KEY@127.0.0.1:4318/1"' in text


def test_a_key_in_a_file_is_printed_itself(tmp_path, connect):
    (tmp_path / "key").write_text(f"{SEND}\n")
    _, text, _ = connect("litellm", f"--key-file={tmp_path / 'key'}")
    assert f'GENERIC_LOGGER_HEADERS="x-api-key={SEND}"' in text


@pytest.mark.parametrize(
    ("held", "said"),
    [
        (None, "No such file"),
        (b"", "must hold one key"),
        (b"two keys", "must hold one key"),
        (b"\xff", "not a text in UTF-8"),
        (b"k" * 300, "must hold one key"),
        (b'a"b', "a key to paste has only letters"),
        (b"$(ls)", "a key to paste has only letters"),
        (b"a/b", "a DSN takes only letters"),
    ],
)
def test_a_key_that_cannot_be_pasted_is_one_clear_line(held, said, tmp_path, connect):
    if held is not None:
        (tmp_path / "key").write_bytes(held)
    status, text, errors = connect("sentry", f"--key-file={tmp_path / 'key'}")
    assert (status, text, errors.count("\n")) == (2, "", 1)
    assert said in errors


@pytest.mark.parametrize(
    "url",
    [
        "127.0.0.1:4318",
        "ftp://example.org",
        "http://",
        'http://a"b',
        "http://a b",
        "http://a$b",
        "http://key@example.org",
        "http://example.org:99999",
        "http://[::1",
        "http://example.org/!a",
        "http://example.org/v1/traces",
        "http://example.org/tokenweir/v1/litellm/",
        "http://example.org/api/1/envelope/",
        "http://example.org?a=b",
    ],
)
def test_a_url_that_cannot_be_pasted_is_one_clear_line(url, connect):
    status, text, errors = connect("curl", f"--url={url}")
    assert (status, text, errors.count("\n")) == (2, "", 1)
    assert "the URL must be" in errors or "a sender adds the paths" in errors


def test_port_0_takes_a_url(connect):
    status, _, errors = connect("curl", "--port=0")
    assert (status, errors.count("give --url")) == (2, 1)


@pytest.fixture
def server(database, tmp_path):
    """A service that asks for a key."""
    with serving(database, f"--ingest-keys-file={files(tmp_path)['ingest_keys_file']}") as server:
        yield server


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
def test_what_is_printed_for_curl_runs_in_a_shell(server, database):
    text = printed("curl", f"--url={server.url}", "--with-key")
    environment = {**os.environ, "TOKENWEIR_KEY": SEND}
    command = ("bash", "-e", "-u", "-o", "pipefail")
    done = subprocess.run(
        command, input=text, env=environment, text=True, capture_output=True, timeout=30
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count('"accepted":1,"dropped":0,"rejected":0') == 2
    wait_until(lambda: read_rows(database, "error_events"), "the rows")
    (call,) = read_rows(database, "llm_traces")
    assert (call["model"], call["completion_tokens"]) == ("gpt-4o-mini", 2)
    assert call["metadata"] == {"ingest_key": "laptop"}


def replayed(body, url, headers):
    """The status of a captured request that goes to this URL."""
    _, theirs = request_of(body)
    request = urllib.request.Request(url, body.read_bytes(), {**theirs, **headers})  # noqa: S310 our own
    with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310 our own
        return response.status


def of_ours(kind, sender):
    """A captured request of this kind, from the repository itself where it has one."""
    found = [param.values[0] for param in captured(kind) if sender in str(param.values[0])]
    if not found:
        pytest.skip("no captured request")
    return sorted(found, key=lambda body: EXAMPLES not in body.parents)[0]


@pytest.mark.slow
def test_openclaws_settings_are_json_and_lead_its_requests_here(server):
    text = printed("openclaw", f"--url={server.url}", "--with-key")
    parts = [json.loads(body) for _, body in blocks(text) if body.startswith("{")]
    otel = parts[0]["diagnostics"]["otel"]
    assert [otel[signal] for signal in ("enabled", "traces", "metrics", "logs")] == [True] * 4
    assert otel["protocol"] == "http/protobuf"
    assert parts[1]["diagnostics"]["otel"]["captureContent"]["enabled"] is True
    headers = {"x-api-key": otel["headers"]["x-api-key"].replace("${TOKENWEIR_KEY}", SEND)}
    for signal in ("traces", "logs", "metrics"):
        body = of_ours(f"otlp-{signal}", "openclaw")
        assert replayed(body, f"{otel['endpoint']}/v1/{signal}", headers) == 200


@pytest.mark.slow
def test_litellms_settings_are_yaml_and_lead_its_requests_here(server):
    text = printed("litellm", f"--url={server.url}", "--with-key")
    settings = yaml.safe_load(after(text, "config.yaml"))
    assert settings["litellm_settings"] == {"callbacks": ["tokenweir"]}
    callback = settings["callback_settings"]["tokenweir"]
    assert callback["callback_type"] == "generic_api"
    assert callback["headers"] == {"x-api-key": "os.environ/TOKENWEIR_KEY"}
    body = of_ours("litellm-generic-api", "litellm")
    assert replayed(body, callback["endpoint"], {"x-api-key": SEND}) == 202


def test_litellms_callback_has_headers_also_without_a_key():
    """LiteLLM 1.110 leaves out a generic_api callback that has none."""
    settings = yaml.safe_load(after(text_of("litellm", ""), "config.yaml"))
    assert settings["callback_settings"]["tokenweir"]["headers"] == {}
