"""Putting files together to a wheel, the same bytes for the same files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ascendtorch.edge import files
from ascendtorch.spec.plugin import PluginSpec
from ascendtorch.stages.wheelwriter import WheelWriter

#: The oldest time a ZIP file knows: the wheel says nothing of when it was made.
_TIME = (1980, 1, 1, 0, 0, 0)
_PACKAGE = "torch_npu"


def pack(spec: PluginSpec, contents: Mapping[str, Path | bytes], tag: str, folder: Path) -> Path:
    """Write the wheel into `folder` and return its path.

    Args:
        contents: what is in the wheel by its place in site-packages.
        tag: all three of the wheel's tags, such as ``cp311-cp311-linux_x86_64``.
    """
    wanted = spec.wheel
    stem = f"{wanted.name}-{wanted.full_version}"
    target = folder / f"{stem}-{tag}.whl"
    files.remove_tree(folder)
    folder.mkdir(parents=True)
    with WheelWriter(target, _TIME) as archive:
        for name in sorted(contents):
            data = contents[name]
            if isinstance(data, Path):
                archive.add(name, data.read_bytes(), executable=".so" in data.name)
            else:
                archive.add(name, data)
        for name, text in _metadata(spec, tag).items():
            archive.add(f"{stem}.dist-info/{name}", text.encode())
    return target


def _metadata(spec: PluginSpec, tag: str) -> dict[str, str]:
    upstream = spec.upstream
    metadata = [
        "Metadata-Version: 2.1",
        f"Name: {spec.wheel.name}",
        f"Version: {spec.wheel.full_version}",
        f"Summary: torch.npu for PyTorch {spec.version}: Ascend NPUs, and an emulator of them",
        f"Requires-Dist: {upstream.name}=={upstream.version}",
    ]
    wheel = [
        "Wheel-Version: 1.0",
        "Generator: ascendtorch",
        "Root-Is-Purelib: false",
        f"Tag: {tag}",
    ]
    return {
        "METADATA": "\n".join(metadata) + "\n",
        "WHEEL": "\n".join(wheel) + "\n",
        # `import torch` then loads the package by itself.
        "entry_points.txt": f"[torch.backends]\n{_PACKAGE} = {_PACKAGE}:_autoload\n",
        "top_level.txt": f"{_PACKAGE}\n",
    }
