"""The pages of a database in a process of their own: prints the address, ends with its standard input."""

import sys
from pathlib import Path

from service.config import load
from service.wiring.web import WebRole


def main(folder: str, url: str) -> None:
    role = WebRole(load(data_dir=Path(folder), database_url=url, web={"port": 0}))
    lines = role.start()
    print(next(line for line in lines if "pages at" in line).split()[-1], flush=True)
    sys.stdin.read()
    role.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
