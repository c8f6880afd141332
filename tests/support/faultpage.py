"""docs/faults.md: what happens on each fault, and the tests that show it, found by docstring.

`python tests/support/faultpage.py > docs/faults.md` writes the page anew.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]

#: Number, fault, what the tool does.
CASES: tuple[tuple[int, str, str], ...] = (
    (1, "kill -9 while fetching", "packs enter the cache only when whole; the next run goes on"),
    (2, "Ctrl-C", "everything started is ended; exit code 130; the next run goes on"),
    (3, "a name that cannot be resolved", "tried a bounded number of times, then named"),
    (4, "the connection breaks halfway", "tried again; what has arrived elsewhere is kept"),
    (5, "the server is silent", "given up after `--stall` seconds"),
    (6, "TLS or proxy error", "named, with what to check"),
    (7, "404, or a password is asked for", "named; nobody is ever prompted"),
    (8, "the tag was moved", "the pinned commit is fetched; a tag is never trusted"),
    (9, "a submodule's commit is gone", "named, with its URL; the pin is not moved"),
    (10, "one repository of many fails", "the others are kept; all failures are listed"),
    (11, "a damaged pack in the cache", "set aside and fetched anew, once"),
    (12, "the cache is deleted", "trees stand on their own"),
    (13, "a lock of git's is left over", "reported, never deleted"),
    (14, "offline, and something is missing", "every missing commit is listed"),
    (15, "a malformed mirror map", "refused with file and line"),
    (16, "the disk is full while fetching", "named; nothing half-made is left in place"),
    (17, "kill -9 while patching", "each file is old or new; the next run completes"),
    (18, "the disk is full while patching", "the same"),
    (19, "a read-only tree", "named; nothing is half-done"),
    (20, "a hunk does not fit", "file, hunk and nearest match are shown; the tree is untouched"),
    (21, "already applied", "a no-op by record; refused when somebody else applied it"),
    (22, "partly applied by another tool", "refused; the tree is untouched"),
    (23, "a truncated hunk", "refused before anything is applied"),
    (24, "an empty patch", "refused"),
    (25, "binary or not UTF-8", "a binary change is refused; text in any encoding is patched"),
    (26, "CRLF against LF", "refused, and the line ends are named as the cause"),
    (27, "the target is missing", "refused, naming it and a patch before that touched it"),
    (28, "a new file exists already", "refused"),
    (29, "the target is a link or a submodule", "refused"),
    (30, "fuzz or offset", "fuzz is refused, an offset unless the patch declares it"),
    (31, "the series lists a missing or doubled patch", "refused with file and line"),
    (32, "a patch is not listed", "a warning"),
    (33, "a patch was edited after it was applied", "applied anew from that patch on"),
    (34, "two patches conflict", "both are named"),
    (35, "a change of mode", "is kept"),
    (36, "edits by hand", "never overwritten: refused, or kept in a backup with `--force`"),
    (37, "an overlay file shadows upstream", "refused"),
    (38, "paths that differ in case only", "refused"),
    (39, "an undefined name in a template", "refused with file and line"),
    (40, "an error in one of many templates", "none is written"),
    (41, "a doubled YAML key", "refused with both lines"),
    (42, "a wrong YAML type", "refused with file and line; nothing is converted"),
    (43, "an unknown key", 'refused with a "did you mean"'),
    (
        44,
        "an operator is missing or changed upstream",
        "refused with file, line and release, nothing rendered; `ops drift` shows both signatures",
    ),
    (45, "an output is no longer generated", "removed, unless it was edited"),
    (46, "spaces, quotes, non-ASCII in paths", "work; line breaks are refused"),
    (47, "two runs at once", "the second names the first's PID, or waits (`--wait`)"),
    (48, "a lock left by a dead run", "cannot be: the kernel drops it with its holder"),
    (49, "the compiler is killed for memory", "said so; fewer `--jobs`"),
    (50, "the build is killed", "what it left running is ended; ninja goes on"),
    (51, "a tool is missing, too old or too new", "refused before any work"),
    (52, "a damaged state file", "said so; what it recorded is done again or named"),
    (53, "mtimes in the future", "refused, naming the file and the cure"),
    (54, "a cache folder is full or read-only", "the run goes on without it"),
    (55, "the wheel is interrupted", "no part of a wheel is ever in dist/"),
    (56, "HOME unset, or several file systems", "work"),
    (57, "state or data of a newer tool", "refused"),
    (58, "the workspace was moved", "works; objects that name the old place are made anew"),
)


def find_tests() -> dict[int, list[str]]:
    """Return the tests of each case, as `file::name`, from docstrings that say ``faults.md N``."""
    found: dict[int, list[str]] = {}
    for path in sorted(TESTS.rglob("test_*.py")):
        for name, text in _docstrings(path):
            for number in _numbers(text):
                found.setdefault(number, []).append(f"{path.relative_to(TESTS)}::{name}")
    return found


def _docstrings(path: Path) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test"):
            yield node.name, ast.get_docstring(node) or ""


def _numbers(text: str) -> Iterator[int]:
    for match in re.finditer(r"faults\.md ((?:\d+(?:-\d+)?(?:, | and )?)+)", text):
        for first, last in re.findall(r"(\d+)(?:-(\d+))?", match[1]):
            yield from range(int(first), int(last or first) + 1)


def render() -> str:
    """Return the page."""
    tests = find_tests()
    lines = [
        "# Faults",
        "",
        "What happens on each fault, and the tests that show it. Written by",
        "`python tests/support/faultpage.py > docs/faults.md`; a test holds the page to the tests.",
        "",
        "| | fault | what happens | tests |",
        "| --- | --- | --- | --- |",
    ]
    for number, fault, answer in CASES:
        names = "<br>".join(f"`{name}`" for name in tests.get(number, []))
        lines.append(f"| {number} | {fault} | {answer} | {names} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(render(), end="")
