"""From changes to the patches they become: applied one after the other, each divided or whole."""

from __future__ import annotations

import datetime
from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ascendtorch.edge.git import Signature
from ascendtorch.series.parts import owner_of
from ascendtorch.series.patchfile import FileDiff, parse_sections
from ascendtorch.series.refusal import refuse
from ascendtorch.upkeep import mail, strip, topics
from ascendtorch.upkeep.commits import Commit, divide_message
from ascendtorch.upkeep.describe import Description
from ascendtorch.upkeep.flat import Entry, FlatTree
from ascendtorch.upkeep.inputs import Change
from ascendtorch.upkeep.lines import blocks
from ascendtorch.upkeep.rawdiff import stripped
from ascendtorch.upkeep.topics import Topic, Unit

#: Who brings in what nobody signed.
_NOBODY = ("ascendtorch", "ascendtorch@invalid")


@dataclass(frozen=True)
class Applied:
    """A change that fits: the trees before and after it, as git applies it."""

    change: Change
    level: int
    before: str
    after: str
    moved: int


@dataclass(frozen=True)
class NewPatch:
    """A patch to be: its bytes and the topic it holds, if a change was divided."""

    subject: str
    raw: bytes
    paths: tuple[str, ...]
    names: tuple[str, ...]


def apply_all(flat: FlatTree, changes: list[Change], tree: str, level: int | None) -> list[Applied]:
    """Apply changes as they are, one after the other.

    Args:
        tree: what the first one is applied to.
        level: the ``-p`` that a person gave.

    Raises:
        PatchError: one does not fit, or a part of one would be lost.
    """
    done = []
    for change in changes:
        sections = change.diff.sections
        files = set(flat.entries(tree))
        folders = {path.rpartition("/")[0] for path in files} | {""}
        depth = change.level if level is None else level
        if depth is None:
            depth = strip.detect_level(change.path, sections, files, folders)
        strip.check_names(change.path, sections, depth)
        after, moved = flat.apply(change, depth, tree)
        _refuse_loss(flat, change, depth, tree, after)
        done.append(Applied(change, depth, tree, after, moved))
        tree = after
    return done


def _refuse_loss(flat: FlatTree, change: Change, level: int, old: str, new: str) -> None:
    """Refuse a change of which git applied less than there is in it."""
    changed = {item.path for item in flat.repository.diff_trees(old, new)}
    lost = [
        section.old or section.new
        for section in change.diff.sections
        if not {stripped(section.old, level), stripped(section.new, level)} & changed
    ]
    if lost:
        refuse(
            change.path,
            f"{change.name} changes nothing in {', '.join(lost[:6])}",
            "take that section out; it would be lost without a word",
        )


class PatchMaker:
    """Makes patches from trees, each on top of the one before.

    Args:
        flat: where the trees are.
        head: a commit to begin with.
        known: the submodules of the release.
        path: where patches will lie, for messages.
    """

    def __init__(self, flat: FlatTree, head: str, known: tuple[str, ...], path: Path) -> None:
        self._flat = flat
        self._known = known
        self._path = path
        self._head = head
        self._date = flat.repository.commit_date(head)

    def start(self, tree: str) -> None:
        """Begin with this tree."""
        self._head = self._commit(tree, Description("start", ""), self._signature(None, None))

    def make(
        self, tree: str, text: Description, author: Signature, topic: Topic | None = None
    ) -> NewPatch:
        """Return the patch from the tree before to this one."""
        repository, old = self._flat.repository, self._head
        self._head = self._commit(tree, text, author)
        parts = self.sections(old, self._head)
        subject, body = divide_message(f"{text.subject}\n\n{text.reason}")
        lead = Commit("", self._head, (old,), subject, body, author)
        raw = mail.patch_bytes(repository, lead, parts, self._path)
        return NewPatch(subject, raw, tuple(parts), topic.names if topic else ())

    def sections(self, old: str, new: str) -> dict[str, bytes]:
        """Return sections between two trees; nothing is renamed from one repository to another."""
        paths = tuple(change.path for change in self._flat.repository.diff_trees(old, new))
        parts = mail.sections(self._flat.repository, old, new, paths)
        items = parse_sections(self._path, b"".join(parts.values()))
        if any(self._crosses(item) for item in items):
            return mail.sections(self._flat.repository, old, new, paths, renames=False)
        return parts

    def _crosses(self, item: FileDiff) -> bool:
        if item.source is None:
            return False
        return owner_of(item.source, self._known) != owner_of(item.path, self._known)

    def units(self, old: str, new: str) -> list[Unit]:
        """Return what a change is made of."""
        parts = self.sections(old, new)
        found = []
        for item in parse_sections(self._path, b"".join(parts.values())):
            listed = list(blocks(item))
            found.append(
                Unit(
                    (item.source, item.path) if item.source else (item.path,),
                    owner_of(item.path, self._known),
                    tuple(line for block in listed for line in block.added),
                    tuple(line for block in listed for line in block.removed),
                )
            )
        return found

    def author(self, change: Change, given: tuple[str, str] | None) -> Signature:
        """Return who made a change, and when."""
        text = change.text
        stamps = [section.stamp for section in change.diff.sections if section.stamp]
        dates = sorted(filter(None, map(raw_date, stamps)), key=lambda date: int(date.split()[0]))
        named = given or ((text.name, text.address) if text.address else None)
        return self._signature(named, text.date or (dates[-1] if dates else None))

    def _signature(self, who: tuple[str, str] | None, date: str | None) -> Signature:
        name, address = who or _NOBODY
        return Signature(name or address, address, date or self._date)

    def _commit(self, tree: str, text: Description, author: Signature) -> str:
        body = f"\n\n{text.reason}" if text.reason else ""
        return self._flat.repository.commit_tree(
            tree, self._head, f"{text.subject}{body}\n", author, author
        )


