"""The row of a marked event, where its database can be read on this machine."""

import json
import sqlite3
from typing import Any

from ..store import Unusable
from ..store.reader import COLUMNS, find, open_readonly
from .marked import Post

_TEXTS = ("input_text", "output_text", "message", "stack_trace", "metadata")


class Database:
    """A file that may be the service's. `named`: somebody said that it is."""

    def __init__(self, path: str, *, named: bool) -> None:
        self.path, self.named = path, named

    def trouble(self) -> str | None:
        """Why there is nothing to read."""
        try:
            with open_readonly(self.path) as db:
                db.execute("SELECT trace_id FROM llm_traces LIMIT 1")
        except Unusable as error:
            return str(error)
        return None

    def row(self, post: Post, since_ms: int) -> dict[str, Any] | None:
        """Its columns, less the texts. `since_ms`: Unix ms before it was sent."""
        kind = post.kind or "trace"
        columns = tuple(name for name in COLUMNS[kind] if name not in _TEXTS)
        try:
            with open_readonly(self.path) as db:
                filters = {"trace_id": post.trace_id}
                found = find(db, kind, columns, filters, since_ms=since_ms, limit=1)
        except Unusable:  # for a moment, or for good: the wait for it ends
            return None
        return found[0] if found else None

    def refusal(self, post: Post) -> str | None:
        """Why the store set it aside, where it did."""
        try:
            with open_readonly(self.path) as db:
                return _refusal(db, post)
        except Unusable:
            return None


def _refusal(db: sqlite3.Connection, post: Post) -> str | None:
    letters = db.execute("SELECT id, reason, event FROM dead_letters ORDER BY id DESC LIMIT 100")
    for number, reason, event in letters:
        if json.loads(event).get("trace_id") == post.trace_id:
            return f"{reason}; tokenweir dead-letters show {number}"
    return None
