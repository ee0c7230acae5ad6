"""What is taken for a credential, and what is not; where a text is cut; own rules; the time."""

import base64
import hashlib
import json
from collections import Counter
from uuid import UUID

import pytest

from server.config import Config
from server.events import Rejected, Skipped
from server.metadata import MAX_DEPTH
from server.normalise import Normaliser
from server.parts import make_receivers
from server.redaction.own import read_rules
from server.redaction.redactor import Redactor
from server.redaction.scrubber import MARGIN, NOT_STORED
from server.store.read_back import to_json

from . import process
from .credentials import CREDENTIALS, KEYS, OTHERS, pem, some

KEY = KEYS[0].text
HARMLESS = [
    '<button accesskey="n">New</button>',
    "xoxo-hugs-and-kisses-2024",
    "Set authorization key of the client",
    "the authorization token is checked",
    "pa-rt of a key-board, hvs. and so on",
    *("password: required", "Password: must be at least 8 characters", "password: str = ''"),
    *("max_tokens=4096", '"prompt_tokens": 1234567890123456789', '"token": "Hello"'),
    *("sk-SK", "risk-management-strategies-of-2024", "sk-folding-cube-container", "xai- and gsk_"),
    *("http://host:8080/a@b", "https://h:443/?mail=a@b.com", "http://localhost:3000,http://a@b"),
    *("mail john.doe@example.com: now", "git@github.com:org/repo.git", "ssh://git@github.com:22/x"),
    *("bearer of good news and tidings", "the bearer instrumentalisation", "Bearer <token>"),
    *("api_key=api_key, model=model", "password=get_password()", "f(token=binascii.b2a_hex(x))"),
    *('OpenAI(api_key=os.environ["OPENAI_API_KEY"])', "OPENAI_API_KEY=$OPENAI_API_KEY"),
    *("cookie: a small piece of data", "Authorization: required for all", "the secret: love"),
    *('"password": {"type": "string"}', '"password": null', '"password": ""', "10:30:AAPL stock"),
    *("getpass('Password: ')\nuser = 'me'", "-----BEGIN CERTIFICATE-----\nMIIEabc\n"),
    *("user_api_key_alias: prod-42", '"user_api_key_alias": "prod-42"', "secret_santa=2024 is"),
    *(
        "key_value_store_implementation_v2",
        "npm_package_devDependencies_x2",
        "hf_bert_base_cased_v2",
    ),
    *(
        "xai-explainable-ai-methods-2024",
        "OrderProcessingServiceImpl.handle.processOrderItemsAndNotify",
    ),
    *(
        "your API key: https://platform.openai.com/api-keys2",
        "git+ssh://git@github.com:o/r2.git@v1",
    ),
    *(
        'ask("Password: ", "User: ")',
        "'API key: ' + key + ' is bad'",
        "win_getpass(prompt='Password: ', s",
    ),
    *(str(UUID(int=2**127 + 7)), hashlib.sha1(b"x").hexdigest(), hashlib.sha256(b"x").hexdigest()),  # noqa: S324
    base64.b64encode(bytes(range(256)) * 2).decode(),
]


class Counts(Counter):
    """Counters of rules, as of the metrics."""

    def counter(self, rule):
        self[rule] += 0
        counts = self

        class Child:
            def inc(self):
                counts[rule] += 1

        return Child()


@pytest.fixture
def counts():
    return Counts()


@pytest.fixture
def redactor(counts):
    return Redactor([], counts.counter)


@pytest.fixture
def stored(redactor):
    """The columns of a trace of these members."""
    normaliser = Normaliser(1000, 4000, redactor)

    def stored(normaliser=normaliser, **members):
        item = {"provider": "p", "model": "m", **members}
        trace = normaliser.trace(item, "native")._asdict()
        trace["metadata"] = json.loads(trace["metadata"]) if trace["metadata"] else None
        return {k: v.decode() if isinstance(v, bytes) else v for k, v in trace.items()}

    return stored


def of(credentials):
    """To run a test once for each."""
    ids = [f"{n}-{one.rule}-{one.text[:16]!a}" for n, one in enumerate(credentials)]
    return pytest.mark.parametrize("credential", credentials, ids=ids)


@of(CREDENTIALS)
def test_a_credential_gives_way_to_the_name_of_its_rule(credential, stored, counts):
    arounds = ["{}", "see {}", "{}\nand more", "日本 {} 日本", "\t{}\r\n", "a.\n{}", "<{} x>"]
    for number, around in enumerate(arounds, 1):
        row = stored(input_text=around.format(credential.text))
        assert row["input_text"] == around.format(credential.scrubbed)
        assert counts == {**dict.fromkeys(counts, 0), credential.rule: number}
        assert stored(input_text=row["input_text"])["input_text"] == row["input_text"]


