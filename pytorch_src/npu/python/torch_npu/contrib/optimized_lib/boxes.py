"""Boxes of detections: their overlaps, and keeping the best of those that overlap."""

from __future__ import annotations

from typing import Any

import torch

#: How many boxes are compared with each other at a time; bounds the memory to its square.
_BLOCK = 1024


class Boxes:
    """Boxes of one image, in the way of detectron2.

    Attributes:
        tensor: Corners as (N, 4): x0, y0, x1, y1 in pixels, floating point.
    """

    def __init__(self, tensor: torch.Tensor):
        """Hold corners.

        Raises:
            ValueError: `tensor` is not of the shape (N, 4).
        """
        self.tensor = corners(tensor, "tensor")

    def __len__(self) -> int:
        """Return how many boxes there are."""
        return self.tensor.shape[0]

    def __getitem__(self, item: Any) -> Boxes:
        """Choose boxes by an index, a slice, a mask or indices; always `Boxes` again."""
        chosen = self.tensor[item]
        return Boxes(chosen.reshape(-1, 4))

    def __repr__(self) -> str:
        """Show the corners."""
        return f"Boxes({self.tensor})"

    @property
    def device(self) -> torch.device:
        """Return where the corners are."""
        return self.tensor.device

    def to(self, *args: Any, **kwargs: Any) -> Boxes:
        """Copy to a device or type, as a tensor's own ``to`` does."""
        return Boxes(self.tensor.to(*args, **kwargs))

    def clone(self) -> Boxes:
        """Return a copy."""
        return Boxes(self.tensor.clone())

    def area(self) -> torch.Tensor:
        """Return the areas in square pixels, as (N,)."""
        return _area(self.tensor)


def corners(boxes: Any, name: str) -> torch.Tensor:
    """Return the corners of `Boxes`, detectron2's or ours, or of a tensor, as (N, 4).

    Raises:
        TypeError: `boxes` is neither.
        ValueError: They are of another shape.
    """
    tensor = getattr(boxes, "tensor", boxes)
    if not isinstance(tensor, torch.Tensor):
        raise TypeError(
            f"{name} is {type(boxes).__name__}, but has to be Boxes or a tensor of the shape "
            "(N, 4): make it one with torch.as_tensor"
        )
    if tensor.dim() != 2 or tensor.shape[1] != 4:
        # Images without a detection come as empty tensors of any shape.
        if tensor.numel() == 0:
            return tensor.reshape(0, 4)
        raise ValueError(
            f"{name} is of the shape {tuple(tensor.shape)}, but boxes are (N, 4): x0, y0, x1, y1"
        )
    return tensor


def pairwise_iou(boxes1: Any, boxes2: Any) -> torch.Tensor:
    """Compute how much each box of one set overlaps with each of another.

    Args:
        boxes1: N boxes: `Boxes`, detectron2's or ours, or corners (N, 4), floating point.
        boxes2: M boxes in the same way, on the same device.

    Returns:
        (N, M): areas of intersection over those of union, from 0 to 1; 0 where boxes do not
        intersect, which includes boxes without an area.

    Raises:
        TypeError: An argument is neither `Boxes` nor a tensor.
        ValueError: The corners are not (N, 4).
    """
    return _overlaps(corners(boxes1, "boxes1"), corners(boxes2, "boxes2"))


def batched_nms(
    boxes: Any, scores: torch.Tensor, classes: torch.Tensor, threshold: float, limit: int = -1
) -> torch.Tensor:
    """Keep of the boxes of a class those that overlap with no better kept one.

    Args:
        boxes: `Boxes` or corners (N, 4).
        scores: (N,); the greater the better.
        classes: (N,); boxes of different classes do not compete.
        threshold: Boxes with an overlap greater than this exclude each other.
        limit: The greatest number of boxes to keep; all for a negative one.

    Returns:
        Indices of what is kept, int64, the best first.

    Raises:
        TypeError: `boxes` is neither `Boxes` nor a tensor.
        ValueError: The corners are not (N, 4).
    """
    order = scores.sort(descending=True)[1]
    tensor, labels = corners(boxes, "boxes")[order], classes[order]
    kept = order[:0]
    # The order is that of the scores, so what a block keeps cannot be lost to a later one.
    for start in range(0, len(order), _BLOCK):
        if 0 <= limit <= len(kept):
            break
        some, of = tensor[start : start + _BLOCK], labels[start : start + _BLOCK]
        excluded = _exclusions(tensor[kept], labels[kept], some, of, threshold).any(dim=0)
        chosen = _survivors(_exclusions(some, of, some, of, threshold), ~excluded)
        kept = torch.cat((kept, chosen.nonzero().flatten() + start))
    return order[kept[:limit] if limit >= 0 else kept]


def _exclusions(
    better: torch.Tensor,
    better_classes: torch.Tensor,
    worse: torch.Tensor,
    worse_classes: torch.Tensor,
    threshold: float,
) -> torch.Tensor:
    same = better_classes[:, None] == worse_classes[None, :]
    return (_overlaps(better, worse) > threshold) & same


def _survivors(exclusions: torch.Tensor, candidates: torch.Tensor) -> torch.Tensor:
    """Return which candidates stay when each kept one excludes worse ones, from the best on.

    One by one that would be a launch for every box. Instead all are judged at once by who was kept
    the last time; a round settles at least one box more, so what does not change is the answer,
    and there are as many rounds as boxes exclude each other in a chain, commonly a few.
    """
    # Neither itself nor the better ones are excluded by a box. Counting with a product of matrices
    # is exact, as it is of zeros and ones.
    matrix = exclusions.to(torch.float32).triu(1)
    kept = candidates
    for _ in range(len(candidates)):
        found = candidates & (torch.mv(matrix.t(), kept.to(torch.float32)) == 0)
        if bool((found == kept).all()):
            break
        kept = found
    return kept


def _overlaps(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    least = torch.min(one[:, None, 2:], other[None, :, 2:])
    most = torch.max(one[:, None, :2], other[None, :, :2])
    sides = (least - most).clamp(min=0)
    shared = sides[:, :, 0] * sides[:, :, 1]
    union = _area(one)[:, None] + _area(other)[None, :] - shared
    # A division by zero where both have no area would be NaN.
    return torch.where(shared > 0, shared / union, torch.zeros_like(shared))


def _area(tensor: torch.Tensor) -> torch.Tensor:
    return (tensor[:, 2] - tensor[:, 0]) * (tensor[:, 3] - tensor[:, 1])
