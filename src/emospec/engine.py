"""One function over many items, in one or several processes."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from typing import TypeVar

from tqdm import tqdm

from emospec.errors import ConfigError
from emospec.heap import ENVIRONMENT

Item = TypeVar("Item")
Result = TypeVar("Result")

# Libraries would start a thread a core in each process.
ONE_THREAD_EACH = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_QUEUED = 3  # chunks that lie ready for each other process
_AHEAD = 512  # results that may wait for an earlier one, where that leaves enough for all: bounds the memory


def map_in_parallel(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    workers: int = 1,
    chunk: int = 16,
    progress: str | None = None,
) -> Iterator[tuple[int, Result]]:
    """Yield the position and the result of each item, in the order of the items, as soon as it is there.

    This process works too: it does not wait for the others to start. They end with the iteration if it is left or
    fails; after a whole one they stay ready for the next, for a minute.

    Parameters
    ----------
    function : callable
        Of a module's top level, or a `functools.partial` of one, so that other processes can import it.
    workers : int
        Processes, this one among them; 1 works in this process alone, 0 takes all cores.
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
    return workers or _n_cores()


def check_workers(workers: int) -> None:
    """Raise unless `workers` is a number of processes, or 0."""
    if workers < 0:
        raise ConfigError(f"workers {workers}: expected 0 (all cores), 1 or more")


def _n_cores() -> int:
    import joblib  # here and below: other processes have no use for it

    return int(joblib.cpu_count())


def _in_processes(
    function: Callable[[Item], Result], items: Sequence[Item], processes: int, chunk: int
) -> Iterator[Result]:
    from joblib.externals.loky import get_reusable_executor

    others = get_reusable_executor(processes - 1, timeout=60, env=ONE_THREAD_EACH | ENVIRONMENT)
    parts = (items[start : start + chunk] for start in range(0, len(items), chunk))
    ended = False
    try:
        for results in _shared(function, parts, others, processes - 1, max(_AHEAD // chunk, 6 * processes)):
            yield from results
        ended = True
    finally:
        if not ended:
            others.shutdown(kill_workers=True)


def _shared(
    function: Callable[[Item], Result], parts: Iterable[Sequence[Item]], others: Executor, n_others: int, ahead: int
) -> Iterator[list[Result]]:
    """Yield the results of each part in order; what the other processes have no room for is done here."""
    waiting: deque[Future[list[Result]]] = deque()
    for part in parts:
        if sum(not each.done() for each in waiting) < _QUEUED * n_others:
            waiting.append(others.submit(_results, function, part))
        else:
            waiting.append(_done_here(function, part))
        while waiting and (waiting[0].done() or len(waiting) > ahead):
            yield waiting.popleft().result()
    for each in waiting:
        yield each.result()


def _done_here(function: Callable[[Item], Result], part: Sequence[Item]) -> Future[list[Result]]:
    done: Future[list[Result]] = Future()
    done.set_result(_results(function, part))
    return done


def _results(function: Callable[[Item], Result], part: Sequence[Item]) -> list[Result]:
    return [function(item) for item in part]
