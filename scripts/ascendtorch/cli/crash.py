"""What nobody foresaw: a crash log for somebody who mends the bug, or a child that was killed."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import time
import traceback
from pathlib import Path

from ascendtorch import __version__
from ascendtorch.edge import process
from ascendtorch.edge.files import write_atomic
from ascendtorch.errors import HostError


def killed_child(error: BaseException) -> HostError | None:
    """Return the error for a program of ours that was killed from outside, which is no bug."""
    if not isinstance(error, process.ProcessFailedError) or error.result.returncode >= 0:
        return None
    program = Path(error.result.argv[0]).name
    how = process.describe_exit(error.result.returncode)
    return HostError(
        f"{program} was ended from outside, by {how}",
        remedy="see whether memory ran out (`dmesg`), then run the same command again",
    )


def write_crash_log(error: BaseException, arguments: list[str]) -> Path:
    """Write a log with versions, the command and the traceback; return where it lies."""
    text = "\n".join(
        [
            f"ascendtorch {__version__}",
            f"python {sys.version}",
            f"platform {platform.platform()}",
            f"arguments {arguments}",
            f"folder {Path.cwd()}",
            "",
            *traceback.format_exception(type(error), error, error.__traceback__),
        ]
    )
    name = f"crash-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.log"
    for folder in (Path.cwd() / "build", Path(tempfile.gettempdir())):
        if folder.is_dir():
            try:
                write_atomic(folder / name, text.encode("utf-8", "replace"))
            except OSError:
                continue
            return folder / name
    return Path("/dev/null")
