"""Streams and events."""

from __future__ import annotations

import ctypes
from typing import Any

from ._release import EventBase, StreamBase, is_npu_stream, parts_of, runtime
from ._utils import Device, _described, checked_index
from .devices import device as device_scope


class Event(EventBase):
    """A mark in a stream, that other streams and the host wait for.

    Args:
        enable_timing: Time between two such events can be measured.
        blocking: Taken for the sake of programs written for CUDA; waiting never spins here.
        interprocess: Not supported.

    Raises:
        RuntimeError: `interprocess` is asked for.
    """

    def __new__(
        cls, enable_timing: bool = False, blocking: bool = False, interprocess: bool = False
    ):
        if interprocess:
            raise RuntimeError("an event of an NPU is not shared between processes")
        return super().__new__(cls, enable_timing)

    def record(self, stream: Any | None = None) -> None:
        """Mark what was launched on a stream until now.

        Args:
            stream: None is the current one.

        Raises:
            RuntimeError: The event was recorded on another device before.
        """
        super().record(_stream_or_current(stream))

    def wait(self, stream: Any | None = None) -> None:
        """Let what is launched on a stream from now on wait for the event.

        Args:
            stream: None is the current one.
        """
        super().wait(_stream_or_current(stream))

    def query(self) -> bool:
        """Say whether what was marked is done; True where nothing was."""
        return bool(super().query())

    def elapsed_time(self, end_event: Event) -> float:
        """Return the milliseconds from this event to a later one.

        Raises:
            RuntimeError: One of both was not recorded, or is not done.
            ValueError: One of both was not made with enable_timing.
        """
        return float(super().elapsed_time(end_event))

    def synchronize(self) -> None:
        """Wait until what was marked is done."""
        super().synchronize()

    def ipc_handle(self) -> bytes:
        """Refuse: an event is not shared between processes.

        Raises:
            RuntimeError: Always.
        """
        raise RuntimeError("an event of an NPU is not shared between processes")

    def __repr__(self) -> str:
        return f"<torch.npu.Event on {self.device}>" if self.device else "<torch.npu.Event>"


class Stream(StreamBase):
    """A queue of work on a device: what is in it runs in order, beside other streams.

    Args:
        device: None is the current one.
        priority: 0, or below for urgent work.
        stream_id, device_index, device_type: Name a stream that is there, instead.

    Raises:
        RuntimeError: There is no such device.
        TypeError: An argument is unknown, or one of the three that name a stream is missing.
    """

    def __new__(cls, device: Device = None, priority: int = 0, **named: int):
        if named:
            if sorted(named) != ["device_index", "device_type", "stream_id"]:
                raise TypeError(
                    "a stream is named by stream_id, device_index and device_type together; "
                    f"{', '.join(sorted(named))} was given"
                )
            return super().__new__(
                cls, (named["stream_id"], named["device_index"], named["device_type"])
            )
        index = checked_index(device)
        return super().__new__(cls, runtime.stream_from_pool(int(priority), index))

    @property
    def priority(self) -> int:
        """0, or -1 for urgent work."""
        stream_id, index, _ = parts_of(self)
        return int(runtime.stream_priority(stream_id, index))

    @staticmethod
    def priority_range() -> tuple[int, int]:
        """Return the least and the most urgent priority."""
        return 0, -1

    @property
    def npu_stream(self) -> int:
        """The aclrtStream, as a number."""
        stream_id, index, _ = parts_of(self)
        return int(runtime.stream_handle(stream_id, index))

    @property
    def _as_parameter_(self) -> ctypes.c_void_p:
        return ctypes.c_void_p(self.npu_stream)

    def wait_event(self, event: Event) -> None:
        """Let what is launched here from now on wait for an event."""
        event.wait(self)

    def wait_stream(self, stream: Any) -> None:
        """Let what is launched here from now on wait for what was launched on another stream."""
        self.wait_event(_stream_or_current(stream).record_event())

    def record_event(self, event: Event | None = None) -> Event:
        """Mark what was launched here until now, and return the event.

        Args:
            event: None makes one.
        """
        marked = Event() if event is None else event
        marked.record(self)
        return marked

    def query(self) -> bool:
        """Say whether all that was launched here is done."""
        return bool(super().query())

    def synchronize(self) -> None:
        """Wait until all that was launched here is done.

        Raises:
            RuntimeError: Something of it has failed; it names the operator.
        """
        super().synchronize()

    def __eq__(self, other: object) -> bool:
        return is_npu_stream(other) and parts_of(self) == parts_of(other)

    def __hash__(self) -> int:
        return hash(parts_of(self))

    def __repr__(self) -> str:
        return f"<torch.npu.Stream device={self.device} id={parts_of(self)[0]}>"


def _stream_of(parts: tuple[int, int, int]) -> Stream:
    stream_id, index, kind = parts
    return Stream(stream_id=stream_id, device_index=index, device_type=kind)


def _checked(stream: Any) -> Any:
    if not is_npu_stream(stream):
        raise TypeError(f"a torch.npu.Stream is wanted; {_described(stream)} was given")
    return stream


def _stream_or_current(stream: Any | None) -> Any:
    found = current_stream() if stream is None else _checked(stream)
    return found if isinstance(found, Stream) else _stream_of(parts_of(found))


def current_stream(device: Device = None) -> Stream:
    """Return the stream that this thread launches on.

    Args:
        device: None is the current one.

    Raises:
        RuntimeError: There is no such device.
    """
    return _stream_of(runtime.current_stream(checked_index(device)))


def default_stream(device: Device = None) -> Stream:
    """Return the stream that every thread launches on at first.

    Args:
        device: None is the current one.

    Raises:
        RuntimeError: There is no such device.
    """
    return _stream_of(runtime.default_stream(checked_index(device)))


def set_stream(stream: Stream | None) -> None:
    """Make this thread launch on a stream, and drive its device. None does nothing.

    Raises:
        TypeError: It is no stream of an NPU.
    """
    if stream is None:
        return
    stream_id, index, _ = parts_of(_checked(stream))
    runtime.set_stream(stream_id, index)
    runtime.set_device(index)


class StreamContext:
    """A context in which this thread launches on a stream, and drives its device.

    Args:
        stream: None changes nothing.

    Raises:
        TypeError: It is no stream of an NPU.
    """

    def __init__(self, stream: Stream | None) -> None:
        self.stream = stream if stream is None else _checked(stream)
        self._before: Stream | None = None
        self._device = device_scope(None)

    def __enter__(self) -> StreamContext:
        if self.stream is not None:
            stream_id, index, _ = parts_of(self.stream)
            self._device = device_scope(index)
            self._before = current_stream(index)
            self._device.__enter__()
            runtime.set_stream(stream_id, index)
        return self

    def __exit__(self, *error: object) -> None:
        if self._before is not None:
            stream_id, index, _ = parts_of(self._before)
            runtime.set_stream(stream_id, index)
            self._device.__exit__(*error)


def stream(stream: Stream | None) -> StreamContext:
    """Return a context in which this thread launches on a stream.

    Args:
        stream: None changes nothing.

    Raises:
        TypeError: It is no stream of an NPU.
    """
    return StreamContext(stream)
