"""The benchmarks: their smallest run makes a whole document; what it shows is what was measured."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

if os.environ.get("CI") != "true":
    pytest.importorskip("matplotlib")

from benchmarks.load.payload import MARKER, fresh
from benchmarks.report.document import filled
from benchmarks.report.tables import all_tables
from benchmarks.stages import by_stage
from benchmarks.works import WORKS

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs" / "performance.md"
RESULTS = ROOT / "benchmarks" / "results.json"


@pytest.mark.slow
def test_the_smallest_run_makes_a_whole_document_beside_that_of_the_last_one(tmp_path):
    before = DOCUMENT.read_text(), RESULTS.read_text()
    command, room = [sys.executable, "-m", "benchmarks", "--smallest"], {"TMPDIR": str(tmp_path)}
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | room, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert (DOCUMENT.read_text(), RESULTS.read_text()) == before
    (docs,) = tmp_path.iterdir()
    found = json.loads((docs / "results.json").read_text())
    for work, by in found["comparison"]["slices"].items():
        assert all(one["lost"] == 0 and one["us"] > 0 for one in by["tokenweir"]), work
    assert all(lines["tokenweir"] for lines in found["curves"].values())
    text = (docs / "performance.md").read_text()
    assert all(f"| {work.name} |" in text for work in WORKS if work.key)
    pictures = {picture.name for picture in (docs / "images").iterdir()}
    assert pictures == {"performance-ratios.png", "performance-curves.png"}


def test_the_document_is_what_was_measured_last():
    results = json.loads(RESULTS.read_text())
    document = DOCUMENT.read_text()
    assert filled(document, all_tables(results)) == document


def test_every_picture_of_the_document_is_there():
    pictures = re.findall(r"\]\((images/\S+)\)", DOCUMENT.read_text())
    assert pictures
    assert all((DOCUMENT.parent / picture).exists() for picture in pictures)


@pytest.mark.parametrize("places", [0, 2])
def test_a_table_without_one_place_of_its_own_is_refused(places):
    document = "<!-- measured: setup -->\n<!-- end -->\n" * places
    with pytest.raises(ValueError, match="places for the table 'setup'"):
        filled(document, {"setup": "- x"})


def test_a_table_replaces_what_stood_between_its_markers_and_nothing_else():
    document = "a\n<!-- measured: x -->\nold\n<!-- end -->\nb\n<!-- measured: y -->\n<!-- end -->\n"
    shown = filled(document, {"x": r"new \1"})
    assert shown == document.replace("old", r"new \1")


def test_each_request_has_ids_of_its_own():
    requests = fresh(b"a" + MARKER + b"b" + MARKER, 255)
    assert next(requests) == b"a000000ffb00000100"
    assert next(requests) == b"a00000101b00000102"


def test_samples_share_out_the_cpu_of_their_thread():
    lines = [
        "thread (7): MainThread;main (/x/server/cli.py:1);post (/x/server/handlers/events.py:2) 3",
        "thread (7): MainThread;post (/x/server/handlers/events.py:2);dumps (/lib/json.py:9) 1",
        "thread (7): MainThread;EpollSelector.select (/lib/selectors.py:468) 50",
        "thread (8): store_0;write (/x/server/store/writer.py:3) 1",
    ]
    found = by_stage(lines, {7: 40.0, 8: 5.0, 9: 1.0}, loop=7)
    assert found == {
        "loop": {"HTTP": 40.0},
        "store": {"SQLite and joins": 5.0},
        "others": {"all": 1.0},
    }
