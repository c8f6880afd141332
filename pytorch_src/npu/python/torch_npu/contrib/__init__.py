"""What models are made faster with on an NPU."""

from __future__ import annotations

from . import optimized_lib

__all__ = ["optimized_lib"]
