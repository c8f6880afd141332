"""Tests of the operator library: each operator against ATen.

They need torch and a build of the emulator: the folder that ASCEND_EMU_BUILD names, or what the
fixture `emulator_build` makes. Operators are called through libascendcl.so; where the build is of
the operators alone, straight in their library.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

import emu
import pytest
from through_acl import ThroughAcl

HERE = Path(__file__).parent
HAS_TORCH = importlib.util.find_spec("torch") is not None
# Tables of tests hold torch's types: without torch there is nothing to collect.
collect_ignore_glob = [] if HAS_TORCH else ["test_*.py"]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "torch: needs torch and a build of the emulator")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.torch)


@pytest.fixture(scope="session")
def build_folder(request: pytest.FixtureRequest) -> Path:
    given = os.environ.get("ASCEND_EMU_BUILD")
    return Path(given or request.getfixturevalue("emulator_build"))


@pytest.fixture(scope="session")
def operators(build_folder: Path) -> emu.Direct:
    return emu.Direct(build_folder / "lib" / "libascend_emu_ops.so")


@pytest.fixture(scope="session", autouse=True)
def backend(build_folder: Path, operators: emu.Direct) -> Iterator[None]:
    runtime = build_folder / "lib" / "libascendcl.so"
    if not runtime.exists():
        emu.use(operators)
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ASCEND_GLOBAL_LOG_LEVEL", "4")  # refusals are what many tests are about
        through = ThroughAcl(runtime)
        emu.use(through)
        yield
        through.close()


@pytest.fixture(autouse=True)
def same_numbers_every_time() -> None:
    import torch

    torch.manual_seed(20)
