"""Parts of the official wheel, unpacked once beside it in the user cache."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Callable

from ascendtorch.edge import files, lock
from ascendtorch.edge.files import host_errors, unsafe_reason
from ascendtorch.errors import FetchError
from ascendtorch.plugin.results import OfficialWheel

STAGE = "fetch"
_WAIT_SECONDS = 600.0
#: What a plugin is linked with. The libraries for GPUs, gigabytes of them, are not needed.
_LIBRARIES = ("libc10.so", "libtorch.so", "libtorch_cpu.so", "libtorch_python.so")


def schema_folder(official: OfficialWheel) -> Path:
    """Return the folder that holds ``torchgen/``, with the release's operators in it."""
    return _unpacked(official, "schema", lambda name: name.startswith("torchgen/"))


def torch_folder(official: OfficialWheel) -> Path:
    """Return a ``torch`` folder with all that is compiled and linked against."""
    return _unpacked(official, "development", _is_for_development) / "torch"


def _is_for_development(name: str) -> bool:
    return (
        name.startswith(("torch/include/", "torch/share/cmake/"))
        or name == "torch/version.py"
        or name in {f"torch/lib/{library}" for library in _LIBRARIES}
    )


def _unpacked(official: OfficialWheel, part: str, wanted: Callable[[str], bool]) -> Path:
    """Return the folder of a part; it is renamed into place, and so is there whole or not."""
    target = official.folder / part
    if target.is_dir():
        return target
    with (
        host_errors(STAGE, official.folder),
        lock.held(
            official.folder / "unpack.lock",
            what="what is unpacked of the official wheel",
            wait_seconds=_WAIT_SECONDS,
        ),
    ):
        if target.is_dir():
            return target
        scratch = official.folder / ".unpacking"
        # What a killed run left.
        files.remove_tree(scratch)
        _extract(official.path, scratch, wanted)
        scratch.rename(target)
    return target


def _extract(wheel: Path, folder: Path, wanted: Callable[[str], bool]) -> None:
    folder.mkdir()
    try:
        with zipfile.ZipFile(wheel) as archive:
            names = [
                name
                for name in archive.namelist()
                if wanted(name) and not name.endswith("/") and unsafe_reason(name) is None
            ]
            archive.extractall(folder, names)
    except (zipfile.BadZipFile, KeyError) as error:
        raise FetchError(
            f"the cached wheel cannot be unpacked: {error}",
            stage=STAGE,
            path=wheel,
            remedy=f"remove {wheel.parent} and run the same command again",
        ) from error
