"""docs/faults.md says what the tests say."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support import faultpage


def test_page_is_up_to_date() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "faults.md"
    assert page.read_text("utf-8") == faultpage.render(), (
        "run: python tests/support/faultpage.py > docs/faults.md"
    )


@pytest.mark.parametrize("number", [number for number, _, _ in faultpage.CASES])
def test_every_case_has_a_test(number: int) -> None:
    assert faultpage.find_tests().get(number), f"no test's docstring names faults.md {number}"
