"""What must hold of a stream on the lean layer, beside Tornado's and beside the reference."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from .reference import OPEN, REFUSED, Reading, Request
from .target import Outcome, Ran

Excuse = Callable[[Ran], bool]

ALLOWED: Mapping[str, Excuse] = {
    "an old client that asks to go on is let, also behind a POST without a body; Tornado closes": (
        lambda before: before.version == "HTTP/1.0"
    ),
    "what is answered at its head does not end the connection where the rest is sure to come": (
        lambda before: before.status == 405
    ),
}
"""Why the lean layer may run a request that Tornado, without refusing anything, does not read: a
sentence, and how that is told from the request before it."""

STRICTER: Mapping[str, str] = {
    "a bare LF": "RFC 9112, 2.2 lets a recipient take it; others end lines there, or do not",
    "a bare CR": "RFC 9112, 2.2 asks to; Tornado takes any number of them behind a request line",
    "two lengths": "RFC 9110, 8.6 lets a recipient refuse even equal ones",
    "a list of equal lengths": "RFC 9110, 8.6, too",
    "a later version": "what HTTP/1.2 would mean, nobody has said",
    "chunks in HTTP/1.0": "RFC 9112, 6.1: its framing must be taken for faulty",
}
"""Refusals of what Tornado takes, by the reference's word for them, each with its reason."""


def problems(whole: Outcome, tornado: Outcome, reading: Reading) -> Iterator[str]:
    """All that is wrong with what the lean layer did of a stream, sent whole."""
    yield from _beside_tornado(whole, tornado)
    yield from _beside_reference(whole, tornado, reading)
    yield from alone(whole)


def _beside_tornado(whole: Outcome, tornado: Outcome) -> Iterator[str]:
    for number, ran in enumerate(whole.ran):
        theirs = tornado.ran[number] if number < len(tornado.ran) else None
        if ran == theirs:
            continue
        if theirs is not None or not _is_allowed(whole.ran, number, tornado):
            yield f"runs {ran}, where Tornado runs {theirs}"
        return


def _is_allowed(ran: Sequence[Ran], number: int, tornado: Outcome) -> bool:
    """Whether Tornado closed before this one, without a word, for a reason that is known."""
    refused = len(tornado.answers) > len(tornado.ran)
    before = ran[number - 1] if number else None
    return before is not None and not refused and any(is_so(before) for is_so in ALLOWED.values())


def _beside_reference(whole: Outcome, tornado: Outcome, reading: Reading) -> Iterator[str]:
    ours = [_same(ran) for ran in whole.ran]
    theirs = [
        (*request[:3], _grouped(request.fields), request.body) for request in reading.requests
    ]
    for number, (mine, its) in enumerate(zip(ours, theirs, strict=False)):
        if mine[:4] != its[:4] or mine[4] not in (None, its[4]):
            yield f"runs {mine}, which is no. {number} and {its}"
    right = reading.requests[len(ours) :]
    if right and not _closed_early(whole) and not _is_not_asked_for(right[0], whole):
        yield f"refuses no. {len(ours)}, which is well-formed: {right[0]}"
    is_one_early = len(ours) == len(theirs) + 1 and is_early(whole.ran[-1])
    if len(ours) > len(theirs) and reading.end != OPEN and not is_one_early:
        yield f"runs {ours[len(theirs)]}, which is {reading.end}: {reading.why}"
    more = tornado.ran[len(ours) :]
    if more and reading.end == REFUSED and reading.why not in STRICTER and not is_early(more[0]):
        yield f"refuses what Tornado takes, for {reading.why}: {more[0]}"
    if reading.end == REFUSED and whole.answers and whole.answers[-1].status < 400:
        yield f"does not say that it refuses {reading.why}"


def is_early(ran: Ran) -> bool:
    """Whether it was answered from its head: its body is not looked at."""
    return ran.status in (404, 405)


def _closed_early(whole: Outcome) -> bool:
    """Whether the last answer was given at a head, and ended the connection."""
    return bool(whole.ran) and is_early(whole.ran[-1]) and whole.answers[-1].closes


def _is_not_asked_for(request: Request, whole: Outcome) -> bool:
    """Whether a body that is not wanted was refused before it was to be sent."""
    expects = any(name == "Expect" for name, _ in request.fields)
    return expects and bool(whole.answers) and whole.answers[-1].status in (413, 415)


def _same(ran: Ran) -> tuple[object, ...]:
    return ran.method, ran.target, ran.version, ran.fields, ran.body


def _grouped(fields: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """As Tornado hands them out."""
    together: dict[str, list[str]] = {}
    for name, value in fields:
        together.setdefault(name, []).append(value)
    return tuple((name, ",".join(values)) for name, values in together.items())


def alone(outcome: Outcome) -> Iterator[str]:
    """What is wrong with one outcome by itself."""
    answers, ran = outcome.answers, outcome.ran
    for number, (answer, one) in enumerate(zip(answers, ran, strict=False)):
        if answer.status != one.status:
            yield f"answer {number} is {answer.status}, and was to be {one.status}"
    if len(answers) < len(ran):
        yield f"{len(ran)} requests ran, and {len(answers)} were answered"
    for answer in answers[len(ran) :]:
        if not (400 <= answer.status < 500 and answer.closes):
            yield f"{answer.status} for what did not run, closes: {answer.closes}"
    if len(answers) > len(ran) + 1:
        yield f"goes on behind a refusal: {[answer.status for answer in answers]}"
    if any(answer.closes for answer in answers[:-1]):
        yield "goes on behind an answer that closes"
    if re.search(rb"marker-5d41", outcome.said, re.IGNORECASE):
        yield "an answer says what was sent"


def difference(whole: Outcome, cut: Outcome) -> str | None:
    """How a stream that was cut fared otherwise than the whole one."""
    if cut.ran != whole.ran:
        return f"cut, it runs {cut.ran} instead of {whole.ran}"
    if cut.said != whole.said and not cut.is_reset:
        return f"cut, it is told {cut.said!r} instead of {whole.said!r}"
    return None
