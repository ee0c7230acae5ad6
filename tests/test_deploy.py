"""What docs/ says and ships is true: settings, commands, time-outs, addresses, the unit."""

import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import yaml

from server.cli import COMMANDS, make_parser
from server.config import Config
from server.loading import ENVIRONMENT_PREFIX, load
from server.wire.listener import OTHER_DESCRIPTORS

from .conftest import read_rows, read_totals
from .process import serving

TOP = Path(__file__).parents[1]
DEPLOY = TOP / "docs" / "deploy"
PAGES = [TOP / "README.md", *sorted(TOP.glob("docs/*.md"))]
UNIT = (DEPLOY / "tokenweir.service").read_text("utf-8")
SERVICE = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["services"]["tokenweir"]
PROGRAM = "/opt/tokenweir/bin/tokenweir"
TRACE = {"provider": "p", "model": "m"}
ANALYZE = shutil.which("systemd-analyze") or ""
COMMAND_LINE = re.compile(
    r"(?:^ {4}|`|&& |exec tokenweir |sudo -u tokenweir )tokenweir\b([^`\n;&|)]*)", re.MULTILINE
)
"""Ours, in code; what follows the program's name is its group."""

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
each_file = pytest.mark.parametrize(
    "file", ["tokenweir.service", "tokenweir.env", "compose.yaml", "../../Dockerfile"]
)


@each_file
def test_every_variable_names_a_setting_and_has_a_value_that_it_may_have(file):
    text = (DEPLOY / file).read_text("utf-8")
    pairs = re.findall(rf"\b({ENVIRONMENT_PREFIX}[A-Z_]+)[=:] *([^\s$]+)", text)
    assert pairs
    assert {f"{ENVIRONMENT_PREFIX}{name.upper()}" for name in Config.__slots__} >= dict(
        pairs
    ).keys()
    load({}, {name: value.strip('"') for name, value in pairs})


@each_page
def test_every_command_and_flag_of_ours_that_a_page_names_exists(page):
    text = page.read_text("utf-8")
    lines = [match[1].split() for match in COMMAND_LINE.finditer(text)]
    named = {line[0] for line in lines if line and re.fullmatch("[a-z][a-z-]+", line[0])}
    assert named <= set(COMMANDS)
    flags = {word.partition("=")[0] for line in lines for word in line if word.startswith("--")}
    flags |= set(re.findall(r"`(--[a-z-]+)", text))
    assert flags <= known_flags()


@each_page
def test_every_file_that_a_page_links_to_exists(page):
    links = re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def known_flags():
    """Of all commands."""
    parsers = [make_parser()]
    known: set[str] = set()
    while parsers:
        for action in parsers.pop()._actions:
            known.update(action.option_strings)
            if isinstance(action.choices, dict):  # its commands
                parsers.extend(action.choices.values())
    return known


def test_the_container_is_reached_from_this_machine_only():
    assert SERVICE["ports"] == ["127.0.0.1:4318:4318"]


def test_the_container_may_do_no_more_than_it_needs():
    assert SERVICE["read_only"]
    assert SERVICE["cap_drop"] == ["ALL"]
    assert SERVICE["security_opt"] == ["no-new-privileges:true"]
    assert SERVICE["volumes"] == ["data:/var/lib/tokenweir"]


def test_nobody_kills_the_service_while_it_may_still_drain():
    drain = Config().drain_seconds
    assert int(SERVICE["stop_grace_period"].removesuffix("s")) >= 2 * drain
    assert int(unit("TimeoutStopSec")) >= 2 * drain


def test_the_unit_starts_what_exists_with_room_for_its_connections():
    program, *arguments = unit("ExecStart").split()
    assert program == PROGRAM
    assert make_parser().parse_args(arguments)
    assert int(unit("LimitNOFILE")) > Config().max_connections + OTHER_DESCRIPTORS


def unit(name):
    """The one value of a line of the unit."""
    (value,) = re.findall(rf"^{name}=(.*)$", UNIT, re.MULTILINE)
    return value


@pytest.fixture
def unit_file(tmp_path):
    """The unit with a program that is there."""
    if not ANALYZE:
        pytest.skip("systemd is not installed")
    file = tmp_path / "tokenweir.service"
    file.write_text(UNIT.replace(PROGRAM, sys.executable))
    return str(file)


def analyze(*arguments):
    """What systemd-analyze says, to both."""
    done = subprocess.run((ANALYZE, *arguments), capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def test_systemd_understands_every_line_of_the_unit(unit_file):
    assert analyze("verify", unit_file) == (0, "")


def test_systemd_calls_the_unit_s_exposure_low(unit_file):
    status, said = analyze("security", "--offline=true", "--threshold=20", unit_file)
    assert status == 0, said


@pytest.mark.slow
def test_the_sql_of_the_privacy_page_leaves_nothing_of_a_session(database, tmp_path):
    marker, secret = "tWo-9c1e", {"session_id": "sess-5", "metadata": {"user": "tWo-9c1e"}}
    trace = {**TRACE, "input_text": f"{marker} " * 1500, **secret}
    error = {"error_type": "e", "message": marker, **secret}
    with serving(database) as service:
        service.post("/v1/traces", [trace, {**TRACE, "session_id": "sess-6"}] * 20)
        service.post("/v1/errors", error)
        assert service.stop()[0] == 0
    assert marker.encode() in Path(database).read_bytes()
    page = (TOP / "docs" / "privacy.md").read_text("utf-8")
    sql = re.search(r"^    PRAGMA(?:.*\n    )*.*$", page, re.MULTILINE)
    assert sql
    with closing(sqlite3.connect(database, isolation_level=None)) as db:
        for row in (1, 2):
            db.execute("INSERT INTO merged_events VALUES (?, ?, NULL)", (f"twin {row}", row))
        theirs = f'{{"session_id": "sess-5", "input_text": "{marker}"}}'
        parts = (("a", 1, theirs), ("b", None, theirs), ("c", 2, "{}"))
        db.executemany("INSERT INTO parts VALUES (?, ?, NULL, 1, ?)", parts)
        db.executescript(sql[0])
        assert db.execute("SELECT event_id FROM merged_events").fetchall() == [("twin 2",)]
        assert db.execute("SELECT event_id FROM parts").fetchall() == [("c",)]
    assert {row["session_id"] for row in read_rows(database, "llm_traces")} == {"sess-6"}
    assert read_rows(database, "error_events") == []
    assert (read_totals(database)["deleted.trace"], read_totals(database)["deleted.error"]) == (
        20,
        1,
    )
    assert [file.name for file in tmp_path.iterdir() if marker.encode() in file.read_bytes()] == []
