"""What becomes of the op spec's operators, from two lists of functions alone."""

from __future__ import annotations

from pathlib import Path

from ascendtorch.upkeep.drift import Wanted, drift, root, signatures
from ascendtorch.upkeep.drifting import wanted_operators

BEFORE = """\
# comments are there too
- func: add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor
  variants: function, method
- func: add_.Tensor(Tensor(a!) self, Tensor other, *, Scalar alpha=1) -> Tensor(a!)
- func: add.out(Tensor self, Tensor other, *, Scalar alpha=1, Tensor(a!) out) -> Tensor(a!)

- func: norm(Tensor self, Scalar p=2) -> Tensor
- func: addmm(Tensor self, Tensor mat1, Tensor mat2) -> Tensor
"""
AFTER = """\
- func: add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor
- func: add_.Tensor(Tensor(a!) self, Tensor other, *, Scalar alpha=1) -> Tensor(a!)
- func: add.out(Tensor self, Tensor other, *, Scalar alpha=1, Tensor(a!) out) -> Tensor(a!)
- func: add.Scalar(Tensor self, Scalar other, Scalar alpha=1) -> Tensor
- func: norm(Tensor self, Scalar? p=2, bool keepdim=False) -> Tensor
- func: addmv(Tensor self, Tensor mat, Tensor vec) -> Tensor
"""


def found(*wanted: Wanted) -> list[tuple[str, str]]:
    changes = drift(wanted, signatures(BEFORE), signatures(AFTER))
    return [(change.overload, change.kind) for change in changes]


def test_signatures() -> None:
    read = signatures(BEFORE)
    assert list(read) == ["add.Tensor", "add_.Tensor", "add.out", "norm", "addmm"]
    assert read["norm"] == "norm(Tensor self, Scalar p=2) -> Tensor"


def test_roots() -> None:
    assert [root(name) for name in ("add_.Tensor", "add.out", "__iand__.Scalar", "relu_")] == [
        "add", "add", "__iand__", "relu",
    ]  # fmt: skip


def test_new_overloads_join() -> None:
    assert found(Wanted("add", None, "x")) == [("add.Scalar", "joined")]


def test_changed_and_removed() -> None:
    wanted = (Wanted("norm", None, "x.yaml:1"), Wanted("addmm", None, "x.yaml:9"))
    assert found(*wanted) == [("norm", "changed"), ("addmm", "removed")]
    (change, gone) = drift(wanted, signatures(BEFORE), signatures(AFTER))
    assert change.before == "norm(Tensor self, Scalar p=2) -> Tensor"
    assert change.after == "norm(Tensor self, Scalar? p=2, bool keepdim=False) -> Tensor"
    assert (gone.after, gone.where) == (None, "x.yaml:9")


def test_what_an_entry_does_not_list_does_not_count() -> None:
    assert found(Wanted("norm", ("norm.out",), "x")) == []
    assert found(Wanted("relu", None, "x")) == []


def test_entries_that_share_a_function_name_a_change_once() -> None:
    entries = Wanted("add", ("add.out",), "x:1"), Wanted("add", ("add.Tensor",), "x:5")
    assert found(*entries) == [("add.Scalar", "joined")]


def test_entries_count_for_the_releases_that_they_are_for(tmp_path: Path) -> None:
    entries = (
        "- {op: old, category: handwritten, until: 2.0.0}",
        "- {op: new, category: handwritten, from: 2.0.0, overloads: [new]}",
        "- {op: both, category: handwritten, overloads: [both, both.out],"
        " versions: {1.8.1: {without: [both.out]}}}",
    )
    (tmp_path / "a.yaml").write_text("schema: 1\noperators:\n" + "\n".join(entries), "utf-8")

    def at(tag: str) -> list[tuple[str, tuple[str, ...] | None]]:
        return [(wanted.op, wanted.overloads) for wanted in wanted_operators(tmp_path, tag)]

    assert at("v1.8.1") == [("old", None), ("both", ("both",))]
    assert at("v2.13.0-rc1") == [("new", ("new",)), ("both", ("both", "both.out"))]
    assert [op for op, _ in at("main")] == ["old", "new", "both"]
