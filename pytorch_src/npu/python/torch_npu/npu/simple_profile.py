"""The short trace of torch.autograd.profiler.profile(use_npu=True, use_npu_simple=True)."""

from __future__ import annotations

import copy
from typing import Any

# Operators that only make, name or read tensors: below an operator that computes they are no step
# of their own.
_BOOKKEEPING = """
    _local_scalar_dense _reshape_alias alias as_strided chunk contiguous detach diagonal empty
    empty_like empty_strided expand expand_as flatten item movedim narrow permute promote_types
    reshape resize_ result_type scalar_tensor select set_ slice split squeeze t transpose unbind
    unflatten unfold unsqueeze view view_as
"""


def bottom(events: Any) -> Any:
    """Return the operators that compute and call no other one that does.

    Args:
        events: What a profile recorded, with its tree.
    """
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
    # With the settings of the profile; times of what is left were built with the whole tree.
    made = copy.copy(events)
    made[:] = [event for event in computing if id(event) not in above]
    return made
