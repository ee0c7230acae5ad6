"""Keys of the real process: made, reloaded, asked for by real clients, and never written down."""

import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from .conftest import read_rows
from .holders import READ, SEND, WRONG, bearer, files, line
from .process import run, serving, wait_until

pytestmark = [pytest.mark.both_layers, pytest.mark.slow]

TRACE = {"provider": "openai", "model": "gpt-4o-mini"}
BODY = json.dumps(TRACE).encode()
LARGE = b"x" * 5_000_000
NEW = "tw_" + "n" * 43


class Log:
    """The lines of a process, as they come."""

    def __init__(self, process):
        self._lines: list[str] = []
        self._process = process
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self):
        for said in self._process.stderr:
            self._lines.append(said)

    def says(self, words):
        """Wait until a line holds these words."""
        wait_until(lambda: words in "".join(self._lines), words)

    def stop(self):
        """Have the process end; all that it said on either stream."""
        self._process.terminate()
        assert self._process.wait(30) == 0
        self._reader.join()
        return "".join(self._lines) + self._process.stdout.read()


@pytest.fixture
def settings(tmp_path):
    return files(tmp_path)


@pytest.fixture
def service(database, settings):
    arguments = [f"--{name.replace('_', '-')}={value}" for name, value in settings.items()]
    with serving(database, *arguments, "--log-level=debug") as service:
        yield service


@pytest.fixture
def log(service):
    log = Log(service.process)
    yield log
    service.process.kill()
    log._reader.join()


def status(service, key, path="/v1/traces"):
    """Of a POST of a trace, or of a GET of anything else, with this key."""
    body = BODY if path.startswith("/v1") else None
    headers = {"Content-Type": "application/json", **bearer(key)}
    request = urllib.request.Request(service.url + path, body, headers)  # noqa: S310 our own
    try:
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310 our own
            return response.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_sighup_has_new_keys_let_in_and_old_ones_turned_away(service, log, settings):
    ingest, read = map(Path, settings.values())
    with contextlib.closing(http.client.HTTPConnection(service.url[7:], timeout=10)) as kept:

        def ask(key):
            kept.request("POST", "/v1/traces", BODY, {"x-api-key": key, "Content-Type": "a/b"})
            with kept.getresponse() as response:
                response.read()
                return response.status

        assert [ask(SEND), status(service, NEW), status(service, READ, "/metrics")] == [
            415,
            401,
            200,
        ]
        ingest.write_text(line("a", NEW) + line("b", WRONG))
        read.write_text(line("c", NEW))
        service.process.send_signal(signal.SIGHUP)
        log.says("keys reloaded: 2 to send, 1 to read")
        assert [ask(NEW), ask(SEND), status(service, WRONG)] == [415, 401, 202]
    assert [status(service, key, "/metrics") for key in (NEW, READ)] == [200, 401]


def test_a_file_of_keys_that_cannot_be_read_to_its_end_holds_no_stop_up(service, log, settings):
    file = settings["ingest_keys_file"]
    Path(file).unlink()
    os.mkfifo(file)
    service.process.send_signal(signal.SIGHUP)
    wait_until(lambda: _is_read(file), "the file to be read")
    assert "stopped" in log.stop()


def _is_read(fifo):
    """Whether somebody reads it; who then waits for more, as we never close it."""
    with contextlib.suppress(OSError):
        return os.open(fifo, os.O_WRONLY | os.O_NONBLOCK) >= 0


@pytest.mark.parametrize("bad", ["ingest_keys_file", "read_keys_file"])
def test_a_bad_line_at_sighup_leaves_all_keys_as_they_were(bad, service, log, settings):
    for path in map(Path, settings.values()):
        path.write_text(line("a", NEW))
    Path(settings[bad]).write_text(f"{line('a', NEW)}{NEW}\n")
    service.process.send_signal(signal.SIGHUP)
    where = f"{bad}: {settings[bad]}, line 2"
    log.says(f"ERROR keys not reloaded, the old ones stay: {where}: not name:sha")
    assert [status(service, key) for key in (SEND, NEW)] == [202, 401]
    assert [status(service, key, "/metrics") for key in (READ, NEW)] == [200, 401]
    Path(settings[bad]).write_text(line("a", NEW))
    service.process.send_signal(signal.SIGHUP)
    log.says("keys reloaded: 1 to send, 1 to read")
    assert [status(service, key) for key in (SEND, NEW)] == [401, 202]


