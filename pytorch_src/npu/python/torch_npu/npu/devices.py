"""The NPUs of this process, and which one a thread drives."""

from __future__ import annotations

import atexit
import re
import time
from typing import Any

import torch

from ._release import runtime
from ._utils import Device, _get_device_index, checked_index


def is_available() -> bool:
    """Say whether there is an NPU (or the emulator). Never raises and initialises nothing."""
    return bool(runtime.device_count() > 0)


def device_count() -> int:
    """Return the number of NPUs; 0 where there is none, or no AscendCL library."""
    return int(runtime.device_count())


def init() -> None:
    """Initialise AscendCL now; whatever uses a device does it by itself.

    Raises:
        RuntimeError: There is no AscendCL library or no device (it says what to install or to
            source), or this process was forked after its parent had initialised.
    """
    runtime.initialize()


def is_initialized() -> bool:
    """Say whether AscendCL is initialised in this process."""
    return bool(runtime.is_initialized())


def _lazy_init() -> None:
    """Initialise, as PyTorch itself asks of a device module."""
    runtime.initialize()


@atexit.register
def _let_threads_begin() -> None:
    """Give autograd's threads, one a device, the GIL that each takes once when it begins.

    They begin with the first backward pass. Python ends a thread that still waits for the GIL when
    the program is over, and that ends the process with "terminate called".
    """
    if is_initialized():
        time.sleep(0.02)


def _is_in_bad_fork() -> bool:
    """Say whether this process was forked after its parent had initialised."""
    return bool(runtime.is_bad_fork())


def current_device() -> int:
    """Return the index of the device this thread drives; 0 at first."""
    return int(runtime.current_device())


def set_device(device: Device) -> None:
    """Make this thread drive a device. A negative index does nothing.

    Args:
        device: An index, ``"npu:<index>"`` or a ``torch.device``.

    Raises:
        RuntimeError: There is no such device.
        TypeError: It is no device.
        ValueError: It is a device of another type, or has no index.
    """
    index = _get_device_index(device, optional=isinstance(device, (str, torch.device)))
    if index >= 0:
        runtime.set_device(checked_index(index))


def synchronize(device: Device = None) -> None:
    """Wait for all that was launched on a device.

    Args:
        device: None is the current one.

    Raises:
        RuntimeError: What was launched has failed (it names the operator), or there is no such
            device.
    """
    runtime.synchronize_device(checked_index(device))


class device:
    """A context in which this thread drives a device; None or a negative index changes nothing.

    Args:
        device: An index, ``"npu:<index>"`` or a ``torch.device``.
    """

    def __init__(self, device: Any) -> None:
        self.idx = _get_device_index(device, optional=True) if device is not None else -1
        self.prev_idx = -1

    def __enter__(self) -> device:
        if self.idx >= 0:
            self.prev_idx = current_device()
            runtime.set_device(checked_index(self.idx))
        return self

    def __exit__(self, *_error: object) -> None:
        if self.idx >= 0 and self.prev_idx != current_device():
            runtime.set_device(self.prev_idx)


class device_of(device):
    """A context in which this thread drives the device of a tensor or storage; nothing for the CPU.

    Args:
        obj: A tensor or a storage.
    """

    def __init__(self, obj: Any) -> None:
        where = obj.device
        super().__init__(where.index if where.type == "npu" else None)


def get_device_properties(device: Device = None) -> Any:
    """Return name, soc, is_emulator, total_memory (bytes), cube_core_count and vector_core_count.

    Args:
        device: None is the current one.

    Raises:
        RuntimeError: There is no such device.
    """
    return runtime.device_properties(checked_index(device))


def get_device_name(device: Device = None) -> str:
    """Return the name of a device; it says so where it is the emulator.

    Args:
        device: None is the current one.

    Raises:
        RuntimeError: There is no such device.
    """
    return str(get_device_properties(device).name)


def get_device_capability(device: Device = None) -> Any | None:
    """Return None: an NPU has no compute capability that could be compared with a GPU's.

    Raises:
        RuntimeError: There is no such device.
    """
    checked_index(device)
    return None


def can_device_access_peer(device: Device, peer_device: Device) -> bool:
    """Say whether a device reads the memory of another one. Copies between them work always.

    Raises:
        RuntimeError: There is no such device.
    """
    return checked_index(device) != checked_index(peer_device) and bool(
        runtime.can_access_peer(checked_index(device), checked_index(peer_device))
    )


def is_bf16_supported() -> bool:
    """Say whether the current device computes in bfloat16: Ascend 910B1 and later do."""
    return is_available() and (
        re.match(r"Ascend910(B[1-9]|_9)", get_device_properties().soc) is not None
    )


def get_amp_supported_dtype() -> list[torch.dtype]:
    """Return the types that ``torch.autocast("npu", dtype=)`` takes."""
    return [torch.float16] + ([torch.bfloat16] if is_bf16_supported() else [])


def ipc_collect() -> None:
    """Refuse: memory of an NPU is not shared between processes.

    Raises:
        NotImplementedError: Always.
    """
    raise NotImplementedError(
        "memory of an NPU is not shared between processes; send a copy: tensor.cpu()"
    )
