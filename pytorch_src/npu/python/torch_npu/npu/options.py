"""Options of AscendCL's operator compiler."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ._release import runtime
from ._utils import _described

# The numbers are aclCompileOpt's.
_NUMBERS = {
    "ACL_OP_SELECT_IMPL_MODE": 3,
    "ACL_OPTYPELIST_FOR_IMPLMODE": 4,
    "ACL_OP_DEBUG_LEVEL": 5,
    "ACL_DEBUG_DIR": 6,
    "ACL_OP_COMPILER_CACHE_MODE": 7,
    "ACL_OP_COMPILER_CACHE_DIR": 8,
}
_WORDS = {
    "ACL_OP_SELECT_IMPL_MODE": ("high_precision", "high_performance"),
    "ACL_OP_DEBUG_LEVEL": ("0", "1", "2", "3", "4"),
    "ACL_OP_COMPILER_CACHE_MODE": ("enable", "disable", "force"),
}
_FOLDERS = ("ACL_DEBUG_DIR", "ACL_OP_COMPILER_CACHE_DIR")


def set_option(option: Mapping[str, Any]) -> None:
    """Set options of the operator compiler, for operators compiled from now on.

    Args:
        option: Names and values. ACL_OP_SELECT_IMPL_MODE: high_precision or high_performance;
            ACL_OPTYPELIST_FOR_IMPLMODE: an operator of AscendCL, or several with commas, that the
            mode is for; ACL_OP_DEBUG_LEVEL: 0 to 4; ACL_OP_COMPILER_CACHE_MODE: enable, disable or
            force; ACL_DEBUG_DIR and ACL_OP_COMPILER_CACHE_DIR: folders that exist.

    Raises:
        FileNotFoundError: A folder does not exist.
        RuntimeError: AscendCL refuses an option.
        TypeError: `option` is no dictionary, or a value is neither text nor a number.
        ValueError: An unknown name or value; nothing is set then.
    """
    if not isinstance(option, Mapping):
        raise TypeError(
            "options are a dictionary, such as {'ACL_OP_DEBUG_LEVEL': 0}; "
            f"{_described(option)} was given"
        )
    checked: dict[str, str] = {name: _value(name, value) for name, value in option.items()}
    for name, value in checked.items():
        runtime.set_compile_option(_NUMBERS[name], value)


def get_option(name: str) -> str:
    """Return the value that AscendCL holds of an option; empty where it was not set.

    Raises:
        ValueError: An unknown name.
    """
    _check_name(name)
    return str(runtime.compile_option(_NUMBERS[name]))


def _check_name(name: str) -> None:
    if name not in _NUMBERS:
        raise ValueError(f"there is no option {name!r}; there are {', '.join(_NUMBERS)}")


def _value(name: str, value: Any) -> str:
    _check_name(name)
    if isinstance(value, bool) or not isinstance(value, (str, int, Path)):
        raise TypeError(f"{name} takes text; {_described(value)} was given")
    text = str(value)
    words = _WORDS.get(name)
    if words is not None and text not in words:
        raise ValueError(f"{name} is {text!r}; it can be {', '.join(words)}")
    if name in _FOLDERS and not Path(text).is_dir():
        raise FileNotFoundError(f"{name} is {text!r}: there is no such folder; make it first")
    if not text:
        raise ValueError(f"{name} is empty")
    return text
