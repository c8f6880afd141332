"""What each stage of the plugin layout hands to the next."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ascendtorch.spec.plugin import PluginSpec


@dataclass(frozen=True)
class OfficialWheel:
    """The official wheel in the user cache, checked against its pin.

    Attributes:
        folder: holds the wheel and what is unpacked of it.
    """

    spec: PluginSpec
    path: Path
    sha256: str

    @property
    def folder(self) -> Path:
        return self.path.parent

    @property
    def requirement(self) -> str:
        """What pip takes to install exactly this file."""
        return f"{self.spec.upstream.name} @ {self.path.as_uri()}#sha256={self.sha256}"

    @property
    def is_for_cpus(self) -> bool:
        """Whether it needs no library for GPUs."""
        return self.path.name.split("-")[1].endswith("+cpu")


@dataclass(frozen=True)
class PluginSources:
    """Everything that is compiled; `outputs` maps rendered files to digests.

    Attributes:
        folder: the build folder of the version, which holds the rendered files.
    """

    official: OfficialWheel
    folder: Path
    outputs: dict[str, str]
    manifest: Path
