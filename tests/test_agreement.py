"""Both validators agree on what is valid, and what is accepted can be stored, for any event."""

import copy
import json
import sqlite3
from contextlib import closing

import jsonschema
import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema.exceptions import best_match

from server.config import Config
from server.events import COLUMNS, Invalid, Rejected
from server.normalise import Normaliser
from server.parts import make_receivers
from server.receivers.litellm import LiteLLMReceiver
from server.receivers.maker import Maker
from server.store.schema import TABLES
from server.store.writer import SqliteStore
from server.validation import Schema

from .conftest import EXAMPLES
from .generated import FLOATS, KEYS, NUMBERS, SCHEMAS, TIMES, VALUES, items, steady, valid

pytestmark = pytest.mark.slow

REASONS = {"schema_invalid", "unstorable"}
CHECKED = {kind: Schema(kind) for kind in SCHEMAS}
REFEREE = {kind: jsonschema.Draft202012Validator(SCHEMAS[kind]) for kind in SCHEMAS}
FAST = {
    kind: jsonschema_rs.Draft202012Validator(SCHEMAS[kind], validate_formats=False)
    for kind in SCHEMAS
}
USUAL = Normaliser(2**14, 2**16)
NARROW = Normaliser(100, 300)
BUILDS = {
    "trace": (USUAL.trace, NARROW.trace),
    "error": (USUAL.error, NARROW.error),
}
LITELLM = make_receivers(Config())["litellm"]
NARROW_LITELLM = LiteLLMReceiver(Maker(CHECKED["trace"], CHECKED["error"], NARROW, 100), 100)


@pytest.fixture(scope="module")
def keep(tmp_path_factory):
    """Store events; they read back as they were."""
    path = str(tmp_path_factory.mktemp("store") / "t.db")
    store = SqliteStore(path)
    store.open()
    with closing(sqlite3.connect(path)) as db:

        def keep(*events):
            if store.write(events).deduplicated.total():
                return
            for event in events:
                columns, table = ", ".join(COLUMNS[event.kind]), TABLES[event.kind]
                (row,) = db.execute(f"SELECT {columns} FROM {table} ORDER BY id DESC LIMIT 1")
                told = tuple(v.decode() if isinstance(v, bytes) else v for v in event[:-1])
                assert row[1:] == told[1:]  # the id of a further attempt has its start in it
                assert row[0].startswith(event.event_id.removesuffix(":error"))
                assert event.metadata is None or isinstance(json.loads(event.metadata), dict)

        yield keep
    store.close()


def checked(kind, item):
    """What `Schema.check` refuses, or None."""
    try:
        assert CHECKED[kind].check(item) is item
    except Invalid as invalid:
        return invalid
    return None


def built(build, item):
    """The Event of an item, and what is refused of it: one of the two."""
    try:
        return build(item, "native"), None
    except Invalid as invalid:
        return None, invalid


def pointer(error):
    """Where the referee sees the fault, as an answer says it."""
    if error.validator == "required":
        return "/" + next(name for name in error.validator_value if name not in error.instance)
    return "".join(f"/{part}" for part in error.absolute_path)


@pytest.mark.parametrize("kind", SCHEMAS)
def test_both_validators_agree_on_any_event(kind):
    @steady(400)
    @given(items(kind))
    def agree(item):
        try:
            assert FAST[kind].is_valid(item) == REFEREE[kind].is_valid(item)
        except ValueError:  # lone surrogates and deep nesting: only the referee looks at these
            assert checked(kind, item) is None or not REFEREE[kind].is_valid(item)

    agree()


@pytest.mark.parametrize("kind", SCHEMAS)
def test_an_event_is_accepted_exactly_where_the_referee_accepts_the_whole_of_it(kind):
    @steady(400)
    @given(items(kind))
    def agree(item):
        fault, refused = best_match(REFEREE[kind].iter_errors(item)), checked(kind, item)
        assert (fault is None) == (refused is None)
        if refused is not None:
            assert (refused.reason, refused.path) == ("schema_invalid", pointer(fault))

    agree()


@pytest.mark.parametrize("kind", SCHEMAS)
def test_an_event_that_fits_is_accepted(kind):
    @steady(300)
    @given(valid(kind))
    def fits(item):
        assert checked(kind, item) is None

    fits()


@pytest.mark.parametrize("kind", SCHEMAS)
def test_what_is_accepted_can_be_stored_or_is_refused(kind, keep):
    @steady(300)
    @given(valid(kind) | items(kind), st.sampled_from(BUILDS[kind]))
    def stored(item, build):
        if checked(kind, item) is not None:
            return
        event, refused = built(build, item)
        if refused is None:
            keep(event)
        else:
            assert refused.reason in REASONS
            assert refused.path.startswith("/")

    stored()


UNREAD = ("hidden_params", "model_map_information", "model_parameters", "guardrail_information")


def _calls():
    """The calls of all that LiteLLM was seen to post."""
    for path in sorted((EXAMPLES / "litellm").glob("*.logs.*.body")):
        text = path.read_text("utf-8")
        whole = json.loads(text) if text.startswith("[") else map(json.loads, text.splitlines())
        yield from ({k: v for k, v in call.items() if k not in UNREAD} for call in whole)


def _places(value, path=()):
    """Paths of all that is in a call."""
    yield path
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _places(inner, (*path, key))


CALLS = list(_calls())[:12]
PLACES = [(call, path) for call in CALLS for path in _places(call) if path]
TIMED = ("startTime", "endTime", "completionStartTime", "response_time", "response_cost")
WHEN = st.sampled_from(TIMES + NUMBERS + FLOATS + tuple(map(str, NUMBERS)))
PARTS = st.recursive(
    VALUES,
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "role": st.sampled_from(("user", "assistant")) | VALUES,
            "type": st.sampled_from(("text", "tool_use", "image_url")) | VALUES,
            "content": inner | st.lists(inner, max_size=3),
            "tool_calls": st.lists(inner, max_size=2),
            "function": st.fixed_dictionaries({}, optional={"name": VALUES, "arguments": VALUES}),
            "choices": st.lists(inner, max_size=2),
        },
    ),
    max_leaves=4,
)


@st.composite
def calls(draw):
    """Calls with one to three of their parts replaced."""
    whole, path = draw(st.sampled_from(PLACES))
    call = copy.deepcopy(whole)
    _put(call, path, draw(VALUES | PARTS))
    call |= draw(st.dictionaries(st.sampled_from(TIMED), WHEN, max_size=2))
    call |= draw(st.dictionaries(st.sampled_from(sorted(whole)), VALUES | PARTS, max_size=2))
    if draw(st.booleans()):
        call.pop(draw(st.sampled_from(sorted(whole))), None)
    return call


def _put(value, path, new):
    for key in path[:-1]:
        value = value[key]
    value[path[-1]] = new


@steady(400)
@given(
    calls() | calls() | st.dictionaries(KEYS | st.sampled_from(sorted(CALLS[0])), PARTS) | VALUES
)
def test_any_call_of_litellm_can_be_stored_or_is_refused(keep, call):
    body = json.dumps([call]).encode()
    for receiver in (LITELLM, NARROW_LITELLM):
        (entry,) = receiver.read(bytearray(body), "application/json")
        if isinstance(entry, Rejected):
            # a call that has an id is never refused for what the rest of it says
            assert (entry.reason, entry.path) in (
                ("schema_invalid", ""),
                ("schema_invalid", "/model"),
            )
            assert not isinstance(call, dict) or not call.get("litellm_call_id")
        else:
            keep(*entry)
