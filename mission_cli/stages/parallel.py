"""Portions of a stage, some at a time. The engines release the interpreter's lock, so threads are enough."""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
WORKERS = max(2, os.cpu_count() or 1)


def in_order(jobs: Iterable[Callable[[], T]]) -> Iterator[T]:
    """The result of every job, in their order; at most WORKERS + 1 are begun before their turn, which bounds memory.

    A job that fails raises here, and those that did not begin are given up. Jobs are made in the caller's thread.
    """
    waiting: deque[Future[T]] = deque()
    pool = ThreadPoolExecutor(max_workers=WORKERS)
    try:
        for job in jobs:
            waiting.append(pool.submit(job))
            if len(waiting) > WORKERS:
                yield _result(waiting.popleft())
        while waiting:
            yield _result(waiting.popleft())
    except KeyboardInterrupt:
        pool.shutdown(wait=False, cancel_futures=True)  # who presses Ctrl-C does not wait for a query to end
        raise
    finally:
        for future in waiting:
            future.cancel()
    pool.shutdown()


def _result(future: Future[T]) -> T:
    """Wait for a job, hearing Ctrl-C: queries of DuckDB that overlap in time can leave their own handler of it behind."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.getsignal(signal.SIGINT))
    return future.result()
