"""The environment of a program on the emulator, and the folder that stands for CANN."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ascendtorch.emulator import home
from ascendtorch.emulator.environment import Choices, child_environment, describe
from ascendtorch.errors import HostError

ROOT = Path(__file__).resolve().parents[2]
LIB, HOME = Path("/b/lib"), Path("/b/home")


def made(environ: dict[str, str], **choices: object) -> dict[str, str]:
    return child_environment(environ, LIB, HOME, Choices(**choices))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, "/b/lib"),
        ("", "/b/lib"),
        ("/x:/y", "/b/lib:/x:/y"),
        (":/x::/y:", "/b/lib:/x:/y"),
        ("/x:/b/lib:/y", "/b/lib:/x:/y"),
    ],
)
def test_the_libraries_come_first(before: str | None, after: str) -> None:
    environ = {} if before is None else {"LD_LIBRARY_PATH": before}
    assert made(environ)["LD_LIBRARY_PATH"] == after


def test_nothing_else_changes() -> None:
    environ = {"PATH": "/bin", "ASCEND_EMU_DEVICES": "7", "ASCEND_GLOBAL_LOG_LEVEL": "0", "X": ""}
    assert made(environ) == {
        **environ,
        "LD_LIBRARY_PATH": "/b/lib",
        "ASCEND_HOME_PATH": "/b/home",
        "ASCEND_TOOLKIT_HOME": "/b/home",
        "ASCEND_OPP_PATH": "/b/home/opp",
        "ASCEND_AICPU_PATH": "/b/home",
        "ASCENDTORCH_EMULATOR_ANNOUNCED": "1",
    }
    assert environ["ASCEND_EMU_DEVICES"] == "7"


def test_a_real_cann_is_put_aside() -> None:
    assert made({"ASCEND_HOME_PATH": "/usr/local/Ascend"})["ASCEND_HOME_PATH"] == "/b/home"


@pytest.mark.parametrize(
    ("choice", "variable", "value"),
    [
        ({"devices": 4}, "ASCEND_EMU_DEVICES", "4"),
        ({"memory": 2.0}, "ASCEND_EMU_MEMORY", "2147483648"),
        ({"memory": 0.5}, "ASCEND_EMU_MEMORY", "536870912"),
        ({"soc": "Ascend310P3"}, "ASCEND_EMU_SOC", "Ascend310P3"),
        ({"trace": Path("/t.json")}, "ASCEND_EMU_TRACE", "/t.json"),
        ({"guard": True}, "ASCEND_EMU_GUARD", "1"),
        ({"guard": False}, "ASCEND_EMU_GUARD", "0"),
    ],
)
def test_choices(choice: dict[str, object], variable: str, value: str) -> None:
    assert made({variable: "before"}, **choice)[variable] == value
    assert variable not in made({})


def test_a_trace_is_written_where_it_was_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert made({}, trace=Path("t.json"))["ASCEND_EMU_TRACE"] == str(tmp_path / "t.json")


@pytest.mark.parametrize("name", ["a:b", "a;b"])
def test_a_folder_that_the_linker_cannot_search(name: str) -> None:
    with pytest.raises(HostError, match="dynamic linker"):
        child_environment({}, Path("/", name, "lib"), HOME, Choices())


def test_the_announcement() -> None:
    assert describe({}, operators=True) == (
        "AscendCL emulator: 2 devices of kind Ascend910B1 on the CPU, no NPU is used"
    )
    said = describe({"ASCEND_EMU_DEVICES": "1", "ASCEND_EMU_SOC": "Ascend310"}, operators=False)
    assert said.startswith("AscendCL emulator: 1 device of kind Ascend310 on the CPU")
    assert said.endswith("operators are missing (built without torch)")


def test_the_defaults_that_are_announced_are_the_emulators() -> None:
    config = (ROOT / "pytorch_src/npu/emulator/runtime/core/config.cpp").read_text("utf-8")
    assert re.search(r'number\("ASCEND_EMU_DEVICES", 2,', config)
    assert 'config.soc = "Ascend910B1"' in config


def test_the_home_folder(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/libascendcl.so").touch()
    home.make(tmp_path / "home")
    for name in ("opp", "runtime", "compiler"):
        assert (tmp_path / "home" / name).is_dir()
    assert (tmp_path / "home/lib64/libascendcl.so").is_file()
    info = tmp_path / "home/ascend_toolkit_install.info"
    assert "version=9.0.0\n" in info.read_text()
    before = info.stat().st_mtime_ns
    home.make(tmp_path / "home")
    assert info.stat().st_mtime_ns == before


def test_the_version_is_that_of_the_emulator() -> None:
    source = (ROOT / "pytorch_src/npu/emulator/runtime/api/acl_version.cpp").read_text("utf-8")
    assert f'kVersion[] = "{home.VERSION}"' in source


def test_each_variable_is_documented() -> None:
    """Those that the emulator reads, and no others."""
    sources = (ROOT / "pytorch_src/npu/emulator/runtime").rglob("*.cpp")
    read = {
        name
        for source in sources
        if "tests" not in source.parts
        for name in re.findall(r'"(ASCEND_[A-Z_]+)"', source.read_text("utf-8"))
    }
    page = (ROOT / "docs/emulator.md").read_text("utf-8")
    assert set(re.findall(r"^\| `(ASCEND_\w+)` \|", page, re.MULTILINE)) == read
