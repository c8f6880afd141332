"""The list of functions that are refused, as C++ compiles it and as Python reads it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ascendtorch.emulator.refusals import FILE, unsupported_functions
from ascendtorch.errors import SpecError

ROOT = Path(__file__).resolve().parents[2]


def read(root: Path, text: str) -> dict[str, str]:
    (root / FILE).parent.mkdir(parents=True, exist_ok=True)
    (root / FILE).write_text(text, "utf-8")
    return unsupported_functions(root)


def test_entries(tmp_path: Path) -> None:
    text = """/* UNSUPPORTED(notThis, kAcl, "in a comment") */
UNSUPPORTED(aclOne, kAcl, "because")
UNSUPPORTED(aclTwo, kNothing,
            "a long reason, "
            "with a \\"quote\\"")
"""
    assert read(tmp_path, text) == {
        "aclOne": "because",
        "aclTwo": 'a long reason, with a "quote"',
    }


@pytest.mark.parametrize(
    "line", ["UNSUPPORTED(aclOne, kAcl)", 'UNSUPORTED(aclOne, kAcl, "why")', "int x;"]
)
def test_what_is_no_entry(tmp_path: Path, line: str) -> None:
    with pytest.raises(SpecError, match="no entry") as caught:
        read(tmp_path, f'UNSUPPORTED(aclZero, kAcl, "why")\n{line}\n')
    assert line in str(caught.value)


def test_a_missing_list(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="cannot be read"):
        unsupported_functions(tmp_path)


def test_ours() -> None:
    found = unsupported_functions(ROOT)
    assert "rtKernelLaunch" in found
    assert all(why and "\n" not in why for why in found.values())
