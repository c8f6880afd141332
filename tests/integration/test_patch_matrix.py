"""`patch matrix`: verdicts on an upstream in which everything moves, each checked by git."""

from __future__ import annotations

import dataclasses
import json
import random
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ascendtorch.edge import git
from ascendtorch.series.patchfile import FileDiff, parse_patch
from ascendtorch.upkeep.merging import merger
from ascendtorch.upkeep.nearly import describe_hunks
from ascendtorch.upkeep.placing import changes_of, place
from support import gitbench
from support.confirming import confirm, confirm_place
from support.moving import DEVICE, EXPECTED, TAGS, Moving
from support.upstream import GLOO, VERSION
from support.workspace import Workspace


def matrix(workspace: Workspace, *arguments: str, code: int = 1, **options: Any) -> dict[str, Any]:
    done = workspace.run(
        *("patch", "matrix", "-v", VERSION, "--json", *arguments), check=False, **options
    )
    assert done.code == code, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def verdicts(found: dict[str, Any], tag: str) -> dict[str, dict[str, Any]]:
    return {v["patch"]: v for v in found["verdicts"] if v["tag"] == tag}


def test_every_verdict(moved: Workspace) -> None:
    before = moved.snapshot(moved.root / "patch", moved.upstream.mirror)
    found = matrix(moved, "--against", *TAGS)
    for number, tag in enumerate(TAGS):
        kinds = {name: verdict["verdict"] for name, verdict in verdicts(found, tag).items()}
        assert kinds == {name: row[number] for name, row in EXPECTED.items()}, tag
    assert found["stops"] == 6
    assert moved.snapshot(moved.root / "patch", moved.upstream.mirror) == before
    assert not moved.tree.exists()


def test_git_confirms_every_verdict(moved: Workspace, moving: Moving, tmp_path: Path) -> None:
    found = matrix(moved, "--against", *TAGS)
    mirror = moved.upstream.mirror
    repositories = {"": mirror / "pytorch.git", GLOO: mirror / "gloo.git"}
    checked = confirm(found, moved.patches, repositories, moving.upstream.pins, tmp_path / "try")
    assert checked == len(TAGS) * len(EXPECTED)


def test_what_is_said_of_each_target(moved: Workspace, moving: Moving) -> None:
    found = matrix(moved, "--against", "v1.9.0")
    said = {name: v["files"][0] for name, v in verdicts(found, "v1.9.0").items()}
    assert said["0002-offset.patch"]["offset"] == 3
    assert said["0006-renamed.patch"]["moved_to"] == "lib/renamed.c"
    assert said["0006-renamed.patch"]["commit"]["subject"] == "Move renamed.c to lib"
    assert said["0011-renamed-again.patch"]["moved_to"] == "lib/renamed.c"
    assert said["0007-deleted.patch"]["commit"]["subject"] == "Drop deleted.c"
    again = said["0012-deleted-again.patch"]["note"]
    assert "0007-deleted.patch before it does not fit this file either" in again
    assert said["0008-gloo.patch"] | {"commit": None} == {
        **dict.fromkeys(("moved_to", "commit")),
        "path": DEVICE,
        "verdict": "offset",
        "offset": 1,
        "note": "",
        "hunks": [],
    }
    conflict = said["0005-conflict.patch"]
    assert [hunk["state"] for hunk in conflict["hunks"]] == ["fits", "conflict", "merge"]
    lost = conflict["hunks"][1]
    assert "-conflict 20" in lost["wanted"]
    assert "conflict 20, upstream's" in lost["there"]
    assert lost["line"] == 17


def test_a_target_that_is_younger_than_the_release(moved: Workspace) -> None:
    found = matrix(moved, "--against", "v1.5.0")
    said = verdicts(found, "v1.5.0")
    assert said["0007-deleted.patch"]["files"][0]["note"] == "added after v1.5.0"
    assert said["0008-gloo.patch"]["files"][0]["note"] == f"v1.5.0 has no submodule {GLOO}"


