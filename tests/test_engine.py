import operator
import os
import time
from functools import partial

import pytest

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
    monkeypatch.delattr("joblib.Parallel")
    assert len(list(map_in_parallel(operator.neg, range(16), workers=2, chunk=16))) == 16


def test_an_error_in_another_process_arrives_here():
    with pytest.raises(ZeroDivisionError):
        list(map_in_parallel(partial(operator.floordiv, 1), [1, 2, 0, 3], workers=2, chunk=1))


def test_processes_end_when_the_iteration_is_left():
    results = map_in_parallel(time.sleep, [0.0, 0.0, *[30.0] * 4], workers=2, chunk=1)
    next(results)
    begun = time.monotonic()
    del results
    assert time.monotonic() - begun < 10


def test_zero_workers_are_all_cores():
    assert n_processes(0) >= 1


def test_a_negative_number_of_workers_is_refused():
    with pytest.raises(ConfigError, match="workers -1"):
        map_in_parallel(operator.neg, [1], workers=-1)
