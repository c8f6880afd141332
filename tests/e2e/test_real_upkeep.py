"""`patch matrix` and `patch rebase` on real releases, from the file mirrors that
ASCENDTORCH_MIRRORS maps: `bash tests/run.sh -m real tests/e2e/test_real_upkeep.py`.

Needed are pytorch, gloo and tensorpipe, each with its tags or commits.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.confirming import Bench, confirm, confirm_hunks, sections
from support.drafts import draft_series

ROOT = Path(__file__).resolve().parents[2]
GITHUB = "https://github.com"
TAGS = ("v1.5.0", "v1.6.0", "v1.7.1", "v1.8.0", "v1.8.1", "v1.8.2", "v1.9.0")
PIN = "56b43f4fec1f76953f15a627694d4bba34588969"
pytestmark = [pytest.mark.real, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def mirrors() -> dict[str, Path]:
    """The git folders of the three repositories, by module."""
    if not os.environ.get("ASCENDTORCH_MIRRORS"):
        pytest.skip("ASCENDTORCH_MIRRORS names no mirror map")
    rules = yaml.safe_load(Path(os.environ["ASCENDTORCH_MIRRORS"]).read_text())
    places = {rule["from"].removesuffix(".git"): rule["to"] for rule in rules}
    wanted = {
        "": "pytorch/pytorch",
        "third_party/gloo": "facebookincubator/gloo",
        "third_party/tensorpipe": "pytorch/tensorpipe",
    }
    found = {}
    for module, name in wanted.items():
        target = places.get(f"{GITHUB}/{name}", "")
        if not target.startswith("file://"):
            pytest.skip(f"{name} is not mapped to a local mirror of its own")
        found[module] = Path(target[len("file://") :])
    return found


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A workspace of its own with the project's patches."""
    for name in ("patch", "templates", "pytorch_src"):
        shutil.copytree(ROOT / name, tmp_path / "root" / name)
    return tmp_path / "root"


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
    print(found["counts"], found["seconds"], "s")
    assert found["seconds"] < 10
    folder = root / "patch" / "1.8.1"
    count = confirm(found, folder, mirrors, pins(root), tmp_path / "try")
    assert count == len(TAGS) * len(found["patches"])


def test_matrix_of_many_edits(root: Path, mirrors: dict[str, Path], tmp_path: Path) -> None:
    folder = root / "patch" / "1.8.1"
    bench = Bench(mirrors, tmp_path / "draft")
    names = draft_series(bench, PIN, "v1.9.0", folder, files=48)
    found = matrix(root, *TAGS)
    print(found["counts"], found["seconds"], "s")
    assert {"clean", "offset", "conflict", "deleted", "renamed"} <= found["counts"].keys()
    count = confirm(found, folder, {"": mirrors[""]}, pins(root), tmp_path / "try")
    assert count == len(TAGS) * len(names)


def test_rebase_onto_the_next_release_needs_nobody(
    root: Path, mirrors: dict[str, Path], tmp_path: Path
) -> None:
    done = run(root, "rebase", "-v", "1.8.1", "--onto", "v1.8.2", "--offline", "--json")
    assert done.returncode == 0, done.stderr
    made = root / "patch" / "1.8.2"
    data = yaml.safe_load((made / "version.yaml").read_text("utf-8"))
    bases = {"": data["upstream"]["commit"]}
    bases |= {path: module["commit"] for path, module in data["submodules"].items()}
    bench = Bench(mirrors, tmp_path / "try")
    for module in mirrors:
        assert bench.git(module, "new", "read-tree", bases[module]).returncode == 0
    for name in sorted(path.name for path in made.glob("*.patch")):
        for path, body in sections(made / name).items():
            module = max((m for m in mirrors if m and path.startswith(m)), default="", key=len)
            depth = f"-p{len(Path(module).parts) + 1}"
            applied = bench.git(module, "new", "apply", "--cached", "-v", depth, "-", stdin=body)
            assert applied.returncode == 0, applied.stderr
            assert b"offset" not in applied.stderr


def test_rebase_says_of_every_hunk_what_git_says(
    root: Path, mirrors: dict[str, Path], tmp_path: Path
) -> None:
    """Each stop on the way to v1.9.0, with many edits: the files laid out are git's own merge."""
    folder = root / "patch" / "1.8.1"
    bench = Bench(mirrors, tmp_path / "draft")
    draft_series(bench, PIN, "v1.9.0", folder, files=48, seed=9, twice=False)
    assert bench.git("", "tag", "read-tree", "v1.9.0").returncode == 0
    done = run(root, "rebase", "-v", "1.8.1", "--onto", "v1.9.0", "--offline", "--json")
    stops, hunks = 0, 0
    while done.returncode == 1:
        report = json.loads(done.stdout)
        body = sections(folder / report["patch"])
        for file in report["files"]:
            if file["verdict"] == "conflict" and file["hunks"]:
                hunks += confirm_merge(bench, file, body[file["path"]], tmp_path / "merge")
            elif file["verdict"] == "deleted":
                assert not bench.entry("", "tag", file["path"])
        stops += 1
        done = run(root, "rebase", "--skip", "--offline", "--json")
    print(stops, "stops,", hunks, "hunks of conflicts")
    assert stops > 5
    # Submodules that the mirrors lack: all are named, and nothing is published.
    assert done.returncode in (0, 5), done.stderr
    assert (root / "patch" / "1.9.0").exists() == (done.returncode == 0)


def confirm_merge(bench: Bench, file: dict[str, Any], body: bytes, work: Path) -> int:
    """Compare a file laid out, and what is said of each hunk, with git's merge."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    named = re.search(rb"^index ([0-9a-f]{40})\.\.([0-9a-f]{40})", body, re.MULTILINE)
    assert named is not None
    target = file["moved_to"] or file["path"]
    ours = bench.entry("", "tag", target).split()[1]
    for name, oid in (("base", named[1].decode()), ("after", named[2].decode()), ("ours", ours)):
        (work / name).write_bytes(bench.git("", "tag", "cat-file", "blob", oid).stdout)
    labels = ("-L", "v1.9.0", "-L", "before the patch", "-L", "the patch")
    merged = subprocess.run(
        ["git", "merge-file", "-p", "-q", *labels, "ours", "base", "after"],
        cwd=work,
        capture_output=True,
        check=False,
    )
    assert merged.returncode > 0, file["path"]
    assert Path(file["work"]).read_bytes() == merged.stdout, file["path"]
    confirm_hunks(bench, "", target, file, body)
    return len(file["hunks"])
