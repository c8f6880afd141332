"""The plugin from a clean checkout, as the README's first command makes it, and its own tests.

Takes minutes and a package index, so that without CI in the environment it is left out.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from ascendtorch.emulator.rpath import search_path
from ascendtorch.errors import ToolError
from ascendtorch.stages.manifest import read_manifest
from ascendtorch.toolchain.python import find_python

ROOT = Path(__file__).resolve().parents[2]
VERSION = "2.13.0"
#: What a clean checkout has, and nothing that a run or an editor left behind.
PARTS = ("gen.sh", "build.sh", "env.sh", "pyproject.toml", "README.md", "LICENSE")
FOLDERS = ("scripts", "patch", "templates", "pytorch_src")
RUBBISH = shutil.ignore_patterns("__pycache__", "*.egg-info", "*.pyc")

pytestmark = [
    pytest.mark.skipif(not os.environ.get("CI"), reason="builds the plugin, which takes minutes"),
    pytest.mark.timeout(1800),
]


class Checkout:
    """A clean copy of the sources, in which the wrappers run."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in PARTS:
            root.mkdir(exist_ok=True)
            shutil.copy2(ROOT / name, root / name)
        for name in FOLDERS:
            shutil.copytree(ROOT / name, root / name, ignore=RUBBISH)

    def run(
        self, *command: str, timeout: float = 1700, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command, which must succeed."""
        dropped = ("ASCENDTORCH_ROOT", "PYTHONPATH", "ASCEND_HOME_PATH", "VIRTUAL_ENV")
        kept = {name: value for name, value in os.environ.items() if name not in dropped}
        done = subprocess.run(
            command,
            cwd=self.root,
            env={**kept, **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout[-6000:]}\n{done.stderr[-6000:]}"
        return done

    @property
    def wheel(self) -> Path:
        (found,) = (self.root / "dist").glob("*.whl")
        return found

    @property
    def tool(self) -> str:
        return str(self.root / ".venv" / "bin" / "ascendtorch")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A checkout in which `gen.sh` and `build.sh` have run, on the user's own caches."""
    try:
        find_python("3.11", os.environ)
    except ToolError as error:
        pytest.fail(f"the plugin is built for Python 3.11: {error}")
    made = Checkout(tmp_path_factory.mktemp("plugin") / "checkout")
    made.run("bash", "gen.sh", "-v", VERSION)
    made.run("bash", "build.sh", "--python=3.11")
    return made


@pytest.fixture(scope="module")
def python(checkout: Checkout, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a fresh environment into which the wheel was installed as the README says."""
    folder = tmp_path_factory.mktemp("installed") / "env"
    checkout.run(str(find_python("3.11", os.environ).executable), "-m", "venv", str(folder))
    checkout.run(str(folder / "bin" / "pip"), "install", "--quiet", str(checkout.wheel))
    return folder / "bin" / "python"


def test_the_wheel(checkout: Checkout, tmp_path: Path) -> None:
    wheel = checkout.wheel
    assert wheel.name == f"torch_npu-{VERSION}+ascend-cp311-cp311-linux_{os.uname().machine}.whl"
    manifest = read_manifest(wheel)
    assert manifest["layout"] == "plugin"
    assert "pytorch_src/npu/runtime/compat.h" in manifest["sources"]
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        archive.extractall(tmp_path)
    assert {
        "torch_npu/__init__.py",
        "torch_npu/version.py",
        "torch_npu/lib/libnpu_runtime.so",
        "torch_npu/lib/libnpu_kernels.so",
        "torch_npu/emulator/lib/libascendcl.so",
        "torch_npu/emulator/lib/libascend_emu_ops.so",
    } <= names
    libraries = [path for path in tmp_path.rglob("*.so") if path.is_file()]
    assert len(libraries) >= 5
    for library in libraries:
        for folder in search_path(library):
            assert folder.startswith("$ORIGIN"), f"{library.name}: {folder}"
        assert str(checkout.root).encode() not in library.read_bytes(), library.name


def test_what_nothing_shapes_is_not_built_again(checkout: Checkout) -> None:
    before = checkout.wheel.stat().st_mtime_ns
    again = checkout.run("bash", "gen.sh", "-v", VERSION)
    assert "[codegen] up to date" in again.stderr
    assert "up to date" in checkout.run("bash", "build.sh").stdout
    assert checkout.wheel.stat().st_mtime_ns == before


def test_one_entry_of_the_op_spec_compiles_two_objects_at_most(checkout: Checkout) -> None:
    spec = checkout.root / "templates" / "ops" / "core.yaml"
    text = spec.read_text("utf-8")
    # Taken out of the spec, the operator falls back to the CPU.
    smaller, count = re.subn(r"  - op: is_set_to\n(?:    .*\n)+", "", text)
    assert count == 1
    spec.write_text(smaller, "utf-8")
    try:
        checkout.run("bash", "gen.sh", "-v", VERSION)
        checkout.run("bash", "build.sh")
        log = (checkout.root / "build" / VERSION / "cp311" / "logs" / "latest.log").read_text()
        compiled = re.findall(r"\[\d+/\d+\] Building CXX object", log)
        assert 1 <= len(compiled) <= 2
    finally:
        spec.write_text(text, "utf-8")
        checkout.run("bash", "gen.sh", "-v", VERSION)
        checkout.run("bash", "build.sh")


def test_it_computes_where_it_is_installed(checkout: Checkout, python: Path) -> None:
    code = (
        "import torch\n"
        "x = torch.ones(2, 3, device='npu', requires_grad=True)\n"
        "(x * 2 + 1).sum().backward()\n"
        "print(x.grad.cpu().tolist(), torch.npu.is_available())\n"
    )
    script = f'source env.sh && exec "{python}" -c "$CODE"'
    done = checkout.run("bash", "-c", script, env={"CODE": code})
    assert done.stdout.strip() == "[[2.0, 2.0, 2.0], [2.0, 2.0, 2.0]] True"


def test_the_environment_file_does_not_keep_torch_from_being_imported(
    checkout: Checkout, python: Path
) -> None:
    script = f'source env.sh && "{python}" -c "import torch; print(torch.ones(2).sum())"'
    assert checkout.run("bash", "-c", script).stdout.strip() == "tensor(2.)"


def test_the_shipped_tests(checkout: Checkout) -> None:
    done = subprocess.run(
        [checkout.tool, "test", "-v", VERSION, "--json"],
        cwd=checkout.root,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=1700,
    )
    assert done.stdout, done.stderr
    files = json.loads(done.stdout)["files"]
    failed = {item["file"]: item["output"][-40:] for item in files if not item["ok"]}
    assert failed == {}
    assert len(files) == len(list((ROOT / "pytorch_src" / "test").glob("test_*.py")))
    assert done.returncode == 0
