"""A miniature PyTorch, generated and built once for all tests here."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.upstream import make_upstream
from support.workspace import PYTHON, Workspace

#: What the miniature's build needs, for the Pythons that run these tests.
REQUIREMENTS = ("cmake==3.31.10", "ninja==1.11.1.4", "setuptools==75.3.2", "wheel==0.45.1")


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A checkout in which `gen` and `build` have run, through the whole pipeline."""
    base = tmp_path_factory.mktemp("e2e")
    workspace = Workspace(base, make_upstream(tmp_path_factory.mktemp("upstream")))
    workspace.create(REQUIREMENTS)
    # The environment's location is part of ours; pip's own settings belong to the machine.
    workspace.env["CCACHE_DIR"] = str(base / "ccache")
    workspace.gen()
    workspace.build()
    return workspace


@pytest.fixture(scope="session")
def python_tag() -> str:
    """The interpreter part of the wheel's tags."""
    return f"cp{PYTHON.replace('.', '')}"
