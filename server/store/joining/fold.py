"""The row of a call: what its best report says, its NULLs filled from the others."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from ... import links
from ...conversation import put_together
from ...events import Trace
from ...metadata import encode_again
from .layout import Call
from .reports import fills, metadata, told

Row = dict[str, Any]

_OWN = frozenset(("event_id", "trace_id", "created_at", "source", "operation", "status", "keys"))
"""Columns that every report has by itself."""
_JOINED = ("error_type", "cost_source", "metadata", "span_id", "parent_span_id")
_UNKNOWN = (None, "unknown")
_COUNTS = (
    *("prompt_tokens", "completion_tokens", "total_tokens"),
    *("cache_read_tokens", "cache_write_tokens", "reasoning_tokens"),
)
"""All of one report, the one that counts most: another leaves out what was cached, or counted
before the answer ended, and a mixture of both is wrong."""
_OF_USAGE = (*_COUNTS, "cost_usd")
_TEXTS = ("input_text", "output_text")
_OF_ONE = frozenset(("attributes", "extra", "truncated", "scope", "span_name", "service_name"))
"""Members of the metadata that are of one report, and no other's."""


class Sizes(NamedTuple):
    """Bytes of a text, and of the metadata."""

    text: int
    metadata: int


SIZES = Sizes(16 * 1024, 64 * 1024)
"""The defaults of the settings."""


def fold(call: Call, sizes: Sizes) -> Trace:
    """The call as a row. Its cost is a reported one, or NULL."""
    if len(call.all) == 1:
        return call.best
    row, others = call.best._asdict(), call.reports[1:]
    pieces = [one for one in call.fillers if fills(one)]
    cut = _fill_texts(row, others, pieces, sizes.text)
    if row["span_id"] is None:
        row |= next((_place(one) for one in others if one.span_id), {})
    teller = max(call.reports, key=_tokens)  # the first of equals
    row |= {name: value for name in _COUNTS if (value := getattr(teller, name)) is not None}
    _fill(row, others, [name for name in row if name not in _OWN and name not in _JOINED])
    _fill(row, [one for one in call.fillers if not fills(one)], _OF_USAGE)
    if row["status"] != "ok":
        _fill(row, others, ("error_type",))
    row["cost_source"] = None if row["cost_usd"] is None else "reported"
    row["keys"] = tuple(dict.fromkeys(key for one in call.all for key in one.keys or ()))
    row["metadata"] = _metadata(call.reports, cut, sizes.metadata)
    return Trace(**row)


def _fill(row: Row, others: Sequence[Trace], names: Sequence[str]) -> None:
    for name in names:
        if row[name] in _UNKNOWN:
            found = (getattr(one, name) for one in others)
            row[name] = next((value for value in found if value not in _UNKNOWN), row[name])


def _tokens(report: Trace) -> int:
    return report.total_tokens or (report.prompt_tokens or 0) + (report.completion_tokens or 0)


def _place(report: Trace) -> Row:
    return {"span_id": report.span_id, "parent_span_id": report.parent_span_id}


def _fill_texts(
    row: Row, others: Sequence[Trace], pieces: Sequence[Trace], limit: int
) -> dict[str, int]:
    """Fill the texts; the bytes of those that were cut elsewhere, by name."""
    cut: dict[str, int] = {}
    for name in _TEXTS:
        if row[name] is not None:
            continue
        teller = next((one for one in others if getattr(one, name) is not None), None)
        if teller is not None:
            row[name] = getattr(teller, name)
            whole = metadata(teller).get("truncated", {}).get(name)
        else:
            row[name], whole = _together(pieces, name, limit)
        if whole is not None:
            cut[name] = whole
    return cut


def _together(pieces: Sequence[Trace], name: str, limit: int) -> tuple[bytes | None, int | None]:
    said = [
        (_role(piece) if name == "input_text" else "", words.decode())
        for piece in pieces
        if (words := getattr(piece, name)) is not None
    ]
    if not said:
        return None, None
    text, whole = put_together(said, limit)
    return text.encode(), whole


def _role(piece: Trace) -> str:
    """The last of the three that `links.at` put together; empty for a whole conversation."""
    return next((place.split(":", 2)[-1] for place in told(piece, links.AT)), "")


def _metadata(reports: Sequence[Trace], cut: dict[str, int], limit: int) -> bytes | None:
    found = metadata(reports[0])
    for other in reports[1:]:
        more = {name: v for name, v in metadata(other).items() if name not in _OF_ONE}
        found = {**more, **found}
    if cut:
        found["truncated"] = {**cut, **found.get("truncated", {})}
    return encode_again(found, limit) if found else None
