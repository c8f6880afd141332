"""The emulator, built once for all tests here, and a Python with the official torch-npu.

Read: ASCEND_EMU_BUILD  a build folder of CMake to test as it is; nothing is built then
      CI                set: what cannot be tested fails, where it is left out elsewhere
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any, NoReturn, Union

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ascendtorch.edge import lock
from ascendtorch.edge.files import remove_tree, sha256_bytes
from ascendtorch.emulator import target
from ascendtorch.emulator.build import build_tests, make_recipe
from ascendtorch.errors import AscendTorchError, ToolError
from ascendtorch.report.reporter import PlainReporter
from ascendtorch.workspace import cache_folder, locate
from support.emulator import ROOT, VARIABLE, Emulated

TORCH = "2.13.0"

_outcome = pytest.StashKey[Union[Path, AscendTorchError]]()


def pytest_collection_finish(session: pytest.Session) -> None:
    """Build before the first test, for no test's time limit should have to allow for it."""
    # The second asks for the first while it runs.
    fixtures = {"emulator_build", "build_folder"}
    wanted = any(fixtures & set(getattr(item, "fixturenames", ())) for item in session.items)
    if not wanted or session.config.option.collectonly:
        return
    capture: Any = session.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        _outcome_of(session.config)


def _outcome_of(config: pytest.Config) -> Path | AscendTorchError:
    """Build on the first call."""
    if _outcome not in config.stash:
        try:
            config.stash[_outcome] = _build()
        except AscendTorchError as error:
            config.stash[_outcome] = error
    return config.stash[_outcome]


def _build() -> Path:
    """Return a build folder with the emulator, for this Python's torch, and its gtests."""
    if os.environ.get(VARIABLE):
        return Path(os.environ[VARIABLE]).absolute()
    workspace = locate({}, root=ROOT)
    found = target.probe_target(Path(sys.executable), os.environ)
    torch = target.read_torch(found.torch) if found.torch else None
    recipe = make_recipe(workspace, torch, os.environ)
    return build_tests(workspace, recipe, os.environ, reporter=PlainReporter())


def cannot(reason: str) -> NoReturn:
    """Leave a test out, or fail it where everything is to be tested."""
    if os.environ.get("CI"):
        pytest.fail(f"{reason} (and CI is set)", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def emulator_build(request: pytest.FixtureRequest) -> Path:
    """A build folder: the emulator in ``lib``, its gtests in ``bin``."""
    outcome = _outcome_of(request.config)
    if isinstance(outcome, ToolError):
        cannot(str(outcome))
    if isinstance(outcome, AscendTorchError):
        pytest.fail(str(outcome), pytrace=False)
    return outcome


@pytest.fixture(scope="session")
def torch_python() -> Path:
    """A Python with torch and the official torch-npu.

    It has this Python's torch, for which the operators are built; torch-npu is kept apart in the
    user cache, because no torch that sees it can be imported without CANN or the emulator.
    """
    found = target.probe_target(Path(sys.executable), os.environ)
    version = target.read_torch(found.torch).version if found.torch else "none"
    if version.partition("+")[0] != TORCH:
        cannot(
            f"torch {TORCH} is needed in {sys.executable} (there is {version}): "
            f"{sys.executable} -m pip install -e '.[emulator]'"
        )
    name = sha256_bytes(f"{sys.prefix} {sys.version}".encode())[:12]
    folder = cache_folder(os.environ, ROOT) / "tests" / f"torch-npu-{TORCH}-{name}"
    with lock.held(folder.with_suffix(".lock"), what=str(folder), wait_seconds=600):
        if not (folder / "ready").is_file():
            _install_torch_npu(folder)
    return folder / "bin" / "python"


def _install_torch_npu(folder: Path) -> None:
    remove_tree(folder)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    packages = next(folder.glob("lib/python*/site-packages"))
    (packages / "base.pth").write_text(sysconfig.get_path("purelib") + "\n")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--no-deps"]
    wanted = ["--target", str(packages), f"torch-npu=={TORCH}"]
    done = subprocess.run([*pip, *wanted], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = done.stderr.strip().splitlines()[-1:]
        cannot(f"torch-npu {TORCH} cannot be installed for {sys.executable}: {''.join(last)}")
    (folder / "ready").touch()


@pytest.fixture
def emulated(emulator_build: Path, torch_python: Path, tmp_path: Path) -> Emulated:
    """Runs programs of that Python on the emulator."""
    return Emulated.of(torch_python, tmp_path, emulator_build)
