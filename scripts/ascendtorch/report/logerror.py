"""What one error in a build's log says, which places it names, and which lines show it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ascendtorch.report.ninja import source_of_object

_WIDTH = 200


@dataclass(frozen=True)
class Place:
    """A file that an error names; a relative path starts from `folder`, given below the tree."""

    path: str
    line: int | None = None
    folder: str = ""

    @classmethod
    def of_object(cls, path: str) -> Place | None:
        """The source that was compiled to an object, if the object's name tells it."""
        source = source_of_object(path)
        return None if source is None else cls(source)


@dataclass(frozen=True)
class LogError:
    """An error as the log shows it.

    Attributes:
        kind: ``compile``, ``link``, ``cmake``, ``python``, ``tool``, ``host`` or ``unknown``.
        message: what the tool says, in one line.
        excerpt: the lines to show, shortened.
        block: the lines that may tell a known failure, without commands and warnings.
        places: where it may be mended, the likeliest first.
        users: those of the places that only use the first one (where a template is instantiated).
        target: what could not be made.
    """

    kind: str
    message: str
    excerpt: tuple[str, ...]
    block: tuple[str, ...]
    places: tuple[Place, ...] = ()
    users: tuple[Place, ...] = ()
    target: str | None = None

    def with_target(self, target: str) -> LogError:
        """The same error of a known target, whose source is the last place to look."""
        source = Place.of_object(target)
        return replace(self, target=target, places=self.places + ((source,) if source else ()))


def clip(lines: Iterable[str]) -> tuple[str, ...]:
    """Shorten lines to what fits a screen."""
    return tuple(line if len(line) <= _WIDTH else f"{line[: _WIDTH - 3]}..." for line in lines)