def test_missing_objects_are_never_guessed_at(moved: Workspace) -> None:
    moved.map_to(f"file://{moved.upstream.mirror}", gloo="https://example.invalid/gone.git")
    found = matrix(moved, "--offline", "--against", "v1.9.0")
    gloo = verdicts(found, "v1.9.0")["0008-gloo.patch"]
    assert gloo["verdict"] == "unknown"
    assert "objects of third_party/gloo" in gloo["files"][0]["note"]


def test_the_cache_does_where_no_mirror_can_be_read_in_place(moved: Workspace) -> None:
    """Of a server come single commits, without history; only the commit of a rename is lost."""
    first = matrix(moved, "--against", "v1.9.0")
    log = moved.base / "ssh.log"
    (moved.base / "ssh.json").write_text(
        json.dumps(
            {
                "root": str(moved.upstream.mirror),
                "log": str(log),
                "mark": str(moved.base / "mark"),
                "rules": {},
            }
        )
    )
    log.touch()
    moved.map_to("ssh://example.invalid")
    fake = Path(__file__).resolve().parents[1] / "support" / "fake_ssh.py"
    ssh = {"GIT_SSH_COMMAND": f"python3 {fake}", "FAKE_SSH": str(moved.base / "ssh.json")}
    second = matrix(moved, "--against", "v1.9.0", env=ssh)
    kinds = [{k: v["verdict"] for k, v in verdicts(f, "v1.9.0").items()} for f in (first, second)]
    # Two commits that were fetched alone share no history, but their trees still show the rename.
    assert kinds[0] == kinds[1]
    assert verdicts(second, "v1.9.0")["0006-renamed.patch"]["files"][0]["commit"] is None
    asked = len(log.read_text().splitlines())
    assert asked == 5  # the tag's name, then two commits of each repository
    matrix(moved, "--against", "v1.9.0", env=ssh)
    assert len(log.read_text().splitlines()) == asked + 1


@pytest.mark.parametrize(
    ("tag", "code", "said"),
    [
        ("v9.9.9", 5, "there is no tag v9.9.9"),
        ("--output=x", 2, "No such option"),
        ("a..b", 5, "not the name of a tag"),
    ],
)
def test_a_tag_that_is_not_there(moved: Workspace, tag: str, code: int, said: str) -> None:
    done = moved.run("patch", "matrix", "-v", VERSION, "--against", "v1.9.0", tag, check=False)
    assert (done.code, said in done.stderr) == (code, True), done.stderr


def test_a_series_that_does_not_fit_its_own_pin(moved: Workspace) -> None:
    moved.series = moved.series[8:]
    done = moved.run("patch", "matrix", "-v", VERSION, "--against", "v1.9.0", check=False)
    assert done.code == 6
    assert "does not apply to its own pin" in done.stderr


def test_table_and_page(moved: Workspace) -> None:
    page = moved.base / "page.html"
    arguments = ("patch", "matrix", "-v", VERSION, "--against", *TAGS, "--html", str(page))
    shown = moved.run(*arguments, check=False).stdout
    assert re.search(r"0002-offset +clean +offset \+1 +offset \+3", shown)
    assert "conflict v1.9.0 0005-conflict.patch: src/conflict.c: hunk 2 of 3" in shown
    assert "(Drop deleted.c)" in shown
    text = page.read_text("utf-8")
    assert "conflict 20, upstream&#39;s" in text
    assert not re.search(r"(src|href)=\"(?!#)|url\(|@import|<script", text)


def test_nothing_to_do_ends_with_0(moved: Workspace) -> None:
    assert matrix(moved, "--against", "v1.8.2", code=0)["stops"] == 0


def _random_case(rng: random.Random) -> tuple[str, str, str]:
    words = ["a", "b", "c", "{", "}", ""]
    base = [f"{rng.choice(words)}{rng.choice(['', rng.randrange(9)])}" for _ in range(30)]
    patched, other = list(base), list(base)
    for text, count in ((patched, rng.randint(1, 3)), (other, rng.randint(0, 3))):
        for _ in range(count):
            at = rng.randrange(len(text))
            text[at : at + rng.randint(0, 2)] = [f"x{rng.randrange(99)}"] * rng.randint(0, 3)
    end = rng.choice(["\n", ""])
    joined = ("\n".join(text) + end for text in (base, patched, other))
    return tuple(joined)  # type: ignore[return-value]


