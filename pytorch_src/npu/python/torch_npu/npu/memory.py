"""Memory of the devices: how much is in use, and giving it back."""

from __future__ import annotations

import collections
from typing import Any

from ._release import runtime
from ._utils import Device, checked_index
from .memory_table import table
from .streams import current_stream


def empty_cache() -> None:
    """Give memory that no tensor uses back to the device; waits for the streams that used it.

    Raises:
        RuntimeError: What was launched there has failed (it names the operator).
    """
    if runtime.is_initialized():
        runtime.empty_cache()


def memory_stats_as_nested_dict(device: Device = None) -> dict[str, Any]:
    """Return what `memory_stats` does, as dictionaries within dictionaries.

    Args:
        device: None is the current one.

    Raises:
        RuntimeError: There is no such device.
    """
    if not runtime.is_initialized():
        return {}
    return dict(runtime.memory_stats(checked_index(device)))


def memory_stats(device: Device = None) -> dict[str, Any]:
    """Return what the allocator of a device counts, with the names of ``torch.cuda.memory_stats``.

    ``"<what>.<pool>.<how>"``, where what is allocation, segment, active and inactive_split (counts)
    or allocated_bytes, reserved_bytes, active_bytes, inactive_split_bytes and requested_bytes
    (bytes); pool is all, small_pool or large_pool; how is current, peak, allocated or freed (the
    last two add up all that ever came and went). Beside them num_alloc_retries, num_ooms,
    num_sync_all_streams, num_device_alloc, num_device_free, max_split_size,
    ``oversize_allocations.<how>`` and ``oversize_segments.<how>``.

    Args:
        device: None is the current one.

    Returns:
        The sorted numbers; nothing before the first use of an NPU.

    Raises:
        RuntimeError: There is no such device.
    """
    found = {}

    def add(prefix: str, value: Any) -> None:
        if isinstance(value, dict):
            for name, inner in value.items():
                add(f"{prefix}.{name}" if prefix else name, inner)
        else:
            found[prefix] = value

    add("", memory_stats_as_nested_dict(device))
    return collections.OrderedDict(sorted(found.items()))


def _number(name: str, device: Device) -> int:
    """Return one of the statistics; 0 before the first use of an NPU."""
    return int(memory_stats(device).get(name, 0))


def memory_allocated(device: Device = None) -> int:
    """Return the bytes that tensors of a device hold, each rounded up to blocks of 512.

    Args:
        device: None is the current one.
    """
    return _number("allocated_bytes.all.current", device)


def max_memory_allocated(device: Device = None) -> int:
    """Return the most bytes that tensors held at once since the last reset of the peak.

    Args:
        device: None is the current one.
    """
    return _number("allocated_bytes.all.peak", device)


def memory_reserved(device: Device = None) -> int:
    """Return the bytes that were taken from the device, for tensors and for the cache.

    Args:
        device: None is the current one.
    """
    return _number("reserved_bytes.all.current", device)


def max_memory_reserved(device: Device = None) -> int:
    """Return the most bytes that were taken from the device since the last reset of the peak.

    Args:
        device: None is the current one.
    """
    return _number("reserved_bytes.all.peak", device)


#: The names of `memory_reserved` and `max_memory_reserved` in older programs.
memory_cached = memory_reserved
max_memory_cached = max_memory_reserved


def reset_peak_memory_stats(device: Device = None) -> None:
    """Let all peaks begin again with what is in use now.

    Args:
        device: None is the current one.

    Raises:
        RuntimeError: There is no such device.
    """
    runtime.reset_peak_memory_stats(checked_index(device))


#: The names of `reset_peak_memory_stats` in older programs.
reset_max_memory_allocated = reset_peak_memory_stats
reset_max_memory_cached = reset_peak_memory_stats


def reset_accumulated_memory_stats(device: Device = None) -> None:
    """Let the sums begin again with 0: allocated, freed, and the numbers of retries and failures.

    Args:
        device: None is the current one.

    Raises:
        RuntimeError: There is no such device.
    """
    runtime.reset_accumulated_memory_stats(checked_index(device))


