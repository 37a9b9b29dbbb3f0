import operator
import os
import time
from concurrent.futures import Executor, Future
from functools import partial
from threading import Thread

import pytest

from emospec import engine
from emospec.engine import map_in_parallel, n_processes
from emospec.errors import ConfigError


def test_results_come_in_the_order_of_the_items():
    assert list(map_in_parallel(operator.neg, range(5))) == [(0, 0), (1, -1), (2, -2), (3, -3), (4, -4)]


def test_two_processes_give_the_same_results_in_the_same_order():
    results = map_in_parallel(operator.neg, range(50), workers=2, chunk=4)
    assert list(results) == list(enumerate(range(0, -50, -1)))


def test_one_worker_works_in_this_process():
    assert list(map_in_parallel(lambda item: os.getpid(), [0])) == [(0, os.getpid())]


def test_no_items_give_no_results():
    assert list(map_in_parallel(operator.neg, [], workers=2)) == []


def test_no_process_is_started_for_a_single_chunk(monkeypatch):
    monkeypatch.delattr("joblib.externals.loky.get_reusable_executor")
    assert len(list(map_in_parallel(operator.neg, range(16), workers=2, chunk=16))) == 16


def process_of(item: float) -> int:
    time.sleep(item)
    return os.getpid()


def test_this_process_works_while_the_others_start():
    results = [process for _, process in map_in_parallel(process_of, [0.01] * 60, workers=2, chunk=2)]
    assert os.getpid() in results


def test_other_processes_work_too():
    results = [process for _, process in map_in_parallel(process_of, [0.05] * 100, workers=2, chunk=1)]
    assert set(results) - {os.getpid()}


class Slow(Executor):
    """Another process that never gets done."""

    def submit(self, function, /, *arguments, **options):
        return Future()


def test_results_that_wait_for_an_earlier_one_are_bounded():
    done = []
    parts = [[number] for number in range(100)]
    shared = engine._shared(done.append, parts, Slow(), 1, ahead=10)
    thread = Thread(target=lambda: next(shared), daemon=True)
    thread.start()
    thread.join(timeout=0.5)
    assert thread.is_alive()
    assert len(done) == 11 - engine._QUEUED


def test_an_error_in_another_process_arrives_here():
    with pytest.raises(ZeroDivisionError):
        list(map_in_parallel(partial(operator.floordiv, 1), [1, 2, 0, 3], workers=2, chunk=1))


def test_processes_end_when_the_iteration_is_left():
    results = map_in_parallel(time.sleep, [0.0, 0.0, 30.0], workers=2, chunk=1)
    next(results)
    begun = time.monotonic()
    del results
    assert time.monotonic() - begun < 10


def test_zero_workers_are_all_cores():
    assert n_processes(0) >= 1


def test_a_negative_number_of_workers_is_refused():
    with pytest.raises(ConfigError, match="workers -1"):
        map_in_parallel(operator.neg, [1], workers=-1)
