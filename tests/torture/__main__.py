"""`python -m tests.torture ROUNDS [--seed=N]`: kill the service again and again, lose nothing.

The same seed gives the same strikes and requests in the same order, but not the same moments.
"""

import argparse
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path
from random import SystemRandom

from .rounds import Rounds


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("rounds", type=int, nargs="?", default=100)
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(2**32))
    options = parser.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="tokenweir-torture-"))
    print(f"{options.rounds} rounds in {directory}, --seed={options.seed}", flush=True)
    started, rounds = time.monotonic(), Rounds(directory, options.seed)
    try:
        for _ in range(options.rounds):
            print(rounds.run(), flush=True)
        rounds.end()
    except Exception:  # noqa: BLE001 whatever it is, it is what we look for
        traceback.print_exc()
        print(f"\nall is left in {directory}; again with --seed={options.seed}", file=sys.stderr)
        return 1
    print(f"{rounds.summary()}, {time.monotonic() - started:.0f} s")
    shutil.rmtree(directory)
    return 0


if __name__ == "__main__":
    sys.exit(main())
