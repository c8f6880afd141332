"""Where things lie: the project folder, the tree, build and dist folders, the user cache."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from ascendtorch.errors import SpecError

ROOT_VARIABLE = "ASCENDTORCH_ROOT"
CACHE_VARIABLE = "ASCENDTORCH_CACHE"


@dataclass(frozen=True)
class Workspace:
    """The folders of one project checkout.

    Attributes:
        root: the checkout, with ``patch/``, ``templates/`` and ``pytorch_src/``.
        tree: the adapted PyTorch tree.
        cache: objects shared by all checkouts of this user.
    """

    root: Path
    tree: Path
    cache: Path

    @property
    def patches(self) -> Path:
        """Versions, their pins and their series."""
        return self.root / "patch"

    @property
    def build(self) -> Path:
        """Everything made on the way that is not the tree."""
        return self.root / "build"

    @property
    def dist(self) -> Path:
        """Finished wheels."""
        return self.root / "dist"

    @property
    def lock(self) -> Path:
        """Held by whichever run changes this workspace."""
        return self.build / "workspace.lock"

    @property
    def current_file(self) -> Path:
        """Names the version that was generated last; ``env.sh`` reads it."""
        return self.build / "current"

    def version_build(self, version: str) -> Path:
        """What belongs to one version below the build folder."""
        return self.build / version

    @property
    def emulator(self) -> Path:
        """The emulator's libraries, one folder for each set of sources, compiler and torch."""
        return self.build / "emulator"

    @property
    def parked_trees(self) -> Path:
        """Where trees wait, by version, while the tree folder is used for another one."""
        return self.build / "trees"

    def state_folders(self) -> list[Path]:
        """Folders in which only the run that holds the lock writes, one file at a time."""
        git = self.tree / ".git"
        versions = [folder for folder in self.patches.glob("*") if folder.is_dir()]
        made = [self.version_build(folder.name) for folder in versions]
        rest = (self.build, self.build / "rebase", self.patches)
        return [git / "ascendtorch", git / "info", *versions, *made, *rest]


def locate(
    environ: Mapping[str, str], *, tree: Path | None = None, root: Path | None = None
) -> Workspace:
    """Find the workspace: `root`, else ``ASCENDTORCH_ROOT``, else the folder around us.

    Raises:
        SpecError: there is no ``patch/catalog.yaml`` there.
    """
    found = root or _root_from(environ)
    if not (found / "patch" / "catalog.yaml").is_file():
        raise SpecError(
            "this is not an ascendtorch checkout (no patch/catalog.yaml)",
            path=found,
            remedy=f"run from the checkout, or set {ROOT_VARIABLE} to it",
        )
    found = found.resolve()
    return Workspace(found, (tree or found / "pytorch").absolute(), cache_folder(environ, found))


def _root_from(environ: Mapping[str, str]) -> Path:
    if environ.get(ROOT_VARIABLE):
        return Path(environ[ROOT_VARIABLE])
    for folder in (Path.cwd(), *Path.cwd().parents):
        if (folder / "patch" / "catalog.yaml").is_file():
            return folder
    return Path(__file__).resolve().parents[2]


def cache_folder(environ: Mapping[str, str], root: Path) -> Path:
    """The user cache: ``ASCENDTORCH_CACHE``, else the platform's.

    Without HOME it is that of the account's home; an account without one gets a folder in the
    checkout, for a shared place such as ``/var/tmp`` could be somebody else's.
    """
    if environ.get(CACHE_VARIABLE):
        return Path(environ[CACHE_VARIABLE]).absolute()
    try:
        Path.home()
    except RuntimeError:
        if not environ.get("XDG_CACHE_HOME"):
            return root / "build" / "cache"
    return platformdirs.user_cache_path("ascendtorch")
