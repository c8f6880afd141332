"""What an entry of the spec says for one release: `from`, `until` and `versions`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from ascendtorch.opspec.entries import Entry
from ascendtorch.spec.reader import Value
from ascendtorch.spec.suggest import did_you_mean

#: Keys of every category.
KEYS = ("from", "until", "versions")
_VERSION = r"[0-9]+\.[0-9]+\.[0-9]+"
_RELEASE = "a release such as 1.8.1"


def entry_at(entry: Entry, version: str, keys: Sequence[str]) -> Entry | None:
    """Return an entry as it is at a release; None where it is not for that one.

    Args:
        keys: those of its category.

    Raises:
        SpecError: a key that the category does not have, or a fault in what is said of a release.
    """
    for key, value in entry.fields.items():
        if key not in (*keys, *KEYS):
            value.fail(
                f"is an unknown key of the category {entry.category}"
                + did_you_mean(key, [*keys, *KEYS]),
                "correct or remove it",
            )
    fields = {key: value for key, value in entry.fields.items() if key not in KEYS}
    wanted = _is_within(entry.fields, version)
    versions = _versions(entry)
    said = _said_of(version, versions)
    for name, value in versions.items():
        if re.fullmatch(_VERSION, name) is None:
            value.fail(f"is for {name!r}, which is no release", "write one such as 1.8.1")
        changes = value.fields(optional=(*keys, "skip", "without"))
        if name != said:
            continue
        wanted = wanted and not ("skip" in changes and changes.pop("skip").boolean())
        without = changes.pop("without", None)
        fields.update(changes)
        if without is not None:
            return _leave_out(replace(entry, fields=fields), without) if wanted else None
    return replace(entry, fields=fields) if wanted else None


def is_for(entry: Entry, version: str) -> bool:
    """Say whether an entry is for a release, as far as `from` and `until` say."""
    return _is_within(entry.fields, version)


def overloads_at(entry: Entry, version: str) -> tuple[str, ...] | None:
    """Return the overloads that an entry lists for a release; None where it lists none."""
    versions = _versions(entry)
    said = _said_of(version, versions)
    changes = versions[said].mapping() if said is not None else {}
    listed = changes.get("overloads") or entry.fields.get("overloads")
    if listed is None or not listed.is_list():
        return None
    without = changes["without"].texts() if "without" in changes else ()
    return tuple(name for name in listed.texts() if name not in without)


def _versions(entry: Entry) -> dict[str, Value]:
    return entry.fields["versions"].mapping() if "versions" in entry.fields else {}


def _said_of(version: str, names: Iterable[str]) -> str | None:
    """Return the name that speaks of a release: 1.8.1 of 1.8.2 too, until that has its own."""
    # A tag that is no release has nothing said of it.
    if re.fullmatch(_VERSION, version) is None:
        return None
    number = _number(version)
    fitting = [
        name
        for name in names
        if re.fullmatch(_VERSION, name)
        and _number(name)[:2] == number[:2]
        and _number(name) <= number
    ]
    return max(fitting, key=_number, default=None)


def _is_within(fields: dict[str, Value], version: str) -> bool:
    number = _number(version)
    first = _number(fields["from"].matching(_VERSION, _RELEASE)) if "from" in fields else ()
    after = _number(fields["until"].matching(_VERSION, _RELEASE)) if "until" in fields else None
    return first <= number and (after is None or number < after)


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _leave_out(entry: Entry, without: Value) -> Entry:
    names = without.texts()
    listed = entry.fields["overloads"].texts() if "overloads" in entry.fields else ()
    for item, name in zip(without.items(), names):
        if name not in listed:
            item.fail(
                f"is {name!r}, which this entry does not list{did_you_mean(name, list(listed))}",
                "correct or remove it",
            )
    return replace(entry, left_out=frozenset(names))
