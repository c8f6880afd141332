"""Which functions of CANN binaries use, and what the emulator has of them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Callable

EMULATED, PARTIAL, UNSUPPORTED, ABSENT = "emulated", "partial", "unsupported", "absent"
STATES = (EMULATED, PARTIAL, UNSUPPORTED, ABSENT)
_SIZE = "GetWorkspaceSize"
_WIDTH = 100


@dataclass(frozen=True)
class Use:
    """What one file asks for.

    Attributes:
        file: the file, as it is shown.
        needed: sonames of the libraries that it needs.
        symbols: what it links to, and whether it can do without.
        names: what it may look up by name while it runs.
    """

    file: str
    needed: tuple[str, ...]
    symbols: Mapping[str, bool]
    names: frozenset[str]


@dataclass(frozen=True)
class Row:
    """One function: who uses it and whether the emulator has it.

    `how` is ``link`` (without it the file does not load), ``weak`` or ``lookup`` (by name, while
    the program runs); `note` says what a function does not do, or why it is not supported.
    """

    name: str
    how: str
    status: str
    files: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True)
class Report:
    """The result: `libraries` are missing ones, each with the files that need it."""

    files: tuple[str, ...]
    rows: tuple[Row, ...]
    libraries: Mapping[str, tuple[str, ...]]

    @property
    def loads(self) -> bool:
        """Whether all files load: each library and each symbol that is not weak is there."""
        return not self.libraries and not any(
            row.how == "link" and row.status == ABSENT for row in self.rows
        )

    def text(self) -> str:
        """The same for people: counts, and what is missing."""
        lines = [f"{len(self.files)} file{'s' if len(self.files) != 1 else ''}"]
        for name, files in self.libraries.items():
            lines += _paragraph(f"missing library {name}, needed by", files)
        for label, hows in (
            ("linked", ("link", "weak")),
            ("looked up by name, perhaps", ("lookup",)),
        ):
            lines.append(f"{label}: {self._counts(*hows)}")
            grouped: dict[str, list[str]] = {}
            for row in self.rows:
                if row.how not in hows or row.status in (EMULATED, PARTIAL):
                    continue
                # Files miss what they link to; what they may look up is the same list for all.
                why = row.note or (f"by {_shown(row.files)}" if row.how != "lookup" else "")
                weak = ", optional" if row.how == "weak" else ""
                head = f"{row.status}{weak}{f' ({why})' if why else ''}"
                grouped.setdefault(head, []).append(row.name)
            for head in sorted(grouped, reverse=True):
                lines += _paragraph(head, _paired(grouped[head]))
        lines.append("all of it loads" if self.loads else "not all of it loads")
        return "\n".join(lines)

    def _counts(self, *hows: str) -> str:
        found = [row.status for row in self.rows if row.how in hows]
        return ", ".join(f"{found.count(s)} {s}" for s in STATES)

    def as_json(self) -> dict[str, object]:
        """The same as data."""
        return {
            "loads": self.loads,
            "files": list(self.files),
            "missing_libraries": {name: list(files) for name, files in self.libraries.items()},
            "functions": [
                {
                    "name": row.name,
                    "use": row.how,
                    "status": row.status,
                    "note": row.note,
                    "files": list(row.files),
                }
                for row in self.rows
            ],
        }


def _paragraph(head: str, items: Iterable[str]) -> list[str]:
    return textwrap.wrap(
        f"{head}: {', '.join(items)}",
        width=_WIDTH,
        initial_indent="  ",
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _shown(files: tuple[str, ...]) -> str:
    rest = f" and {len(files) - 1} more" if len(files) > 1 else ""
    return f"{files[0]}{rest}"


def _paired(names: Iterable[str]) -> list[str]:
    """Write the two functions that each operator of the aclnn interface consists of as one."""
    found = dict.fromkeys(sorted(names), "")
    for name in tuple(found):
        if f"{name}{_SIZE}" in found:
            found[name] = f" (+{_SIZE})"
            del found[f"{name}{_SIZE}"]
    return [f"{name}{note}" for name, note in found.items()]


def classify(
    uses: Iterable[Use],
    *,
    has_library: Callable[[str], bool],
    elsewhere: Callable[[str], bool],
    emulated: Callable[[str], bool],
    unsupported: Mapping[str, str],
    partial: Mapping[str, str],
) -> Report:
    """Compare what files use with what there is.

    Args:
        has_library: whether a soname is found.
        elsewhere: whether torch, Python, the system or one of the files defines a symbol.
        emulated: whether the emulator exports a function.
        unsupported: functions that it exports and refuses, with the reason.
        partial: functions that do less than CANN's, with what they do not do.
    """
    uses = tuple(uses)
    linked: dict[str, list[Use]] = {}
    looked_up: dict[str, list[Use]] = {}
    libraries: dict[str, list[str]] = {}
    for use in uses:
        for soname in use.needed:
            if not has_library(soname):
                libraries.setdefault(soname, []).append(use.file)
        for name, weak in use.symbols.items():
            # Hooks of compilers and profilers, which nobody is to define.
            if not (weak and name.startswith("_")):
                linked.setdefault(name, []).append(use)
        for name in use.names:
            looked_up.setdefault(name, []).append(use)

    def row(name: str, how: str, users: list[Use]) -> Row:
        notes = {UNSUPPORTED: unsupported, PARTIAL: partial}
        status, note = (EMULATED if emulated(name) else ABSENT), ""
        for other, reasons in notes.items():
            if status == EMULATED and name in reasons:
                status, note = other, reasons[name]
        return Row(name, how, status, tuple(use.file for use in users), note)

    rows = []
    for name, users in sorted(linked.items()):
        weak = all(use.symbols[name] for use in users)
        # The emulator comes first on the search path: what both have is the emulator's.
        if emulated(name) or not elsewhere(name):
            rows.append(row(name, "weak" if weak else "link", users))
    rows += [
        row(name, "lookup", users)
        for name, users in sorted(looked_up.items())
        if name not in linked
    ]
    return Report(
        files=tuple(use.file for use in uses),
        rows=tuple(rows),
        libraries={name: tuple(files) for name, files in sorted(libraries.items())},
    )
