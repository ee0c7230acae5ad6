"""Severities of log records, as the data model of OpenTelemetry's logs numbers them."""

import re

WARNING, ERROR, FATAL = 13, 17, 21
"""Where these ranges begin; each has four numbers."""

_STORED = ((FATAL, "fatal"), (ERROR, "error"), (WARNING, "warning"), (9, "info"))
_WORDS = {
    **dict.fromkeys(("TRACE", "VERBOSE", "FINEST"), 1),
    **dict.fromkeys(("DEBUG", "FINE"), 5),
    **dict.fromkeys(("INFO", "INFORMATION", "NOTICE"), 9),
    **dict.fromkeys(("WARN", "WARNING"), WARNING),
    **dict.fromkeys(("ERROR", "ERR", "SEVERE"), ERROR),
    **dict.fromkeys(("FATAL", "CRITICAL", "CRIT", "ALERT", "EMERGENCY", "EMERG", "PANIC"), FATAL),
}
_WORD = re.compile(r"[A-Z]+")


def number(number: int, text: str) -> int:
    """A record's severity, from its text where it has no number; 0 where neither says one."""
    word = _WORD.match(text.strip().upper())
    return number or (_WORDS.get(word[0], 0) if word else 0)


def stored(number: int) -> str:
    """The severity of a failure. What says none is an error."""
    if not number:
        return "error"
    return next((name for least, name in _STORED if number >= least), "debug")
