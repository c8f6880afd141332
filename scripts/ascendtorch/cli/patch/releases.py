"""Options of the commands that read other releases."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable, TypeVar

import click

from ascendtorch.cli import options
from ascendtorch.edge import git, process
from ascendtorch.edge.files import host_errors
from ascendtorch.errors import FetchError
from ascendtorch.stages.fetch import FetchOptions

_Function = TypeVar("_Function", bound=Callable[..., Any])


def fetching_options(function: _Function) -> _Function:
    """Add ``--mirrors`` and ``--offline``."""
    function = click.option(
        "--offline", is_flag=True, help="Never touch a network; say what is missing."
    )(function)
    return click.option(
        "--mirrors",
        type=click.Path(path_type=Path, dir_okay=False),
        help="YAML map from pinned URLs to where they are read from.",
    )(function)


def fetching(mirrors: Path | None, offline: bool) -> FetchOptions:
    """Return how to reach the remotes."""
    return FetchOptions(options.mirrors_from(mirrors), offline)


@contextlib.contextmanager
def release_errors(stage: str, folder: Path) -> Iterator[None]:
    """Turn what the machine or git refuses into errors that a person can act on.

    Args:
        folder: where the command writes.
    """
    try:
        with host_errors(stage, folder):
            yield
    except process.ProcessFailedError as error:
        said = error.result.error_text
        refused = git.host_error(said, stage=stage, path=folder)
        if refused is not None:
            raise refused from error
        raise FetchError(
            f"git failed: {said or error}",
            stage=stage,
            path=folder,
            remedy="check the mirror or the cache that it names with `git fsck`, then run the "
            "same command again",
        ) from error
