"""Portions of a stage, some at a time. The engines release the interpreter's lock, so threads are enough."""

from __future__ import annotations

import os
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
    with ThreadPoolExecutor(max_workers=WORKERS) as pool:
        try:
            for job in jobs:
                waiting.append(pool.submit(job))
                if len(waiting) > WORKERS:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
