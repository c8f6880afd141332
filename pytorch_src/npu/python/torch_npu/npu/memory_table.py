"""The table that torch.npu.memory_summary() gives."""

from __future__ import annotations

from typing import Any, Callable

_WIDTH = 77
_COLUMNS = ("Cur Usage", "Peak Usage", "Tot Alloc", "Tot Freed")
_HOW = ("current", "peak", "allocated", "freed")
_BYTES = (
    ("Allocated memory", "allocated_bytes"),
    ("Active memory", "active_bytes"),
    ("Requested memory", "requested_bytes"),
    ("NPU reserved memory", "reserved_bytes"),
    ("Non-releasable memory", "inactive_split_bytes"),
)
_COUNTS = (
    ("Allocations", "allocation"),
    ("Active allocs", "active"),
    ("NPU reserved segments", "segment"),
    ("Non-releasable allocs", "inactive_split"),
)
_OVERSIZE = (
    ("Oversize allocations", "oversize_allocations"),
    ("Oversize NPU segments", "oversize_segments"),
)
_POOLS = (("      from large pool", "large_pool"), ("      from small pool", "small_pool"))


def format_bytes(amount: int) -> str:
    """Return bytes with a unit that keeps the number below 10240: ``"12 MiB"``."""
    for unit in ("B  ", "KiB", "MiB"):
        if abs(amount) < 10 * 1024:
            return f"{amount} {unit}"
        amount //= 1024
    return f"{amount} GiB"


def format_count(amount: int) -> str:
    """Return a number, in thousands (K) or millions (M) where it is large."""
    for unit in (" ", "K"):
        if abs(amount) < 100 * 1000:
            return f"{amount} {unit}"
        amount //= 1000
    return f"{amount} M"


def table(index: int, stats: dict[str, Any], abbreviated: bool) -> str:
    """Return the table of the statistics of ``npu:<index>``."""
    out_of_memory, retries = stats.get("num_ooms", 0), stats.get("num_alloc_retries", 0)
    lines = [
        "=" * _WIDTH,
        _cells(["PyTorch NPU memory summary, device ID " + str(index)], [_WIDTH - 4]),
        "-" * _WIDTH,
        _cells([f"NPU OOMs: {out_of_memory}", f"aclrtMalloc retries: {retries}"], [34, 36]),
        "=" * _WIDTH,
        _row("Metric", list(_COLUMNS)),
    ]
    for title, name in _BYTES:
        lines += _block(title, name, stats, format_bytes, abbreviated)
    for title, name in _COUNTS:
        lines += _block(title, name, stats, format_count, abbreviated)
    for title, name in _OVERSIZE:
        numbers = [format_count(stats.get(f"{name}.{how}", 0)) for how in _HOW]
        lines += ["-" * _WIDTH, _row(title, numbers)]
    lines.append("=" * _WIDTH)
    return "\n".join(lines) + "\n"


def _block(
    title: str, name: str, stats: dict[str, Any], show: Callable[[int], str], abbreviated: bool
) -> list[str]:
    """Return the lines of one number: of all memory, and of each pool."""
    rows = [(title, "all")] + ([] if abbreviated else list(_POOLS))
    return ["-" * _WIDTH] + [
        _row(text, [show(stats.get(f"{name}.{pool}.{how}", 0)) for how in _HOW])
        for text, pool in rows
    ]


def _row(title: str, numbers: list[str]) -> str:
    return "| " + title.ljust(21) + " |" + "".join(f" {number.rjust(10)} |" for number in numbers)


def _cells(texts: list[str], widths: list[int]) -> str:
    return "|" + "|".join(f" {text.center(width)} " for text, width in zip(texts, widths)) + "|"
