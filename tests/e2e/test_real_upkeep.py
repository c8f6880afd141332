"""`patch matrix` and `patch rebase` on real releases, from the file mirrors that
ASCENDTORCH_MIRRORS maps: `bash tests/run.sh -m real tests/e2e/test_real_upkeep.py`.

Needed are pytorch, gloo, tensorpipe and XNNPACK, each with its tags or commits, and to generate
1.8.2 the submodules that it compiles.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.confirming import Bench, confirm
from support.confirmingstops import Merges, confirm_series, confirm_stop
from support.drafts import draft_series
from support.realcheckout import ROOT, Checkout

GITHUB = "https://github.com"
TAGS = ("v1.5.0", "v1.6.0", "v1.7.1", "v1.8.0", "v1.8.1", "v1.8.2", "v1.9.0")
PIN = "56b43f4fec1f76953f15a627694d4bba34588969"
pytestmark = [pytest.mark.real, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def mirrors() -> dict[str, Path]:
    """The git folders of the repositories that the series touches, by module."""
    if not os.environ.get("ASCENDTORCH_MIRRORS"):
        pytest.skip("ASCENDTORCH_MIRRORS names no mirror map")
    rules = yaml.safe_load(Path(os.environ["ASCENDTORCH_MIRRORS"]).read_text())
    places = {rule["from"].removesuffix(".git"): rule["to"] for rule in rules}
    wanted = {
        "": "pytorch/pytorch",
        "third_party/gloo": "facebookincubator/gloo",
        "third_party/tensorpipe": "pytorch/tensorpipe",
        "third_party/XNNPACK": "malfet/XNNPACK",
    }
    found = {}
    for module, name in wanted.items():
        target = places.get(f"{GITHUB}/{name}", "")
        if not target.startswith("file://"):
            pytest.skip(f"{name} is not mapped to a local mirror of its own")
        found[module] = Path(target[len("file://") :])
    return found


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path / "root")


@pytest.fixture
def root(checkout: Checkout) -> Path:
    return checkout.root


def run(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ascendtorch", "patch", *arguments],
        env={
            **os.environ,
            "ASCENDTORCH_ROOT": str(root),
            "ASCENDTORCH_CACHE": str(root / "cache"),
            "PYTHONPATH": str(ROOT / "scripts"),
        },
        capture_output=True,
        text=True,
        check=False,
    )


def matrix(root: Path, *tags: str) -> dict[str, Any]:
    done = run(root, "matrix", "-v", "1.8.1", "--offline", "--json", "--against", *tags)
    assert done.returncode in (0, 1), done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def pins(root: Path) -> dict[str, str]:
    data = yaml.safe_load((root / "patch" / "1.8.1" / "version.yaml").read_text("utf-8"))
    return {"": PIN, **{path: module["commit"] for path, module in data["submodules"].items()}}


def test_matrix_of_the_series(root: Path, mirrors: dict[str, Path], tmp_path: Path) -> None:
    found = matrix(root, *TAGS)
    print(found["counts"], found["seconds"], "s", flush=True)
    folder = root / "patch" / "1.8.1"
    count = confirm(found, folder, mirrors, pins(root), tmp_path / "try")
    assert count == len(TAGS) * len(found["patches"])


def test_matrix_of_many_edits(root: Path, mirrors: dict[str, Path], tmp_path: Path) -> None:
    folder = root / "patch" / "1.8.1"
    bench = Bench(mirrors, tmp_path / "draft")
    names = draft_series(bench, PIN, "v1.9.0", folder, files=48)
    found = matrix(root, *TAGS)
    print(found["counts"], found["seconds"], "s", flush=True)
    assert {"clean", "offset", "conflict", "deleted", "renamed"} <= found["counts"].keys()
    count = confirm(found, folder, {"": mirrors[""]}, pins(root), tmp_path / "try")
    assert count == len(TAGS) * len(names)


def rebase(root: Path, mirrors: dict[str, Path], tag: str, bench: Bench) -> tuple[int, int]:
    """Rebase with every stop skipped, each compared with git's merge; count stops and hunks.

    Where the rebase completes, its series is applied by git, and must make what git merged.
    """
    folder = root / "patch" / "1.8.1"
    links = {"": "", **dict.fromkeys(mirrors, "")}
    links[""] = bench.git("", "pin", "rev-parse", f"{tag}^{{commit}}").stdout.decode().strip()
    for module in filter(None, mirrors):
        listed = bench.git("", "pin", "ls-tree", links[""], "--", module).stdout.split()
        links[module] = listed[2].decode()
    merges = Merges(bench, folder, mirrors, pins(root), links)
    waiting = (folder / "series").read_text("utf-8").split("\n")
    waiting = [line for line in waiting if line.endswith(".patch")]
    done = run(root, "rebase", "-v", "1.8.1", "--onto", tag, "--offline", "--json")
    stops, hunks = 0, 0
    while done.returncode == 1:
        report = json.loads(done.stdout)
        while waiting[0] != report["patch"]:
            assert not merges.carry(waiting.pop(0))
        hunks += confirm_stop(merges, report)
        waiting.pop(0)
        stops += 1
        done = run(root, "rebase", "--skip", "--offline", "--json")
    # Submodules that the mirrors lack: all are named, and nothing is published.
    assert done.returncode in (0, 5), done.stderr
    for name in waiting:
        assert not merges.carry(name)
    print(tag, stops, "stops,", hunks, "hunks of files that stop one", flush=True)
    made = root / "patch" / tag[1:]
    assert made.exists() == (done.returncode == 0)
    if made.exists():
        confirm_series(merges, made)
    return stops, hunks


def test_rebase_onto_the_next_release_needs_nobody(
    checkout: Checkout, mirrors: dict[str, Path], tmp_path: Path
) -> None:
    stops, _ = rebase(checkout.root, mirrors, "v1.8.2", Bench(mirrors, tmp_path / "try"))
    assert stops == 0
    assert (checkout.root / "patch" / "1.8.2").exists()
    checkout.run("gen", "-v", "1.8.2", "--submodules", "needed")
    assert checkout.run("patch", "status", "-v", "1.8.2")["clean"] is True
    shown = checkout.run("patch", "export", "-v", "1.8.2")
    assert {patch["state"] for patch in shown["patches"]} == {"kept"}


def test_rebase_of_the_series_says_of_every_hunk_what_git_says(
    root: Path, mirrors: dict[str, Path], tmp_path: Path
) -> None:
    stops, hunks = rebase(root, mirrors, "v1.9.0", Bench(mirrors, tmp_path / "try"))
    assert 0 < stops < hunks


def test_rebase_of_many_edits_says_of_every_hunk_what_git_says(
    root: Path, mirrors: dict[str, Path], tmp_path: Path
) -> None:
    bench = Bench(mirrors, tmp_path / "draft")
    folder = root / "patch" / "1.8.1"
    draft_series(bench, PIN, "v1.9.0", folder, files=48, seed=9, twice=False)
    stops, _ = rebase(root, mirrors, "v1.9.0", bench)
    assert stops > 5
