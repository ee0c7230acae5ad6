"""Strategies: JSON values of every kind, events that fit a schema, and such as nearly do."""

import json
import string
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from server.validation import SCHEMA_DIR

SCHEMAS: dict[str, dict[str, Any]] = {
    kind: json.loads((SCHEMA_DIR / f"{kind}.schema.json").read_text("utf-8"))
    for kind in ("trace", "error")
}


def steady(examples):
    """Settings of a test that does the same on every machine, whatever it was shown before."""
    return settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


def nested(depth, inner: object = None):
    """`inner` inside so many lists and objects."""
    for level in range(depth):
        inner = [inner] if level % 2 else {"in": inner}
    return inner


WORDS = ("ok", "x", "日本", "e\u0301", "👍", "\ufeff", "\u2028", "\x7f", "2026-11-23T16:44:32.709Z")
LENGTHS = [c * n for c in ("x", "é", "👍", "e\u0301") for n in (128, 129, 255, 256, 257, 1001)]
BLANKS = ("", " ", "\t\r\n ", "\v", "\x1f", "\u00a0", " " * 256, " " * 1000 + "x", " x")
UNSTORABLE = ("\0", "a\0b", "\ud800", "x\udfff", "\ud83d")
TIMES = (
    "1970-01-01T00:00:00Z",
    "1969-12-31T23:59:59Z",
    "2016-12-31t23:59:60z",
    "9999-12-31T23:59:59.999999999Z",
    "0001-01-01T00:00:00+23:59",
    "2026-02-30T00:00:00Z",
    "2026-11-23T16:44:32+99:99",
    "2026-11-23T16:44:32",
)
METADATA = ("{}", '{"a": 1}', '{"a": "\\u0000"}', '{"a": "\\ud800"}', "[]", "{", "null", "1e400")
NUMBERS: tuple[float, ...] = tuple(
    base + step
    for base in (0, 10**11, 10**12, 253_402_300_799_999, 2**53, 2**63, 2**64, 10**30, -(2**63))
    for step in (-1, 0, 1)
)
FLOATS = (1.0, -0.0, 1.5, 1e11, 1e12, 2.0**63, 2.0**64, 1e300, 5e-324, 253_402_300_800_000.0)
DEEP = tuple(nested(depth) for depth in (3, 61, 62, 63, 64, 65, 253, 256, 900))
"""Around the limits of our own and of both libraries."""

TEXTS = st.one_of(
    st.sampled_from(WORDS + BLANKS + UNSTORABLE + TIMES + METADATA),
    st.sampled_from(LENGTHS),
    st.text(st.characters(), max_size=20),
)
EDGES = st.sampled_from((None, True, *NUMBERS, *FLOATS, *BLANKS, *LENGTHS, *DEEP))
SCALARS = st.one_of(
    st.sampled_from((None, True, False, *NUMBERS, *FLOATS)),
    TEXTS,
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
)
KEYS = st.text(string.ascii_letters, max_size=3) | TEXTS
VALUES = st.one_of(
    SCALARS,
    st.sampled_from(DEEP),
    st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
        max_leaves=6,
    ),
)


def _fitting(schema):
    """Values of a member that fit its schema."""
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return st.one_of([_OF_TYPE[one](schema) for one in types])


def _number(schema):
    low, high = schema["minimum"], schema["maximum"]
    known = [n for n in (*NUMBERS, *FLOATS) if low <= n <= high]
    return st.sampled_from(known) | st.floats(low, high)


def _integer(schema):
    low, high = schema["minimum"], schema["maximum"]
    known = [n for n in (*NUMBERS, *FLOATS) if low <= n <= high and n == int(n)]
    return st.sampled_from(known) | st.integers(low, high)


def _text(schema):
    longest = schema.get("maxLength", 2000)
    words = [word for word in (*WORDS, *LENGTHS, *TIMES) if word and len(word) <= longest]
    first = st.characters(exclude_characters=" \t\r\n", exclude_categories=["Cs", "Cc"])
    return st.sampled_from(words) | st.builds(str.__add__, first, st.text(max_size=9))


_OF_TYPE = {
    "string": _text,
    "integer": _integer,
    "number": _number,
    "object": lambda schema: st.dictionaries(KEYS, VALUES, max_size=3),
    "null": lambda schema: st.none(),
}


def valid(kind):
    """Events that fit the schema of `kind`."""
    schema = SCHEMAS[kind]
    members = {name: _fitting(member) for name, member in schema["properties"].items()}
    required = {name: members.pop(name) for name in schema["required"]}
    few = st.lists(st.sampled_from(list(members)), max_size=6, unique=True).flatmap(
        lambda names: st.fixed_dictionaries({**required, **{n: members[n] for n in names}})
    )
    return few | st.fixed_dictionaries({**required, **members})


def mutated(kind):
    """Events of which some members are missing, others than they should be, or unheard of."""
    known = st.sampled_from(list(SCHEMAS[kind]["properties"]))
    names = st.one_of(known, known, known, KEYS)
    changes = st.dictionaries(names, EDGES | VALUES, min_size=1, max_size=3)
    gone = st.one_of(*[st.just([])] * 3, st.lists(known, max_size=2))
    return st.builds(_changed, valid(kind), changes, gone)


def _changed(event, changes, gone):
    return {name: value for name, value in (event | changes).items() if name not in gone}


def items(kind):
    """Anything that may stand where an event of `kind` should."""
    return st.one_of(valid(kind), mutated(kind), mutated(kind), mutated(kind), VALUES)
