"""The crash log: what somebody needs who mends the bug."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import time
import traceback
from pathlib import Path

from ascendtorch import __version__
from ascendtorch.edge.files import write_atomic


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
