"""What differs between the releases of PyTorch this package is for; all else is written once."""

from __future__ import annotations

import types
from typing import Any

import torch

from . import _C

#: The extension module with the runtime.
runtime: types.ModuleType = _C
#: What an allocation that has no room raises: this PyTorch has no error of its own for it.
OutOfMemoryError = RuntimeError
#: Loss scaling, which a patch lets take tensors of NPUs.
GradScalerBase = torch.cuda.amp.GradScaler


class StreamBase(torch._C.Stream):
    """PyTorch's own stream, which knows a device but not what can be done with it.

    Args:
        parts: Its id, device index and device type.
    """

    def __new__(cls, parts: tuple[int, int, int]):
        """Name a stream; the subclass takes other arguments."""
        made = super().__new__(cls, _cdata=runtime.pack_stream(parts[0], parts[1]))
        made.stream_id, made.device_index, made.device_type = parts
        return made

    def query(self) -> bool:
        """Say whether all that was launched here is done."""
        return bool(runtime.stream_query(self.stream_id, self.device_index))

    def synchronize(self) -> None:
        """Wait until all that was launched here is done."""
        runtime.stream_synchronize(self.stream_id, self.device_index)


class EventBase:
    """A mark in a stream.

    Args:
        enable_timing: Time between two such events can be measured.
    """

    def __new__(cls, enable_timing: bool):
        """Make an event; the subclass takes other arguments."""
        made = super().__new__(cls)
        made._event = runtime.Event(bool(enable_timing))
        return made

    @property
    def device(self) -> torch.device | None:
        """The device it was recorded on; None before."""
        index = self._event.device_index()
        return torch.device("npu", index) if index >= 0 else None

    def record(self, stream: StreamBase) -> None:
        """Mark what was launched on the stream until now."""
        self._event.record(stream.stream_id, stream.device_index)

    def wait(self, stream: StreamBase) -> None:
        """Let what is launched on the stream from now on wait for the event."""
        self._event.wait(stream.stream_id, stream.device_index)

    def query(self) -> bool:
        """Say whether what was marked is done."""
        return bool(self._event.query())

    def synchronize(self) -> None:
        """Wait until what was marked is done."""
        self._event.synchronize()

    def elapsed_time(self, end_event: EventBase) -> float:
        """Return the milliseconds from this event to a later one."""
        if not isinstance(end_event, EventBase):
            raise TypeError(f"a torch.npu.Event is wanted; a {type(end_event).__name__} was given")
        return float(self._event.elapsed_time(end_event._event))


def parts_of(stream: StreamBase) -> tuple[int, int, int]:
    """Return what names a stream: its id, device index and device type."""
    return stream.stream_id, stream.device_index, stream.device_type


def is_npu_stream(stream: object) -> bool:
    """Say whether it is a stream of an NPU."""
    return isinstance(stream, StreamBase)


def register_backend(distributed: Any, name: str, make: Any) -> None:
    """Let torch.distributed know a backend of the NPU."""
    distributed.Backend.register_backend(name, make)


def storage_types(module: Any) -> list[type]:
    """Return the types of storages that may lie on an NPU.

    Args:
        module: torch.
    """
    return [kind for base in runtime.StorageBase.__subclasses__() for kind in base.__subclasses__()]
