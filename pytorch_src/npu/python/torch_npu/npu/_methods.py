"""Methods that tensors get, and what PyTorch's own modules learn."""

import torch

from ._refusals import refuse_collectives, refuse_sharing
from .autograd_profiler import extend_profile
from .formats import npu_format_cast, npu_format_cast_
from .interchange import refuse_dlpack
from .tensor_types import wrap_set_default_tensor_type


def install() -> None:
    """Add them, once a process."""
    torch.Tensor.npu_format_cast = npu_format_cast
    torch.Tensor.npu_format_cast_ = npu_format_cast_
    torch.npu_format_cast = npu_format_cast
    torch.npu_format_cast_ = npu_format_cast_
    wrap_set_default_tensor_type(torch)
    extend_profile(torch.autograd.profiler)
    refuse_collectives(torch.distributed)
    refuse_sharing(torch)
    refuse_dlpack(torch)
