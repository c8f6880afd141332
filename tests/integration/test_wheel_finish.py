"""The last stage: a wheel as upstream's build left it becomes one of ours."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import time
import zipfile
from pathlib import Path
from typing import NoReturn

import pytest
from wheel.wheelfile import WheelFile

from ascendtorch.errors import WheelError
from ascendtorch.report.reporter import make_reporter
from ascendtorch.spec.release import WheelSpec
from ascendtorch.stages.manifest import read_manifest
from ascendtorch.stages.results import BuiltWheel
from ascendtorch.stages.wheel import check_content, finish
from ascendtorch.stages.wheelwriter import WheelWriter

EXPECTED = WheelSpec("torch", "1.8.1+ascend", "1")
LIBRARY = "torch/npu/emulator/lib/libascendcl.so"


class Described:
    """Stands for a generated tree."""

    def __init__(self, manifest: Path) -> None:
        self.manifest = manifest


@pytest.fixture
def built(tmp_path: Path) -> BuiltWheel:
    """A wheel without a manifest."""
    folder = tmp_path / "wheel"
    folder.mkdir()
    path = folder / "torch-1.8.1+ascend-cp38-cp38-linux_x86_64.whl"
    stem = "torch-1.8.1+ascend.dist-info"
    with WheelFile(str(path), "w") as archive:
        archive.writestr("torch/__init__.py", "")
        archive.writestr(f"{stem}/METADATA", "Name: torch\nVersion: 1.8.1+ascend\n")
        archive.writestr(f"{stem}/WHEEL", "Wheel-Version: 1.0\n")
    manifest = tmp_path / "manifest.json"
    fields = {name: {} for name in ("upstream", "templates", "generated", "sources")}
    manifest.write_text(
        json.dumps({"schema": 1, "made_by": "x", "version": "1.8.1", "layout": "plugin", **fields})
    )
    parts = {"place": str(tmp_path), "python": "3.8.18 /opt/python3.8", "sources": "s"}
    return BuiltWheel(Described(manifest), path, parts, tmp_path / "log")


def test_files_and_facts_are_added(built: BuiltWheel, tmp_path: Path) -> None:
    library = tmp_path / "libascendcl.so"
    library.write_bytes(b"\x7fELF")
    done = finish(
        built,
        expected=EXPECTED,
        python_tag="cp38-cp38",
        dist=tmp_path / "dist",
        reporter=make_reporter(quiet=True),
        contents={LIBRARY: library},
        facts={"edited": ["edited: setup.py"], "emulator": "e"},
    )
    check_content(done.path, EXPECTED)  # RECORD names every file with its hash
    with zipfile.ZipFile(done.path) as archive:
        assert archive.read(LIBRARY) == b"\x7fELF"
        assert archive.getinfo(LIBRARY).external_attr >> 16 == 0o100755
        (record,) = (name for name in archive.namelist() if name.endswith("/RECORD"))
        assert f"{LIBRARY},sha256=" in archive.read(record).decode()
    with pytest.raises(WheelError, match="its upstream lacks name"):
        read_manifest(done.path)
    text = zipfile.ZipFile(done.path).read("torch-1.8.1+ascend.dist-info/ascendtorch.json")
    manifest = json.loads(text)
    assert (manifest["edited"], manifest["emulator"]) == (["edited: setup.py"], "e")
    assert manifest["build"] == {"python": "3.8.18", "sources": "s"}
    assert str(tmp_path) not in text.decode()


def test_the_same_again_is_the_same_file(
    built: BuiltWheel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = tmp_path / "libascendcl.so"
    library.write_bytes(b"\x7fELF")
    digests = set()
    now = time.time()
    for name in ("one", "two"):
        done = finish(
            built,
            expected=EXPECTED,
            python_tag="cp38-cp38",
            dist=tmp_path / name,
            reporter=make_reporter(quiet=True),
            contents={LIBRARY: library},
        )
        digests.add(done.sha256)
        monkeypatch.setattr(time, "time", lambda: now + 10_000)
    assert len(digests) == 1


def _die(*_: object, **__: object) -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("still there")


@pytest.mark.parametrize("moment", ["its files are added", "it is copied to another disk"])
def test_killed_on_the_way(built: BuiltWheel, tmp_path: Path, moment: str) -> None:
    """faults.md 55: the old wheel or the new one, and the next run removes what is left over."""
    dist = tmp_path / "dist"
    dist.mkdir()
    target = dist / built.wheel.name
    target.write_bytes(b"an earlier one")

    def run() -> None:
        finish(
            built,
            expected=EXPECTED,
            python_tag="cp38-cp38",
            dist=dist,
            reporter=make_reporter(quiet=True),
        )

    child = os.fork()
    if child == 0:
        rename = Path.replace

        def other_disk(self: Path, goal: Path) -> Path:
            if self.parent != Path(goal).parent:
                raise OSError(errno.EXDEV, "Invalid cross-device link")
            return rename(self, goal)

        def half(source: Path, copy: str) -> NoReturn:
            Path(copy).write_bytes(source.read_bytes()[:40])
            _die()

        if moment.startswith("its"):
            WheelWriter.add = _die  # type: ignore[method-assign]
        else:
            Path.replace, shutil.copy2 = other_disk, half  # type: ignore[assignment,method-assign]
        try:
            run()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)
    assert target.read_bytes() == b"an earlier one"
    assert list(dist.glob("*.whl")) == [target]
    run()
    check_content(target, EXPECTED)
    assert list(dist.iterdir()) == [target]
