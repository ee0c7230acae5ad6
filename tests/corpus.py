"""Captured requests of real senders, and what they are to be stored as."""

import json
import urllib.request
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
    """The path and headers of a captured request, as a sender would send it again to us."""
    said = json.loads(body.with_suffix(".http.json").read_text())
    theirs = ("content-type", "content-encoding", "x-sentry-auth", "user-agent")
    sent = {name.lower(): value for name, value in said["headers"]}
    path = "/v1/litellm" if said["path"] == "/litellm/logs" else said["path"]  # the user's choice
    return path, {name: value for name, value in sent.items() if name in theirs}


def expected_of(body):
    """What is to come of it."""
    return json.loads(body.with_suffix(".expected.json").read_text())


def bodies_under(root):
    """Of all requests there, by name."""
    return sorted(root.glob("*/*.body"))


def scenario_of(body):
    """The client and what it was told to do, of which this is one request."""
    return body.parent.name, body.name.partition(".")[0]


def send(server, body):
    """Send a captured request to a process, which is to take it."""
    path, headers = request_of(body)
    request = urllib.request.Request(server.url + path, body.read_bytes(), headers)  # noqa: S310 our own
    with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310 our own
        assert 200 <= response.status < 300
