"""Where a failed build's log shows its first real error, and what that error says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ascendtorch.report.logerror import LogError, clip
from ascendtorch.report.ninja import plain
from ascendtorch.report.steperrors import is_consequence, read_block
from ascendtorch.report.toolerrors import read_cmake, read_ninja, read_traceback

_STEP = re.compile(r"\[\d+/\d+\] ")
_FAILED = re.compile(r"FAILED: (?:\[code=\d+\] )?(\S+)")
_MAKE = re.compile(r"\S*make(?:\[\d+\])?: \*\*\* \[(?:[^\]:]+:\d+: )?([^\]]+)\]")
_NINJA_ENDS = ("ninja: ", "FAILED: ")
#: How many lines before the end of a make or setup.py step its messages may start.
_REACH = 600
_TAIL = 6


@dataclass(frozen=True)
class _Anchor:
    """A line that only a failure prints; `kind` says which tool's."""

    kind: str
    index: int


def find_first_error(lines: Iterable[str]) -> LogError | None:
    """Return the first real error of a failed build; None for a log without a line.

    Warnings, checks of CMake that may fail, and what fails only because something else did are
    passed over.
    """
    log = [plain(line) for line in lines]
    anchors = _anchors(log)
    for anchor in anchors:
        error = _read(log, anchor)
        if error is not None:
            return error
    if anchors and anchors[0].kind == "ninja":
        return _silent_step(log, anchors[0].index)
    return _last_words(log)


def _anchors(log: Sequence[str]) -> list[_Anchor]:
    """The failures in order; those that may have been harmless or mere consequences come last."""
    sure: list[_Anchor] = []
    unsure: list[_Anchor] = []
    tracebacks: list[_Anchor] = []
    incomplete = max(
        (
            index
            for index, line in enumerate(log)
            if line.startswith(("-- Configuring incomplete", "CMake Generate step failed"))
        ),
        default=-1,
    )
    for index, line in enumerate(log):
        if line.startswith("FAILED: "):
            sure.append(_Anchor("ninja", index))
        elif line.startswith(("ninja: error:", "ninja: fatal:")):
            sure.append(_Anchor("tool", index))
        elif line.startswith("CMake Error"):
            fatal = index < incomplete or not line.startswith("CMake Error at ")
            (sure if fatal else unsure).append(_Anchor("cmake", index))
        elif line.startswith("error: command '"):
            sure.append(_Anchor("setup", index))
        elif ": *** [" in line and _MAKE.match(line):
            sure.append(_Anchor("make", index))
        elif line.startswith("Traceback (most recent call last):"):
            tracebacks.append(_Anchor("traceback", index))
    # The one that ended the build is the last; earlier ones were caught by somebody.
    return sure + unsure + tracebacks[::-1]


def _read(log: Sequence[str], anchor: _Anchor) -> LogError | None:
    index = anchor.index
    if anchor.kind == "ninja":
        return _failed_step(log, index)
    if anchor.kind == "cmake":
        return _before_cmake(log, index) or read_cmake(log, index)
    if anchor.kind == "tool":
        return read_ninja(log, index)
    if anchor.kind == "make":
        return _make_step(log, index)
    if anchor.kind == "setup":
        return _setup_step(log, index)
    error = read_traceback(log, index)
    # That a command failed is told by the command.
    return None if "CalledProcessError" in error.message else error


def _failed_step(log: Sequence[str], index: int) -> LogError | None:
    match = _FAILED.match(log[index])
    block = _ninja_block(log, index)
    error = read_block(block, folder="build", command=block[1] if len(block) > 1 else "")
    if error is None or match is None:
        return error
    return error.with_target(match[1])


def _ninja_block(log: Sequence[str], index: int) -> list[str]:
    """The output of one failed step; ninja never mixes that of two."""
    end = index + 1
    while end < len(log) and not _STEP.match(log[end]) and not log[end].startswith(_NINJA_ENDS):
        end += 1
    return list(log[index:end])


def _silent_step(log: Sequence[str], index: int) -> LogError:
    """A step that failed without a message that we know: its last words."""
    block = _ninja_block(log, index)
    told = [line for line in block[2:] if line.strip()]
    words = [line for line in told if not is_consequence(line)] or told or [block[0]]
    match = _FAILED.match(block[0])
    return LogError(
        kind="unknown",
        message=words[-1].strip(),
        excerpt=clip(words[-_TAIL:]),
        block=tuple(words),
        target=match[1] if match else None,
    )


def _make_step(log: Sequence[str], index: int) -> LogError | None:
    match = _MAKE.match(log[index])
    target = match[1] if match else ""
    # make mixes the output of its jobs: take the error whose file this target is made from.
    block = log[max(0, index - _REACH) : index + 1]
    stem = target.rpartition("/")[2].rpartition(".")[0]
    error = read_block(block, folder="build", about=stem) or read_block(block, folder="build")
    return error.with_target(target) if error else None


def _setup_step(log: Sequence[str], index: int) -> LogError | None:
    start = max(0, index - _REACH)
    start = max((i for i in range(start, index) if log[i].startswith("building '")), default=start)
    return read_block(log[start : index + 1], folder="")


def _before_cmake(log: Sequence[str], index: int) -> LogError | None:
    """A program that CMake ran and that failed right before CMake said so."""
    last = index - 1
    while last > 0 and (not log[last] or log[last].startswith("--")) and index - last < 5:
        last -= 1
    for start in range(last, max(-1, last - 60), -1):
        if log[start].startswith("Traceback (most recent call last):"):
            error = read_traceback(log, start)
            return error if log[last].startswith(error.message[:40]) else None
    return None


def _last_words(log: Sequence[str]) -> LogError | None:
    words = [line for line in log if line.strip()][-_TAIL:]
    if not words:
        return None
    consequence = next((i for i, w in enumerate(words) if w.startswith("Traceback (most")), None)
    told = words[:consequence] or words
    return LogError(
        kind="unknown", message=told[-1].strip(), excerpt=clip(words), block=tuple(told)
    )
