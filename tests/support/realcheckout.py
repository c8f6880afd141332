"""A checkout for tests on real releases, small in what it fetches."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
GLOO, TENSORPIPE = "third_party/gloo", "third_party/tensorpipe"


class Checkout:
    """A workspace of its own with the project's patches.

    `--submodules needed` has only the submodules there that the series touches.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in ("patch", "templates", "pytorch_src"):
            shutil.copytree(ROOT / name, root / name)
        self.patches = root / "patch" / "1.8.1"
        path = self.patches / "version.yaml"
        text = re.sub(r"^(    needed:).*$", r"\1 never", path.read_text("utf-8"), flags=re.M)
        for module in (GLOO, TENSORPIPE):
            pattern = rf"(  {module}:\n.*\n.*\n    needed:) never"
            text, count = re.subn(pattern, r"\1 always", text)
            assert count == 1
        path.write_text(text, "utf-8")
        self.tree = root / "pytorch"

    def run(self, *arguments: str) -> dict[str, Any]:
        """Run the tool; its result as data."""
        begun = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "ascendtorch", *arguments, "--json"],
            env={**os.environ, "ASCENDTORCH_ROOT": str(self.root), "PYTHONPATH": f"{ROOT}/scripts"},
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        print(f"{' '.join(arguments[:2])}: {time.monotonic() - begun:.1f} s")
        assert done.returncode == 0, arguments
        result: dict[str, Any] = json.loads(done.stdout)
        return result

    def git(self, *arguments: str) -> str:
        """Run git in the tree; return what it printed."""
        return subprocess.run(
            ["git", *arguments], cwd=self.tree, capture_output=True, text=True, check=True
        ).stdout