def raw_date(stamp: str) -> str | None:
    """Return a time as diff(1) writes it in git's raw form; None for the epoch: no file."""
    form = "%Y-%m-%d %H:%M:%S %z"
    text = stamp if stamp[-5] in "+-" and stamp[-6] == " " else f"{stamp} +0000"
    day, clock, zone = text.split()
    try:
        moment = datetime.datetime.strptime(f"{day} {clock.partition('.')[0]} {zone}", form)
    except ValueError:
        return None
    seconds = int(moment.timestamp())
    return f"{seconds} {zone}" if seconds > 0 else None


def make_patches(
    maker: PatchMaker,
    flat: FlatTree,
    applied: list[Applied],
    own: Mapping[str, Entry],
    *,
    split: bool,
    author: tuple[str, str] | None,
    subject: str | None,
) -> list[NewPatch]:
    """Return the patches that changes become, without the files that become our own.

    Args:
        own: the files that go to the overlay.
        split: divide each change by topic.
        author: name and address that a person gave.
        subject: what a person calls a single change.
    """
    out: dict[str, Entry | None] = dict.fromkeys(own)
    tree = _without(flat, applied[0].before, out)
    maker.start(tree)
    found: list[NewPatch] = []
    for step in applied:
        goal = _without(flat, step.after, out)
        if goal == tree:
            continue
        text = replace(step.change.text, subject=subject) if subject else step.change.text
        signature = maker.author(step.change, author)
        parts = topics.divide(maker.units(tree, goal)) if split else []
        if len(parts) < 2:
            found.append(maker.make(goal, text, signature))
            tree = goal
            continue
        entries = flat.entries(goal)
        for number, topic in enumerate(parts, 1):
            tree = flat.with_entries(tree, {path: entries.get(path) for path in topic.paths})
            told = _told(text, topic, number, len(parts))
            found.append(maker.make(tree, told, signature, topic))
        if tree != goal:
            raise ValueError("the topics of a change do not make the change")
    return found


def _told(text: Description, topic: Topic, number: int, count: int) -> Description:
    """Describe one topic of a change."""
    lines = [f"Part {number} of {count} of: {text.subject}"]
    if topic.names:
        names = ", ".join(topic.names[:6]) + (", ..." if len(topic.names) > 6 else "")
        lines.append(f"Its files share {names}.")
    reason = "\n".join(lines) + (f"\n\n{text.reason}" if text.reason else "")
    return replace(text, subject=f"{topic.area}: {text.subject}", reason=reason)


def _without(flat: FlatTree, tree: str, out: Mapping[str, Entry | None]) -> str:
    there: Container[str] = flat.entries(tree) if out else ()
    gone = {path: entry for path, entry in out.items() if path in there}
    return flat.with_entries(tree, gone) if gone else tree