def test_a_keys_file_that_is_gone_at_sighup_locks_nobody_out(service, log, settings):
    Path(settings["ingest_keys_file"]).unlink()
    service.process.send_signal(signal.SIGHUP)
    log.says("keys not reloaded, the old ones stay")
    assert status(service, SEND) == 202


class TestWithoutKeys:
    @pytest.fixture
    def settings(self):
        return {}

    def test_sighup_ends_nothing(self, service, log):
        service.process.send_signal(signal.SIGHUP)
        log.says("SIGHUP: there is no keys file to read again")
        assert status(service, WRONG) == 202


def test_no_key_is_written_down(service, log, database, tmp_path):
    for key in (SEND, WRONG, READ):
        status(service, key)
        status(service, key, "/metrics")
        status(service, key, "/nothing")
    request = urllib.request.Request(service.url + "/metrics", headers=bearer(READ))  # noqa: S310 our own
    with urllib.request.urlopen(request) as response:  # noqa: S310 our own
        shown = response.read().decode()
    journal = b"".join(path.read_bytes() for path in Path(f"{database}.journal.d").iterdir())
    said = shown + log.stop()
    assert read_rows(database, "llm_traces")[0]["metadata"] == {"ingest_key": "laptop"}
    kept = Path(database).read_bytes() + journal
    for key in (SEND, WRONG, READ):
        assert key not in said
        assert key.encode() not in kept
    assert "requests without a valid key" in said


def test_a_bad_keys_file_stops_the_start_in_one_line(database, tmp_path):
    path = tmp_path / "keys"
    path.write_text(f"{SEND}\n")
    for setting in ("ingest_keys_file", "read_keys_file"):
        failed = run("--port=0", f"--db={database}", f"--{setting.replace('_', '-')}={path}")
        assert failed.returncode == 2
        assert failed.stderr == (
            f"tokenweir: error: {setting}: {path}, line 1: "
            "not name:sha256 (64 hex digits); did you paste the key itself?\n"
        )
    assert not Path(database).exists()


@pytest.mark.parametrize("setting", [[], ["--read-keys-file={read_keys_file}"]])
def test_an_address_that_others_reach_is_refused_without_keys(setting, database, settings):
    given = [word.format(**settings) for word in setting]
    failed = run("--port=0", "--address=0", f"--db={database}", *given)
    assert failed.returncode == 2
    assert failed.stderr.count("\n") == 1
    for way_out in ("ingest_keys_file", "allow_anonymous", "127.0.0.1"):
        assert way_out in failed.stderr
    assert not Path(database).exists()


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        (["--allow-anonymous"], None),
        (["--ingest-keys-file={ingest_keys_file}"], "/metrics is open to all who reach 0:"),
        (
            [
                "--ingest-keys-file={ingest_keys_file}",
                "--read-keys-file={read_keys_file}",
            ],
            None,
        ),
    ],
)
def test_an_address_that_others_reach_may_be_wanted(setting, said, database, settings):
    given = [word.format(**settings) for word in setting]
    with serving(database, "--address=0", *given) as service:
        _, errors = service.stop()
    assert ("WARNING" in errors) == bool(said)
    assert (said or "") in errors


def test_a_file_without_keys_is_warned_of(database, tmp_path):
    path = tmp_path / "keys"
    path.write_text("# nobody yet\n")
    with serving(database, f"--ingest-keys-file={path}") as service:
        assert status(service, SEND) == 401
        _, errors = service.stop()
    assert f"{path} holds no key: nobody is let in" in errors


