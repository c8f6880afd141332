"""Stands for ssh: serves the miniature's repositories from this machine, as badly as it is told.

git runs it as `GIT_SSH_COMMAND`, so everything above the transport is the real thing. The file
named by ``FAKE_SSH`` holds JSON: ``root`` (folder of the repositories), ``log`` (a line for every
call: the repository), ``mark`` (a file made when a server begins to misbehave), ``rules``: by
repository or ``*``:

    do      serve, refuse, cut, stall or slow
    say     what refuse prints
    bytes   how much is served before cut and stall
    times   only the first so many calls; all by default
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any


def main() -> int:
    if "-G" in sys.argv:  # git asks whether this is OpenSSH
        return 0
    settings = json.loads(Path(os.environ["FAKE_SSH"]).read_text())
    found = re.search(r"git-upload-pack '/?(.*?)(\.git)?'$", sys.argv[-1])
    if found is None:
        return 2
    name = found[1]
    with Path(settings["log"]).open("a") as log:
        log.write(f"{name}\n")
    calls = Path(settings["log"]).read_text().split().count(name)
    rule = settings["rules"].get(name) or settings["rules"].get("*", {"do": "serve"})
    if calls > rule.get("times", 1 << 30):
        rule = {"do": "serve"}
    if rule["do"] == "refuse":
        sys.stderr.write(rule["say"] + "\n")
        return 255
    folder = Path(settings["root"]) / f"{name}.git"
    env = {k: v for k, v in os.environ.items() if k == "GIT_PROTOCOL" or not k.startswith("GIT_")}
    command = ["git", "-c", "safe.directory=*", "upload-pack", str(folder)]
    if rule["do"] == "serve":
        return subprocess.run(command, env=env, check=False).returncode
    return _misbehave(command, env, rule, Path(settings["mark"]))


def _misbehave(command: list[str], env: dict[str, str], rule: dict[str, Any], mark: Path) -> int:
    server = subprocess.Popen(command, env=env, stdout=subprocess.PIPE)
    if server.stdout is None:
        return 2
    sent = 0
    limit = rule.get("bytes", 0)
    while True:
        chunk = os.read(server.stdout.fileno(), 4096)
        if not chunk:
            return server.wait()
        if sent + len(chunk) > limit:
            chunk = chunk if rule["do"] == "slow" else chunk[: limit - sent]
            mark.touch()
        os.write(1, chunk)
        sent += len(chunk)
        if sent >= limit:
            if rule["do"] == "cut":
                server.kill()
                return 1
            time.sleep(600.0 if rule["do"] == "stall" else 0.05)


if __name__ == "__main__":
    sys.exit(main())
