"""torch.autograd.profiler.profile(use_npu=True, use_npu_simple=), and torch.profiler on an NPU."""

from __future__ import annotations

import functools
from typing import Any

# Operators that only make, name or read tensors: below an operator that computes they are no step
# of their own.
_BOOKKEEPING = """
    _local_scalar_dense _reshape_alias alias as_strided chunk contiguous detach diagonal empty
    empty_like empty_strided expand expand_as flatten item movedim narrow permute promote_types
    reshape resize_ result_type scalar_tensor select set_ slice split squeeze t transpose unbind
    unflatten unfold unsqueeze view view_as
"""


def _bottom(events: Any) -> Any:
    """Return the operators that compute and call no other one that does."""
    bookkeeping = {f"aten::{name}" for name in _BOOKKEEPING.split()}
    computing = [
        event
        for event in events
        if event.name.startswith("aten::") and event.name not in bookkeeping
    ]
    above = set()
    for event in computing:
        parent = event.cpu_parent
        while parent is not None and id(parent) not in above:
            above.add(id(parent))
            parent = parent.cpu_parent
    made = type(events)(
        [event for event in computing if id(event) not in above],
        use_device=events._use_device,
        profile_memory=events._profile_memory,
        with_flops=events._with_flops,
    )
    # Times of what is left were built with the whole tree.
    made._tree_built = True
    return made


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
            return _bottom(self.function_events).export_chrome_trace(path)
        return own_export(self, path, *args, **named)

    profile.__init__ = __init__
    profile.export_chrome_trace = export_chrome_trace
