"""Texts, metadata and times as they are stored."""

import json

import pytest

pytestmark = pytest.mark.gen_test

TRACE = {"provider": "openai", "model": "gpt-4o-mini"}


@pytest.fixture
def settings():
    return {"max_text_bytes": 100, "max_metadata_bytes": 1000}


@pytest.fixture
def stored(post, rows):
    """Post one trace with these members; its row."""

    async def stored(**members):
        response = await post("/v1/traces", {**TRACE, **members})
        assert response.answer["accepted"] == 1
        (row,) = await rows()
        return row

    return stored


async def test_a_text_at_the_limit_is_whole(stored):
    row = await stored(input_text="x" * 100)
    assert row["input_text"] == "x" * 100
    assert row["metadata"] is None


async def test_a_longer_text_is_cut_inside_no_character(stored):
    row = await stored(input_text="é" * 49 + "日本")
    assert row["input_text"] == "é" * 49
    assert row["metadata"] == {"truncated": {"input_text": 104}}


async def test_a_text_of_emoji_is_cut_by_its_bytes(stored):
    assert (await stored(output_text="👍" * 50))["output_text"] == "👍" * 25


async def test_an_empty_text_stays_empty_and_a_missing_one_null(stored):
    row = await stored(input_text="")
    assert (row["input_text"], row["output_text"]) == ("", None)


async def test_an_embedded_file_becomes_its_media_type_and_size(stored):
    row = await stored(input_text="see data:image/png;base64," + "A" * 4000 + " here")
    assert row["input_text"] == "see [image/png, 3000 bytes] here"
    assert row["metadata"] == {"truncated": {"input_text": 4031}}


async def test_an_embedded_text_needs_no_media_type(stored):
    row = await stored(input_text="data:;base64,QUJDRA==")
    assert row["input_text"] == "[text/plain, 4 bytes]"


async def test_metadata_over_its_limit_loses_its_largest_members_first(stored):
    row = await stored(metadata={"small": 1, "large": "x" * 900, "larger": "y" * 2000})
    assert row["metadata"] == {
        "small": 1,
        "large": "x" * 900,
        "larger": "[removed: 2002 bytes]",
        "truncated": {"metadata": 2934},
    }


async def test_of_attributes_in_the_metadata_the_largest_go_first_and_one_by_one(stored):
    attributes = {"small": 1, "large": "x" * 700, "larger": "y" * 2000}
    row = await stored(metadata={"response_id": "r", "attributes": attributes})
    assert row["metadata"] == {
        "response_id": "r",
        "attributes": {"small": 1, "large": "x" * 700, "larger": "[removed: 2002 bytes]"},
        "truncated": {"metadata": 2767},
    }


@pytest.mark.parametrize("count", [900, 1100])
async def test_attributes_that_are_too_many_go_as_a_whole_and_leave_the_rest(count, stored):
    attributes = {f"attribute{i}": i for i in range(count)}
    metadata = (await stored(metadata={"response_id": "r", "attributes": attributes}))["metadata"]
    assert metadata["response_id"] == "r"
    assert metadata["attributes"].startswith("[removed: ")


async def test_metadata_of_very_many_members_is_bounded_too(stored):
    row = await stored(metadata={f"key-{n}": n for n in range(1000)})
    assert len(json.dumps(row["metadata"])) < 1300
    assert row["metadata"]["truncated"]["metadata"] > 1000


async def test_unknown_members_count_against_the_limit_of_metadata(stored):
    row = await stored(metadata={"kept": True}, blob="z" * 5000)
    assert row["metadata"]["kept"] is True
    assert row["metadata"]["extra"].startswith("[removed: ")


async def test_the_senders_own_reserved_members_are_kept_in_extra(stored):
    sent = {"a": 1, "extra": {"b": 2}, "truncated": {"input_text": 9}}
    row = await stored(metadata=sent, temperature=0.3)
    extra = {"b": 2, "truncated": {"input_text": 9}, "temperature": 0.3}
    assert row["metadata"] == {"a": 1, "extra": extra}


async def test_the_senders_extra_alone_stays_as_it_is(stored):
    assert (await stored(metadata={"extra": [1]}))["metadata"] == {"extra": [1]}


async def test_a_backslash_before_u0000_is_no_nul(stored):
    assert (await stored(metadata={"code": "\\u0000"}))["metadata"] == {"code": "\\u0000"}


@pytest.mark.parametrize(
    ("sent", "status", "error_type"),
    [
        (None, "ok", None),
        ("", "ok", None),
        (" OK ", "ok", None),
        ("Completed", "ok", None),
        ("FAILED", "error", None),
        ("rate_limited", "error", "rate_limited"),
    ],
)
async def test_a_status_is_ok_or_error(sent, status, error_type, stored):
    row = await stored(status=sent)
    assert (row["status"], row["error_type"]) == (status, error_type)


async def test_the_senders_error_type_beats_the_status_word(stored):
    row = await stored(status="rate_limited", error_type="RateLimitError")
    assert row["error_type"] == "RateLimitError"


@pytest.mark.parametrize(
    ("sent", "ms"),
    [
        (1795452272709, 1795452272709),
        (1795452272709.0, 1795452272709),
        ("2026-11-23T16:44:32.709Z", 1795452272709),
        ("2026-11-23t16:44:32.709123456z", 1795452272709),
        ("2026-11-23T11:44:32.709-05:00", 1795452272709),
        ("1970-01-01T00:00:00Z", 0),
        ("2016-12-31T23:59:60Z", 1483228799000),
    ],
)
async def test_a_time_is_stored_in_unix_milliseconds(sent, ms, stored):
    assert (await stored(started_at=sent))["started_at"] == ms
