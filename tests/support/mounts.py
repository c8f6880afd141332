"""Small and read-only file systems for one run, in a name space that ends with it."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import pytest

_UNSHARE = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c")


def mounted(folder: Path, options: str) -> tuple[str, ...]:
    """The start of a command that sees a new, empty file system at `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    return (*_UNSHARE, f'mount -t tmpfs -o {options} none "$0" && exec "$@"', str(folder))


def read_only(folder: Path) -> tuple[str, ...]:
    """The start of a command that cannot write below `folder`."""
    script = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'
    return (*_UNSHARE, script, str(folder))


def _possible() -> bool:
    with tempfile.TemporaryDirectory() as scratch:
        for wrapper in (mounted(Path(scratch), "size=64k"), read_only(Path(scratch))):
            try:
                done = subprocess.run([*wrapper, "true"], capture_output=True, check=False)
            except OSError:
                return False
            if done.returncode != 0:
                return False
    return True


needs_mounts = pytest.mark.skipif(not _possible(), reason="mounting is not permitted here")
