"""Names, order and matching of an export, and changing several files at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ascendtorch.edge.git import Signature
from ascendtorch.errors import EditedError, PatchError, StateError
from ascendtorch.series import rewrite
from ascendtorch.series.series import load_series
from ascendtorch.upkeep import naming
from ascendtorch.upkeep.commits import Commit, divide_message
from ascendtorch.upkeep.matching import Group, Known, make_groups, match
from ascendtorch.upkeep.order import arrange
from ascendtorch.upkeep.state import FileState, PatchState, SeriesState, summary

ANN = Signature("Ann", "ann@example.org", "1 +0000")
GLOO, FMT = "third_party/gloo", "third_party/gloo/third_party/fmt"


@pytest.mark.parametrize(
    ("subject", "slug"),
    [
        ("tools: say <hello>!", "tools-say-hello"),
        ("改动: odd files", "odd-files"),
        ("改动", "change"),
        ("../../etc", "etc"),
        ("word " * 20, "word-word-word-word-word-word-word-word-word-word-word-word"),
        ("x" * 80, "x" * 60),
    ],
)
def test_names_from_subjects(subject: str, slug: str) -> None:
    assert naming.slug(subject) == slug


def test_new_names_go_on_from_the_highest_number() -> None:
    taken = ["0003-a.patch", "0011-unlisted.patch", "old/0099-x.patch", "x.patch"]
    assert naming.new_names(["b", "c"], taken) == ["0012-b.patch", "0013-c.patch"]
    assert naming.new_names(["a"], []) == ["0001-a.patch"]


SERIES = "# one\na\nb\n\n# two\nc\nd\n"


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ("abcd", SERIES),
        ("abd", "# one\na\nb\n\n# two\nd\n"),
        ("abcde", "# one\na\nb\n\n# two\nc\nd\ne\n"),
        ("abxcd", "# one\na\nb\nx\n\n# two\nc\nd\n"),
        ("xabcd", "# one\nx\na\nb\n\n# two\nc\nd\n"),
        ("acbd", "# one\na\n\n# two\nc\nb\nd\n"),
        ("dabc", "# one\nd\na\nb\n\n# two\nc\n"),
        ("", "# one\n\n# two\n"),
    ],
)
def test_comments_of_the_series_stay(names: str, text: str) -> None:
    made = naming.series_text(SERIES, list(names))
    assert [line for line in made.split("\n") if line and line[0] != "#"] == list(names)
    assert sorted(made) == sorted(text)
    if names != "acbd":
        assert made == text


def test_a_series_from_nothing() -> None:
    assert naming.series_text("", ["a", "b"]) == "a\nb\n"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a\n", ("a", "")),
        ("a\nb\n\nc\n\nd\n", ("a b", "c\n\nd")),
        ("\n\na\n\n\n\nc\n\n", ("a", "c")),
        ("", ("", "")),
    ],
)
def test_messages(text: str, parts: tuple[str, str]) -> None:
    assert divide_message(text) == parts


# -- matching


def known(name: str, **commits: str) -> Known:
    named = {repository.replace("release", ""): oid for repository, oid in commits.items()}
    return Known(f"{name}.patch", name, "why", ANN, named)


def commit(oid: str, subject: str, repository: str = "", **fields: object) -> Commit:
    values = {"paths": ("file",), "body": "why", "author": ANN, **fields}
    return Commit(repository, oid, ("p",), subject, **values)  # type: ignore[arg-type]


def test_the_very_commit_counts_before_its_message() -> None:
    patches = [known("a", release="1"), known("b", release="2")]
    commits = {"": [commit("2", "a"), commit("3", "b")]}
    assert match(patches, commits, lambda *_: {}) == {"2": "b.patch"}


def test_message_then_subject_then_change() -> None:
    patches = [known(name, release=oid) for name, oid in (("a", "1"), ("b", "2"), ("c", "3"))]
    later = Signature("Ann", "ann@example.org", "2 +0000")
    commits = {"": [commit("13", "other"), commit("12", "b", author=later), commit("11", "a")]}
    ids = {"3": "same", "13": "same"}
    assert match(patches, commits, lambda *_: ids) == {
        "11": "a.patch",
        "12": "b.patch",
        "13": "c.patch",
    }


def test_twins_are_paired_in_order() -> None:
    patches = [known("a", release="1"), Known("twin.patch", "a", "why", ANN, {"": "2"})]
    commits = {"": [commit("11", "a"), commit("12", "a"), commit("13", "a")]}
    assert match(patches, commits, lambda *_: {}) == {"11": "a.patch", "12": "twin.patch"}


def test_groups() -> None:
    patches = [known("a", release="1", gloo="g1")]
    commits = {
        "": [commit("1", "a", paths=()), commit("2", "new")],
        "gloo": [
            commit("g1", "a", "gloo"),
            commit("g2", "new", "gloo"),
            commit("g3", "new", "gloo"),
        ],
    }
    groups = make_groups(patches, commits, {"1": "a.patch", "g1": "a.patch"})
    assert [(g.name, sorted(c.oid for c in g.commits.values()), g.exact) for g in groups] == [
        (None, ["2", "g2"], False),
        ("a.patch", ["g1"], True),
        (None, ["g3"], False),
    ]


# -- order


def ordered(
    groups: list[Group], commits: dict[str, list[Commit]], found: dict[str, str] | None = None
) -> list[str]:
    made = arrange(groups, commits, found or {}, Path("tree"))
    return [min(c.oid for c in group.commits.values()) for group in made]


def alone(*commits: Commit) -> list[Group]:
    return [Group(None, {item.repository: item}) for item in commits]


def test_a_submodules_commit_stands_where_the_release_records_it() -> None:
    one = commit("r1", "one")
    two = commit("r2", "two", links={GLOO: "g1"})
    three = commit("r3", "three")
    inner, loose = commit("g1", "in gloo", GLOO), commit("g2", "later", GLOO)
    commits = {"": [one, two, three], GLOO: [inner, loose]}
    assert ordered(alone(one, two, three, inner, loose), commits) == ["r1", "g1", "r2", "r3", "g2"]


def test_nested_submodules() -> None:
    deep = commit("f1", "deep", FMT)
    middle = commit("g1", "record fmt", GLOO, paths=(), links={"third_party/fmt": "f1"})
    top = commit("r1", "record gloo", links={GLOO: "g1"})
    before = commit("r0", "before")
    commits = {"": [before, top], GLOO: [middle], FMT: [deep]}
    assert ordered(alone(deep, top, before), commits) == ["r0", "f1", "r1"]


def test_a_known_patch_stands_where_its_record_does() -> None:
    """The commit that records a patch of a submodule was moved; gloo's own was not touched."""
    record, other = commit("r2", "in gloo", paths=()), commit("r1", "other")
    inner = commit("g1", "in gloo", GLOO)
    groups = [Group(None, {"": other}), Group("in gloo.patch", {GLOO: inner})]
    commits = {"": [record, other], GLOO: [inner]}
    assert ordered(groups, commits, {"r2": "in gloo.patch"}) == ["g1", "r1"]


