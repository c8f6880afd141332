"""``ascendtorch emulate``: whose option is whose, and what the program is started with."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ascendtorch.cli import emulate as module
from ascendtorch.edge import process
from ascendtorch.emulator import target
from ascendtorch.errors import ToolError

ROOT = Path(__file__).resolve().parents[2]


class Started(BaseException):
    """The tool has become the program."""

    def __init__(self, program: Path, argv: Sequence[str], env: dict[str, str]) -> None:
        super().__init__()
        self.program, self.argv, self.env = program, list(argv), env


@pytest.fixture
def build(tmp_path: Path) -> Path:
    """A build folder with operators."""
    for name in ("libascendcl.so", "libascend_emu_ops.so"):
        (tmp_path / "build/lib").mkdir(parents=True, exist_ok=True)
        (tmp_path / "build/lib" / name).touch()
    return tmp_path / "build"


@pytest.fixture
def python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only program on PATH."""
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.write_text("#!/bin/sh\n")
    python.chmod(0o755)
    monkeypatch.setenv("PATH", str(python.parent))
    monkeypatch.setenv("ASCENDTORCH_ROOT", str(ROOT))
    monkeypatch.delenv("LD_LIBRARY_PATH", raising=False)
    monkeypatch.setattr(process, "replace", _start)
    monkeypatch.setattr(target, "probe_target", lambda path, _: target.Target(path, None, None))
    return python


def _start(program: Path, argv: Sequence[str], env: dict[str, str]) -> None:
    raise Started(program, argv, env)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(module.emulate, arguments, catch_exceptions=False)


def started(*arguments: str) -> Started:
    with pytest.raises(Started) as caught:
        run(*arguments)
    return caught.value


@pytest.mark.parametrize("dashes", [["--"], []])
def test_the_programs_arguments_are_its_own(build: Path, python: Path, dashes: list[str]) -> None:
    program = ["python", "prog.py", "--devices", "9", "--check", "--", "-h"]
    child = started("--build-dir", str(build), "--devices", "3", *dashes, *program)
    assert (child.program, child.argv) == (python, program)
    assert child.env["ASCEND_EMU_DEVICES"] == "3"
    assert child.env["LD_LIBRARY_PATH"] == str(build / "lib")
    assert child.env["PATH"] == str(python.parent)


def test_all_options(build: Path, python: Path, tmp_path: Path) -> None:
    options = ["--memory", "1.5", "--soc", "Ascend310P3", "--trace", str(tmp_path / "t.json")]
    env = started("--build-dir", str(build), *options, "--no-guard", "--", "python").env
    chosen = {name: value for name, value in env.items() if name.startswith("ASCEND_EMU_")}
    assert chosen == {
        "ASCEND_EMU_MEMORY": "1610612736",
        "ASCEND_EMU_SOC": "Ascend310P3",
        "ASCEND_EMU_TRACE": str(tmp_path / "t.json"),
        "ASCEND_EMU_GUARD": "0",
    }
    # As torch.npu calls it, which says nothing then.
    assert env["ASCENDTORCH_EMULATOR_ANNOUNCED"] == "1"


@pytest.mark.parametrize(
    "options", [["--devices", "0"], ["--devices", "65"], ["--memory", "0"], ["--no-such"]]
)
def test_bad_options(build: Path, python: Path, options: list[str]) -> None:
    assert run("--build-dir", str(build), *options, "--", "python").exit_code == 2


def test_it_is_announced(build: Path, python: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Started):
        module.emulate.main(["--build-dir", str(build), "python"], standalone_mode=False)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == (
        "[emulate] AscendCL emulator: 2 devices of kind Ascend910B1 on the CPU, no NPU is used\n"
    )


def test_without_a_program_it_is_only_built(build: Path, python: Path) -> None:
    assert run("--build-dir", str(build)).output == f"the emulator is in {build / 'lib'}\n"
    assert json.loads(run("--build-dir", str(build), "--json").output) == {
        "lib": str(build / "lib"),
        "home": str(build / "home"),
        "operators": True,
    }


def test_a_program_that_cannot_be_started(
    build: Path, python: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(8, "Exec format error")

    monkeypatch.setattr(process, "replace", refuse)
    with pytest.raises(ToolError, match="it cannot be started: Exec format error"):
        run("--build-dir", str(build), "python")


def test_a_python_that_was_only_guessed_may_be_broken(
    build: Path, python: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, _: Any) -> None:
        raise ToolError("this Python does not start")

    monkeypatch.setattr(target, "probe_target", refuse)
    assert started("--build-dir", str(build), "python").argv == ["python"]
    with pytest.raises(ToolError, match="does not start"):
        run("--build-dir", str(build), "--python", str(python), "python")
