"""Expected failures: what a person can act on, each kind with its own exit code.

Everything else that is raised is a bug and ends in a crash log (see `cli`).
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Union

PathLike = Union[str, Path]


class AscendTorchError(Exception):
    """A failure with a known cause.

    Args:
        cause: what is wrong, in one or a few lines.
        stage: the stage it happened in (``fetch``, ``patch``, ...).
        path: the file or folder it is about.
        remedy: what the reader can do now.
    """

    exit_code: ClassVar[int] = 1
    kind: ClassVar[str] = "error"

    def __init__(
        self,
        cause: str,
        *,
        stage: str | None = None,
        path: PathLike | None = None,
        remedy: str | None = None,
    ) -> None:
        super().__init__(cause)
        self.cause = cause
        self.stage = stage
        self.path = None if path is None else str(path)
        self.remedy = remedy

    def __str__(self) -> str:
        head = f"[{self.stage}] " if self.stage else ""
        where = f"{self.path}: " if self.path else ""
        tail = f"\n  remedy: {self.remedy}" if self.remedy else ""
        return f"{head}{where}{self.cause}{tail}"

    def as_json(self) -> dict[str, object]:
        """The same message as data."""
        return {
            "error": self.kind,
            "stage": self.stage,
            "path": self.path,
            "cause": self.cause,
            "remedy": self.remedy,
            "exit_code": self.exit_code,
        }


class SpecError(AscendTorchError):
    """A file of ours (YAML, series, template, mirror map) is malformed."""

    exit_code = 3
    kind = "spec"


class VersionError(AscendTorchError):
    """The asked version is unknown, or known and not yet supported."""

    exit_code = 4
    kind = "version"


class FetchError(AscendTorchError):
    """Upstream sources could not be had, or are not what is pinned."""

    exit_code = 5
    kind = "fetch"


class PatchError(AscendTorchError):
    """A patch is malformed, unsafe or does not apply."""

    exit_code = 6
    kind = "patch"


class OverlayError(AscendTorchError):
    """Our own files cannot be laid over the tree."""

    exit_code = 7
    kind = "overlay"


class CodegenError(AscendTorchError):
    """A template or its data is wrong."""

    exit_code = 8
    kind = "codegen"


class EditedError(AscendTorchError):
    """A step would overwrite what a person changed in the tree."""

    exit_code = 9
    kind = "edited"


class ToolError(AscendTorchError):
    """A prerequisite is missing, too old, too new, or does not start."""

    exit_code = 10
    kind = "tool"


class BuildError(AscendTorchError):
    """PyTorch's own build failed."""

    exit_code = 11
    kind = "build"


class WheelError(AscendTorchError):
    """The wheel is missing, doubled, or not what it should be."""

    exit_code = 12
    kind = "wheel"


class BusyError(AscendTorchError):
    """Another run holds the workspace."""

    exit_code = 13
    kind = "busy"


class StateError(AscendTorchError):
    """Recorded state is unreadable, or written by a newer tool (`newer`)."""

    exit_code = 14
    kind = "state"
    newer = False


class HostError(AscendTorchError):
    """The machine refused: disk full, read-only, no permission."""

    exit_code = 15
    kind = "host"
