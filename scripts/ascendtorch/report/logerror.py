"""One error in a build's log: what it says, which places it names, which lines show it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ascendtorch.report.ninja import source_of_object

# Messages of gcc and clang are translated where the locale is; users often run a Chinese one.
_WORD = r"(?:fatal error|error|致命错误|错误)\s?[:：]\s?"
_COMPILER = re.compile(rf"(?P<file>[^\s:'\"][^:'\"]*):(?P<line>\d+):(?:\d+:)? {_WORD}(?P<text>.+)")
_DRIVER = re.compile(rf"(?:[\w./+-]+: )+{_WORD}(?P<text>.+)")
_ASSEMBLER = re.compile(r"\S+\.s:(?:\d+:)? (?:Fatal e|E)rror: (?P<text>.+)")
_LINKER = re.compile(
    r"(?:(?P<file>\S+?):(?P<line>\d+)?.*?)?"
    r"(?P<text>(?:undefined reference to|multiple definition of|cannot find -l|"
    r"final link failed|relocation R_\w+ against|DSO missing from command line).*)"
)
_IN_OBJECT = re.compile(r"\S*ld(?:\.\w+)?: (?P<object>\S+\.o)(?:: in function|:)")
_KILLED = re.compile(
    r"Killed signal terminated|internal compiler error: Killed|terminated with signal 9|"
    r"virtual memory exhausted|out of memory allocating|Cannot allocate memory|"
    r"No space left on device|Disk quota exceeded|Read-only file system|"
    r"^\S*sh: .*\bKilled\b|^Killed$"
)
_CONSEQUENCE = re.compile(r"collect2: |ninja: |\S*make(?:\[\d+\])?: |error: command '")
_CONTEXT = re.compile(
    r"In file included from |\s+from |.*: (?:In|At) |.*: +required |.*: +recursively required |"
    r".*在|在 "
)
_PLACE = re.compile(r"(?:In file included from |\s+from )?(?P<file>[^\s:][^:]*):(?P<line>\d+)[:,]")
_FRAME = re.compile(r'\s*File "(?P<file>[^"]+)", line (?P<line>\d+)')
_CMAKE = re.compile(
    r"CMake Error(?: at (?P<file>.+?):(?P<line>\d+) \([^)]*\)| in (?P<folder>.+?))?:\s*(?P<text>.*)"
)
_CALL = re.compile(r"  (?P<file>\S.*):(?P<line>\d+) \([^)]*\)$")
_QUOTED = re.compile(r"'([^']*/[^']*)'")
_SOURCE = re.compile(r" -c (\S+)")
_WIDTH = 200
_EXCERPT = 9
_MESSAGE = 300


@dataclass(frozen=True)
class Place:
    """A file that an error names; a relative path starts from `folder`, given below the tree."""

    path: str
    line: int | None = None
    folder: str = ""


@dataclass(frozen=True)
class LogError:
    """An error as the log shows it.

    Attributes:
        kind: ``compile``, ``link``, ``cmake``, ``python``, ``tool``, ``host`` or ``unknown``.
        message: what the tool says, in one line.
        excerpt: the lines to show, shortened.
        block: the lines that may tell a known failure, without commands and warnings.
        places: where it may be mended, the likeliest first; `users` are those of them that only
            use the first one (the line a template was instantiated at).
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
        source = source_of_object(target)
        places = self.places + ((Place(source),) if source else ())
        return replace(self, target=target, places=places)


def clip(lines: Iterable[str]) -> tuple[str, ...]:
    """Shorten lines to what fits a screen."""
    return tuple(line if len(line) <= _WIDTH else f"{line[: _WIDTH - 3]}..." for line in lines)


def read_block(
    block: Sequence[str], *, folder: str, command: str = "", about: str = ""
) -> LogError | None:
    """Return the first error in the output of one step; None when there is none that we know.

    Args:
        folder: where relative paths start, below the tree.
        command: the line of the block that is the command, which is not searched.
        about: only compiler errors in files of this name count.
    """
    lines = [line for line in block if line is not command]
    told = tuple(line for line in lines if not _is_warning(line))
    source = _SOURCE.search(command)
    last = (Place(source[1], None, folder),) if source else ()
    if not about:
        for index, line in enumerate(lines):
            if _KILLED.search(line) and not _is_warning(line):
                message = _without_position(line)
                return LogError("host", message, _around(lines, index), told, last)
    for index, line in enumerate(lines):
        error = _at(lines, index, line, folder, about)
        if error is not None:
            return replace(error, block=told, places=error.places + last)
    return None


def _at(
    lines: Sequence[str], index: int, line: str, folder: str, about: str
) -> LogError | None:
    match = _COMPILER.match(line)
    if match:
        if about and about.partition(".")[0] != _stem(match["file"]):
            return None
        return _compiler_error(lines, index, match, folder)
    if about or _CONSEQUENCE.match(line):
        return None
    if line.startswith("CMake Error"):
        return read_cmake(lines, index)
    if line.startswith("Traceback (most recent call last):"):
        return read_traceback(lines, index)
    match = _LINKER.match(line)
    if match and not line.startswith(" "):
        return _linker_error(lines, index, match, folder)
    match = _ASSEMBLER.match(line) or _DRIVER.match(line)
    if match:
        return LogError("tool", match["text"], _around(lines, index), ())
    return None


