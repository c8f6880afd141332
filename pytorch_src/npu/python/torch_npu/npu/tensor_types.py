"""The old tensor types: torch.npu.FloatTensor and its like."""

from __future__ import annotations

from typing import Any

import torch

from ._utils import _described


class _TensorType(type):
    """A type that no tensor is made a subclass of: it makes tensors, and knows its own."""

    dtype: torch.dtype
    is_npu = True

    def __call__(cls, *args: Any) -> torch.Tensor:
        """Make a tensor of sizes, of a list, of a tensor of this type, or an empty one."""
        if len(args) == 1 and isinstance(args[0], torch.Tensor):
            if not isinstance(args[0], cls):
                raise TypeError(
                    f"{cls.__module__}.{cls.__qualname__}() takes a tensor of its own type; "
                    f"{args[0].type()} was given (tensor.to() converts it)"
                )
            return args[0].detach()
        if len(args) == 1 and isinstance(args[0], torch.Size):
            args = tuple(args[0])
        if all(isinstance(arg, int) and not isinstance(arg, bool) for arg in args):
            return torch.empty(args or (0,), dtype=cls.dtype, device="npu")
        if len(args) == 1 and isinstance(args[0], (list, tuple, range)):
            return torch.tensor(args[0], dtype=cls.dtype, device="npu")
        if len(args) == 1 and hasattr(args[0], "__array__"):
            return torch.as_tensor(args[0]).to(device="npu", dtype=cls.dtype)
        raise TypeError(
            f"{cls.__module__}.{cls.__qualname__}() takes sizes, one list or one tensor of its "
            f"type; {', '.join(_described(arg) for arg in args)} was given"
        )

    def __instancecheck__(cls, instance: Any) -> bool:
        return (
            isinstance(instance, torch.Tensor)
            and instance.device.type == "npu"
            and instance.dtype == cls.dtype
            and instance.layout == torch.strided
        )

    def __repr__(cls) -> str:
        return f"<class '{cls.__module__}.{cls.__qualname__}'>"


def _make(name: str, dtype: torch.dtype) -> _TensorType:
    body: dict[str, Any] = {
        "__doc__": f"Tensors of {dtype} on an NPU.",
        "__module__": "torch.npu",
        "__qualname__": name,
        "dtype": dtype,
    }
    # Tensor.type(t) goes by the type's plain name, which must be the dotted one.
    return _TensorType(f"torch.npu.{name}", (), body)


BoolTensor = _make("BoolTensor", torch.bool)
ByteTensor = _make("ByteTensor", torch.uint8)
CharTensor = _make("CharTensor", torch.int8)
ShortTensor = _make("ShortTensor", torch.int16)
IntTensor = _make("IntTensor", torch.int32)
LongTensor = _make("LongTensor", torch.int64)
HalfTensor = _make("HalfTensor", torch.float16)
BFloat16Tensor = _make("BFloat16Tensor", torch.bfloat16)
FloatTensor = _make("FloatTensor", torch.float32)
DoubleTensor = _make("DoubleTensor", torch.float64)

_ALL = (
    BoolTensor,
    ByteTensor,
    CharTensor,
    ShortTensor,
    IntTensor,
    LongTensor,
    HalfTensor,
    BFloat16Tensor,
    FloatTensor,
    DoubleTensor,
)


def wrap_set_default_tensor_type(module: Any) -> None:
    """Let torch.set_default_tensor_type take the types of this module too."""
    own = module.set_default_tensor_type
    state = {"set": False}

    def set_default_tensor_type(t: Any) -> None:
        # A type's plain name is the dotted one.
        chosen = next((made for made in _ALL if made.__name__ == t), t)
        if isinstance(chosen, _TensorType):
            if not chosen.dtype.is_floating_point:
                raise TypeError(
                    "only a floating-point type can be the default type; "
                    f"{chosen.__module__}.{chosen.__qualname__} was given"
                )
            if not hasattr(module, "set_default_device"):
                raise TypeError(
                    f"PyTorch {module.__version__} has no default device but the CPU and CUDA: "
                    f"torch.set_default_dtype({chosen.dtype}) sets the type, and factories take "
                    "device='npu'"
                )
            module.set_default_dtype(chosen.dtype)
            module.set_default_device("npu")
            state["set"] = True
            return
        own(chosen)
        if state["set"]:
            state["set"] = False
            module.set_default_device(None)

    set_default_tensor_type.__doc__ = own.__doc__
    module.set_default_tensor_type = set_default_tensor_type
