"""`python -m tests.streams COUNT [--seed=N] [--number=N]`: streams against both HTTP layers.

The same seed gives the same streams; `--number` tries one of them, and says what it came to.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path
from random import SystemRandom

from .running import Failed, Streams, generated


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.streams", description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=20_000)
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(2**32))
    parser.add_argument("--number", type=int, help="of the one stream to try")
    parser.add_argument("--layer", default="lean", help="the one to try beside Tornado's")
    parser.add_argument("--go-on", action="store_true", help="behind a stream that fails")
    options = parser.parse_args()
    one = options.number
    numbers = range(options.count) if one is None else [one]
    print(f"{len(numbers)} streams, --seed={options.seed}", flush=True)
    began = time.process_time()
    with tempfile.TemporaryDirectory() as directory:
        streams = Streams(Path(directory), options.layer)
        failures: list[str] = []
        try:
            asyncio.run(
                streams.go(generated(options.seed, numbers), failures if options.go_on else None)
            )
        except (Failed, AssertionError) as failed:
            failures.append(repr(failed) if isinstance(failed, AssertionError) else str(failed))
    print(*failures, sep="\n\n", file=sys.stderr)
    for what, count in sorted(streams.outcomes.items()):
        print(f"{count:7} {what}")
    print(f"{time.process_time() - began:.1f} s of CPU")
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
