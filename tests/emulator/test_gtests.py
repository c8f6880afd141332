"""The runtime's gtests, program by program, each with as many cases as its source has."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from support.emulator import ROOT, clean_environment

SOURCES = sorted((ROOT / "pytorch_src/npu/emulator/runtime/tests").glob("*_test.cpp"))


def declared(source: Path) -> set[str]:
    """The cases of one source, as ``Suite.Name``; disabled ones are programs of other cases."""
    found = re.findall(r"^TEST(?:_F)?\(\s*(\w+)\s*,\s*(\w+)\s*\)", source.read_text(), re.MULTILINE)
    return {f"{suite}.{name}" for suite, name in found if not name.startswith("DISABLED_")}


def test_there_are_gtests() -> None:
    assert len(SOURCES) >= 20
    assert all(declared(source) for source in SOURCES)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_gtests(emulator_build: Path, source: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    done = subprocess.run(
        [str(emulator_build / "bin" / source.stem), f"--gtest_output=json:{report}"],
        cwd=tmp_path,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    said = f"{done.stdout[-8000:]}{done.stderr[-2000:]}"
    assert done.returncode == 0, said
    suites = json.loads(report.read_text())["testsuites"]
    cases = {f"{s['name']}.{case['name']}": case for s in suites for case in s["testsuite"]}
    run = {name for name, case in cases.items() if case["result"] == "COMPLETED"}
    assert declared(source) <= run, said
    assert all(".DISABLED_" in name for name in set(cases) - run), said
