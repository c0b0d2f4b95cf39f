"""`python -m tests.soak --hours 2 --folder run/soak`: exit code 0 when nothing was wrong."""

import argparse
import signal
import sys
import time
from pathlib import Path

from tests.soak.run import Plan, Soak


def main() -> int:
    parser = argparse.ArgumentParser(description="Mixed load on a real service, for hours or days.")
    parser.add_argument("--hours", type=float, default=2.0)
    parser.add_argument("--folder", type=Path, default=Path("run/soak"), help="a new one")
    parser.add_argument("--pace", type=float, default=1.0, help="2: everything twice as often")
    parser.add_argument("--keep", type=float, default=900.0, help="seconds that films and studies are kept")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    plan = Plan(given.folder.absolute(), given.hours * 3600, given.pace, given.seed, given.keep)
    if plan.data_dir.exists():
        parser.error(f"{plan.data_dir} is there already; expected a folder without it")
    soak = Soak(plan, tell=lambda line: print(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {line}", flush=True))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: soak.stopping.set())
    faults = soak.run()
    print(f"{len(faults)} faults", flush=True)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
