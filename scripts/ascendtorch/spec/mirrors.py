"""The mirror map: where the objects of a pinned URL are really fetched from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ascendtorch.edge.gitenv import is_safe_url
from ascendtorch.spec.reader import Value

VARIABLE = "ASCENDTORCH_MIRRORS"


@dataclass(frozen=True)
class Source:
    """A URL to fetch from, and the protocols git may use for it."""

    url: str
    protocols: tuple[str, ...]


@dataclass(frozen=True)
class Mirrors:
    """Rules from URL prefix to URL prefix; the longest matching prefix wins."""

    rules: tuple[tuple[str, str], ...] = ()

    def source(self, url: str) -> Source:
        """Return where to fetch `url` from.

        A prefix matches whole path components, with or without ``.git`` at the end. The
        ``file`` protocol is only ever allowed for a URL that a rule names.
        """
        plain = plain_url(url)
        for start, target in sorted(self.rules, key=lambda rule: -len(rule[0])):
            if plain == start or plain.startswith(start + "/"):
                rest = plain[len(start) :]
                # A rule for a whole host keeps the repository's own spelling (.git or not).
                mapped = target if not rest else target.rstrip("/") + rest + _suffix(url)
                return _source(mapped)
        return _source(url)


def _source(url: str) -> Source:
    return Source(url, (url.partition("://")[0],))


def plain_url(url: str) -> str:
    """Return what two URLs of one repository share: without ``.git`` and a slash at the end."""
    url = url.rstrip("/")
    return url[: -len(".git")] if url.endswith(".git") else url


def _suffix(url: str) -> str:
    return ".git" if url.rstrip("/").endswith(".git") else ""


def load_mirrors(path: Path) -> Mirrors:
    """Read a mirror map: a list of ``{from: URL, to: URL}``.

    Raises:
        SpecError: malformed, a URL with another protocol than https, ssh or file, or a prefix
            that is mapped twice.
    """
    root = Value.load(path, stage="fetch")
    rules: dict[str, str] = {}
    for item in root:
        fields = item.fields("from", "to")
        start, target = plain_url(_url(fields["from"])), _url(fields["to"])
        if start in rules:
            fields["from"].fail("is mapped twice", "keep one of the two rules")
        rules[start] = target
    return Mirrors(tuple(rules.items()))


def _url(value: Value) -> str:
    url = value.text()
    if not is_safe_url(url):
        value.fail(f"is {url!r}", "write a URL that starts with https://, ssh:// or file:///")
    return url
