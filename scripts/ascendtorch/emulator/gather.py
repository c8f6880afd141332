"""Reading what is to be checked: binaries, wheels and packages, and all that they rely on."""

from __future__ import annotations

import contextlib
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from ascendtorch.edge import host
from ascendtorch.emulator.check import Report, Use, classify
from ascendtorch.emulator.elf import Image, is_elf, opened
from ascendtorch.emulator.libraries import Libraries, system_libraries
from ascendtorch.emulator.target import Target
from ascendtorch.errors import ToolError

STAGE = "emulate"


def gather(
    paths: Iterable[Path],
    lib: Path,
    target: Target | None,
    unsupported: Mapping[str, str],
    partial: Mapping[str, str],
    environ: Mapping[str, str],
) -> Report:
    """Say what the binaries at `paths` need, and what the emulator has of it.

    Args:
        paths: programs, libraries, wheels, or folders that have some.
        lib: the emulator's libraries.
        target: the Python whose torch the binaries are used with.
        unsupported: functions that the emulator exports and refuses, with the reason.
        partial: functions that do less than CANN's, with what they do not do.

    Raises:
        ToolError: nothing there to check, or it was made for another kind of machine.
    """
    with contextlib.ExitStack() as stack:
        files = [found for path in paths for found in _binaries(path, stack)]
        images = [(shown, stack.enter_context(opened(path))) for shown, path in files]
        _refuse_foreign(images)
        torch = [target.torch / "lib"] if target is not None and target.torch else []
        machine = host.architecture()
        libraries = system_libraries(machine, environ, [lib, *torch])
        beside = {image.soname for _, image in images}
        emulator = [stack.enter_context(opened(path)) for path in sorted(lib.glob("*.so"))]
        others = [image for _, image in images]
        others += _dependencies(others, libraries, {i.soname for i in emulator} | beside, stack)
        if target is not None:
            others += _interpreter(target, libraries, stack)
        search = {image.soname: image.search for _, image in images}
        folders = [folder for found in search.values() for folder in found]
        return classify(
            [_use(shown, image) for shown, image in images],
            has_library=lambda soname: (
                soname in beside or libraries.find(soname, folders) is not None
            ),
            elsewhere=_Lookup(others),
            emulated=_Lookup(emulator),
            unsupported=unsupported,
            partial=partial,
        )


class _Lookup:
    """Whether one of some images defines a name; each name is looked for once."""

    def __init__(self, images: Iterable[Image]) -> None:
        self._images = tuple(images)
        self._known: dict[str, bool] = {}

    def __call__(self, name: str) -> bool:
        if name not in self._known:
            self._known[name] = any(image.defines(name) for image in self._images)
        return self._known[name]


def _use(shown: str, image: Image) -> Use:
    return Use(shown, image.needed, dict(image.undefined()), image.names())


def _binaries(path: Path, stack: contextlib.ExitStack) -> Iterator[tuple[str, Path]]:
    """Yield the native files at a path, each with the name it is shown by."""
    found: list[tuple[str, Path]]
    if path.is_dir():
        # Links are second names of files that are found anyway.
        inside = [p for p in sorted(path.rglob("*")) if not p.is_symlink() and is_elf(p)]
        found = [(p.relative_to(path.parent).as_posix(), p) for p in inside if _is_library(p)]
    elif path.suffix == ".whl" and zipfile.is_zipfile(path):
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ascendtorch-")))
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if _is_library(Path(name))]
            archive.extractall(folder, names)
        found = [(name, folder / name) for name in sorted(names) if is_elf(folder / name)]
    else:
        found = [(path.name, path)]
    if not found or not path.exists():
        raise ToolError(
            "there is no native library in it" if path.exists() else "it does not exist",
            stage=STAGE,
            path=path,
            remedy="name native programs, libraries, wheels, or folders that have some",
        )
    yield from found


def _is_library(path: Path) -> bool:
    return ".so" in path.suffixes


def _refuse_foreign(images: Iterable[tuple[str, Image]]) -> None:
    for shown, image in images:
        if image.machine != host.architecture():
            raise ToolError(
                f"it is made for {image.machine}, and this machine is {host.architecture()}",
                stage=STAGE,
                path=shown,
                remedy="check it on a machine of its kind",
            )


def _dependencies(
    images: Iterable[Image], libraries: Libraries, known: set[str], stack: contextlib.ExitStack
) -> list[Image]:
    """Open what the images need, and what that needs, as far as it is found."""
    seen = set(known)
    waiting = [(soname, image.search) for image in images for soname in image.needed]
    found = []
    while waiting:
        soname, search = waiting.pop()
        path = None if soname in seen else libraries.find(soname, search)
        seen.add(soname)
        if path is not None:
            image = stack.enter_context(opened(path))
            found.append(image)
            waiting += [(needed, image.search) for needed in image.needed]
    return found


def _interpreter(target: Target, libraries: Libraries, stack: contextlib.ExitStack) -> list[Image]:
    """Open the Python itself, which extension modules take symbols from without naming it."""
    program = stack.enter_context(opened(target.python.resolve()))
    return [program, *_dependencies([program], libraries, set(), stack)]
