"""Errors of CMake, Python and ninja, read from the line of a build's log that starts them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ascendtorch.report.logerror import LogError, Place, clip

_CMAKE = re.compile(
    r"CMake Error(?: at (?P<file>.+?):(?P<line>\d+) \([^)]*\)| in .+?)?:\s*(?P<text>.*)"
)
#: What CMake adds to a message that is whole without it.
_DETAILS = re.compile(r" It fails with the following output: | Tried extensions ")
_CALL = re.compile(r"  (?P<file>\S.*):(?P<line>\d+) \([^)]*\)$")
_FRAME = re.compile(r'\s*File "(?P<file>[^"]+)", line (?P<line>\d+)')
_QUOTED = re.compile(r"'([^']*/[^']*)'")
_CHAIN = ("Traceback (most", "During handling", "The above exception")
_CMAKE_LINES = 12
_TRACEBACK_LINES = 6
_MESSAGE = 300


def read_cmake(lines: Sequence[str], index: int) -> LogError:
    """Return the error whose ``CMake Error`` line is at `index`, with the calls that led to it."""
    match = _CMAKE.match(lines[index])
    end = index + 1
    while end < len(lines) and (not lines[end] or lines[end].startswith((" ", "Call Stack"))):
        end += 1
    if end == index + 1 and match and not match["file"]:
        # Messages that CMake does not indent.
        while end < min(len(lines), index + 4) and not lines[end].startswith(("-- ", "CMake ")):
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
    message = _DETAILS.split(" ".join(" ".join(text).split()))[0] or lines[index]
    return LogError(
        kind="cmake",
        message=message if len(message) <= _MESSAGE else f"{message[: _MESSAGE - 3]}...",
        excerpt=clip(block[:_CMAKE_LINES]),
        block=tuple(block),
        places=tuple(places),
    )


def read_traceback(lines: Sequence[str], index: int) -> LogError:
    """Return the exception whose traceback starts at `index`, with those it was raised from."""
    last = end = index
    while end + 1 < len(lines):
        end += 1
        line = lines[end]
        if line and not line.startswith((" ", *_CHAIN)):
            last = end
            if not _continues(lines, end):
                break
    block = lines[index : last + 1]
    frames = [match for match in map(_FRAME.match, block) if match]
    top = max((i for i, line in enumerate(block) if _FRAME.match(line)), default=0)
    shown = block[max(0, top - 2) :]
    return LogError(
        kind="python",
        message=block[-1].strip(),
        excerpt=clip([*shown[:_TRACEBACK_LINES], *shown[_TRACEBACK_LINES:][-1:]]),
        block=tuple(block),
        places=tuple(Place(frame["file"], int(frame["line"])) for frame in reversed(frames)),
    )


def _continues(lines: Sequence[str], index: int) -> bool:
    """Whether another traceback of the same chain follows."""
    following = [line for line in lines[index + 1 : index + 4] if line]
    return bool(following) and following[0].startswith(_CHAIN[1:])


def read_ninja(lines: Sequence[str], index: int) -> LogError:
    """Return ninja's own complaint at `index`."""
    message = lines[index].split(": ", 2)[-1]
    path = _QUOTED.search(message)
    places = (Place(path[1], None, "build"),) if path else ()
    return LogError("tool", message, clip(lines[index : index + 1]), (lines[index],), places)
