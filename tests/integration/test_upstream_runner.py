"""Running PyTorch's own tests one by one and comparing the outcomes of two builds."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from support import upstream_tests

TOY = """
import os, unittest

class TestToy(unittest.TestCase):
    def test_a_good(self):
        pass

    def test_b_bad(self):
        self.assertEqual(1, 2)

    def test_c_dies(self):
        os._exit(7)

    @unittest.skip("not here")
    def test_d_skipped(self):
        pass

    @unittest.expectedFailure
    def test_e_wrong_as_expected(self):
        self.fail("as expected")

    @unittest.expectedFailure
    def test_f_good_unexpectedly(self):
        pass

    def test_g_in_parts(self):
        for part in range(3):
            with self.subTest(part=part):
                self.assertNotEqual(part, 1)

    def test_h_errs(self):
        raise KeyError("h")

unittest.main()
"""
WANTED = {
    "test_toy.py::TestToy.test_a_good": "ok",
    "test_toy.py::TestToy.test_b_bad": "failed",
    "test_toy.py::TestToy.test_c_dies": "crashed",
    "test_toy.py::TestToy.test_d_skipped": "skipped",
    "test_toy.py::TestToy.test_e_wrong_as_expected": "ok",
    "test_toy.py::TestToy.test_f_good_unexpectedly": "passed unexpectedly",
    "test_toy.py::TestToy.test_g_in_parts": "failed",
    "test_toy.py::TestToy.test_h_errs": "failed",
}


def run(folder: Path) -> Path:
    """Run the toy's tests by the command; return the file with the outcomes."""
    (folder / "test_toy.py").write_text(TOY)
    out = folder / "out.jsonl"
    command = [sys.executable, upstream_tests.__file__, "run", "--python", sys.executable]
    command += ["--tests", str(folder), "--out", str(out), "test_toy"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return out


def test_every_outcome_is_kept_also_behind_a_crash(tmp_path: Path) -> None:
    assert upstream_tests.read(run(tmp_path)) == WANTED


def test_what_is_done_is_not_run_again(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    out.write_text(json.dumps(["test_toy.py::TestToy.test_c_dies", "ok"]) + "\n")
    found = upstream_tests.read(run(tmp_path))
    assert found == {**WANTED, "test_toy.py::TestToy.test_c_dies": "ok"}


def test_a_comparison_tells_worse_from_different() -> None:
    old = {"a": "ok", "b": "failed", "c": "ok", "d": "ok", "e": "failed", "f": "ok"}
    new = {"a": "failed", "b": "ok", "c": "skipped", "e": "crashed", "f": "ok", "g": "failed"}
    worse, other = upstream_tests.compare(old, new)
    assert worse == [
        "a: ok -> failed",
        "d: ok -> not there",
        "g: not there -> failed",
    ]
    assert other == ["b: failed -> ok", "c: ok -> skipped", "e: failed -> crashed"]
