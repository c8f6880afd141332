"""A legacy patch of 240 KB and 99 files on the real 1.8.1: imported, split, exported, the same.

One edits files by a rule, submodules' too; the other is what upstream did to its files until 1.9.0.
`bash tests/run.sh -m real tests/e2e/test_real_import.py`, with ASCENDTORCH_MIRRORS for PyTorch,
gloo and tensorpipe.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from support import megapatch, releasepatch
from support.megapatch import MegaPatch
from support.realcheckout import GLOO, Checkout

pytestmark = [pytest.mark.real, pytest.mark.timeout(3600)]


@pytest.fixture(scope="module", params=["edits", "v1.9.0"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def checkout(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    if not os.environ.get("ASCENDTORCH_MIRRORS"):
        pytest.skip("ASCENDTORCH_MIRRORS names no mirror map")
    made = Checkout(tmp_path_factory.mktemp(kind))
    made.run("gen", "-v", "1.8.1", "--submodules", "needed")
    return made


@pytest.fixture(scope="module")
def mega(kind: str, checkout: Checkout, tmp_path_factory: pytest.TempPathFactory) -> MegaPatch:
    folder = tmp_path_factory.mktemp("mega")
    if kind == "edits":
        return megapatch.make(checkout.tree, folder)
    rules = yaml.safe_load(Path(os.environ["ASCENDTORCH_MIRRORS"]).read_text("utf-8"))
    mirror = next(rule["to"] for rule in rules if rule["from"].endswith("/pytorch/pytorch"))
    pin = checkout.git("rev-parse", "refs/ascendtorch/base").strip()
    repository = Path(mirror.removeprefix("file://"))
    return releasepatch.make(checkout.tree, folder, repository, pin, kind)


def holds(tree: Path, mega: MegaPatch) -> bool:
    """Whether a tree has exactly what the diff makes, file by file."""
    return all(
        (tree / path).read_bytes() == data if data is not None else not (tree / path).exists()
        for path, data in mega.files.items()
    )


def test_the_diff_is_what_it_should_be(mega: MegaPatch) -> None:
    raw = mega.path.read_bytes()
    assert raw.count(b"\ndiff -Nur ") + 1 == len(mega.files) == 99
    assert 235_000 < len(raw) < 245_000
    copy = mega.path.parent / "copy"
    shutil.copytree(mega.path.parent / "a", copy)
    subprocess.run(["patch", "-p1", "-s", "-i", str(mega.path)], cwd=copy, check=True)
    assert holds(copy, mega)


def test_imported_split_and_exported(checkout: Checkout, mega: MegaPatch) -> None:
    before = checkout.git("rev-parse", "HEAD").strip()
    result = checkout.run("patch", "import", "-v", "1.8.1", "--split", str(mega.path))
    print(
        json.dumps(result["inputs"]),
        len(result["patches"]),
        "patches,",
        len(result["overlay"]["files"]),
        "files of our own",
    )
    assert result["proof"]["input"] == result["proof"]["series_and_overlay"]
    assert result["inputs"][0]["files"] == 99
    in_patches = [path for item in result["patches"] for path in item["files"]]
    assert sorted([*in_patches, *result["overlay"]["files"]]) == sorted(mega.files)
    checkout.run("gen", "-v", "1.8.1", "--submodules", "needed")
    assert holds(checkout.tree, mega)
    assert checkout.git("status", "--porcelain", "--ignore-submodules=none") == ""
    changed = checkout.git(
        "diff", "--name-only", "--no-renames", "--ignore-submodules=all", before, "HEAD"
    ).split()
    own = set(result["overlay"]["files"])
    assert set(changed) == {p for p in mega.files if p not in own and not p.startswith(GLOO)}
    # Every commit made anew, by a person's git: other hashes, the same patches to the byte.
    series = {path.name: path.read_bytes() for path in checkout.patches.iterdir()}
    checkout.git(
        *("-c", "user.name=A", "-c", "user.email=a@invalid", "rebase", "--quiet", "--no-ff"),
        "refs/ascendtorch/base",
    )
    shown = checkout.run("patch", "export", "-v", "1.8.1")
    assert {item["state"] for item in shown["patches"]} == {"kept"}
    assert {path.name: path.read_bytes() for path in checkout.patches.iterdir()} == series
    assert holds(checkout.tree, mega)
    assert checkout.run("patch", "status", "-v", "1.8.1")["clean"] is True
    assert all(
        f["level"] == "warning" for f in checkout.run("patch", "lint", "-v", "1.8.1")["findings"]
    )
