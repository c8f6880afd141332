"""torch.autograd.profiler.profile(use_npu=True, use_npu_simple=), and torch.profiler on an NPU."""

from __future__ import annotations

import functools
from typing import Any

from .simple_profile import bottom


def extend_profile(module: Any) -> None:
    """Let torch.autograd.profiler.profile take use_npu and use_npu_simple.

    Args:
        module: torch.autograd.profiler.
    """
    profile = module.profile
    own_init, own_export = profile.__init__, profile.export_chrome_trace

    @functools.wraps(own_init)
    def __init__(
        self: Any,
        enabled: bool = True,
        *,
        use_npu: bool = False,
        use_npu_simple: bool = False,
        **named: Any,
    ) -> None:
        if use_npu:
            given = named.get("use_device")
            if named.get("use_cuda") or given not in (None, "npu"):
                other = "use_cuda=True" if named.get("use_cuda") else f"use_device={given!r}"
                raise ValueError(
                    f"use_npu=True and {other} exclude each other: a profile times one kind of "
                    "device"
                )
            named["use_device"] = "npu"
        elif use_npu_simple:
            raise ValueError("use_npu_simple=True needs use_npu=True")
        self.use_npu = bool(use_npu)
        self.use_npu_simple = bool(use_npu_simple)
        if named.get("use_device") == "npu":
            # The times come from events around each operator, which kineto knows nothing of.
            named.update(use_kineto=False, use_cpu=True)
        own_init(self, enabled, **named)

    @functools.wraps(own_export)
    def export_chrome_trace(self: Any, path: Any, *args: Any, **named: Any) -> Any:
        if getattr(self, "use_npu_simple", False):
            return bottom(self.function_events).export_chrome_trace(path)
        return own_export(self, path, *args, **named)

    profile.__init__ = __init__
    profile.export_chrome_trace = export_chrome_trace