def test_hunks_are_placed_where_git_apply_places_them(tmp_path: Path) -> None:
    repository = gitbench.init(tmp_path / "r.git")
    rng = random.Random(6)
    compared = 0
    for _ in range(50):
        base, patched, other = _random_case(rng)
        if base == patched:
            continue
        old = gitbench.commit(repository, {"f": base}, "old\n")
        new = gitbench.commit(repository, {"f": patched}, "new\n", parent=old)
        item = _section(gitbench.format_patch(repository, new))
        work = tmp_path / "work"
        work.mkdir(exist_ok=True)
        (work / "f").write_text(other)
        done = subprocess.run(
            ["git", "apply", "-v", "--whitespace=nowarn", "-"],
            cwd=work,
            env=gitbench.environment(GIT_CEILING_DIRECTORIES=str(tmp_path)),
            input=item.body,
            capture_output=True,
            check=False,
        )
        placed = place(changes_of(item), other.encode())
        assert placed.fits == (done.returncode == 0), item.body.decode() + other
        if placed.fits:
            assert placed.data == (work / "f").read_bytes()
            moved = re.findall(rb"offset (-?\d+) line", done.stderr)
            assert [int(n) for n in moved] == [n for n in placed.offsets if n]
            compared += 1
    assert compared > 15


def test_a_conflict_is_shown_where_a_merge_has_it(tmp_path: Path) -> None:
    repository = gitbench.init(tmp_path / "r.git")
    merge = merger(git.Repository(repository), "v1.9.0", "the patch")
    rng = random.Random(7)
    compared = 0
    for _ in range(150):
        base, patched, other = _random_case(rng)
        if base == patched or not merge(other.encode(), base.encode(), patched.encode())[1]:
            continue
        old = gitbench.commit(repository, {"f": base}, "old\n")
        new = gitbench.commit(repository, {"f": patched}, "new\n", parent=old)
        changes = changes_of(_section(gitbench.format_patch(repository, new)))
        told = describe_hunks(changes, base.encode(), other.encode(), merge)
        for change, said in zip(changes, told):
            alone = place((dataclasses.replace(change, goal=change.start),), base.encode()).data
            marked, conflicts = merge(other.encode(), base.encode(), alone)
            assert (said.state == "conflict") == (conflicts > 0) or said.state == "upstream"
            if said.state == "conflict":
                confirm_place(said.as_json(), other.encode(), marked)
                compared += 1
    assert compared > 15


def test_a_twin_is_not_taken_for_the_text_that_upstream_removed(tmp_path: Path) -> None:
    def function(name: str) -> str:
        cases = "".join(f"  case {n}:\n    return {name}{n};\n" for n in range(9))
        return f"int {name}(int n) {{\n{cases}  default:\n    throw n;\n  }}\n}}\n\n"

    base = "head\n\n" + function("first") + function("second") + function("third")
    ours = "head\n\n" + function("first") + function("third")
    repository = gitbench.init(tmp_path / "r.git")
    merge = merger(git.Repository(repository), "v1.9.0", "the patch")
    old = gitbench.commit(repository, {"f": base}, "old\n")
    patched = base.replace("return second8;\n", "return second8;\n  case 9:\n    return 9;\n")
    new = gitbench.commit(repository, {"f": patched}, "new\n", parent=old)
    changes = changes_of(_section(gitbench.format_patch(repository, new)))
    (said,) = describe_hunks(changes, base.encode(), ours.encode(), merge)
    assert said.state == "conflict"
    first = ours.split("\n").index("int third(int n) {")
    assert said.line <= first + 1 <= said.line + len(said.there)


def _section(raw: bytes) -> FileDiff:
    return parse_patch(Path("x.patch"), raw).files[0]
