"""What the counters and the database say of one event, in a line and a level."""

from collections.abc import Mapping
from typing import Any

from .marked import Post
from .rows import Database
from .steps import Level, Step

_SHOWN = (
    "provider",
    "model",
    "status",
    "error_type",
    "prompt_tokens",
    "completion_tokens",
    "cost_usd",
    "cost_source",
)

Verdict = tuple[Level, str]


def counted(about: str, post: Post, delta: Mapping[str, int]) -> Step:
    """The step of the counters, that moved so far since before the request."""
    said = ", ".join(f"{name} +{count}" for name, count in delta.items()) or "none moved"
    wanted = "accepted" if post.kind else "skipped"
    if delta.get(wanted):
        return Step(about, "counters", "ok", said)
    hint = "is this /metrics that of the instance that answered?"
    return Step(about, "counters", "FAILED", f"{said}, not {wanted}: {hint}")


def shown(row: Mapping[str, Any]) -> str:
    """The columns that matter most."""
    values = {name: row[name] for name in _SHOWN if name in row}
    told = (f"{name} {'-' if value is None else value}" for name, value in values.items())
    return f"id {row['id']}: {', '.join(told)}"


def is_stored(delta: Mapping[str, int]) -> bool:
    """Whether any event was."""
    return any(delta.get(name) for name in ("persisted", "deduplicated", "merged"))


def missing(database: Database | None, delta: Mapping[str, int]) -> Verdict:
    """Of an event that is settled, by the counters, and has no row that we see."""
    if delta.get("dead_lettered"):
        return "FAILED", "the store refused an event: tokenweir dead-letters list says why"
    if not is_stored(delta):
        return "FAILED", "the counters say that nothing was stored: look at the service's log"
    if database is None:
        return "ok", "stored, by the counters; --db would show the columns"
    return _level(database), f"stored, but not in {database.path}: is it this service's? Give --db"


def unseen(database: Database | None, waited: str) -> Verdict:
    """Of an event that no counter tells of, and that has no row that we see."""
    if database is None:
        return "WARNING", "accepted; to see more give --db, or a key to read with"
    return _level(database), f"not in {database.path} {waited}"


def _level(database: Database) -> Level:
    """A database that nobody named may be another's."""
    return "FAILED" if database.named else "WARNING"
