"""Methods that tensors, storages and modules get, and what PyTorch's own modules learn."""

from __future__ import annotations

from typing import Any

import torch
import torch.utils.dlpack
from torch.nn.utils.rnn import PackedSequence
from torch.overrides import handle_torch_function, has_torch_function_unary

from ._refusals import refuse_collectives, refuse_sharing
from ._utils import Device, checked_index
from .dumper import install as install_dumper
from .formats import npu_format_cast, npu_format_cast_
from .interchange import refuse_dlpack
from .serialization import register_location
from .storage_base import register_storages, storage_npu, storage_pin_memory
from .storages import TYPES
from .tensor_types import wrap_set_default_tensor_type


def install() -> None:
    """Add them, once a process."""
    torch.Tensor.npu = npu
    torch.Tensor.npu_format_cast = npu_format_cast
    torch.Tensor.npu_format_cast_ = npu_format_cast_
    torch.npu_format_cast = npu_format_cast
    torch.npu_format_cast_ = npu_format_cast_
    torch.nn.Module.npu = module_npu
    PackedSequence.npu = packed_npu
    PackedSequence.is_npu = property(lambda self: self.data.is_npu)
    torch.storage._StorageBase.npu = storage_npu
    torch.storage._StorageBase.is_npu = False
    torch.storage._StorageBase.pin_memory = storage_pin_memory
    register_storages(TYPES)
    register_location(torch.serialization)
    wrap_set_default_tensor_type(torch)
    refuse_collectives(torch.distributed)
    refuse_sharing(torch)
    refuse_dlpack(torch)
    install_dumper(torch.utils)
    _tell_overrides(torch.overrides)


def _tell_overrides(overrides: Any) -> None:
    """Say how subclasses of Tensor see what was added; a test of PyTorch wants to know of all."""
    overrides.get_ignored_functions().update({npu_format_cast, npu_format_cast_})
    overrides.get_testing_overrides().update(
        {
            npu: lambda self, device=None, non_blocking=False, memory_format=None: -1,
            torch.Tensor.is_npu.__get__: lambda self: -1,
        }
    )


def npu(
    self: torch.Tensor,
    device: Device = None,
    non_blocking: bool = False,
    memory_format: torch.memory_format = torch.preserve_format,
) -> torch.Tensor:
    """Return a copy on an NPU; the tensor itself where it is on that one.

    Args:
        device: None is the current one.
        non_blocking: A copy from pinned memory does not wait.
        memory_format: Of the copy.

    Raises:
        RuntimeError: There is no such NPU.
    """
    if has_torch_function_unary(self):
        return handle_torch_function(
            npu,
            (self,),
            self,
            device=device,
            non_blocking=non_blocking,
            memory_format=memory_format,
        )
    try:
        index = checked_index(device)
    except ValueError as error:
        raise RuntimeError(str(error)) from None
    return self.to(
        torch.device("npu", index), non_blocking=non_blocking, memory_format=memory_format
    )


def module_npu(self: torch.nn.Module, device: Device = None) -> torch.nn.Module:
    """Move all parameters and buffers to an NPU, and return the module.

    An optimizer is made after this, so that it knows the moved parameters.

    Args:
        device: None is the current one.

    Raises:
        RuntimeError: There is no such NPU.
    """
    return self._apply(lambda tensor: tensor.npu(device))


def packed_npu(self: PackedSequence, device: Device = None, **options: Any) -> PackedSequence:
    """Return the packed sequence on an NPU.

    Args:
        device: None is the current one.
        options: Those of Tensor.to, such as dtype.

    Raises:
        RuntimeError: There is no such NPU.
    """
    return self.to(device=torch.device("npu", checked_index(device)), **options)
