"""Run all benchmarks, or those named: `python -m benchmarks [NAME ...]`; exits 1 when a goal is missed."""

import argparse
import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType

from rich.console import Console
from rich.table import Table

import benchmarks
from benchmarks import Row, choose, hide_namesakes


def modules(names: list[str]) -> Iterator[ModuleType]:
    """The benchmark modules, or those of them that are named."""
    found = [info.name for info in pkgutil.iter_modules(benchmarks.__path__) if not info.name.startswith("__")]
    for name in found:
        if not names or name in names:
            module = importlib.import_module(f"benchmarks.{name}")
            if hasattr(module, "run"):
                yield module


def table(title: str, rows: list[Row]) -> Table:
    out = Table("what", "ours", "peer", "peer's", "unit", "ratio", "goal", "met", title=title, title_justify="left")
    for row in rows:
        figures = f"{row.ours:.1f}", row.peer, f"{row.theirs:.1f}", row.unit, f"{row.ratio:.2f}"
        out.add_row(row.what, *figures, row.goal, "yes" if row.met else "NO")
    return out


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", help="modules of benchmarks/; none: all")
    parser.add_argument("--rows", action="append", default=[], metavar="WORD", help="only rows with it (lists)")
    arguments = parser.parse_args()
    choose(arguments.rows)
    hide_namesakes()
    missed = 0
    for module in modules(arguments.names):
        rows: list[Row] = module.run()
        Console(width=140).print(table(module.NAME, rows))
        missed += sum(not row.met for row in rows)
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
