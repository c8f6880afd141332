"""Bringing batches to the device while it works on the one before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import torch


class PreLoader:
    """Goes through a loader and copies each batch to the device ahead of its use.

    The copy of the next batch runs on a stream of its own, beside the computation with the one
    that was handed out. It overlaps only for pinned memory: ``DataLoader(..., pin_memory=True)``.

    ::

        for images, target in PreLoader(loader, device="npu:0"):
            ...

    or, a batch at a time, ``images, target = preloader.next()`` until the images are None.
    """

    def __init__(
        self,
        loader: Iterable[Any],
        device: str | torch.device = "npu",
        mean: Sequence[float] | None = None,
        std: Sequence[float] | None = None,
    ):
        """Wrap a loader, which is only read when batches are asked for.

        Args:
            loader: What gives batches: tensors, or tuples, lists and dictionaries of them, whose
                other values stay what they are. Every pass over this object is one over it.
            device: Where batches go: an NPU, or "cpu", where they are handed out as they come.
            mean: The mean of each channel, in the units of the images (0 to 255 for bytes).
            std: The standard deviation of each channel, likewise. With both given, the first
                tensor of a batch holds images (N, C, H, W): it becomes float32 (a floating point
                type stays) and ``(images - mean) / std``, computed on the device.

        Raises:
            ValueError: Only one of `mean` and `std` is given, they differ in length, or a
                deviation is zero.
        """
        if (mean is None) != (std is None):
            given, other = ("mean", "std") if std is None else ("std", "mean")
            raise ValueError(f"{given} is given without {other}: give both, or neither")
        if mean is not None and std is not None and (len(mean) != len(std) or not all(std)):
            raise ValueError(
                f"mean is {list(mean)} and std is {list(std)}, but both need a number for each "
                "channel, and no deviation can be zero"
            )
        self.loader = loader
        self.device = torch.device(device)
        self._stats = (mean, std) if mean is not None else None
        self._stream: Any = None
        self._pass: Iterator[Any] | None = None

    def __len__(self) -> int:
        """Return how many batches a pass gives; TypeError for a loader that does not know."""
        return len(self.loader)  # type: ignore[arg-type]

    def __iter__(self) -> Iterator[Any]:
        """Start a pass.

        An error of the loader comes a batch early: the loader is asked for a batch before the one
        ahead of it is handed out.
        """
        held, ahead = False, None
        for batch in self.loader:
            following = self._send(batch)
            if held:
                yield self._receive(ahead)
            held, ahead = True, following
        if held:
            yield self._receive(ahead)

    def next(self) -> Any:
        """Return the next batch of a pass, or ``(None, None)`` at its end; then starts another."""
        if self._pass is None:
            self._pass = iter(self)
        try:
            return next(self._pass)
        except StopIteration:
            self._pass = None
            return None, None

    def _send(self, batch: Any) -> Any:
        """Enqueue what there is to do with a batch on the stream for it."""
        if self.device.type != "npu":
            return self._prepare(batch)
        if self._stream is None:
            self._stream = torch.npu.Stream(self.device)
        with torch.npu.stream(self._stream):
            return self._prepare(batch)

    def _receive(self, batch: Any) -> Any:
        """Let the current stream wait for the batch, and keep its memory until that is done."""
        if self._stream is not None:
            current = torch.npu.current_stream(self.device)
            current.wait_stream(self._stream)
            _each(batch, lambda tensor: tensor.record_stream(current))
        return batch

    def _prepare(self, batch: Any) -> Any:
        moved = _each(batch, lambda tensor: tensor.to(self.device, non_blocking=True))
        if self._stats is None:
            return moved
        normalised = False

        def first(tensor: torch.Tensor) -> torch.Tensor:
            nonlocal normalised
            if normalised:
                return tensor
            normalised = True
            return self._normalise(tensor)

        return _each(moved, first)

    def _normalise(self, images: torch.Tensor) -> torch.Tensor:
        mean, std = self._stats  # type: ignore[misc]
        if images.dim() != 4 or images.shape[1] != len(mean):
            raise ValueError(
                f"the images of the batch are of the shape {tuple(images.shape)}, but with "
                f"{len(mean)} means they have to be (N, {len(mean)}, H, W)"
            )
        if not images.is_floating_point():
            images = images.to(torch.float32)
        shape = (1, -1, 1, 1)
        middle = torch.tensor(mean, dtype=images.dtype, device=images.device).view(shape)
        spread = torch.tensor(std, dtype=images.dtype, device=images.device).view(shape)
        return (images - middle) / spread


def _each(value: Any, change: Any) -> Any:
    """Apply to the tensors inside tuples, lists and dictionaries, in their order."""
    if isinstance(value, torch.Tensor):
        return change(value)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(_each(item, change) for item in value))
    if isinstance(value, (list, tuple)):
        return type(value)(_each(item, change) for item in value)
    if isinstance(value, dict):
        return {key: _each(item, change) for key, item in value.items()}
    return value
