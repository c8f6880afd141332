"""Runs of the tool without the start of an interpreter: a process that has it loaded, and forks.

Every run is still a process of its own, with its own arguments, folder, environment, streams and
exit code. Three of four tests are about git and files, and would spend most of their time in
`import`; those about the process itself use `python -m ascendtorch`.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_LOADED = ("cli", "cli.gen", "cli.options")


class Zygote:
    """The process that forks."""

    def __init__(self, package: Path) -> None:
        # A session of its own, so that Ctrl-C at the tests does not reach it first.
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__))],
            env={**os.environ, "PYTHONPATH": str(package)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(
        self,
        arguments: list[str],
        folder: Path,
        env: Mapping[str, str],
        seconds: float,
        prelude: str = "",
    ) -> tuple[int, str, str]:
        """Run the tool; return its exit code (negative for a signal) and both streams.

        Args:
            prelude: Python that the process runs before it.
        """
        if self._process.stdin is None or self._process.stdout is None:
            raise AssertionError("the process has no pipes")
        with tempfile.TemporaryDirectory() as scratch:
            streams = [str(Path(scratch) / name) for name in ("stdout", "stderr")]
            request = {
                "arguments": arguments,
                "folder": str(folder),
                "env": dict(env),
                "streams": streams,
                "seconds": seconds,
                "prelude": prelude,
            }
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            status = int(self._process.stdout.readline())
            texts = [Path(name).read_bytes().decode("utf-8", "replace") for name in streams]
        return os.waitstatus_to_exitcode(status), texts[0], texts[1]

    def close(self) -> None:
        """End it."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait(timeout=10)


def _serve() -> None:
    import importlib

    for name in _LOADED:
        importlib.import_module(f"ascendtorch.{name}")
    for line in sys.stdin:
        request = json.loads(line)
        child = os.fork()
        if child == 0:
            _become(request)
        deadline = time.monotonic() + request["seconds"]
        done, status = 0, 0
        pause = 0.002
        while not done:
            done, status = os.waitpid(child, os.WNOHANG)
            if not done and time.monotonic() > deadline:
                os.kill(child, signal.SIGKILL)
            elif not done:
                time.sleep(pause)
                pause = min(0.02, pause * 1.5)
        print(status, flush=True)


def _become(request: dict[str, Any]) -> None:
    code = 70
    try:
        for number, name in enumerate(["/dev/null", *request["streams"]]):
            flags = os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC
            os.dup2(os.open(name, flags), number)
        os.chdir(request["folder"])
        os.environ.clear()
        os.environ.update(request["env"])
        time.tzset()
        sys.argv[1:] = request["arguments"]
        from ascendtorch.cli import main

        exec(request["prelude"], {})  # noqa: S102 (a test's own words)
        main()
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException:  # noqa: BLE001 (shown, and the exit code says it)
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    _serve()
