"""The remedies as data: strict reading, one entry for each message, and the page made of them."""

# ruff: noqa: RUF001  (the quotes are gcc's)
from __future__ import annotations

from pathlib import Path

import pytest

from ascendtorch.errors import SpecError
from ascendtorch.report.remedies import (
    Remedy,
    find_remedy,
    load_remedies,
    normalise,
    render_markdown,
)

REMEDIES = load_remedies()
PAGE = Path(__file__).parents[2] / "docs" / "troubleshooting.md"
ENTRY = """
schema: 1
remedies:
  - id: {id}
    title: T
    patterns: ["{pattern}"]
    seen: ["boom"]
    cause: C
    remedy:
      - text: Do it
        debian: apt do
        redhat: yum do
      - text: Then this.
{extra}
"""


def read(tmp_path: Path, *, id: str = "a", pattern: str = "boom", extra: str = "") -> Remedy:
    path = tmp_path / "r.yaml"
    path.write_text(ENTRY.format(id=id, pattern=pattern, extra=extra))
    return load_remedies(path)[0]


@pytest.mark.parametrize("remedy", REMEDIES, ids=lambda remedy: remedy.id)
def test_each_message_finds_its_own_entry(remedy: Remedy) -> None:
    assert remedy.seen
    for text in remedy.seen:
        found = find_remedy(text.splitlines(), REMEDIES)
        assert found is not None and found.id == remedy.id, text


@pytest.mark.parametrize("remedy", REMEDIES, ids=lambda remedy: remedy.id)
def test_no_pattern_runs_over_the_end_of_a_message(remedy: Remedy) -> None:
    assert [p.pattern for p in remedy.patterns if ".*" in p.pattern or ".+" in p.pattern] == []


def test_no_pattern_matches_an_empty_line() -> None:
    assert [r.id for r in REMEDIES for p in r.patterns if p.search("")] == []


@pytest.mark.parametrize(
    "line",
    [
        "[17/2282] Building CXX object caffe2/CMakeFiles/torch_cpu.dir/__/x/error_report.cpp.o",
        "-- Performing Test HAS_WERROR_FORMAT - Success",
        "../c10/core/TensorOptions.h:639:7: warning: this statement may fall through",
        "Compatibility with CMake < 3.10 will be removed from a future version of CMake.",
        "-- Could NOT find MKL (missing: MKL_INCLUDE_DIR)",
    ],
)
def test_lines_of_a_good_build_find_nothing(line: str) -> None:
    assert find_remedy([line], REMEDIES) is None


@pytest.mark.parametrize(
    ("id", "flag"), [("xnnpack", "USE_XNNPACK=0"), ("breakpad", "BUILD_BREAKPAD=0")]
)
def test_flags(id: str, flag: str) -> None:
    remedy = next(r for r in REMEDIES if r.id == id)
    assert remedy.flag == flag
    assert f"-D {flag}" in remedy.text()


def test_normalise_joins_lines_and_evens_out_quotes_and_colours() -> None:
    assert normalise(["  a \x1b[31m‘b’", "", "`c' “d”"]) == "a 'b' 'c' \"d\""


def test_text_gives_the_commands_of_the_distribution(tmp_path: Path) -> None:
    remedy = read(tmp_path)
    assert remedy.text("redhat") == "Do it: `yum do`. Then this."
    assert remedy.text() == "Do it: `apt do` or `yum do`. Then this."


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"pattern": "("}, "is not a regular expression"),
        ({"id": "Not An Id"}, "which is not words joined by hyphens"),
        ({"extra": "    flags: USE_X=0"}, "unknown key"),
        ({"extra": "    flag: use it"}, "which is not a flag"),
        ({"extra": "    environment: 'yes'"}, "must be true or false"),
    ],
)
def test_a_malformed_entry_is_refused(tmp_path: Path, change: dict[str, str], cause: str) -> None:
    with pytest.raises(SpecError) as caught:
        read(tmp_path, **change)
    assert cause in str(caught.value)
    assert "r.yaml:" in str(caught.value)


def test_an_id_given_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    text = ENTRY.format(id="a", pattern="x", extra="")
    path.write_text(text.rstrip() + text.partition("remedies:")[2])
    with pytest.raises(SpecError, match="repeats the id `a`"):
        load_remedies(path)


def test_the_page_says_everything(tmp_path: Path) -> None:
    page = render_markdown([read(tmp_path, extra="    flag: USE_X=0")])
    for part in ("- [T](#a)", '<a id="a"></a>', "boom", "C", "apt do", "yum do", "-D USE_X=0"):
        assert part in page


def test_the_committed_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == render_markdown(REMEDIES), (
        "docs/troubleshooting.md is not what remedies.yaml says; make it anew with "
        "`python -m ascendtorch.report.remedies > docs/troubleshooting.md`"
    )
