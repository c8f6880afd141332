"""A Ctrl-C that comes when it can be handled."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import TypeVar

_Result = TypeVar("_Result")
#: How long a Ctrl-C may be unheard of.
_SECONDS = 0.5


@contextlib.contextmanager
def deferred() -> Iterator[None]:
    """Hold Ctrl-C and SIGTERM back until the end of a ``with`` block, which should be short.

    For handing work to a thread pool: it learns of a thread once that runs, and an exception in
    between leaves a thread behind that nobody stops or waits for.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread hears of signals
        return
    came: list[int] = []
    # Ctrl-C last: as soon as its own handler is back, nothing after that is sure to be done.
    handlers = {n: signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGINT)}
    handlers = {number: handler for number, handler in handlers.items() if handler is not None}
    for caught in handlers:
        signal.signal(caught, lambda number, _: came.append(number))
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for late in came:
            signal.raise_signal(late)


def finished(jobs: Iterable[Future[_Result]]) -> Iterator[Future[_Result]]:
    """Give each job of a thread pool as it ends, like `concurrent.futures.as_completed`.

    That one waits with locks of Python's own making: a Ctrl-C that comes just when it has one
    leaves it locked, and a thread that wants to say that it is done hangs, and the run with it.
    And it waits without end: a Ctrl-C that comes just before Python begins to wait is not heard
    of until the wait is over.
    """
    ended: SimpleQueue[Future[_Result]] = SimpleQueue()
    with deferred():
        waited_for = list(jobs)
        for job in waited_for:
            job.add_done_callback(ended.put)
    left = len(waited_for)
    while left:
        try:
            job = ended.get(timeout=_SECONDS)
        except Empty:
            continue
        left -= 1
        yield job
