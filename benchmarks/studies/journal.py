"""What each way to write the journal costs, beside a service without one.

`python -m benchmarks.studies.journal`
"""

import sys
import tempfile

from ..compare import compare
from ..contenders import Contender
from ..report.figures import median, spread
from ..servers import SERVICE
from ..works import Work

MODES = {
    "off": ("--journal=off",),
    "inline": (),
    "thread": ("--journal=thread",),
    "inline, sync=interval": ("--journal-sync=interval",),
    "inline, sync=always": ("--journal-sync=always",),
}
WORKS = (
    Work("one a POST", "trace", rate=1000, key=True),
    Work("in arrays of 100", "trace", 100, 20, key=True),
)
ROUNDS, SECONDS = 11, 0.5


def main() -> None:
    """Print the cost of each mode as multiples of `off`, side by side."""
    modes = [Contender(mode, (*SERVICE, *flags)) for mode, flags in MODES.items()]
    with tempfile.TemporaryDirectory(prefix="tokenweir-bench-") as directory:
        found = compare(modes, WORKS, ROUNDS, SECONDS, directory, _say)["slices"]
    print(f"CPU of the service with a journal, multiples of none; {ROUNDS} rounds")
    for work, by in found.items():
        for mode, slices in by.items():
            pairs = zip(slices, by["off"], strict=True)
            ratio = spread(one["us"] / off["us"] for one, off in pairs)
            print(f"{work:<18} {mode:<22} {ratio!s:<18} p50 {median(slices, 'p50_ms'):.2f} ms")


def _say(words: str) -> None:
    print(words, file=sys.stderr)


if __name__ == "__main__":
    main()
