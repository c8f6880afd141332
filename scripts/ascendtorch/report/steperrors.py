"""The first error in the output of one compile, link or other step of a build."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ascendtorch.report.logerror import LogError, Place, clip
from ascendtorch.report.toolerrors import read_cmake, read_traceback

_COMPILER = re.compile(
    r"(?P<file>[^\s:'\"][^:'\"]*):(?P<line>\d+):(?:\d+:)? (?:fatal )?error: (?P<text>.+)"
)
_WARNING = re.compile(r"[^\s:][^:]*:\d+:(?:\d+:)? warning:")
_DRIVER = re.compile(r"(?:[\w./+-]+: )+(?:fatal )?error: (?P<text>.+)")
_ASSEMBLER = re.compile(r"\S+\.s:(?:\d+:)? (?:Fatal e|E)rror: (?P<text>.+)")
_LINKER = re.compile(
    r"(?:undefined reference to|multiple definition of|cannot find -l|final link failed|"
    r"relocation R_\w+ against|DSO missing from command line|file format not recognized).*"
)
_LINKED_LINE = re.compile(r"(?:\S*ld(?:\.\w+)?: )?(?P<file>[^\s:(]+):(?P<line>\d+): ")
_IN_OBJECT = re.compile(r"\S*ld(?:\.\w+)?: (?P<object>\S+\.o)(?:: in function|:)")
_KILLED = re.compile(
    r"Killed signal terminated|internal compiler error: Killed|terminated with signal 9|"
    r"virtual memory exhausted|out of memory allocating|Cannot allocate memory|"
    r"No space left on device|Disk quota exceeded|Read-only file system|"
    r"^\S*sh: .*\bKilled\b|^Killed$"
)
_CONSEQUENCE = re.compile(r"collect2: |ninja: |\S*make(?:\[\d+\])?: |error: command '")
_CONTEXT = re.compile(
    r"In file included from |\s+from |.*: (?:In|At) |.*: +(?:recursively )?required "
)
_PLACE = re.compile(r"(?:In file included from |\s+from )?(?P<file>[^\s:][^:]*):(?P<line>\d+)[:,]")
_SOURCE = re.compile(r" -c (\S+)")
_EXCERPT = 9
#: How far the lines that explain a compiler's message may reach to either side.
_BEFORE, _AFTER = 60, 40


def read_block(
    block: Sequence[str], *, folder: str, command: str = "", about: str = ""
) -> LogError | None:
    """Return the first error in the output of one step; None when there is none that we know.

    That the machine ran out of something comes before all that follows from it.

    Args:
        folder: where relative paths start, below the tree.
        command: the line of the block that is the command, which is not searched.
        about: only compiler errors in files of this name count.
    """
    lines = [line for line in block if line is not command]
    told = tuple(line for line in lines if not _WARNING.match(line))
    source = _SOURCE.search(command)
    last = (Place(source[1], None, folder),) if source else ()
    for index, line in enumerate(lines):
        if not about and _KILLED.search(line) and not _WARNING.match(line):
            return LogError("host", _text(line), _around(lines, index), told, last)
    for index in range(len(lines)):
        error = _error_at(lines, index, folder, about)
        if error is not None:
            return replace(error, block=told, places=error.places + last)
    return None


def is_consequence(line: str) -> bool:
    """Whether a tool only says that another one, which it started, failed."""
    return bool(_CONSEQUENCE.match(line))


def _error_at(lines: Sequence[str], index: int, folder: str, about: str) -> LogError | None:
    line = lines[index]
    match = _COMPILER.match(line)
    if match:
        wanted = not about or _stem(about) == _stem(match["file"])
        return _compiler_error(lines, index, match, folder) if wanted else None
    error: LogError | None = None
    if about or is_consequence(line):
        pass
    elif line.startswith("CMake Error"):
        error = read_cmake(lines, index)
    elif line.startswith("Traceback (most recent call last):"):
        error = read_traceback(lines, index)
    elif not line.startswith(" ") and _LINKER.search(line):
        error = _linker_error(lines, index, folder)
    elif _ASSEMBLER.match(line) or _DRIVER.match(line):
        error = LogError("tool", _text(line), _around(lines, index), ())
    return error


def _compiler_error(
    lines: Sequence[str], index: int, match: re.Match[str], folder: str
) -> LogError:
    start, end = index, index + 1
    while start > 0 and index - start < _BEFORE and _CONTEXT.match(lines[start - 1]):
        start -= 1
    while end < len(lines) and end - index < _AFTER and not _starts_message(lines[end]):
        end += 1
    context, notes = lines[start:index], lines[index + 1 : end]
    # The nearest instantiation comes last, the nearest include first.
    users = _places([line for line in reversed(context) if "required from" in line], folder)
    noted = _places([line for line in notes if ": note: " in line], folder)
    included = _places(
        [line for line in context if line.startswith(("In file included from ", " "))], folder
    )
    return LogError(
        kind="compile",
        message=match["text"].strip(),
        excerpt=clip([*context[-2:], *lines[index:end]][:_EXCERPT]),
        block=(),
        places=(Place(match["file"], int(match["line"]), folder), *users, *noted, *included),
        users=users,
    )


def _linker_error(lines: Sequence[str], index: int, folder: str) -> LogError:
    places = []
    linked = _LINKED_LINE.match(lines[index])
    if linked:
        places.append(Place(linked["file"], int(linked["line"]), folder))
    source = None
    for line in reversed(lines[max(0, index - 12) : index + 1]):
        found = _IN_OBJECT.match(line)
        if found:
            source = Place.of_object(found["object"])
            break
    text = _LINKER.search(lines[index])
    return LogError(
        kind="link",
        message=text[0].strip() if text else lines[index],
        excerpt=_around(lines, index),
        block=(),
        places=(*places, *filter(None, [source])),
    )


def _places(lines: Sequence[str], folder: str) -> tuple[Place, ...]:
    found = (_PLACE.match(line) for line in lines)
    return tuple(Place(match["file"], int(match["line"]), folder) for match in found if match)


def _starts_message(line: str) -> bool:
    if line.startswith(" ") or ": note: " in line:
        return False
    return any(pattern.match(line) for pattern in (_COMPILER, _WARNING, _CONTEXT))


def _text(line: str) -> str:
    """A message without the position in front."""
    match = _COMPILER.match(line) or _ASSEMBLER.match(line) or _DRIVER.match(line)
    return (match["text"] if match else line).strip()


def _stem(path: str) -> str:
    return path.rpartition("/")[2].partition(".")[0]


def _around(lines: Sequence[str], index: int) -> tuple[str, ...]:
    near = lines[max(0, index - 2) : index + 4]
    return clip(line for line in near if line.strip() and not line.startswith("FAILED: "))
