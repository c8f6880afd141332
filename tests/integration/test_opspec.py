"""The op spec with processes: a release's own torchgen, and programs that are followed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from ascendtorch.errors import CodegenError, SpecError, ToolError
from ascendtorch.opspec import render as rendering
from ascendtorch.opspec.coverage import run_program
from ascendtorch.opspec.schema import TorchgenSource, load_schema

ROOT = Path(__file__).parents[2]
needs_torch = pytest.mark.skipif(find_spec("torch") is None, reason="needs torch")


@pytest.fixture(scope="session")
def site_packages() -> Path:
    found = find_spec("torch")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parents[1]


@pytest.fixture
def fake_torch(tmp_path: Path) -> dict[str, str]:
    """Return an environment in which torch is a few lines that dispatch two operators."""
    package = tmp_path / "site" / "torch" / "utils"
    package.mkdir(parents=True)
    (package / "_python_dispatch.py").write_text(
        "active = []\n"
        "class TorchDispatchMode:\n"
        "    def __enter__(self): active.append(self)\n"
        "    def __exit__(self, *_): active.pop()\n",
        "utf-8",
    )
    (package / "__init__.py").write_text("", "utf-8")
    (package.parent / "__init__.py").write_text(
        "from torch.utils import _python_dispatch as d\n"
        "class Func:\n"
        "    def __init__(self, name): self._name = name\n"
        "    def name(self): return self._name\n"
        "    def __call__(self, *args):\n"
        "        return args\n"
        "def call(name, *args):\n"
        "    return d.active[-1].__torch_dispatch__(Func(name), (), args)\n",
        "utf-8",
    )
    return {**os.environ, "PYTHONPATH": str(tmp_path / "site")}


def follow(tmp_path: Path, text: str, environ: dict[str, str]) -> tuple[dict[str, int], str, str]:
    program = tmp_path / "prog.py"
    program.write_text(text, "utf-8")
    lines: list[str] = []
    argv = [str(program), "--lr", "1"]
    called, failure = run_program(Path(sys.executable), argv, environ, lines.append)
    return called, failure, "\n".join(lines)


def test_a_program_is_followed_as_it_is(tmp_path: Path, fake_torch: dict[str, str]) -> None:
    (tmp_path / "beside.py").write_text("NAME = 'aten::add.Tensor'\n", "utf-8")
    text = (
        "import sys, torch, beside\n"
        "if __name__ == '__main__':\n"
        "    for _ in range(3): torch.call(beside.NAME, 1, 2)\n"
        "    torch.call('aten::relu', 1)\n"
        "    print('arguments', sys.argv[1:])\n"
        "    sys.exit(0)\n"
    )
    called, failure, said = follow(tmp_path, text, fake_torch)
    assert called == {"aten::add.Tensor": 3, "aten::relu": 1}
    assert failure == ""
    assert "arguments ['--lr', '1']" in said


@pytest.mark.parametrize("end", ["raise ValueError('bad data')", "sys.exit(4)"])
def test_a_program_that_fails_says_what_it_called(
    tmp_path: Path, fake_torch: dict[str, str], end: str
) -> None:
    text = f"import sys, torch\ntorch.call('aten::relu', 1)\n{end}\n"
    called, failure, _ = follow(tmp_path, text, fake_torch)
    assert called == {"aten::relu": 1}
    assert failure in ("ValueError: bad data", "it ended with exit code 4")


def test_an_older_torch_tells_functions(tmp_path: Path) -> None:
    package = tmp_path / "site" / "torch" / "autograd"
    package.mkdir(parents=True)
    (package.parent / "__init__.py").write_text("", "utf-8")
    (package / "__init__.py").write_text("", "utf-8")
    (package / "profiler.py").write_text(
        "from types import SimpleNamespace as Event\n"
        "class profile:\n"
        "    def __enter__(self): pass\n"
        "    def __exit__(self, *_): pass\n"
        "    def key_averages(self):\n"
        "        return [Event(key='aten::add', count=2), Event(key='step', count=1)]\n",
        "utf-8",
    )
    environ = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    text = "import sys, torch\nsys.exit(4)\n"
    called, failure, _ = follow(tmp_path, text, environ)
    assert called == {"aten::add.*": 2}
    assert failure == "it ended with exit code 4"


def test_a_program_without_torch_is_refused(tmp_path: Path) -> None:
    environ = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    (tmp_path / "site" / "torch").mkdir(parents=True)
    (tmp_path / "site" / "torch" / "__init__.py").write_text("raise ImportError('no')", "utf-8")
    with pytest.raises(ToolError, match=r"could not be followed") as caught:
        follow(tmp_path, "", environ)
    assert "--python" in str(caught.value.remedy)


def test_torchgen_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CodegenError, match=r"cannot be read"):
        load_schema(TorchgenSource(tmp_path), "2.13.0", tmp_path)


def test_torchgen_that_fails(tmp_path: Path) -> None:
    sources = tmp_path / "torchgen" / "packaged" / "ATen" / "native"
    sources.mkdir(parents=True)
    for name in ("native_functions.yaml", "tags.yaml"):
        (sources / name).write_text("[]", "utf-8")
    (tmp_path / "torchgen" / "__init__.py").write_text("", "utf-8")
    (tmp_path / "torchgen" / "gen.py").write_text("raise ImportError('too new')", "utf-8")
    with pytest.raises(CodegenError, match=r"too new"):
        load_schema(TorchgenSource(tmp_path), "2.13.0", tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


@needs_torch
def test_the_shipped_spec_renders(tmp_path: Path, site_packages: Path) -> None:
    out = tmp_path / "gen"
    arguments = ["--torch", str(site_packages), "--out", str(out), "--cache", str(tmp_path / "c")]
    assert rendering.main(arguments) == 0
    files = {path: path.stat().st_mtime_ns for path in out.iterdir()}
    assert len(files) > 10
    text = "".join(path.read_text("utf-8") for path in files)
    assert text.count("m.impl(") >= 400
    assert str(ROOT) not in text
    (out / "ops_old.cpp").write_text("", "utf-8")
    assert rendering.main(arguments) == 0
    assert {path: path.stat().st_mtime_ns for path in out.iterdir()} == files


@needs_torch
def test_a_kernel_the_release_does_not_have(tmp_path: Path, site_packages: Path) -> None:
    """faults.md 44"""
    spec = tmp_path / "ops"
    spec.mkdir()
    text = "schema: 1\noperators:\n  - {op: abs, category: unary, acl: Abs, overloads: [abs.two]}\n"
    (spec / "some.yaml").write_text(text, "utf-8")
    schema = load_schema(TorchgenSource(site_packages), "2.13.0")
    with pytest.raises(SpecError, match=r"`abs.out`|known:") as caught:
        rendering.render(spec, ROOT / "templates" / "kernels", schema)
    assert str(caught.value.path) == f"{spec / 'some.yaml'}:3"


@needs_torch
def test_ops_commands(tmp_path: Path) -> None:
    environ = {**os.environ, "ASCENDTORCH_CACHE": str(tmp_path / "cache")}

    def ops(*arguments: str) -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "-m", "ascendtorch", "ops", *arguments, "--python", sys.executable]
        return subprocess.run(argv, env=environ, capture_output=True, text=True, check=False)

    listed = json.loads(ops("list", "--json").stdout)
    assert {row["name"]: row["state"] for row in listed["operators"]}["add.Tensor"] == "native"
    counted = json.loads(ops("coverage", "--json").stdout)
    assert counted["counts"]["native"] >= 400
    assert sum(counted["counts"].values()) == len(listed["operators"])
    saved = tmp_path / "saved"
    saved.write_text("aten::add.Tensor\naten::nothing\n", "utf-8")
    done = ops("coverage", "--ops", str(saved))
    assert done.returncode == 1
    assert "missing   nothing" in done.stdout
    wrong = ops("list", "-v", "1.8.1")
    assert wrong.returncode == 4
    assert "1.8.1 was asked for" in wrong.stderr
