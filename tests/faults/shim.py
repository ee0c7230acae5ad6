"""Drives the disk that fails on demand (shim.c) under a process that was started with it."""

import ctypes
import errno
import mmap
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

OPERATIONS = ("read", "write", "sync", "truncate", "open", "remove")
"""What can fail, in the order of shim.c; `any` stands for all. A rename is a removal too."""

MAIN, WAL, SHM = "", "-wal", "-shm"
DATABASE, JOURNAL, ALL = "?(-*)", ".journal.d/*", "*"
"""Patterns (fnmatch with FNM_EXTMATCH) of what follows the database's path in a file's path."""

FOR_EVER = -1
_SOURCE = Path(__file__).with_name("shim.c")


class Rule(ctypes.Structure):
    """Which calls fail, and how; the layout is that of `struct rule` in shim.c."""

    _fields_ = (
        ("operations", ctypes.c_int32),
        ("turn", ctypes.c_int32),
        ("error", ctypes.c_int32),
        ("half", ctypes.c_int32),
        ("passing", ctypes.c_int64),
        ("failing", ctypes.c_int64),
        ("delay_us", ctypes.c_int64),
        ("seen", ctypes.c_int64),
        ("injected", ctypes.c_int64),
        ("held", ctypes.c_int64),
        ("only", ctypes.c_char * 64),
    )
    operations: int
    turn: int
    error: int
    half: bool
    passing: int
    failing: int
    delay_us: int
    only: bytes
    seen: int
    """Calls that matched since the rule began."""
    injected: int
    """Calls that were made to fail or to wait since the rule began."""
    held: int
    """Calls that are waiting now."""


class _Control(ctypes.Structure):
    _fields_ = (("seen", ctypes.c_int64 * len(OPERATIONS)), ("rules", Rule * 4))


class Faults:
    """The faults of one disk: of files whose path starts with `prefix`, up to four at a time."""

    def __init__(self, library: Path, prefix: str, control: Path) -> None:
        self._library, self._prefix, self._path = library, prefix, control
        control.write_bytes(bytes(ctypes.sizeof(_Control)))
        with control.open("r+b") as file:
            shared = _Control.from_buffer(mmap.mmap(file.fileno(), 0))
        self._rules: Sequence[Rule] = shared.rules
        self._seen: Sequence[int] = shared.seen

    def environment(self) -> dict[str, str]:
        """What a process needs in its environment to run on this disk."""
        return {
            "LD_PRELOAD": str(self._library),
            "FAULT_PREFIX": self._prefix,
            "FAULT_CONTROL": str(self._path),
        }

    def fail(
        self,
        *operations: str,
        nth: int = 1,
        error: int = errno.EIO,
        count: int = 1,
        only: str = ALL,
        seconds: float = 0,
        half: bool = False,
    ) -> Rule:
        """From the `nth` matching call from now on, let `count` fail; the rule, which counts them.

        They fail with `error` (0: not at all) after `seconds`. With `half`, a write takes half of
        its bytes just before. Calls match if they are one of `operations` on a file whose name
        after the prefix matches the pattern `only`.
        """
        rule = next(rule for rule in self._rules if not rule.operations)
        rule.turn += 1
        rule.error, rule.half, rule.only = error, half, only.encode()
        rule.passing, rule.failing, rule.delay_us = nth - 1, count, round(seconds * 1e6)
        rule.seen = rule.injected = 0
        rule.operations = sum(1 << i for i, name in enumerate(OPERATIONS) if name in operations)
        if operations == ("any",):
            rule.operations = (1 << len(OPERATIONS)) - 1
        assert rule.operations, operations
        return rule

    def slow(self, *operations: str, seconds: float, nth: int = 1, **how: Any) -> Rule:
        """Let matching calls wait for `seconds`, or until healed; then they succeed."""
        return self.fail(
            *operations, nth=nth, seconds=seconds, **{"error": 0, "count": FOR_EVER, **how}
        )

    def heal(self) -> None:
        """Let all calls succeed from now on, those that are waiting included."""
        for rule in self._rules:
            rule.operations = 0
            rule.turn += 1

    def seen(self, operation: str) -> int:
        """Calls of an operation on files of this disk, since the start."""
        return self._seen[OPERATIONS.index(operation)]

    def injected(self) -> int:
        """Calls that were made to fail or to wait, by the rules in use or last used."""
        return sum(rule.injected for rule in self._rules)


def compiler() -> str | None:
    """The C compiler, or None where there is none."""
    return shutil.which(os.environ.get("CC") or "cc") or shutil.which("gcc")


def build(directory: Path) -> Path:
    """Compile the shim into `directory`; the library."""
    library = directory / "shim.so"
    command = (str(compiler()), "-shared", "-fPIC", "-O1", "-o", str(library), str(_SOURCE))
    subprocess.run(command, check=True, timeout=60)
    return library
