"""Captured requests of real senders, and what they are to be stored as."""

import json
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent / "examples"
CORPUS = Path(__file__).parents[2] / "shared" / "corpus"
"""All that were captured; nothing where they do not lie beside the checkout."""


def captured(*kinds):
    """The bodies of these kinds of requests, as expected.json names them: ours, then the others."""
    ours = {body.relative_to(EXAMPLES): body for body in EXAMPLES.glob("*/*.body")}
    others = {body.relative_to(CORPUS): body for body in CORPUS.glob("*/*.body")}
    return [
        pytest.param(body, id=str(name.with_suffix("")), marks=marks)
        for found, marks in ((ours, ()), (others, pytest.mark.slow))
        for name, body in sorted(found.items())
        if (found is ours or name not in ours) and expected_of(body)["kind"] in kinds
    ]


def request_of(body):
    """The path and headers of a captured request, as a sender would send it again."""
    said = json.loads(body.with_suffix(".http.json").read_text())
    theirs = ("content-type", "content-encoding", "x-sentry-auth", "user-agent")
    sent = {name.lower(): value for name, value in said["headers"]}
    return said["path"], {name: value for name, value in sent.items() if name in theirs}


def expected_of(body):
    """What is to come of it."""
    return json.loads(body.with_suffix(".expected.json").read_text())
