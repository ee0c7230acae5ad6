"""Events that are made together are what each is alone, whatever stands beside it."""

from collections import Counter
from random import Random

import orjson
import pytest

from server.config import Config
from server.events import Rejected
from server.normalise import Normaliser
from server.parts import make_receivers
from server.receivers import documents
from server.receivers.native import NativeReceiver
from server.redaction.patterns import Patterns
from server.redaction.redactor import Redactor
from server.redaction.rules import Rule
from server.validation import Schema

from .credentials import CREDENTIALS
from .otlp import PROTOBUF, call, packed

JSON = documents.JSON
OWN = [Rule("ticket", "(?m:^TCK-[0-9]{4}$)"), Rule("open", "(?m:zeta[^x]*eta)")]
WORDS = [
    "rose",
    "password",
    "token",
    '"',
    "\\",
    "\n",
    ";",
    "=",
    ": ",
    "é",
    "👍",
    "TCK-1234",
    "zeta",
]
UNFIT = ["", "\0", "a\tb", "x" * 256, "x" * 257]
Sizes = tuple[int, int]
NARROW: Sizes = (100, 300)
WIDE: Sizes = (2**14, 2**16)


def words(random):
    """A text; every eighth word of it is a credential."""
    some = random.choices(WORDS, k=random.choice((0, 1, 4, 20)))
    hidden = [random.choice(CREDENTIALS).text if random.random() < 0.125 else one for one in some]
    return random.choice(("", " ", "\n")).join(hidden)


def item(random, kind):
    """An event that may be mutated out of all shapes, and rejected."""
    event: dict[str, object]
    event = {"provider": "p", "model": "m"} if kind == "trace" else {"error_type": "e"}
    event |= {"message": words(random) or "m"} if kind == "error" else {}
    for name in random.sample(("event_id", "trace_id", "agent", "status", "source", "keys"), 2):
        event[name] = random.choice((None, words(random), "plain", random.choice(UNFIT)))
    for name in random.sample(("input_text", "output_text", "stack_trace"), 2):
        event[name] = words(random) + "x" * random.choice((0, 0, 90, 5000)) + words(random)
    for name in random.sample(("prompt_tokens", "cost_usd", "latency_ms", "started_at"), 2):
        event[name] = random.choice((None, 0, 7.0, 2**63 - 1, -1, 1795452272709, True))
    if random.random() < 0.7:
        inner = {random.choice(WORDS): words(random), "n": [random.random(), None]}
        event["metadata"] = random.choice((None, {}, inner, '{"a": 1}', 7))
    if random.random() < 0.2:
        event[words(random)[:40] or "more"] = [words(random)]
    return event


def told(found):
    """What became of items, without what the service makes up."""
    for one in found:
        if isinstance(one, Rejected):
            yield one
        else:
            made = {"created_at": 0, **({} if one[0].event_id.count("-") < 4 else {"event_id": ""})}
            same = one[0].event_id == one[0].trace_id
            yield one[0]._replace(**made, **({"trace_id": ""} if same else {})), same


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["trace", "error"])
@pytest.mark.parametrize("own", [[], OWN], ids=["built-in", "own"])
@pytest.mark.parametrize("sizes", [NARROW, WIDE], ids=["narrow", "wide"])
def test_an_array_holds_what_its_items_are_alone(kind, own, sizes: Sizes, counts):
    random = Random(f"{kind} {len(own)} {sizes}")  # noqa: S311 to be repeated, not secret
    receiver = receiver_of(kind, Normaliser(*sizes, Redactor(own, counts.counter, seconds=60)))
    for count in (2, 40):
        items = [item(random, kind) for _ in range(count)]
        together = list(told(receiver.read(bytearray(orjson.dumps(items)), JSON)))
        scrubbed = counts.taken()
        alone = [next(receiver.read(bytearray(orjson.dumps(one)), JSON)) for one in items]
        assert together == list(told(alone))
        assert scrubbed == counts.taken()
    assert sum(scrubbed.values()) > 2


@pytest.mark.slow
@pytest.mark.parametrize("own", [[], OWN], ids=["built-in", "own"])
def test_one_look_finds_what_a_look_at_each_finds(own):
    patterns = Patterns(own)
    random = Random(len(own))  # noqa: S311 to be repeated, not secret
    for count in (1, 2, 3, 30) * 10:
        texts = [words(random).encode() for _ in range(count)]
        found = patterns.suspects(texts)
        assert {place for place, text in enumerate(texts) if patterns.suspect_json(text)} <= found


def test_harmless_texts_beside_a_secret_are_not_suspect():
    texts = [b"rose", b"", b"sk-" + b"a7" * 20, b"rose", b"", CREDENTIALS[0].text.encode()]
    assert Patterns().suspects(texts) == {2, 5}


@pytest.mark.parametrize(
    ("more", "redacts"),
    [
        ({"input_text": "x" * 101}, True),
        ({"unknown": "x" * 2000}, True),
        ({"model": 7}, True),
        ({"input_text": "x"}, False),  # of which nobody knows how much they say
    ],
)
def test_none_waits_for_what_is_large_or_slow(more, redacts, monkeypatch, counts):
    taken = []

    def lazily(*arguments):
        for number in range(3):
            taken.append(number)
            yield {"provider": "p", "model": "m", **more}

    monkeypatch.setattr(documents, "items", lazily)
    redactor = Redactor([], counts.counter) if redacts else None
    found = receiver_of("trace", Normaliser(*NARROW, redactor)).read(bytearray(), JSON)
    for number in range(3):
        next(found)
        assert taken[-1] == number


@pytest.mark.parametrize("name", ["litellm", "spans"])
def test_each_of_many_calls_is_scrubbed_when_its_turn_comes(name, counts):
    found = make_receivers(Config(), Redactor([], counts.counter))[name]
    secret = CREDENTIALS[0].text
    if name == "spans":
        body, media_type = (
            packed([call(n, {"user.id": secret}) for n in range(1, 4)], PROTOBUF),
            PROTOBUF,
        )
    else:
        one = {"id": "a", "model": "m", "messages": [{"role": "user", "content": secret}]}
        body, media_type = orjson.dumps([one] * 3), JSON
    items = found.read(bytearray(body), media_type)
    for number in (1, 2, 3):
        next(items)
        assert sum(counts.values()) == number


def receiver_of(kind, normaliser):
    return NativeReceiver(kind, Schema(kind), normaliser, max_events=1000)


class Counts(Counter):
    """Counters of rules, as of the metrics."""

    def counter(self, rule):
        counts = self

        class Child:
            def inc(self):
                counts[rule] += 1

        return Child()

    def taken(self):
        """What was counted since it was last taken."""
        found = dict(self)
        self.clear()
        return found


@pytest.fixture
def counts():
    return Counts()
