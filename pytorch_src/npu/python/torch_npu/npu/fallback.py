"""Operators without a kernel for the NPU: they are computed on the CPU."""

from __future__ import annotations

from ._release import runtime


def get_fallback_mode() -> str:
    """Return "warn", "error" or "silent".

    Raises:
        RuntimeError: ASCENDTORCH_FALLBACK is set to another word.
    """
    return str(runtime.get_fallback_mode())


def set_fallback_mode(mode: str) -> None:
    """Choose what happens when an operator has no kernel for the NPU.

    Args:
        mode: "warn" computes it on the CPU and warns once for each operator (the default);
            "silent" does not warn; "error" refuses it.

    Raises:
        ValueError: Another word.
    """
    runtime.set_fallback_mode(mode)


def fallback_counts() -> dict[str, int]:
    """Return how often each operator, such as "aten::median", was computed on the CPU."""
    return dict(runtime.fallback_counts())


def reset_fallback_counts() -> None:
    """Count from 0 again."""
    runtime.reset_fallback_counts()
