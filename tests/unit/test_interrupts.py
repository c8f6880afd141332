"""Holding back a Ctrl-C."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue
from typing import Any

import pytest

from ascendtorch.edge import interrupts


@pytest.fixture(autouse=True)
def _ctrl_c() -> Iterator[None]:
    """A shell that runs the tests in its background has them ignore Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_comes_at_the_end() -> None:
    reached = []
    with pytest.raises(KeyboardInterrupt), interrupts.deferred():
        signal.raise_signal(signal.SIGINT)
        reached.append("the end")
    assert reached == ["the end"]


def test_handlers_are_put_back() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with interrupts.deferred():
        assert signal.getsignal(signal.SIGINT) != before[0]
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_ignored_stays_ignored() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with interrupts.deferred():
        signal.raise_signal(signal.SIGINT)


def test_other_threads_do_without() -> None:
    failures: list[BaseException] = []

    def work() -> None:
        try:
            with interrupts.deferred():
                pass
        except BaseException as error:  # noqa: BLE001 (whatever it is)
            failures.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert failures == []


def test_jobs_are_waited_for_without_locks_that_a_ctrl_c_could_leave_locked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """faults.md 2: a thread that is done could not say so any more, and the run would hang."""
    real, taken = threading.Condition.__enter__, []

    def enter(self: threading.Condition) -> bool:
        here = threading.current_thread() is threading.main_thread()
        if here and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            taken.append(self)
        return real(self)

    go_on = threading.Event()
    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(str, 1), pool.submit(go_on.wait)]
        waiting = interrupts.finished(jobs)
        with monkeypatch.context() as patch:
            patch.setattr(threading.Condition, "__enter__", enter)
            first = next(waiting)
        go_on.set()
        assert [first, *waiting] == jobs
    assert not taken


def test_no_wait_for_a_job_is_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """faults.md 2: a Ctrl-C just before a wait is heard of when that is over."""
    waits: list[float | None] = []

    class Waiting(SimpleQueue[Any]):
        def get(self, block: bool = True, timeout: float | None = None) -> Any:
            waits.append(timeout)
            if len(waits) == 1:
                raise Empty
            return super().get(block, timeout)

    monkeypatch.setattr(interrupts, "SimpleQueue", Waiting)
    with ThreadPoolExecutor(1) as pool:
        jobs = [pool.submit(str, 1)]
        assert list(interrupts.finished(jobs)) == jobs
    assert len(waits) == 2
    assert None not in waits