@of(KEYS[:-1])
def test_a_key_is_known_in_code_and_behind_escapes(credential, stored):
    quoted = ['{{"k": "{}"}}', "('{}',)", "x={};", "`{}`", "_{}"]
    for around in [*quoted, "\\n{}\\n", "%20{}%20", "\\u0022{}\\u0022"]:
        found = stored(input_text=around.format(credential.text))["input_text"]
        assert found == around.format(credential.scrubbed)


@pytest.mark.parametrize("text", HARMLESS)
def test_a_harmless_text_stays_as_it_is(text, stored, counts):
    row = stored(input_text=text, metadata={"said": text, "list": [text]})
    assert row["input_text"] == text
    assert row["metadata"] == {"said": text, "list": [text]}
    assert not counts.total()


def test_all_rules_are_counted_from_the_start(redactor, counts):
    assert set(counts) == {one.rule for one in CREDENTIALS} | {"time_budget"}


def test_several_secrets_of_a_text_go_all(stored, counts):
    text = " ".join(one.text for one in KEYS)
    assert stored(output_text=text[:900])["output_text"].count("[redacted:api_key]") > 9
    assert counts["api_key"] > 9


def test_what_is_no_secret_hides_none_behind_it(stored):
    row = stored(input_text="secret: api_key: abc12345, sk-folding-cube-sk-x1 sk-" + "b7" * 12)
    assert "abc12345" not in row["input_text"]
    assert "b7" not in row["input_text"]


# where a text is cut


