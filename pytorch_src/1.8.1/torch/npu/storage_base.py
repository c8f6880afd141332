"""What the storage types of an NPU stand on, and how PyTorch learns of them.

This PyTorch has one class of storages for each device and type, and knows classes of ours when
they are registered. They stand on a class of our own: those of the CPU read the memory at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from ._release import runtime
from ._utils import Device, _described, checked_index


class StorageBase(runtime.StorageBase, torch.storage._StorageBase):
    """Numbers in the memory of an NPU: what tensors that are views of each other share.

    Args:
        content: How many numbers, which are not set to anything; or the numbers.
    """

    dtype: torch.dtype
    is_npu = True

    def __new__(cls, content: Any = 0):
        if isinstance(content, int) and not isinstance(content, bool):
            made = torch.empty(content, dtype=cls.dtype, device="npu")
        elif isinstance(content, Sequence) and not isinstance(content, str):
            made = torch.tensor(content, dtype=cls.dtype).npu()
        else:
            raise TypeError(
                f"{cls.__module__}.{cls.__name__}() takes a size or a sequence of numbers; "
                f"{_described(content)} was given"
            )
        return made.storage()

    def __init__(self, content: Any = 0) -> None:
        """Nothing is left to do."""

    def size(self) -> int:
        """Return how many numbers it holds."""
        return self.nbytes() // self.element_size()

    def __len__(self) -> int:
        return self.size()

    def element_size(self) -> int:
        """Return the bytes of one number."""
        return torch.empty(0, dtype=self.dtype).element_size()

    def get_device(self) -> int:
        """Return the index of its device."""
        return int(self.device.index)

    def is_pinned(self) -> bool:
        """Say no: only memory of the host is pinned."""
        return False

    def is_shared(self) -> bool:
        """Say no: memory of an NPU is not shared between processes."""
        return False

    def tensor(self) -> torch.Tensor:
        """Return all of it as a tensor with one dimension, in the same memory.

        What lies there in a private layout is brought into plain memory.
        """
        return _as_tensor(self)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            raise TypeError(
                "a part of a storage of an NPU is no storage; take it from a tensor: "
                "storage.tensor()[start:stop]"
            )
        return self.tensor()[index].item()

    def __setitem__(self, index: Any, value: Any) -> None:
        self.tensor()[index] = value

    def __iter__(self):
        return iter(self.tolist())

    def __str__(self) -> str:
        lines = "".join(f" {number}\n" for number in self.tolist())
        return f"{lines}[{torch.typename(self)} of size {len(self)}]"

    def tolist(self) -> list[Any]:
        """Return the numbers."""
        return self.tensor().tolist()

    def fill_(self, value: Any) -> StorageBase:
        """Set all numbers to one."""
        self.tensor().fill_(value)
        return self

    def copy_(self, source: Any, non_blocking: bool = False) -> StorageBase:
        """Take the numbers of a storage of the same size."""
        self.tensor().copy_(_as_tensor(source), non_blocking)
        return self

    def clone(self) -> StorageBase:
        """Return a copy on the same device."""
        return self.tensor().clone().storage()

    def new(self) -> StorageBase:
        """Return an empty storage on the same device."""
        return torch.empty(0, dtype=self.dtype, device=self.device).storage()

    def resize_(self, size: int) -> StorageBase:
        """Make room for another number of numbers; those that fit stay."""
        made = torch.empty(size, dtype=self.dtype, device=self.device)
        kept = min(size, self.size())
        made[:kept].copy_(self.tensor()[:kept])
        runtime.exchange_storage_memory(self, made.storage())
        return self

    def type(self, dtype: Any = None, non_blocking: bool = False) -> Any:
        """Return the name of the type, or a copy of another type: a class or its dotted name."""
        if dtype is None:
            return f"{type(self).__module__}.{type(self).__name__}"
        if isinstance(dtype, str):
            dtype = torch._utils._import_dotted_name(dtype)
        if dtype is type(self):
            return self
        device = self.device if issubclass(dtype, StorageBase) else "cpu"
        return self.tensor().to(device, dtype(0).dtype, non_blocking).storage()

    def cpu(self) -> Any:
        """Return a copy on the CPU."""
        return self.tensor().cpu().storage()

    def pin_memory(self) -> Any:
        """Refuse: only memory of the host is pinned."""
        raise TypeError(f"cannot pin '{self.type()}' only CPU memory can be pinned")

    def share_memory_(self) -> StorageBase:
        """Refuse: memory of an NPU is not shared between processes."""
        raise RuntimeError(
            "memory of an NPU is not shared between processes; send a copy: tensor.cpu()"
        )

    def _write_file(self, *where: Any) -> None:
        self.cpu()._write_file(*where)

    def _set_from_file(self, *where: Any) -> StorageBase:
        read = getattr(torch, type(self).__name__)(self.size())
        return self.copy_(read._set_from_file(*where))


def _as_tensor(storage: Any) -> torch.Tensor:
    made = torch.empty(0, dtype=storage.dtype, device=storage.device)
    # The first call brings a private layout, which may take more room, into plain memory.
    made.set_(storage, 0, (0,), (1,))
    return made.set_(storage, 0, (storage.size(),), (1,))


def storage_npu(self: Any, device: Device = None, non_blocking: bool = False) -> Any:
    """Return a copy in the memory of an NPU; the storage itself where it is on that one.

    Args:
        device: None is the current one.
        non_blocking: A copy from pinned memory does not wait.

    Raises:
        RuntimeError: There is no such NPU.
    """
    wanted = torch.device("npu", checked_index(device))
    if self.device == wanted:
        return self
    return _as_tensor(self).to(wanted, non_blocking=non_blocking).storage()


def storage_pin_memory(self: Any) -> Any:
    """Return a copy in pinned memory of the host.

    Raises:
        RuntimeError: There is no NPU that could use it.
    """
    return _as_tensor(self).pin_memory().storage()


def register_storages(types: Sequence[Any]) -> None:
    """Let Tensor.storage() know storage types, and torch.save, once it made one, too."""
    for kind in types:
        runtime.register_storage_type(kind, kind.dtype)
