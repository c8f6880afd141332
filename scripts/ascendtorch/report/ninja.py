"""Progress of PyTorch's own build, read from its output one line at a time."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_NINJA = re.compile(r"\[(\d+)/(\d+)\] ?(.*)")
_MAKE = re.compile(r"\[ *(\d{1,3})%\] ?(.*)")
_OBJECT = re.compile(r"(?:(?P<folder>.*?)/)?CMakeFiles/[^/]+\.dir/(?P<inside>.+)\.(?:o|obj)")
_COMPILE = re.compile(r"Building \w+ object (\S+)")
_LINK = re.compile(r"Linking [\w -]+? (\S*[/.]\S*|\S+)(?:;.*)?$")
_LIST = re.compile(r"Generating (\S+), (\S.*)")
_RUN_ON = re.compile(r"Running .+ on (\S+)")
_LONG_PATH = re.compile(r"(?<!\S)(?:/[^\s/,]+)+((?:/[^\s/,]+){3})")
#: Binary folders that upstream names differently from the source folder they belong to.
_RENAMED = (("confu-deps/", "third_party/"), ("sleef/", "third_party/sleef/"))
_WIDTH = 60

#: What happens outside ninja: a line of the log, and how people read it.
_PHASES = tuple(
    (re.compile(pattern), text)
    for pattern, text in (
        (r"Building wheel (\S+)$", "preparing {0}"),
        (r"-- Install(?:ing:| configuration:) (.+)", "installing {0}"),
        (r"-- Up-to-date: (.+)", "installing {0}"),
        (r"cmake3? -G\s*.*", "configuring"),
        (r"cmake3? --build .*", "starting the compilation"),
        (r"running ([a-z]\w*)$", "running {0}"),
        (r"building '([\w.]+)' extension$", "building the extension {0}"),
        (r"(?:hard linking|copying) (\S+) -> .*", "copying {0}"),
        (r"creating '([^']+\.whl)'.*", "packing {0}"),
        (r"adding '([^']+)'$", "packing {0}"),
    )
)
_STATUS = re.compile(r"-- +(\S.*)")
#: After these a counter that starts again is a new run, not one inside another.
_RUN_ENDS = ("cmake --build ", "cmake3 --build ", "ninja: ", "running ")


@dataclass(frozen=True)
class Step:
    """Where a build stands: `done` of `total` steps (0 of 0 while unknown) and what it works on."""

    done: int
    total: int
    text: str


class BuildProgress:
    """Turns the lines of a build's log into steps.

    A build may run ninja or make several times, one after another (the counter starts again) or
    inside one another (the outer counter stays). Between runs the counter keeps its last value.
    """

    def __init__(self) -> None:
        self._done = 0
        self._total = 0
        self._kind = ""
        self._ended = True

    def feed(self, line: str) -> Step | None:
        """Return the step that `line` reports; None when it reports none."""
        line = plain(line)
        match = _NINJA.match(line)
        if match and int(match[2]) > 0 and int(match[1]) <= int(match[2]):
            return self._count("ninja", int(match[1]), int(match[2]), match[3])
        match = _MAKE.match(line)
        if match and int(match[1]) <= 100:
            return self._count("make", int(match[1]), 100, match[2])
        if line.startswith(_RUN_ENDS):
            self._ended = True
        text = self._phase(line)
        return None if text is None else Step(self._done, self._total, text)

    def _count(self, kind: str, done: int, total: int, text: str) -> Step:
        text = shorten(text)
        unfinished = not self._ended and self._done < self._total
        # ninja's own total falls when a step turns out to have changed nothing.
        goes_on = kind == self._kind and done == self._done + 1
        if unfinished and not goes_on and (kind != self._kind or total < self._total):
            return Step(self._done, self._total, f"{done}/{total} {text}")
        self._kind, self._done, self._total, self._ended = kind, done, total, False
        return Step(done, total, text)

    def _phase(self, line: str) -> str | None:
        for pattern, text in _PHASES:
            match = pattern.fullmatch(line)
            if match:
                return text.format(*(_tail(group) for group in match.groups()))
        match = _STATUS.fullmatch(line)
        if match is None:
            return None
        return _fit(match[1] if self._total else f"configuring: {match[1]}")


def plain(line: str) -> str:
    """Return a line without colours and trailing white space."""
    if "\x1b" in line:
        line = _ANSI.sub("", line)
    return line.rstrip()


def source_of_object(path: str) -> str | None:
    """Return the source, relative to the tree, that CMake compiled to the object `path`.

    CMake writes ``..`` as ``__``: ``caffe2/CMakeFiles/torch_cpu.dir/__/torch/csrc/a.cpp.o`` is
    ``torch/csrc/a.cpp``. None when `path` is not named like that.
    """
    match = _OBJECT.fullmatch(path)
    if match is None:
        return None
    folder = (match["folder"] or "") + "/"
    for built, source in _RENAMED:
        if folder.startswith(built):
            folder = source + folder[len(built) :]
            break
    inside = "/".join(".." if part == "__" else part for part in match["inside"].split("/"))
    return posixpath.normpath(posixpath.join(folder.lstrip("/"), inside))


def shorten(text: str) -> str:
    """Return the telling part of what ninja or make says it does, in at most 60 characters."""
    match = _COMPILE.match(text)
    if match:
        return _tail_fit(source_of_object(match[1]) or match[1])
    match = _LINK.match(text)
    if match:
        return _tail_fit(f"linking {match[1]}")
    match = _LIST.fullmatch(text)
    if match:
        more = match[2].count(",") + 1
        return _tail_fit(f"generating {_tail(match[1])} and {more} more")
    match = _RUN_ON.fullmatch(text)
    if match:
        return _tail_fit(f"generating from {_tail(match[1])}")
    if " && " in text:
        # A command without a description: the part after the change of folder says most.
        text = text.rpartition(" && ")[2].strip(" :") or text
    return _fit(_LONG_PATH.sub(lambda match: match[1].lstrip("/"), text))


def _tail(path: str) -> str:
    return "/".join(path.strip('"').split("/")[-3:])


def _fit(text: str) -> str:
    return text if len(text) <= _WIDTH else text[: _WIDTH - 3] + "..."


def _tail_fit(text: str) -> str:
    if len(text) <= _WIDTH:
        return text
    tail = text[3 - _WIDTH :]
    # Whole folder names read better than half ones.
    return "..." + tail[max(0, tail.find("/")) :]