def test_a_new_key_is_printed_once_and_opens_the_service(service, log, settings):
    path = settings["ingest_keys_file"]
    Path(path).write_text(Path(path).read_text().rstrip("\n"))  # as some editors leave it
    made = run("key", "new", "phone", f"--file={path}")
    assert re.fullmatch(r"tw_[A-Za-z0-9_-]{43}\n", made.stdout)
    key = made.stdout.strip()
    assert key not in made.stderr + Path(path).read_text()
    service.process.send_signal(signal.SIGHUP)
    log.says("keys reloaded: 2 to send")
    assert [status(service, key), status(service, SEND)] == [202, 202]
    sent = run(
        "send-sample", f"--url={service.url}", "--count=3", environment={"TOKENWEIR_KEY": key}
    )
    assert ": 3 accepted" in sent.stdout


def test_a_new_key_comes_with_its_line(tmp_path):
    made = run("key", "new", "laptop")
    assert re.fullmatch(r"tw_[A-Za-z0-9_-]{43}\n", made.stdout)
    hashed = run("key", "hash", "laptop", input=made.stdout)
    assert re.fullmatch(r"laptop:[0-9a-f]{64}\n", hashed.stdout)
    assert made.stderr.endswith(f"\n{hashed.stdout}")
    assert made.stdout != run("key", "new", "laptop").stdout


def test_a_keys_file_is_made_for_its_owner_only(tmp_path):
    path = tmp_path / "keys"
    assert run("key", "new", "laptop", f"--file={path}").returncode == 0
    assert path.stat().st_mode & 0o777 == 0o600
    before = path.read_text()
    again = run("key", "new", "laptop", f"--file={path}")
    assert (again.returncode, again.stdout) == (2, "")
    assert "its name is that of an earlier line" in again.stderr
    assert path.read_text() == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["new", "my laptop"], "a name is 1 to 64"),
        (["new", SEND], "a name is 1 to 64"),
        (["hash", "laptop"], "a key has 1 to 256 printable ASCII"),
        (["new", "laptop", "--file=/nowhere/keys"], "/nowhere/keys: No such file or directory"),
    ],
)
def test_what_is_no_name_or_no_key_is_one_clear_line(arguments, said):
    failed = run("key", *arguments, input="\n")
    assert failed.returncode in (1, 2)
    assert failed.stdout == ""
    assert failed.stderr.startswith(f"tokenweir: error: {said}")
    assert failed.stderr.count("\n") == 1
    assert SEND not in failed.stderr


def test_the_command_to_try_sends_a_key_where_one_is_asked_for(service):
    said = service.process.stdout.readline().removeprefix("try: ")
    for key, wanted in ((SEND, '"accepted":1'), (WRONG, "unauthorized")):
        environment = {**os.environ, "TOKENWEIR_KEY": key}
        answer = subprocess.check_output(  # noqa: S602 as a user would
            said, shell=True, text=True, env=environment, stderr=subprocess.DEVNULL
        )
        assert wanted in answer


def test_sample_traffic_without_a_key_says_which_is_missing(service):
    for environment in ({}, {"TOKENWEIR_KEY": WRONG}):
        failed = run("send-sample", f"--url={service.url}", environment=environment)
        assert failed.returncode == 1
        assert "set TOKENWEIR_KEY" in failed.stderr
        assert WRONG not in failed.stderr


@pytest.mark.parametrize("size", [2000, 50_000, 5_000_000])
def test_python_sees_the_401_to_a_large_body(size, service):
    for _ in range(10):
        with contextlib.closing(http.client.HTTPConnection(service.url[7:], timeout=10)) as sender:
            sender.request("POST", "/v1/traces", LARGE[:size], {"Content-Type": "a/b"})
            assert sender.getresponse().status == 401


@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
@pytest.mark.parametrize(
    "option", ["Expect:", "Expect: 100-continue", "Transfer-Encoding: chunked"]
)
def test_curl_sees_the_401_to_a_large_body(option, service, tmp_path):
    (tmp_path / "body").write_bytes(LARGE)
    command = ["curl", "-sS", "-o", "-", "-w", " %{http_code}", "-H", option]
    for _ in range(5):
        shown = subprocess.run(
            [*command, "--data-binary", f"@{tmp_path}/body", f"{service.url}/v1/traces"],
            capture_output=True,
            text=True,
            timeout=30,
        )
        assert shown.returncode == 0, shown.stderr
        assert shown.stdout.endswith(" 401")
        assert '"unauthorized"' in shown.stdout