def test_opposite_orders() -> None:
    pairs = {n: (commit(f"r{n}", n), commit(f"g{n}", n, GLOO)) for n in "ab"}
    groups = [Group(None, {"": first, GLOO: second}) for first, second in pairs.values()]
    commits = {
        "": [pairs["a"][0], pairs["b"][0]],
        GLOO: [pairs["b"][1], pairs["a"][1]],
    }
    with pytest.raises(PatchError, match="opposite order"):
        ordered(groups, commits)


# -- states


@pytest.mark.parametrize(
    ("states", "state"),
    [
        (["clean", "clean"], "clean"),
        (["clean", "edited"], "edited"),
        (["edited", "drifted"], "drifted"),
        (["missing", "missing"], "missing"),
        (["missing", "applied"], "partial"),
        (["absent", "clean"], "clean"),
        (["absent"], "absent"),
    ],
)
def test_the_state_of_a_patch(states: list[str], state: str) -> None:
    assert summary([FileState("x", item) for item in states]) == state


def test_what_is_clean() -> None:
    patch = PatchState("a", "clean", (), ())
    assert SeriesState("present", (patch,)).clean
    assert not SeriesState("missing", ()).clean
    assert not SeriesState("present", (patch,), uncommitted=("x",)).clean
    assert not SeriesState("present", (patch,), notes=("x",)).clean
    assert not SeriesState("present", (PatchState("a", "applied", (), ()),)).clean


# -- several files at once


@pytest.fixture
def cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which a change was decided and nothing of it done."""
    (tmp_path / "old.patch").write_bytes(b"old")
    (tmp_path / "gone.patch").write_bytes(b"gone")
    (tmp_path / "same.patch").write_bytes(b"same")
    real = rewrite.complete
    calls: list[Path] = []

    def only_once(folder: Path) -> bool:
        calls.append(folder)
        return real(folder) if len(calls) == 1 else False

    with monkeypatch.context() as patching:
        patching.setattr(rewrite, "complete", only_once)
        wanted = {"old.patch": b"new", "gone.patch": None, "more.patch": b"more"}
        assert rewrite.rewrite(tmp_path, {**wanted, "same.patch": b"same"}) == 3
    return tmp_path


def test_what_was_decided_is_read_as_done(cut_off: Path) -> None:
    change = rewrite.pending(cut_off)
    assert [
        rewrite.read(cut_off, f"{n}.patch", change) for n in ("old", "gone", "more", "same")
    ] == [
        b"new",
        None,
        b"more",
        b"same",
    ]
    assert rewrite.names(cut_off, "*.patch", change) == {"old.patch", "more.patch", "same.patch"}
    assert (cut_off / "old.patch").read_bytes() == b"old"


def test_what_was_decided_is_completed(cut_off: Path) -> None:
    assert rewrite.complete(cut_off) is True
    assert rewrite.pending(cut_off) is None
    found = {path.name: path.read_bytes() for path in cut_off.iterdir()}
    assert found == {"old.patch": b"new", "more.patch": b"more", "same.patch": b"same"}
    assert rewrite.complete(cut_off) is False


@pytest.mark.parametrize("name", ["old.patch", "gone.patch", "more.patch"])
def test_what_a_person_wrote_meanwhile_is_kept(cut_off: Path, name: str) -> None:
    (cut_off / name).write_bytes(b"mine")
    with pytest.raises(EditedError, match="changed by hand"):
        rewrite.complete(cut_off)
    assert (cut_off / name).read_bytes() == b"mine"
    assert (cut_off / "gone.patch").exists()


def test_the_series_is_read_through_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "series").write_text("0001.patch\n")
    monkeypatch.setattr(rewrite, "complete", lambda folder: False)
    rewrite.rewrite(tmp_path, {"series": b"# none\n"})
    assert load_series(tmp_path / "series").patches == ()


@pytest.mark.parametrize(
    "value", [{"schema": 1}, {"schema": 1, "before": {"../x": None}, "after": {"../x": None}}]
)
def test_a_damaged_journal(tmp_path: Path, value: dict[str, object]) -> None:
    (tmp_path / rewrite.JOURNAL).write_text(json.dumps(value))
    with pytest.raises(StateError, match="damaged"):
        rewrite.pending(tmp_path)
