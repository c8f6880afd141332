"""The pins of another release: every submodule's commit and URL, nested ones too."""

from __future__ import annotations

from dataclasses import dataclass

from ascendtorch.edge import git
from ascendtorch.edge.files import unsafe_reason
from ascendtorch.edge.gitenv import is_safe_url
from ascendtorch.errors import FetchError
from ascendtorch.spec.mirrors import plain_url
from ascendtorch.spec.version import VersionSpec
from ascendtorch.upkeep.sources import Sources, module_urls

STAGE = "rebase"


@dataclass(frozen=True)
class Pin:
    """One submodule of the other release; `new` where the old one has none at this path."""

    path: str
    url: str
    commit: str
    new: bool


def pins_of(spec: VersionSpec, tag: str, commit: str, sources: Sources) -> tuple[Pin, ...]:
    """Return the submodules of a release, sorted by path.

    Below a submodule whose commit is the one `spec` pins, everything is as `spec` says.

    Raises:
        FetchError: objects are missing (all of them are listed), or a URL cannot be used.
    """
    missing: list[str] = []
    top = sources.require(spec.upstream.url, commit, tag)
    found = _below(spec, "", commit, spec.upstream.url, top, sources, missing)
    if missing:
        raise FetchError(
            f"the objects of {len(missing)} submodules of {tag} are not here, so that what they "
            "hold themselves cannot be pinned:\n" + "\n".join(f"  {line}" for line in missing),
            stage=STAGE,
            path=spec.upstream.url,
            remedy="run it without --offline, or map the URLs to local repositories (--mirrors); "
            "`ascendtorch patch rebase --continue` then completes it",
        )
    return tuple(sorted(found, key=lambda pin: pin.path))


def _below(
    spec: VersionSpec,
    parent: str,
    commit: str,
    url: str,
    repository: git.Repository,
    sources: Sources,
    missing: list[str],
) -> list[Pin]:
    old = {module.path: module for module in spec.submodules}
    links = [entry for entry in repository.ls_tree(commit) if entry.kind == "commit"]
    urls = module_urls(repository, commit, url) if links else {}
    found: list[Pin] = []
    for link in links:
        path = f"{parent}/{link.path}" if parent else link.path
        before = old.get(path)
        named = urls.get(link.path, before.url if before else "")
        if before is not None and plain_url(before.url) == plain_url(named):
            named = before.url
        _check(path, named)
        found.append(Pin(path, named, link.oid, before is None))
        if before is not None and before.commit == link.oid:
            below = [m for m in spec.submodules if m.path.startswith(f"{path}/")]
            found += [Pin(module.path, module.url, module.commit, False) for module in below]
            continue
        inner = sources.find(named, link.oid)
        if inner is None:
            missing.append(f"{path} {link.oid} ({named})")
        else:
            found += _below(spec, path, link.oid, named, inner, sources, missing)
    return found


def _check(path: str, url: str) -> None:
    reason = unsafe_reason(path)
    if reason is None and (not is_safe_url(url) or url.startswith("file:")):
        reason = f"its URL is {url!r}"
    if reason is not None:
        raise FetchError(
            f"the submodule {path!r} cannot be pinned: {reason}",
            stage=STAGE,
            remedy="this release needs a version.yaml that is written by hand",
        )
