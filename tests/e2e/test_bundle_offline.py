"""From a bundle to a wheel, on a miniature PyTorch, with no network; pip needs its index before."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from support.upstream import VERSION
from support.workspace import Workspace

pytestmark = [pytest.mark.network, pytest.mark.timeout(1200)]

NOWHERE = "https://127.0.0.1:1"
NO_NETWORK = ("unshare", "--user", "--map-root-user", "--net")


def _possible() -> bool:
    try:
        done = subprocess.run([*NO_NETWORK, "true"], capture_output=True, check=False)
    except OSError:
        return False
    return done.returncode == 0


@pytest.mark.skipif(not _possible(), reason="a machine without a network cannot be made here")
def test_build_without_a_network(built: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "carried.tar"
    done = built.run(
        *("bundle", "create", "-v", VERSION, "--without-tool", "-o", str(file), "--json"),
        timeout=240,
    )
    there = Workspace(tmp_path / "there", built.upstream)
    there.base.mkdir()
    there.create()
    there.map_to(NOWHERE)
    there.patches.joinpath("version.yaml").write_bytes(
        built.patches.joinpath("version.yaml").read_bytes()
    )
    # Nothing of this machine's own settings of pip, and nowhere to download from.
    there.env.update(PIP_CONFIG_FILE=os.devnull, PIP_NO_INDEX="1")
    digest = json.loads(done.stdout)["sha256"]
    there.run("bundle", "use", str(file), "--sha256", digest, wrapper=NO_NETWORK)
    there.gen("--offline", wrapper=NO_NETWORK)
    there.build("--offline", wrapper=NO_NETWORK)
    (wheel,) = (there.root / "dist").glob("*.whl")
    assert wheel.name == next((built.root / "dist").glob("*.whl")).name
