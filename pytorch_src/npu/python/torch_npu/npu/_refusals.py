"""What an NPU does not offer is refused with words, where PyTorch's own would not be understood."""

from __future__ import annotations

from multiprocessing.reduction import ForkingPickler
from typing import Any

from ._release import register_backend, storage_types


def _no_collectives(*_arguments: Any) -> Any:
    raise RuntimeError(
        "this build of torch.npu has no collectives (HCCL): train on one NPU, or on the CPU with "
        "the backend 'gloo'"
    )


def refuse_collectives(distributed: Any) -> None:
    """Let init_process_group(backend="hccl") say what is missing.

    Args:
        distributed: torch.distributed.
    """
    if not distributed.is_available():
        return
    if not hasattr(distributed.Backend, "HCCL"):
        register_backend(distributed, "hccl", _no_collectives)
        # What torch.distributed.is_backend_available("hccl") asks.
        distributed.is_hccl_available = lambda: False


def refuse_sharing(torch: Any) -> None:
    """Let a queue to another process say that memory of an NPU is not shared."""
    own = torch.multiprocessing.reductions.reduce_storage

    def reduce_storage(storage: Any) -> Any:
        if storage.device.type == "npu":
            raise RuntimeError(
                "memory of an NPU is not shared between processes; send a copy: tensor.cpu()"
            )
        return own(storage)

    for kind in storage_types(torch):
        ForkingPickler.register(kind, reduce_storage)
