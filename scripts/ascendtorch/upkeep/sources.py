"""Where the objects of an upstream repository are read from, and what commit a tag names.

A local mirror is read in place, with all the history it has. What lies elsewhere comes through
the object cache, one commit deep.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote

from ascendtorch.edge import git, process
from ascendtorch.edge.gitenv import is_commit, is_safe_url
from ascendtorch.errors import FetchError
from ascendtorch.report.reporter import Reporter
from ascendtorch.spec.mirrors import plain_url
from ascendtorch.stages.fetch import FetchOptions
from ascendtorch.stages.fetch_errors import classify, essence
from ascendtorch.stages.object_cache import ObjectCache

STAGE = "fetch"
_TAG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._\-/]*\Z")


class Sources:
    """Finds repositories that hold given commits.

    Args:
        pins: commits that version.yaml files pin, by tag; they come before what a mirror says.
    """

    def __init__(
        self,
        cache: ObjectCache,
        options: FetchOptions,
        reporter: Reporter,
        pins: Mapping[tuple[str, str], str],
    ) -> None:
        self._cache = cache
        self._options = options
        self._reporter = reporter
        self._pins = {(plain_url(url), tag): commit for (url, tag), commit in pins.items()}
        self._failed: set[tuple[str, str]] = set()

    def find(self, url: str, commit: str) -> git.Repository | None:
        """Return a repository that holds a commit, fetched if that is allowed; else None."""
        local = self._mirror(url)
        if local is not None and local.has(f"{commit}^{{tree}}"):
            return local
        if self._cache.find(url, commit) is None and not self._fetch(url, commit):
            return None
        return self._cache.repository(url)

    def require(self, url: str, commit: str, what: str) -> git.Repository:
        """Return a repository that holds a commit.

        Raises:
            FetchError: there is none.
        """
        found = self.find(url, commit)
        if found is None:
            raise FetchError(
                f"the objects of {what} ({commit[:12]}) are not here",
                stage=STAGE,
                path=url,
                remedy="run it without --offline, or map the URL to a local repository (--mirrors)",
            )
        return found

    def resolve(self, url: str, tag: str) -> str:
        """Return the commit that a tag names.

        Raises:
            FetchError: there is no such tag, or nobody to ask.
        """
        if _TAG.match(tag) is None or ".." in tag:
            raise FetchError(
                f"{tag!r} is not the name of a tag",
                stage=STAGE,
                path=url,
                remedy="name a tag of the release, for example v1.9.0",
            )
        pinned = self._pins.get((plain_url(url), tag))
        if pinned is not None:
            return pinned
        local = self._mirror(url)
        commit = local.resolve(f"refs/tags/{tag}^{{commit}}") if local else self._ask(url, tag)
        if commit is None:
            raise FetchError(
                f"there is no tag {tag}",
                stage=STAGE,
                path=self._options.mirrors.source(url).url,
                remedy="check its name, or fetch it into the mirror (`git fetch --tags`)",
            )
        return commit

    def _mirror(self, url: str) -> git.Repository | None:
        source = self._options.mirrors.source(url)
        if source.protocols != ("file",):
            return None
        path = unquote(source.url[len("file://") :])
        # In the order in which git itself looks.
        for name in (f"{path}/.git", path, f"{path}.git"):
            if (Path(name) / "objects").is_dir():
                return git.Repository(Path(name))
        return None

    def _ask(self, url: str, tag: str) -> str | None:
        source = self._options.mirrors.source(url)
        if self._options.offline:
            raise FetchError(
                f"--offline, and nothing here says which commit {tag} is",
                stage=STAGE,
                path=source.url,
                remedy="run it without --offline, or map the URL to a local repository (--mirrors)",
            )
        done = git.list_tag(source.url, tag, protocols=source.protocols)
        if done.returncode != 0:
            raise _failure(source.url, done.error_text)
        lines = (line.partition("\t") for line in done.text.splitlines())
        refs = {name: oid for oid, _, name in lines}
        commit = refs.get(f"refs/tags/{tag}^{{}}", refs.get(f"refs/tags/{tag}"))
        return commit if commit is not None and is_commit(commit) else None

    def _fetch(self, url: str, commit: str) -> bool:
        source = self._options.mirrors.source(url)
        if self._options.offline and source.protocols != ("file",):
            return False
        if not is_safe_url(source.url) or (url, commit) in self._failed:
            return False
        self._reporter.say(STAGE, f"fetching {commit[:12]} from {source.url}")
        try:
            self._cache.add(
                url,
                [commit],
                source,
                stall_seconds=self._options.stall_seconds,
                on_wait=lambda text: self._reporter.say(STAGE, text),
            )
        except (FetchError, process.StalledError) as error:
            said = error.cause if isinstance(error, FetchError) else str(error)
            self._failed.add((url, commit))
            self._reporter.warn(STAGE, _failure(source.url, said).cause + f" ({source.url})")
            return False
        return True


def _failure(url: str, said: str) -> FetchError:
    kind = classify(said)
    return FetchError(f"{kind.cause}: {essence(said)}", stage=STAGE, path=url, remedy=kind.remedy)


def module_urls(repository: git.Repository, commit: str, parent_url: str) -> dict[str, str]:
    """Return the URLs that a commit's ``.gitmodules`` gives its submodules, by path."""
    listed = repository.run(
        *("config", "--blob", f"{commit}:.gitmodules", "-z", "--get-regexp"),
        r"^submodule\..*\.(path|url)$",
        check=False,
    )
    fields: dict[str, dict[str, str]] = {}
    for line in filter(None, listed.text.split("\0")):
        key, _, value = line.partition("\n")
        name, _, field = key[len("submodule.") :].rpartition(".")
        fields.setdefault(name, {})[field] = value
    return {
        entry["path"]: absolute_url(entry["url"], parent_url)
        for entry in fields.values()
        if {"path", "url"} <= entry.keys()
    }


def absolute_url(url: str, parent: str) -> str:
    """Resolve a submodule's URL that is relative to its parent's (``../name.git``)."""
    if not url.startswith(("./", "../")):
        return url
    base = parent.rstrip("/")
    while url.startswith(("./", "../")):
        if url.startswith("../"):
            base = os.path.dirname(base)  # noqa: PTH120 (a URL, not a path)
        url = url.partition("/")[2]
    return f"{base}/{url}"
