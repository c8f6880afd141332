"""Workspaces on the miniature upstream, which is made once for the whole session."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.moving import Moving, make_moving
from support.processes import end_processes_of
from support.upstream import Upstream, make_upstream
from support.workspace import PACKAGE, Reference, Workspace, WorkspaceFactory
from support.zygote import Zygote

pytest.register_assert_rewrite("support.killingscenarios", "support.killingtruth")


@pytest.fixture(scope="session")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Upstream:
    """The repositories that stand for the network's."""
    return make_upstream(tmp_path_factory.mktemp("upstream"))


@pytest.fixture(scope="session")
def zygote() -> Iterator[Zygote]:
    """Starts runs of the tool quickly."""
    started = Zygote(PACKAGE)
    yield started
    started.close()


@pytest.fixture
def workspace(tmp_path: Path, upstream: Upstream, zygote: Zygote) -> Iterator[Workspace]:
    """A checkout in which nothing has run, with an empty cache."""
    yield Workspace(tmp_path, upstream, zygote=zygote).create()
    end_processes_of(tmp_path)


@pytest.fixture
def workspace_factory(tmp_path: Path, upstream: Upstream, zygote: Zygote) -> WorkspaceFactory:
    """More checkouts, each in a folder of its own."""

    def make(name: str) -> Workspace:
        base = tmp_path / name
        base.mkdir()
        return Workspace(base, upstream, zygote=zygote).create()

    return make


@pytest.fixture(scope="session")
def _generated(tmp_path_factory: pytest.TempPathFactory, upstream: Upstream) -> Workspace:
    made = Workspace(tmp_path_factory.mktemp("generated"), upstream).create()
    made.gen()
    return made


@pytest.fixture(scope="session")
def reference(_generated: Workspace) -> Reference:
    """What an undisturbed `gen -v 1.8.1` makes."""
    return Reference(_generated.head(), _generated.files())


@pytest.fixture
def ready(
    _generated: Workspace, tmp_path: Path, upstream: Upstream, zygote: Zygote
) -> Iterator[Workspace]:
    """A checkout in which `gen -v 1.8.1` has run; a copy, so that a test may spoil it."""
    copied = Workspace(tmp_path, upstream, zygote=zygote)
    shutil.copytree(_generated.base, tmp_path, symlinks=True, dirs_exist_ok=True)
    yield copied
    end_processes_of(tmp_path)


@pytest.fixture(scope="module")
def moving(tmp_path_factory: pytest.TempPathFactory) -> Moving:
    """An upstream with several releases, to carry a series to."""
    return make_moving(tmp_path_factory.mktemp("moving"))


@pytest.fixture
def moved(tmp_path: Path, moving: Moving, zygote: Zygote) -> Iterator[Workspace]:
    """A checkout of the moving upstream, in which nothing has run."""
    yield Workspace(tmp_path, moving.upstream, zygote=zygote).create()
    end_processes_of(tmp_path)
