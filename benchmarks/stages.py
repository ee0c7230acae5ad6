"""Where an event's CPU goes: samples of the service's threads, by the stage they were in.

First the CPU of each thread is measured, then py-spy looks at the process from outside, and each
sample belongs to the innermost frame whose file is of a stage. (Not both in one: py-spy stops the
process for a moment each time, which wakes threads that wait.) A thread that waits is left out.
"""

import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from .compare import Say
from .load.driving import Load, drive
from .servers import Server, service
from .slices import Json
from .works import CONNECTIONS, WORKS, Work

LOOP = (
    ("metrics", r"/prometheus_client/|/server/metrics/"),
    ("journal", r"/server/(journal|recording)[./]"),
    ("redaction", r"/server/redaction/|/re2/"),
    (
        "queue",
        r"/server/(pipeline|intake|unsettled|waiting|consumer|writer|retry|upkeep|footprint)",
    ),
    ("answer", r"/server/(replies|refusal|wire|failed)"),
    (
        "event made",
        r"/server/(normalise|texts|metadata|ids|times|events|capture|cost|links|labels)",
    ),
    ("read and checked", r"/server/(receivers|validation|members|nesting|conversation)|/orjson/"),
    ("HTTP", r"/tornado/|/server/(lean|handlers|keys|app|serving|service|binding)"),
    ("loop and sockets", r"/asyncio/|/selectors\.py"),
)
"""Of the event loop's thread; the first that fits a frame's file is its stage."""
STORE = (
    ("metrics", r"/prometheus_client/|/server/metrics/"),
    ("SQLite and joins", r"/server/(store|links|cost|events)"),
    ("waking the loop, turns", r"/asyncio/|/concurrent/|/threading\.py|/queue\.py"),
)
"""Of the store's thread."""
REST = "other"
WAITS = re.compile(r"^(EpollSelector\.select|_worker|select) \(")
"""Where a thread waits: py-spy takes it for busy now and then, as it has woken it itself."""
PROFILED = ("one event, 1,500/s", "one event, saturated", "array of 50, 40/s",
            "OTLP protobuf, 50 spans, 20/s")  # fmt: skip
HERTZ = 500
_FRAME = re.compile(r" \((?P<path>[^()]*?)(?::\d+)?\)$")
_THREAD = re.compile(r"thread \((\d+)\): (\S*)")


def profile(directory: str, seconds: float, say: Say, works: Iterable[str] = PROFILED) -> Json:
    """By work: CPU us an event of each thread and stage. Empty where py-spy may not look."""
    program = _program()
    if not program:
        say("no profile: there is no py-spy")
        return {}
    found = {}
    for work in (one for one in WORKS if one.name in works):
        say(f"profile of {work.name}")
        server = service(f"{directory}/profile-{work.kind}-{work.events}-{work.rate:g}.db")
        try:
            found[work.name] = _profiled(server, work, seconds, program, f"{directory}/stacks")
        except subprocess.CalledProcessError as error:
            say(f"no profile: {error.stderr.strip()}")
            return {}
        finally:
            server.stop()
    return found


def _program() -> str | None:
    beside = Path(sys.executable).with_name("py-spy")
    return str(beside) if beside.exists() else shutil.which("py-spy")


def _profiled(server: Server, work: Work, seconds: float, program: str, file: str) -> Json:
    drive(server.port, work.payload, CONNECTIONS, 0.5, rate=work.rate)
    server.settle()
    before = server.thread_seconds()
    accepted = drive(server.port, work.payload, CONNECTIONS, seconds, rate=work.rate).accepted
    server.settle()
    after = server.thread_seconds()
    used = {one: (took - before.get(one, 0)) * 1e6 / accepted for one, took in after.items()}
    load = Load(server.port, work.payload, CONNECTIONS, seconds, rate=work.rate)
    _record(program, server.process.pid, seconds, file)
    load.result()
    return by_stage(Path(file).read_text().splitlines(), used, server.process.pid)


def _record(program: str, pid: int, seconds: float, file: str) -> None:
    what = ("record", f"--pid={pid}", f"--duration={max(1, round(seconds))}", f"--rate={HERTZ}")
    how = ("--format=raw", "--threads", "--full-filenames", f"--output={file}")
    subprocess.run((program, *what, *how), check=True, capture_output=True, text=True)


def by_stage(lines: Sequence[str], used: dict[int, float], loop: int) -> Json:
    """Each thread's `used` shared out by its samples; all but the loop's and the store's summed."""
    samples: dict[str, Counter[str]] = {"loop": Counter(), "store": Counter()}
    spent = {"loop": used.get(loop, 0.0), "store": 0.0, "others": 0.0}
    names = {}
    for thread, name, stack, count in _parsed(lines):
        names[thread] = name
        where = "loop" if thread == loop else "store" if name.startswith("store") else None
        if where:
            samples[where][_stage(stack, LOOP if where == "loop" else STORE)] += count
    for thread, took in used.items():
        if thread != loop:
            spent["store" if names.get(thread, "").startswith("store") else "others"] += took
    return {where: _shared(spent[where], counts) for where, counts in samples.items()} | {
        "others": {"all": spent["others"]}
    }


def _shared(spent: float, counts: Counter[str]) -> dict[str, float]:
    total = counts.total()
    return {stage: spent * count / total for stage, count in counts.items()}


def _parsed(lines: Iterable[str]) -> Iterator[tuple[int, str, list[str], int]]:
    """Thread, its name, files from the innermost frame outwards, and how many samples."""
    for line in lines:
        thread, *frames = line.rpartition(" ")[0].split(";")
        found = _THREAD.match(thread)
        if found and not WAITS.match(frames[-1]):
            paths = [_FRAME.search(frame) for frame in reversed(frames)]
            files = [path["path"] for path in paths if path]
            yield int(found[1]), found[2], files, int(line.rpartition(" ")[2])


def _stage(files: Iterable[str], stages: Iterable[tuple[str, str]]) -> str:
    named = (name for file in files for name, pattern in stages if re.search(pattern, file))
    return next(named, REST)
