"""Parts that are no report of a call by themselves: they are kept until there is one."""

import sqlite3
from collections.abc import Sequence

from ...events import Trace
from .reports import fills
from .saving import save_piece


def add_pieces(db: sqlite3.Connection, pieces: Sequence[Trace]) -> tuple[int, list[Trace]]:
    """Keep those that are new: how many are, and one of each call.

    Call inside a transaction. Raises `sqlite3.Error`.
    """
    new = [piece for piece in pieces if save_piece(db, piece)]
    return len(new), list({fills(piece): piece for piece in new}.values())
