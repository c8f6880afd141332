"""What may be laid over the tree: regular files with safe names, where upstream has nothing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Callable

import pytest

from ascendtorch.errors import OverlayError
from ascendtorch.spec.version import VersionSpec
from ascendtorch.stages.overlay import check_collisions, collect
from ascendtorch.stages.recorded import exclude

Spec = Callable[..., VersionSpec]


def _rules(*rules: tuple[str, str]) -> Callable[[dict[str, Any]], None]:
    def change(data: dict[str, Any]) -> None:
        data["overlay"] = [{"from": source, "to": target} for source, target in rules]

    return change


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    folder = tmp_path / "pytorch_src"
    (folder / "npu" / "runtime").mkdir(parents=True)
    (folder / "npu" / "runtime" / "stream.cpp").write_text("stream")
    (folder / "npu" / "tool.sh").write_text("tool")
    (folder / "npu" / "tool.sh").chmod(0o755)
    (folder / "1.8.1").mkdir()
    (folder / "1.8.1" / "only.cpp").write_text("only")
    return folder


def test_files_by_their_place_in_the_tree(make_spec: Spec, sources: Path) -> None:
    wanted = collect(make_spec(_rules(("npu", "torch/npu"), ("1.8.1", "."))), sources)
    assert {path: output.data for path, output in wanted.items()} == {
        "torch/npu/runtime/stream.cpp": b"stream",
        "torch/npu/tool.sh": b"tool",
        "only.cpp": b"only",
    }
    assert {path for path, output in wanted.items() if output.executable} == {"torch/npu/tool.sh"}


def test_leftovers_of_python_and_finder_stay_out(make_spec: Spec, sources: Path) -> None:
    (sources / "1.8.1" / "__pycache__").mkdir()
    (sources / "1.8.1" / "__pycache__" / "x.cpython-38.pyc").touch()
    (sources / "1.8.1" / ".DS_Store").touch()
    (sources / "1.8.1" / "empty").mkdir()
    assert list(collect(make_spec(_rules(("1.8.1", "."))), sources)) == ["only.cpp"]


@pytest.mark.parametrize("name", ["a b.cpp", "it's.cpp", 'a"b.cpp', "é中.cpp", "$x;y.cpp", "-x"])
def test_odd_names(make_spec: Spec, sources: Path, name: str) -> None:
    """faults.md 46."""
    (sources / "1.8.1" / name).touch()
    assert name in collect(make_spec(_rules(("1.8.1", "."))), sources)


def _refused(spec: VersionSpec, sources: Path) -> OverlayError:
    with pytest.raises(OverlayError) as caught:
        collect(spec, sources)
    assert caught.value.stage == "overlay"
    assert caught.value.remedy
    return caught.value


@pytest.mark.parametrize(
    ("name", "reason"), [("a\nb.cpp", "line break"), (".git", "`.git`"), ("GIT~1", "`.git`")]
)
def test_names_that_must_not_be_written(
    make_spec: Spec, sources: Path, name: str, reason: str
) -> None:
    """faults.md 46 and Security."""
    (sources / "1.8.1" / name).touch()
    error = _refused(make_spec(_rules(("1.8.1", "."))), sources)
    assert reason in error.cause
    assert error.path == str(sources / "1.8.1" / name)


@pytest.mark.parametrize("target", ["/etc/passwd", "only.cpp", "nowhere", ".."])
def test_symbolic_links(make_spec: Spec, sources: Path, target: str) -> None:
    """faults.md, Security."""
    (sources / "1.8.1" / "link").symlink_to(target)
    error = _refused(make_spec(_rules(("1.8.1", "."))), sources)
    assert error.cause == "a symbolic link in the overlay"


def test_a_missing_folder(make_spec: Spec, sources: Path) -> None:
    error = _refused(make_spec(_rules(("gone", "."))), sources)
    assert (error.cause, error.path) == ("the overlay folder does not exist", str(sources / "gone"))
    assert "version.yaml" in (error.remedy or "")


def test_two_files_for_one_place(make_spec: Spec, sources: Path) -> None:
    (sources / "npu" / "only.cpp").touch()
    error = _refused(make_spec(_rules(("npu", "."), ("1.8.1", "."))), sources)
    assert error.cause == f"goes to only.cpp, and so does {sources / 'npu' / 'only.cpp'}"
    assert error.path == str(sources / "1.8.1" / "only.cpp")


UPSTREAM = ["setup.py", "torch/csrc/Module.cpp", "torch/csrc/README", "docs/Straße.md"]
MODULES = ["third_party/gloo", "third_party/pipe/third_party/uv"]


@pytest.mark.parametrize(
    ("targets", "cause"),
    [
        (["setup.py"], "setup.py is an upstream file"),
        (["a", "torch/csrc/Module.cpp"], "torch/csrc/Module.cpp is an upstream file"),
        (["torch/csrc/module.CPP"], "torch/csrc/module.CPP and torch/csrc/Module.cpp differ only"),
        (["docs/STRASSE.md"], "docs/STRASSE.md and docs/Straße.md differ only in case"),
        (["npu/A.cpp", "npu/a.cpp"], "npu/a.cpp and npu/A.cpp differ only in case"),
        (["torch/csrc"], "torch/csrc is a folder, for torch/csrc/"),
        (["Torch"], "Torch is a folder, for torch/csrc/"),
        (["setup.py/x"], "setup.py/x cannot lie in setup.py, which is a file"),
        (["torch/csrc/readme/x/y"], "cannot lie in torch/csrc/README, which is a file"),
        (["npu", "npu/x"], "npu/x cannot lie in npu, which is a file"),
        (["npu/x", "NPU"], "NPU is a folder, for npu/x lies in it"),
        (["third_party/gloo/x"], "third_party/gloo/x lies in the submodule third_party/gloo"),
        (["third_party/Gloo/x"], "third_party/Gloo/x lies in the submodule third_party/gloo"),
        (["third_party/gloo"], "third_party/gloo lies in the submodule third_party/gloo"),
        (["third_party/pipe"], "third_party/pipe is a folder, for third_party/pipe/third_party/uv"),
    ],
)
def test_collisions(targets: list[str], cause: str) -> None:
    """faults.md 37, 38."""
    with pytest.raises(OverlayError) as caught:
        check_collisions(targets, UPSTREAM, MODULES, Path("pytorch_src"))
    assert cause in caught.value.cause
    assert (caught.value.stage, caught.value.path) == ("overlay", "pytorch_src")
    assert caught.value.remedy


def test_neighbours_do_not_collide() -> None:
    check_collisions(
        ["setup.py.in", "torch/csrc/Module.h", "torch/npu/x", "third_party/gloo-npu/x", "npu/A/x"],
        UPSTREAM,
        MODULES,
        Path("pytorch_src"),
    )


def test_git_is_told_of_our_files_and_keeps_a_persons_lines(tmp_path: Path) -> None:
    """faults.md 46: names are escaped, and may be in any encoding."""
    kept = tmp_path / ".git" / "info" / "exclude"
    kept.parent.mkdir(parents=True)
    kept.write_text("*.swp\n")
    exclude(tmp_path, "overlay", ["npu/a b.cpp", "npu/#x[1]*?!", os.fsdecode(b"npu/caf\xe9")])
    lines = kept.read_bytes().split(b"\n")
    assert lines[0] == b"*.swp"
    assert lines[2:5] == [rb"/npu/\#x\[1\]\*\?\!", rb"/npu/a\ b.cpp", b"/npu/caf\xe9"]
    exclude(tmp_path, "overlay", ["x"])
    assert kept.read_bytes().split(b"\n")[2] == b"/x"
    exclude(tmp_path, "overlay", [])
    assert kept.read_text() == "*.swp\n"


def test_two_blocks_do_not_change_the_exclude_file_in_turn(tmp_path: Path) -> None:
    kept = tmp_path / ".git" / "info" / "exclude"
    kept.parent.mkdir(parents=True)
    exclude(tmp_path, "overlay", ["a", "b"])
    exclude(tmp_path, "kernels", ["k"])
    before = kept.read_bytes(), kept.stat().st_mtime_ns
    exclude(tmp_path, "overlay", ["a", "b"])
    exclude(tmp_path, "kernels", ["k"])
    assert (kept.read_bytes(), kept.stat().st_mtime_ns) == before
    exclude(tmp_path, "overlay", ["a"])
    assert kept.read_text().splitlines()[1:6:4] == ["/a", "/k"]


def test_exceptions_are_files_and_whole_folders(make_spec: Spec, sources: Path) -> None:
    (sources / "npu" / "runtime.txt").write_text("kept")

    def change(data: dict[str, Any]) -> None:
        data["overlay"] = [{"from": "npu", "to": "x", "except": ["runtime"]}]

    wanted = collect(make_spec(change), sources)
    assert "x/runtime.txt" in wanted
    assert not [path for path in wanted if path.startswith("x/runtime/")]
