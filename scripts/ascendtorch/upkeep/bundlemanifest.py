"""The manifest of a bundle: what it is for, and size and digest of everything in it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ascendtorch.edge.files import sha256_bytes
from ascendtorch.edge.gitenv import is_commit, is_safe_url
from ascendtorch.errors import FetchError

_SCHEMA = 1
_KIND = "ascendtorch-bundle"
#: What a tar header can say of a size in octal digits.
_SIZE_LIMIT = 8 << 30
_COUNT_LIMIT = 10_000
#: Folder of a member by what it is for. No name can begin with a dot or hold a second slash.
PACKS, BUILD, OFFICIAL, TOOL = "git", "wheels", "official", "tool"
_NAME = re.compile(r"(git|wheels|official|tool)/[A-Za-z0-9][A-Za-z0-9._+-]{0,199}\Z")
_PYTHON = re.compile(r"3\.\d{1,3}\Z")
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}\Z")
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")


@dataclass(frozen=True)
class Member:
    """A file in the bundle."""

    name: str
    size: int
    sha256: str

    @property
    def file(self) -> str:
        """Its name without the folder."""
        return self.name.partition("/")[2]


@dataclass(frozen=True)
class Pack(Member):
    """Objects of one remote: these commits whole, without their history."""

    url: str
    commits: tuple[str, ...]


@dataclass(frozen=True)
class Wheel(Member):
    """A wheel and the Pythons it is for; its folder says what needs it."""

    pythons: tuple[str, ...]


@dataclass(frozen=True)
class Manifest:
    """What a bundle says of itself.

    Attributes:
        submodules: ``all``, ``needed`` for those that `profile` compiles, ``none`` for a plugin.
        architecture: the machine the wheels are for, as ``uname -m`` says it.
        pythons: those it can be built for.
    """

    version: str
    layout: str
    profile: str
    submodules: str
    architecture: str
    pythons: tuple[str, ...]
    packs: tuple[Pack, ...]
    wheels: tuple[Wheel, ...]

    @property
    def members(self) -> tuple[Member, ...]:
        """Every file, in the order in which they lie in the bundle."""
        return tuple(sorted((*self.packs, *self.wheels), key=lambda member: member.name))

    @property
    def commit_count(self) -> int:
        """How many pinned commits it holds."""
        return sum(len(pack.commits) for pack in self.packs)

    def as_json(self) -> dict[str, object]:
        """The manifest as data."""
        return {
            "kind": _KIND,
            "schema": _SCHEMA,
            "version": self.version,
            "layout": self.layout,
            "profile": self.profile,
            "submodules": self.submodules,
            "architecture": self.architecture,
            "pythons": list(self.pythons),
            "packs": [
                {**_basics(pack), "url": pack.url, "commits": list(pack.commits)}
                for pack in self.packs
            ],
            "wheels": [{**_basics(item), "pythons": list(item.pythons)} for item in self.wheels],
        }


def _basics(member: Member) -> dict[str, object]:
    return {"name": member.name, "size": member.size, "sha256": member.sha256}


def render(manifest: Manifest) -> bytes:
    """Return the one spelling of a manifest, with a digest of itself."""
    return spell(manifest.as_json())


def spell(value: Mapping[str, object]) -> bytes:
    """Spell the data of a manifest."""
    digest = sha256_bytes(_dump(value))
    return _dump({**value, "digest": digest})


def _dump(value: Mapping[str, object]) -> bytes:
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=True).encode() + b"\n"


def parse(data: bytes, path: Path) -> Manifest:
    """Read a manifest that anybody may have written.

    Args:
        path: the bundle, for messages.

    Raises:
        FetchError: it is not one, or not in the spelling of `render`.
    """
    remedy = "do not use this file; make the bundle anew with `ascendtorch bundle create`"
    try:
        value = json.loads(data)
        if isinstance(value, dict) and value.get("kind") == _KIND:
            schema = value.get("schema")
            if isinstance(schema, int) and schema > _SCHEMA:
                remedy = "update ascendtorch"
                raise _Wrong(f"was written by a newer ascendtorch (schema {schema})")
        manifest = _manifest(value)
        if render(manifest) != data:
            raise _Wrong("is damaged: it is not spelled as ascendtorch writes it")
    except (_Wrong, ValueError, RecursionError) as error:
        said = str(error) if isinstance(error, _Wrong) else f"cannot be read ({error})"
        raise FetchError(
            f"the manifest of the bundle {said}", stage="bundle", path=path, remedy=remedy
        ) from error
    return manifest


class _Wrong(Exception):
    """The manifest is not what it should be."""


def _manifest(value: Any) -> Manifest:
    fields = _fields(
        value,
        *("kind", "schema", "version", "layout", "profile", "submodules", "architecture"),
        *("pythons", "packs", "wheels", "digest"),
    )
    if fields["kind"] != _KIND or fields["schema"] != _SCHEMA or fields["schema"] is True:
        raise _Wrong("is not one of a bundle")
    manifest = Manifest(
        version=_text(fields, "version", re.compile(r"\d+\.\d+\.\d+\Z")),
        layout=_text(fields, "layout", _WORD),
        profile=_text(fields, "profile", _WORD),
        submodules=_text(fields, "submodules", re.compile(r"(all|needed|none)\Z")),
        architecture=_text(fields, "architecture", _WORD),
        pythons=_texts(fields, "pythons", _PYTHON),
        packs=tuple(_pack(item) for item in _list(fields, "packs")),
        wheels=tuple(_wheel(item) for item in _list(fields, "wheels")),
    )
    names = [member.name.lower() for member in manifest.members]
    for name, following in zip(names, names[1:]):
        if name == following:
            raise _Wrong(f"lists {name} twice")
    for members in (manifest.packs, manifest.wheels):
        if list(members) != sorted(members, key=lambda member: member.name):
            raise _Wrong("does not list its members in order")
    return manifest


def _pack(value: Any) -> Pack:
    fields = _fields(value, "name", "size", "sha256", "url", "commits")
    url = fields["url"]
    if not isinstance(url, str) or not is_safe_url(url) or url.startswith("file:"):
        raise _Wrong(f"names an unsafe URL: {url!r}")
    commits = _texts(fields, "commits", re.compile(r"[0-9a-f]{40}\Z"))
    if not commits or not all(map(is_commit, commits)):
        raise _Wrong(f"names no commit of {url}")
    name, size, digest = _member(fields, (PACKS,), ".pack")
    return Pack(name, size, digest, url, commits)


def _wheel(value: Any) -> Wheel:
    fields = _fields(value, "name", "size", "sha256", "pythons")
    name, size, digest = _member(fields, (BUILD, OFFICIAL, TOOL), ".whl")
    return Wheel(name, size, digest, _texts(fields, "pythons", _PYTHON))


def _member(fields: dict[str, Any], folders: tuple[str, ...], ending: str) -> tuple[str, int, str]:
    name, size = _text(fields, "name", _NAME), fields["size"]
    if name.partition("/")[0] not in folders or not name.endswith(ending):
        raise _Wrong(f"names a member {name!r} where it lists {folders[0]}")
    if not isinstance(size, int) or isinstance(size, bool) or not 0 < size < _SIZE_LIMIT:
        raise _Wrong(f"gives {name} the size {size!r}")
    return name, size, _text(fields, "sha256", _DIGEST)


def _fields(value: Any, *names: str) -> dict[str, Any]:
    if not isinstance(value, dict) or set(value) != set(names):
        raise _Wrong(f"has an entry without exactly the keys {', '.join(names)}")
    return value


def _text(fields: dict[str, Any], name: str, pattern: re.Pattern[str]) -> str:
    value = fields[name]
    if not isinstance(value, str) or pattern.match(value) is None:
        raise _Wrong(f"has an unsafe or unknown value of `{name}`: {str(value)[:80]!r}")
    return value


def _list(fields: dict[str, Any], name: str) -> list[Any]:
    value = fields[name]
    if not isinstance(value, list) or len(value) > _COUNT_LIMIT:
        raise _Wrong(f"has no list of at most {_COUNT_LIMIT} entries as `{name}`")
    return value


def _texts(fields: dict[str, Any], name: str, pattern: re.Pattern[str]) -> tuple[str, ...]:
    return tuple(_text({name: item}, name, pattern) for item in _list(fields, name))
