"""The lock of a workspace, between threads; between processes it is an integration test."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ascendtorch.edge import lock, process
from ascendtorch.errors import BusyError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "build" / "workspace.lock"


@pytest.fixture
def release(path: Path) -> Iterator[threading.Event]:
    """Hold the lock in another thread until the event is set."""
    taken, done = threading.Event(), threading.Event()

    def hold() -> None:
        with lock.held(path, what="the workspace"):
            taken.set()
            done.wait(30)

    holder = threading.Thread(target=hold)
    holder.start()
    assert taken.wait(10)
    yield done
    done.set()
    holder.join()


def _note(path: Path) -> Path:
    return path.with_name("workspace.lock.owner")


@pytest.mark.usefixtures("release")
def test_a_second_run_fails_at_once_and_names_the_first(path: Path) -> None:
    """faults.md 47."""
    waits: list[str] = []
    with (
        pytest.raises(
            BusyError, match=f"the workspace is in use by the run with PID {os.getpid()}"
        ) as caught,
        lock.held(path, what="the workspace", on_wait=waits.append),
    ):
        pytest.fail("the lock was taken twice")
    assert (caught.value.stage, caught.value.path) == ("lock", str(path))
    assert "--wait" in (caught.value.remedy or "")
    assert waits == []


@pytest.mark.usefixtures("release")
def test_waiting_ends_in_an_error(path: Path) -> None:
    """faults.md 47."""
    with pytest.raises(BusyError), lock.held(path, what="the workspace", wait_seconds=0.1):
        pytest.fail("the lock was taken twice")


@pytest.mark.usefixtures("release")
def test_waiting_can_be_cancelled(path: Path) -> None:
    """faults.md 2."""
    with (
        pytest.raises(BusyError),
        lock.held(path, what="the workspace", wait_seconds=60, cancelled=lambda: True),
    ):
        pytest.fail("the lock was taken twice")


def test_waiting_says_so_and_goes_on(path: Path, release: threading.Event) -> None:
    """faults.md 47."""
    waits: list[str] = []

    def waiting(text: str) -> None:
        waits.append(text)
        release.set()

    with lock.held(path, what="the workspace", wait_seconds=30, on_wait=waiting):
        assert json.loads(_note(path).read_bytes())["pid"] == os.getpid()
    assert waits == [f"waiting for the run with PID {os.getpid()}, which holds the workspace"]


def test_the_note_goes_with_the_lock(path: Path) -> None:
    with lock.held(path, what="the workspace", run_id="abc"):
        assert json.loads(_note(path).read_bytes()) == {"pid": os.getpid(), "run": "abc"}
    assert not _note(path).exists()
    with lock.held(path, what="the workspace"):
        pass


def test_an_error_inside_releases_it(path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), lock.held(path, what="the workspace"):
        raise KeyboardInterrupt
    with lock.held(path, what="the workspace"):
        assert _note(path).exists()


@pytest.mark.parametrize("left", [b"", b"{", b"[1]", b'{"pid": "x"}', b'{"pid": 1, "run": null}'])
def test_files_of_a_dead_run_hold_nothing(path: Path, left: bytes) -> None:
    """faults.md 48, 52: the kernel dropped the lock, whatever the files say."""
    path.parent.mkdir()
    path.touch()
    _note(path).write_bytes(left)
    with lock.held(path, what="the workspace"):
        assert json.loads(_note(path).read_bytes())["pid"] == os.getpid()


def test_what_a_killed_run_left_running_is_ended(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """faults.md 17, 50: compilers of a killed build would still write."""
    ended: list[int] = []
    told: list[list[int]] = []
    monkeypatch.setattr(process, "leftovers", lambda run: [11, 12] if run == "dead" else [])
    monkeypatch.setattr(process, "end_processes", ended.extend)
    path.parent.mkdir()
    _note(path).write_text('{"pid": 10, "run": "dead"}')
    with lock.held(path, what="the workspace", run_id="new", on_leftovers=told.append):
        assert ended == [11, 12]
    assert told == [[11, 12]]
    with lock.held(path, what="the workspace", run_id="next", on_leftovers=told.append):
        assert ended == [11, 12]


def test_run_ids_differ() -> None:
    assert lock.new_run_id() != lock.new_run_id()


def test_a_run_that_is_killed_here_leaves_half_a_note_and_nothing_else(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """faults.md 17: the next one takes it for none."""
    path.parent.mkdir()
    _note(path).write_text('{"pid": 4')
    told: list[list[int]] = []
    monkeypatch.delattr(Path, "replace")  # no scratch file that a kill could leave
    with lock.held(path, what="the workspace", run_id="later", on_leftovers=told.append):
        assert json.loads(_note(path).read_text())["run"] == "later"
        assert {entry.name for entry in path.parent.iterdir()} == {path.name, _note(path).name}
    assert not told
