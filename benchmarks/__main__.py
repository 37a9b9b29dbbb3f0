"""Measure, print, and write the table.

python -m benchmarks                          all rows but the long ones
python -m benchmarks images log-mel --rounds 3
python -m benchmarks growth --sizes 1000 10000
python -m benchmarks accuracy --cap-minutes 60
"""

import argparse
import os
import sys
import time
from pathlib import Path

from benchmarks.core import Row, Setup
from benchmarks.rows import ROWS
from benchmarks.table import cells, merge, write_all

RESULTS = Path(__file__).resolve().parents[1] / "docs" / "results"


def main() -> int:
    """Run the rows that were asked for, and write the results after each."""
    parser = parser_of_arguments()
    given = parser.parse_args()
    wrong = [name for name in given.rows if name not in ROWS]
    if wrong:
        parser.error(f"unknown row {wrong[0]}; known: {', '.join(ROWS)}")
    setup, order = setup_of(given), list(ROWS)
    setup.work.mkdir(parents=True, exist_ok=True)
    for row in [ROWS[name] for name in given.rows] or [row for row in ROWS.values() if not row.long]:
        run(row, setup, given.out, order)
    return 0


def run(row: Row, setup: Setup, out: Path, order: list[str]) -> None:
    """Measure one row, print it, and put it into the table."""
    print(f"== {row.name}: {row.title} (load of the machine {os.getloadavg()[0]:.1f})", flush=True)
    begun = time.perf_counter()
    results = row.measure(setup)
    for result in results:
        print("  " + " | ".join(filter(None, cells(result.to_dict()))), flush=True)
        if result.note:
            print(f"      {result.note}", flush=True)
    print(f"  {time.perf_counter() - begun:.0f} s", flush=True)
    if results:
        write_all(merge(out / "benchmarks.json", row, results, setup), order, out)


def parser_of_arguments() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__, formatter_class=Raw)
    kept = ", ".join(row.name for row in ROWS.values() if row.long)
    parser.add_argument("rows", nargs="*", help=f"of {', '.join(ROWS)}; all but {kept} unless given")
    parser.add_argument("--data", type=Path, help="folder of the real data; else the demo corpus is measured on")
    parser.add_argument("--work", type=Path, default=Path("runs/bench"), help="folder for what can be used again")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of benchmarks.json, .md and .svg")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--bundle", type=Path, help="the bundle that predicts; else the one that came with emospec")
    parser.add_argument("--sizes", type=int, nargs="+", default=Setup.sizes, help="numbers of clips in growth")
    parser.add_argument("--models", nargs="+", default=Setup.models, help="networks in train")
    parser.add_argument("--backends", nargs="+", default=Setup.backends, help="backends in train")
    parser.add_argument("--cap-minutes", type=float, default=Setup.cap_minutes, help="for each side of accuracy")
    return parser


class Raw(argparse.RawDescriptionHelpFormatter):
    """Leaves the examples as they are."""


def setup_of(given: argparse.Namespace) -> Setup:
    """Return the settings; a data folder that isn't there is left out, as on a fresh clone."""
    data = given.data.resolve() if given.data and given.data.is_dir() else None
    chosen = {name: getattr(given, name) for name in ("rounds", "cap_minutes")}
    lists = {name: tuple(getattr(given, name)) for name in ("sizes", "models", "backends")}
    bundle = given.bundle.resolve() if given.bundle else None
    return Setup(work=given.work.resolve(), data=data, bundle=bundle, **chosen, **lists)


if __name__ == "__main__":
    sys.exit(main())
