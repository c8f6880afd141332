"""`ops drift`: two tags of a repository, read from git objects, against this tree's op spec."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ascendtorch.cli.drift import UPSTREAM, drift
from ascendtorch.upkeep.drift import FUNCTIONS

OLD = """\
- func: abs(Tensor self) -> Tensor
- func: mm(Tensor self, Tensor mat2) -> Tensor
- func: add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor
- func: made_up(Tensor self) -> Tensor
"""
NEW = """\
- func: abs(Tensor self) -> Tensor
- func: abs.out(Tensor self, *, Tensor(a!) out) -> Tensor(a!)
- func: add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1, bool exact=False) -> Tensor
"""


@pytest.fixture(scope="module")
def mirrors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A map to a repository with the tags v0.1.0, v0.2.0, and v0.3.0 that has no functions."""
    folder = tmp_path_factory.mktemp("upstream")
    repository = folder / "pytorch"

    def git(*arguments: str) -> None:
        identity = (
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@b.invalid",
            "-c",
            "commit.gpgsign=false",
        )
        subprocess.run(["git", *identity, "-C", str(repository), *arguments], check=True)

    repository.mkdir()
    git("init", "-q")
    for number, text in enumerate((OLD, NEW, None), 1):
        path = repository / FUNCTIONS
        path.parent.mkdir(parents=True, exist_ok=True)
        if text is None:
            path.unlink()
            (repository / "other").write_text("")
        else:
            path.write_text(text)
        git("add", "-A")
        git("commit", "-qm", f"v0.{number}.0")
        git("tag", f"v0.{number}.0")
    where = folder / "mirrors.yaml"
    where.write_text(f'- {{from: "{UPSTREAM}", to: "{repository.as_uri()}"}}\n')
    return where


def run(mirrors: Path, tmp_path: Path, *arguments: str) -> Result:
    env = {"ASCENDTORCH_CACHE": str(tmp_path)}
    return CliRunner().invoke(drift, [*arguments, "--mirrors", str(mirrors)], env=env)


def test_every_kind(mirrors: Path, tmp_path: Path) -> None:
    """faults.md 44"""
    done = run(mirrors, tmp_path, "--from", "v0.1.0", "--to", "v0.2.0", "--json")
    assert done.exit_code == 1, done.output
    found = json.loads(done.stdout)
    kinds = {change["overload"]: change["kind"] for change in found["changes"]}
    assert kinds == {"abs.out": "joined", "mm": "removed", "add.Tensor": "changed"}
    assert found["counts"] == {"removed": 1, "changed": 1, "joined": 1}
    added = next(change for change in found["changes"] if change["overload"] == "add.Tensor")
    assert "exact" in added["after"]
    assert "exact" not in added["before"]
    assert "templates/ops/" in added["where"]


def test_text_shows_both_signatures(mirrors: Path, tmp_path: Path) -> None:
    done = run(mirrors, tmp_path, "--from", "v0.1.0", "--to", "v0.2.0")
    assert (
        "v0.1.0: add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor" in done.stdout
    )
    assert (
        "v0.2.0: add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1, bool exact" in done.stdout
    )
    assert "1 removed, 1 changed, 1 joined" in done.stdout


def test_nothing_changed(mirrors: Path, tmp_path: Path) -> None:
    done = run(mirrors, tmp_path, "--from", "v0.1.0", "--to", "v0.1.0")
    assert (done.exit_code, "nothing changed" in done.stdout) == (0, True)


@pytest.mark.parametrize(
    ("tag", "cause"),
    [("v0.9.0", "there is no tag v0.9.0"), ("v0.3.0", f"v0.3.0 has no {FUNCTIONS}")],
)
def test_refuses(mirrors: Path, tmp_path: Path, tag: str, cause: str) -> None:
    done = run(mirrors, tmp_path, "--from", "v0.1.0", "--to", tag)
    assert cause in str(done.exception)
