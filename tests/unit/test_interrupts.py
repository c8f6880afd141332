"""Holding back a Ctrl-C."""

from __future__ import annotations

import signal
import threading

import pytest

from ascendtorch.edge import interrupts


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
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interrupts.deferred():
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)


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