def _compiler_error(
    lines: Sequence[str], index: int, match: re.Match[str], folder: str
) -> LogError:
    start = index
    while start > 0 and index - start < 60 and _CONTEXT.match(lines[start - 1]):
        start -= 1
    end = index + 1
    while end < len(lines) and end - index < 40 and not _starts_message(lines[end]):
        end += 1
    context, notes = lines[start:index], lines[index + 1 : end]
    users = [_place(line, folder) for line in context if ": " in line and "required from" in line]
    noted = [_place(line, folder) for line in notes if ": note: " in line]
    included = [
        _place(line, folder)
        for line in context
        if line.startswith(("In file included from ", " "))
    ]
    # The nearest instantiation comes last, the nearest include first.
    near = [place for place in (*users[::-1], *noted, *included) if place is not None]
    first = Place(match["file"], int(match["line"]), folder)
    return LogError(
        kind="compile",
        message=match["text"].strip(),
        excerpt=clip([*context[-2:], *lines[index:end]][:_EXCERPT]),
        block=(),
        places=(first, *near),
        users=tuple(place for place in users[::-1] if place is not None),
    )


def _linker_error(
    lines: Sequence[str], index: int, match: re.Match[str], folder: str
) -> LogError:
    places = []
    for line in lines[index : max(-1, index - 12) : -1]:
        found = _IN_OBJECT.match(line)
        if found:
            source = source_of_object(found["object"])
            places = [Place(source)] if source else []
            break
    if match["file"] and match["line"]:
        places.insert(0, Place(match["file"], int(match["line"]), folder))
    return LogError(
        kind="link",
        message=match["text"].strip(),
        excerpt=_around(lines, index),
        block=(),
        places=tuple(places),
    )


def read_cmake(lines: Sequence[str], index: int) -> LogError:
    """Return the error whose ``CMake Error`` line is at `index`."""
    match = _CMAKE.match(lines[index])
    end = index + 1
    while end < len(lines) and (not lines[end] or lines[end].startswith((" ", "Call Stack"))):
        end += 1
    if end == index + 1 and match and not match["file"]:
        # Messages that CMake does not indent.
        while end < min(len(lines), index + 4) and lines[end] and not lines[end].startswith("-- "):
            end += 1
    block = [line for line in lines[index:end] if line.strip()]
    stack = next((i for i, line in enumerate(block) if line.startswith("Call Stack")), len(block))
    places = [
        Place(call["file"], int(call["line"])) for call in map(_CALL.match, block[stack:]) if call
    ]
    text = [line.strip() for line in block[1:stack]]
    if match:
        text.insert(0, match["text"])
        if match["file"]:
            places.insert(0, Place(match["file"], int(match["line"])))
    message = " ".join(" ".join(text).split()) or lines[index]
    return LogError(
        kind="cmake",
        message=message if len(message) <= _MESSAGE else f"{message[: _MESSAGE - 3]}...",
        excerpt=clip(block[: _EXCERPT + 3]),
        block=tuple(block),
        places=tuple(places),
    )


def read_traceback(lines: Sequence[str], index: int) -> LogError:
    """Return the exception whose traceback starts at `index`, with those it was raised from."""
    end = index + 1
    last = index
    while end < len(lines):
        line = lines[end]
        if line and not line.startswith((" ", "Traceback (most", "During handling", "The above")):
            last = end
            if not _continues(lines, end):
                break
        end += 1
    block = lines[index : last + 1]
    frames = [match for match in map(_FRAME.match, block) if match]
    top = max((i for i, line in enumerate(block) if _FRAME.match(line)), default=0)
    return LogError(
        kind="python",
        message=block[-1].strip(),
        excerpt=clip([*block[max(0, top - 2) : top + 3], block[-1]][-_EXCERPT:]),
        block=tuple(block),
        places=tuple(Place(frame["file"], int(frame["line"])) for frame in reversed(frames)),
    )


def _continues(lines: Sequence[str], index: int) -> bool:
    """Whether another traceback of the same chain follows."""
    following = [line for line in lines[index + 1 : index + 4] if line]
    return bool(following) and following[0].startswith(("During handling", "The above exception"))


def read_tool(lines: Sequence[str], index: int) -> LogError:
    """Return ninja's own complaint at `index`."""
    message = lines[index].partition(": ")[2]
    path = _QUOTED.search(message)
    places = (Place(path[1], None, "build"),) if path else ()
    return LogError("tool", message, clip(lines[index : index + 2]), (lines[index],), places)


def _place(line: str, folder: str) -> Place | None:
    match = _PLACE.match(line)
    return Place(match["file"], int(match["line"]), folder) if match else None


def _starts_message(line: str) -> bool:
    if line.startswith(" ") or ": note: " in line:
        return False
    return bool(_COMPILER.match(line)) or _is_warning(line) or bool(_CONTEXT.match(line))


def _is_warning(line: str) -> bool:
    return bool(re.match(r"[^\s:][^:]*:\d+:(?:\d+:)? (?:warning|警告)\s?[:：]", line))


def _without_position(line: str) -> str:
    match = _COMPILER.match(line) or _ASSEMBLER.match(line) or _DRIVER.match(line)
    return match["text"].strip() if match else line.strip()


def _stem(path: str) -> str:
    return path.rpartition("/")[2].partition(".")[0]


def _around(lines: Sequence[str], index: int) -> tuple[str, ...]:
    return clip(line for line in lines[max(0, index - 2) : index + 4] if line.strip())
