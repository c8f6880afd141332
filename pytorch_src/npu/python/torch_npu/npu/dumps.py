"""Dumps of what operators read and write."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ._release import runtime

_WORDS = {"dump_mode": ("output", "input", "all"), "dump_op_switch": ("on", "off")}
_FIELDS = ("dump_list", "dump_path", *_WORDS)


def init_dump() -> None:
    """Make ready for set_dump.

    Raises:
        RuntimeError: A dump is going on.
    """
    runtime.init_dump()


def set_dump(cfg_file: str | os.PathLike[str]) -> None:
    """Dump the operators launched from now on, until finalize_dump.

    The files are ``{dump_path}/{time}/{device}/{model}/{data_index}/{type}.{name}.{task}.{stream}.
    {timestamp}``.

    Args:
        cfg_file: A JSON file ``{"dump": {...}}`` with dump_path (a folder that exists), dump_mode
            (output, input or all), dump_op_switch (on or off) and dump_list (empty).

    Raises:
        FileNotFoundError: There is no such file, or no such folder as its dump_path.
        RuntimeError: init_dump was not called.
        ValueError: The file is no JSON, or has a wrong field or value.
    """
    path = Path(cfg_file)
    if not path.is_file():
        raise FileNotFoundError(f"there is no dump configuration {str(path)!r}")
    _check(path)
    runtime.set_dump(str(path))


def finalize_dump() -> None:
    """End the dump; the files are written when it returns.

    Raises:
        RuntimeError: init_dump was not called, or an operator failed.
    """
    runtime.finalize_dump()


def _check(path: Path) -> None:
    try:
        read: Any = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is no JSON: {error}") from error
    dump = read.get("dump") if isinstance(read, dict) else None
    if not isinstance(dump, dict):
        raise ValueError(f'{path} has no "dump" with the fields {", ".join(_FIELDS)}')
    for name, value in dump.items():
        if name in _WORDS and value not in _WORDS[name]:
            raise ValueError(f"{path}: {name} is {value!r}; it can be {', '.join(_WORDS[name])}")
    folder = dump.get("dump_path")
    if not isinstance(folder, str) or not folder:
        raise ValueError(f"{path} has no dump_path, the folder that the files are written into")
    if not Path(folder).is_dir():
        raise FileNotFoundError(f"{path}: dump_path {folder!r} is no folder; make it first")