@of([KEYS[0], OTHERS[0], OTHERS[3], OTHERS[10], OTHERS[11], OTHERS[17], CREDENTIALS[-2]])
def test_no_half_of_a_secret_stays_at_the_edge_of_a_text(credential, stored):
    for offset in range(len(credential.text) + 2):
        text = "é" * ((1000 - offset) // 2) + " " + credential.text + " tail " * 1000
        row = stored(input_text=text)
        assert credential.secret[:8] not in row["input_text"], offset
        assert row["metadata"] == {"truncated": {"input_text": len(text.encode())}}
        assert len(row["input_text"].encode()) <= 1000


@pytest.mark.parametrize("filling", ["x ", "sk-" + some(400) + " "])
def test_what_was_read_beyond_the_limit_is_never_kept(filling, stored):
    """Markers are shorter than secrets: a half at the end of what is read would move forward."""
    for offset in range(0, 60, 3):
        end = 1000 + MARGIN - offset
        lead = (filling * (end // len(filling))).ljust(end - 1, ".") + " "
        row = stored(input_text=lead + KEYS[1].text)
        assert KEYS[1].text[:9] not in row["input_text"], offset


def test_a_secret_at_the_end_of_a_text_is_seen_though_another_text_follows(stored):
    row = stored(input_text="'password': 'abcd", output_text="x")
    assert row["input_text"] == "'password': '[redacted:named_secret]"


def test_markers_longer_than_secrets_keep_a_text_within_its_limit(stored):
    row = stored(input_text=" ".join(["?api_key=a"] * 90))
    assert len(row["input_text"]) == 1000
    assert row["metadata"] == {"truncated": {"input_text": 989}}


def test_a_name_of_a_foreign_sender_is_scrubbed_before_it_is_cut(redactor):
    litellm = make_receivers(Config(), redactor)["litellm"]
    for offset in range(60):
        call = {"litellm_call_id": "c", "model": "m" * (255 - offset) + "/" + KEY + "m" * 300}
        (group,) = litellm.read(bytearray(json.dumps(call).encode()), "application/json")
        assert not isinstance(group, Rejected | Skipped)
        model = json.loads(to_json(group[0]))["model"]
        assert KEY[:8] not in model
        assert len(model) <= 256


# ids and names


@pytest.mark.parametrize(
    "name", ["event_id", "trace_id", "span_id", "parent_span_id", "session_id"]
)
def test_an_id_with_a_secret_is_stored_as_its_hash(name, stored):
    row = stored(**{name: f"id {KEY}"})
    assert row[name] == "sha256:" + hashlib.sha256(f"id {KEY}".encode()).hexdigest()
    assert KEY not in repr(row)


@pytest.mark.parametrize("name", ["provider", "model", "operation", "error_type", "agent"])
def test_a_name_keeps_what_stands_around_a_secret(name, stored):
    row = stored(**{name: f"my {KEY} of it"})
    assert row[name] == "my [redacted:api_key] of it"


def test_a_status_word_with_a_secret_is_no_error_type_with_one(stored):
    row = stored(status=KEY)
    assert (row["status"], row["error_type"]) == ("error", "[redacted:api_key]")


def test_a_name_with_many_short_secrets_stays_within_its_limit(stored):
    assert len(stored(agent=" ?api_key=a" * 23)["agent"]) == 256


# metadata


@of(CREDENTIALS)
def test_a_credential_in_metadata_goes_wherever_it_is(credential, stored):
    sent = {"a": [{"b": credential.text}], 'say \\ "x"': 1, credential.text: 2}
    row = stored(metadata=sent, unknown={"c": credential.text}, other=credential.text)
    found = credential.scrubbed
    assert row["metadata"] == {
        "a": [{"b": found}],
        'say \\ "x"': 1,
        found: 2,
        "extra": {"unknown": {"c": found}, "other": found},
    }


@pytest.mark.parametrize(
    "name",
    [
        *("authorization", "Proxy-Authorization", "x-api-key", "API_KEY", "openaiApiKey", "cookie"),
        *("password", "db_passwd", "client-secret", "Access_Token", "refreshToken", "Set-Cookie"),
        *("id_token", "auth_token", "private_key", "aws_secret_access_key", "secret", "secrets"),
    ],
)
def test_a_telling_name_costs_the_member_its_value(name, stored):
    sent = {"of": {name: "xy"}, name: ["xy", "z", 1, ""]}
    marker = "[redacted:named_secret]"
    assert stored(metadata=sent)["metadata"] == {
        "of": {name: marker},
        name: [marker, marker, 1, ""],
    }


def test_a_name_that_may_tell_costs_only_what_looks_like_a_token(stored):
    sent = {"token": "Hello", "page_token": some(20), "max_tokens": 4096, "password": 1, "key": "x"}
    assert stored(metadata=sent)["metadata"] == {**sent, "page_token": "[redacted:named_secret]"}


def test_names_that_differ_by_their_secrets_only_are_both_kept(stored):
    sent = {KEYS[0].text: 1, KEYS[1].text: 2}
    assert sorted(stored(metadata=sent)["metadata"].values()) == [1, 2]


def test_metadata_that_is_a_string_is_scrubbed_too(stored):
    row = stored(metadata=json.dumps({"note": f"line\n{KEY}"}))
    assert row["metadata"] == {"note": "line\n[redacted:api_key]"}


def test_what_json_escapes_is_looked_at_as_it_is(stored):
    found = stored(metadata={"head": f"Bearer\t{some(30)}"})["metadata"]
    assert found == {"head": "Bearer\t[redacted:bearer_token]"}


def test_metadata_shortened_and_scrubbed_tells_its_first_size(stored):
    sent = {"large": "x" * 9000, "keys": ["?api_key=a"] * 250}
    row = stored(metadata=sent)
    assert row["metadata"]["truncated"] == {
        "metadata": len(json.dumps(sent, separators=(",", ":")))
    }
    assert "?api_key=a" not in repr(row)


@pytest.mark.parametrize("member", ["metadata", "unknown"])
def test_a_secret_as_deep_as_may_be_costs_the_event_nothing(member, stored):
    deepest: object = KEY
    for _ in range(MAX_DEPTH - 1):
        deepest = {"in": deepest}
    row = stored(**{member: deepest})
    assert "[redacted:api_key]" in repr(row["metadata"])


def test_metadata_that_grows_stays_within_its_limit(stored):
    sent = {"keys": ["?api_key=a"] * 300, "kept": True}
    row = stored(metadata=sent)
    assert row["metadata"]["kept"] is True
    assert len(json.dumps(row["metadata"])) < 4256
    assert row["metadata"]["truncated"]["metadata"] > 4000


# own rules


def rules_of(tmp_path, text):
    path = tmp_path / "patterns"
    path.write_text(text, "utf-8")
    return read_rules(str(path))


def test_own_rules_scrub_groups_lines_and_unicode(tmp_path, counts, stored):
    text = (
        "\ufeff# ours\n\nstaff: emp-[0-9]{4} \nrow:^id (\\w+)$\nname:(?i)größe (é+)\r\nlist:^\\[x\n"
    )
    redactor = Redactor(rules_of(tmp_path, text), counts.counter)
    row = stored(
        Normaliser(1000, 1000, redactor),
        input_text="emp-1234\nid abc\nGRÖßE ééé",
        agent="emp-1234",
        metadata={"a": "id q"},
    )
    assert row["input_text"] == "[redacted:staff]\nid [redacted:row]\nGRÖßE [redacted:name]"
    assert row["agent"] == "[redacted:staff]"
    assert row["metadata"] == {"a": "id [redacted:row]"}
    assert (counts["staff"], counts["row"], counts["name"], counts["list"]) == (2, 2, 1, 0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("no pattern", "must be name:pattern"),
        ("Name:x", "must be name:pattern"),
        ("n" * 41 + ":x", "must be name:pattern"),
        ("api_key:x", "is built in"),
        ("time_budget:x", "is built in"),
        ("ok:y", "there already"),
        ("bad:(x", "missing )"),
        ("split:x)|(y", "unexpected )"),
        ("back:(x)\\1", "invalid escape"),
        ("ahead:(?=x)", "invalid perl operator"),
        ("huge:(x{1000}){1000}", ""),
        ("start:\\Ax", "cannot be used"),
        ("end:x\\z", "cannot be used"),
        ("half:\\Cx", "cannot be used"),
        ("off:(?i-m)x", "cannot be used"),
        ("empty:x*", "matches the empty text"),
    ],
)
def test_a_bad_file_of_patterns_stops_the_start_with_one_line(line, why, tmp_path, database):
    path = tmp_path / "patterns"
    path.write_text(f"# mine\nok:x\n{line}\n")
    found = process.run("--port=0", f"--db={database}", f"--redact-patterns-file={path}")
    assert found.returncode == 2
    assert found.stdout == ""
    (said,) = found.stderr.splitlines()
    assert f"redact_patterns_file: {path}, line 3: " in said
    assert why in said


@pytest.mark.slow
def test_a_file_of_patterns_that_is_not_there_stops_the_start(tmp_path, database):
    found = process.run("--port=0", f"--db={database}", f"--redact-patterns-file={tmp_path}/none")
    assert (found.returncode, len(found.stderr.splitlines())) == (2, 1)
    assert f"{tmp_path}/none: cannot be read: No such file" in found.stderr


# time, and being off


def test_what_there_is_no_time_for_is_not_stored(stored, counts):
    late = Redactor([], counts.counter, seconds=-1)
    row = stored(
        Normaliser(1000, 1000, late),
        event_id="e1",
        agent=KEY,
        input_text=KEY,
        output_text="harmless",
        metadata={"a": KEY},
    )
    assert (row["input_text"], row["output_text"], row["agent"]) == (NOT_STORED,) * 3
    assert row["metadata"] == {"redaction": NOT_STORED}
    assert row["event_id"].startswith("sha256:")
    assert counts["time_budget"] > 3
    assert counts["api_key"] == 0


def test_a_fault_of_the_engine_is_as_good_as_no_time(stored, redactor, monkeypatch):
    class Broken:
        def search(self, *text):
            raise MemoryError

    for name in ("_built_in", "_in_json"):
        monkeypatch.setattr(redactor._patterns, name, Broken())
    row = stored(input_text="harmless")
    assert row["input_text"] == NOT_STORED


NEARLY = pytest.mark.parametrize("piece", ["sk-", "password:", "?token=", "secret:secret:"])


@NEARLY
def test_a_text_that_takes_too_long_is_given_up(piece, stored, counts):
    hasty = Redactor([], counts.counter, seconds=0.0005)
    row = stored(Normaliser(2**16, 2**16, hasty), input_text=piece * (2**16 // len(piece)))
    assert row["input_text"] == NOT_STORED
    assert counts["time_budget"] == 1


@NEARLY
def test_what_nearly_is_a_secret_all_over_is_no_work_without_end(piece, stored, redactor):
    """Each of the near ones reaches to the end: to look at all of each takes its square."""
    text = piece * (2**14 // len(piece))
    assert stored(Normaliser(2**14, 2**14, redactor), input_text=text)["input_text"] == text


def test_without_redaction_all_stays(stored):
    row = stored(Normaliser(1000, 1000), input_text=KEY, metadata={"password": "x"}, event_id=KEY)
    assert (row["input_text"], row["event_id"]) == (KEY, KEY)
    assert row["metadata"] == {"password": "x"}


# capture


def test_without_capture_no_text_is_stored(stored, redactor):
    plain = Normaliser(1000, 1000, redactor, captures=False)
    sent: dict[str, object] = {
        "n": 1,
        "b": True,
        "z": None,
        "s": "x" * 256,
        "k": KEY,
        "long": "x" * 257,
        "o": {},
        "l": [],
        "a text" * 43: 1,
    }
    row = stored(plain, input_text="a" * 2000, output_text="b", metadata=sent, unknown=1)
    assert (row["input_text"], row["output_text"]) == (None, None)
    assert row["metadata"] == {
        "n": 1,
        "b": True,
        "z": None,
        "s": "x" * 256,
        "k": "[redacted:api_key]",
    }
    error = plain.error({"error_type": "e", "message": "m", "stack_trace": "s"}, "native")
    assert (error.message, error.stack_trace) == (b"[not captured]", None)


def test_a_private_key_that_nothing_ends_goes_with_all_its_lines(stored):
    text = pem().partition("-----END")[0]
    assert stored(input_text=f"k: {text}")["input_text"].strip() == "k: [redacted:private_key]"
