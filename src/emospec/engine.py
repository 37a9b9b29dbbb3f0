"""One function over many items, in one or several processes."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import TypeVar

import joblib
from tqdm import tqdm

from emospec.errors import ConfigError

Item = TypeVar("Item")
Result = TypeVar("Result")


def map_in_parallel(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    workers: int = 1,
    chunk: int = 16,
    progress: str | None = None,
) -> Iterator[tuple[int, Result]]:
    """Yield the position and the result of each item, in the order of the items, as soon as it is there.

    Other processes end with the iteration, also when it is interrupted.

    Parameters
    ----------
    function : callable
        Of a module's top level, or a `functools.partial` of one, so that other processes can import it.
    workers : int
        Processes; 1 works in this process, 0 takes all cores.
    chunk : int
        Items that a process takes at a time.
    progress : str, optional
        Title of the progress bar, which is shown if standard error is a terminal.

    Raises
    ------
    ConfigError
        If `workers` is negative.
    """
    processes = min(n_processes(workers), -(-len(items) // chunk))
    results = map(function, items) if processes <= 1 else _in_processes(function, items, processes, chunk)
    hidden = True if progress is None else None
    return enumerate(tqdm(results, desc=progress, total=len(items), disable=hidden, mininterval=0.5))


def n_processes(workers: int) -> int:
    """Return the number of processes that `workers` asks for: itself, or all cores for 0."""
    check_workers(workers)
    return workers or joblib.cpu_count()


def check_workers(workers: int) -> None:
    """Raise unless `workers` is a number of processes, or 0."""
    if workers < 0:
        raise ConfigError(f"workers {workers}: expected 0 (all cores), 1 or more")


def _in_processes(
    function: Callable[[Item], Result], items: Sequence[Item], processes: int, chunk: int
) -> Iterator[Result]:
    parallel = joblib.Parallel(processes, return_as="generator", batch_size=chunk, pre_dispatch=2 * processes * chunk)
    with closing(parallel(joblib.delayed(function)(item) for item in items)) as results:
        yield from results
