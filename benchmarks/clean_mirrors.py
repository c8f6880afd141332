"""Mirrors that hold exactly the pinned commits of a release, for the tool and for stock git."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from ascendtorch.spec.mirrors import Mirrors
from ascendtorch.spec.version import VersionSpec
from ascendtorch.stages.object_cache import ObjectCache


def prepare(spec: VersionSpec, mirrors: Mirrors, folder: Path) -> Mirrors:
    """Make a bare repository per remote with the pinned commits alone; return the map to them.

    Stock git starts from a branch: every mirror's is ``master``, at one of its pins.
    """
    made = ObjectCache(folder)
    rules = []
    for url, commits in pins_by_remote(spec).items():
        lacking = [commit for commit in commits if made.find(url, commit) is None]
        repository = made.repository(url)
        rules.append((url, repository.git_dir.as_uri()))
        if lacking:
            print(f"  mirror of {url}: {len(lacking)} commits", file=sys.stderr, flush=True)
            source = mirrors.source(url)
            made.add(url, lacking, source, stall_seconds=120.0)
        repository.set_ref("refs/heads/master", commits[0])
        repository.run("symbolic-ref", "HEAD", "refs/heads/master")
        repository.run("config", "uploadpack.allowAnySHA1InWant", "true")
        if commits[0] == spec.upstream.commit:
            repository.set_ref(f"refs/tags/{spec.upstream.tag}", commits[0])
    return Mirrors(tuple(rules))


def pins_by_remote(spec: VersionSpec) -> dict[str, list[str]]:
    """Return the pinned commits of every remote, by its URL without ``.git``."""
    pins = {_plain(spec.upstream.url): [spec.upstream.commit]}
    for module in spec.submodules:
        commits = pins.setdefault(_plain(module.url), [])
        if module.commit not in commits:
            commits.append(module.commit)
    return pins


def _plain(url: str) -> str:
    return url[: -len(".git")] if url.endswith(".git") else url


def git_config(sources: Mapping[str, str]) -> str:
    """Return the configuration by which stock git uses the same mirrors, and nothing else."""
    text = "[protocol]\n\tallow = never\n"
    for scheme in sorted({urlsplit(target).scheme for target in sources.values()}):
        text += f'[protocol "{scheme}"]\n\tallow = always\n'
    for url, target in sources.items():
        # .gitmodules and version.yaml need not agree on the ending.
        text += f'[url "{target}"]\n\tinsteadOf = {url}\n\tinsteadOf = {url}.git\n'
    return text
