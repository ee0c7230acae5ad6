"""Makes v<number>.db.gz and its killed twin with the service of a commit, as it was then.

    python -m tests.databases.make COMMIT

Run it with the last commit before a change of MIGRATIONS, and never again: what is stored is what
was in use. v1 is of a7e75ed, v2 of d4fd171, v3 of 3b64f08.
"""

import gzip
import signal
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any

from ..process import Running, first_line, wait_until
from . import HERE

TRACES: list[dict[str, Any]] = [
    {"provider": "openai", "model": "gpt-4o", "event_id": "plain"},
    {
        "provider": "Ünï-😀", "model": "模型", "event_id": "unicode", "session_id": "s‮‏",
        "input_text": "line\nline\ttab \"quoted\" 'single' \\ \u0000 nul 😀",
        "output_text": "", "metadata": {"ключ": ["значение", None, 1.5, True]},
        "prompt_tokens": 0, "completion_tokens": 2**62, "cost_usd": 1e-9, "latency_ms": 0.5,
    },
    {"provider": "a", "model": "b", "event_id": "long", "input_text": "long " * 20_000},
    {"provider": "a", "model": "b", "event_id": "failed", "status": "error", "error_type": "x"},
]  # fmt: skip
ERRORS = [
    {"error_type": "crash", "message": "it broke\n", "event_id": "e1", "stack_trace": "at\nat"},
    {"error_type": "Ошибка", "message": "😀", "severity": "fatal", "event_id": "e2"},
]
REFUSE = """
    CREATE TRIGGER refuse BEFORE INSERT ON llm_traces WHEN new.model LIKE 'refused%'
    BEGIN SELECT RAISE(ABORT, 'made to fail'); END
"""


def main(commit: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        there, database = Path(name), Path(name, "t.db")
        archive = subprocess.run(["git", "archive", commit], capture_output=True, check=True)  # noqa: S607
        with tarfile.open(fileobj=BytesIO(archive.stdout)) as files:
            files.extractall(there / "code", filter="data")
        version = _serve(there / "code", database, signal.SIGTERM, 30)
        _store(database, f"v{version}")
        _serve(there / "code", database, signal.SIGKILL, 5)
        _store(database, f"v{version}-killed")


def _serve(code: Path, database: Path, end: signal.Signals, count: int) -> int:
    """A life of the service; the version of the schema."""
    process = subprocess.Popen(
        [sys.executable, "-m", "server", "--port=0", f"--db={database}"],
        cwd=code, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    service = Running(process, first_line(process))
    service.post("/v1/traces", [*TRACES, TRACES[0]])
    service.post("/v1/errors", ERRORS)
    sample = ["send-sample", f"--url={service.url}", f"--count={count}", f"--seed={count}"]
    subprocess.run([sys.executable, "-m", "server", *sample], cwd=code, check=True)
    with closing(sqlite3.connect(database, isolation_level=None)) as db:
        version = int(db.execute("PRAGMA user_version").fetchone()[0])
        if version > 1:  # it has dead letters
            _refuse_some(service, db, code)
        wait_until(lambda: service.metric("tokenweir_queue_events") == 0, "the queue to empty")
    process.send_signal(end)
    process.wait(30)
    return version


def _refuse_some(service: Running, db: sqlite3.Connection, code: Path) -> None:
    """Three dead letters, of which one is stored after all, and one dropped."""
    db.execute(REFUSE)
    refused = [{**TRACES[0], "model": f"refused {n}", "event_id": f"r{n}"} for n in "123"]
    service.post("/v1/traces", refused)
    wait_until(lambda: service.metric("tokenweir_queue_events") == 0, "the queue to empty")
    db.execute("DROP TRIGGER refuse")
    path = db.execute("PRAGMA database_list").fetchone()[2]
    for action in ("replay", "drop"):
        one = str(db.execute("SELECT min(id) FROM dead_letters").fetchone()[0])
        command = [sys.executable, "-m", "server", "dead-letters", action, one, f"--db={path}"]
        subprocess.run(command, cwd=code, check=True)


def _store(database: Path, name: str) -> None:
    for end in ("", "-wal"):
        if (path := Path(f"{database}{end}")).exists() and path.stat().st_size:
            stored = HERE / f"{name}.db{end}.gz"
            stored.write_bytes(gzip.compress(path.read_bytes(), mtime=0))
            print(f"{stored.name}: {stored.stat().st_size} bytes")


if __name__ == "__main__":
    main(sys.argv[1])
