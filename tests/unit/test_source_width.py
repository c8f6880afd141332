"""The width of our C++ and Python sources, which no compiler looks after."""

from __future__ import annotations

from pathlib import Path

SOURCES = Path(__file__).parents[2] / "pytorch_src"
WIDTH = 100


def test_no_line_is_too_wide() -> None:
    kinds = (".cpp", ".h", ".py", ".cmake")
    paths = [path for path in sorted(SOURCES.rglob("*")) if path.suffix in kinds]
    assert len(paths) > 300
    wide = [
        f"{path.relative_to(SOURCES)}:{number}: {len(line)}"
        for path in paths
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if len(line) > WIDTH
    ]
    assert wide == []
