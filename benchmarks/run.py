"""CPU beside a bare Tornado handler; what OTLP, joins, journal, keys, redaction, retention and
scrapes cost; memory and waiting times.

`make bench`
"""

import argparse
import platform
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

from cpu import CONNECTIONS, compare_cpu
from faults import measure_faults
from joins import compare_joins
from journal import compare_journals
from keys import compare_keys
from memory import measure_memory
from otlp import compare_otlp
from redaction import compare_redaction
from retention import compare_retention
from scrape import measure_posts, measure_scrape


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="rounds of the comparison")
    parser.add_argument("--seconds", type=float, default=2.0, help="length of one slice")
    arguments = parser.parse_args()
    build = (
        f"CPython {platform.python_version()} ({sys.executable}), SQLite {sqlite3.sqlite_version}"
    )
    print(f"{build}; closed loop, {CONNECTIONS} connections")
    directory = tempfile.mkdtemp(prefix="tokenweir-bench-")
    try:
        compare_cpu(directory, arguments.rounds, arguments.seconds)
        compare_otlp(arguments.rounds, arguments.seconds / 2)
        compare_joins(directory, arguments.rounds)
        compare_journals(directory, arguments.rounds, arguments.seconds)
        compare_keys(directory, arguments.rounds, arguments.seconds / 2)
        compare_redaction(directory, arguments.rounds, arguments.seconds)
        measure_faults(directory)
        compare_retention(directory, arguments.rounds)
        measure_scrape(directory)
        measure_posts(directory)
        measure_memory(directory)
        subprocess.run([sys.executable, str(Path(__file__).with_name("loop.py"))], check=True)
    finally:
        shutil.rmtree(directory)


if __name__ == "__main__":
    main()