def mem_get_info(device: Device = None) -> tuple[int, int]:
    """Return the free and the total bytes of a device, as the device tells.

    Args:
        device: None is the current one.

    Raises:
        RuntimeError: There is no such device.
    """
    free, total = runtime.memory_info(checked_index(device))
    return int(free), int(total)


def set_per_process_memory_fraction(fraction: float, device: Device = None) -> None:
    """Limit what this process takes of a device; beyond it, it is out of memory.

    Args:
        fraction: Of the device's memory, from 0 to 1. What is taken already stays.
        device: None is the current one.

    Raises:
        RuntimeError: There is no such device.
        TypeError: The fraction is no number.
        ValueError: The fraction is not between 0 and 1.
    """
    if isinstance(fraction, bool) or not isinstance(fraction, (int, float)):
        raise TypeError(f"the fraction of the memory is a number, not a {type(fraction).__name__}")
    if not 0 <= fraction <= 1:
        raise ValueError(f"the fraction of the memory is between 0 and 1; {fraction} was given")
    runtime.set_memory_fraction(checked_index(device), float(fraction))


def get_per_process_memory_fraction(device: Device = None) -> float:
    """Return the limit that `set_per_process_memory_fraction` set; 1 is none.

    Args:
        device: None is the current one.

    Raises:
        RuntimeError: There is no such device.
    """
    return float(runtime.memory_fraction(checked_index(device)))


def caching_allocator_alloc(size: int, device: Device = None, stream: Any | None = None) -> int:
    """Take memory of a device, as tensors do, for code that is not PyTorch's.

    Args:
        size: Bytes.
        device: None is the current one.
        stream: Whose order the memory follows; None is the current stream of the device.

    Returns:
        The address on the device; `caching_allocator_delete` takes it.

    Raises:
        RuntimeError: There is no such device, or (``torch.OutOfMemoryError``) no memory.
        ValueError: The size is negative, or the stream is one of another device.
    """
    if size < 0:
        raise ValueError(f"a size in bytes is wanted; {size} was given")
    index = checked_index(device)
    if stream is None:
        stream = current_stream(index)
    if stream.device_index != index:
        raise ValueError(
            f"the stream is one of npu:{stream.device_index}, and memory of npu:{index} is wanted; "
            "give a stream of that device"
        )
    return int(runtime.raw_allocate(size, index, stream.stream_id))


def caching_allocator_delete(mem_ptr: int) -> None:
    """Give back what `caching_allocator_alloc` took.

    Args:
        mem_ptr: Its result.

    Raises:
        RuntimeError: It is none, or was given back already.
    """
    runtime.raw_delete(mem_ptr)


def memory_snapshot() -> list[dict[str, Any]]:
    """Return all segments that were taken from the devices, with the blocks in each of them.

    Each has device, address, total_size, allocated_size, active_size, requested_size (bytes),
    stream (its id), segment_type ("small" or "large") and blocks; a block has address, size,
    requested_size and state: active_allocated, active_awaiting_free (freed, but another stream
    still uses it) or inactive.
    """
    return list(runtime.memory_snapshot())


def pinned_memory_stats() -> dict[str, Any]:
    """Return bytes and numbers of the host's pinned memory.

    allocated_bytes and reserved_bytes with current, peak, allocated and freed each; num_host_alloc
    and num_host_free.
    """
    return dict(runtime.pinned_memory_stats())


def empty_pinned_cache() -> None:
    """Give pinned memory that no tensor uses back to the host; waits for copies that use it.

    Raises:
        RuntimeError: What was launched there has failed (it names the operator).
    """
    runtime.empty_pinned_cache()


def memory_summary(device: Device = None, abbreviated: bool = False) -> str:
    """Return the statistics of a device as a table for people.

    Args:
        device: None is the current one.
        abbreviated: Only the lines for all memory, without those for each pool.

    Raises:
        RuntimeError: There is no such device.
    """
    index = checked_index(device)
    return table(index, memory_stats(index), abbreviated)
