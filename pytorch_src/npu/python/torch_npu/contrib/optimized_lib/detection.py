"""The last step of Faster R-CNN and Mask R-CNN: from scored boxes to the detections of an image."""

from __future__ import annotations

from typing import Any

import torch

from .boxes import Boxes, batched_nms


class Instances:
    """The detections of one image, a field for each property, in the way of detectron2.

    Attributes:
        image_size: Height and width in pixels.
    """

    def __init__(self, image_size: tuple[int, int], **fields: Any):
        """Hold fields, which are of the same length."""
        self.image_size = image_size
        self._fields: dict[str, Any] = {}
        for name, value in fields.items():
            self.set(name, value)

    def set(self, name: str, value: Any) -> None:
        """Set a field.

        Raises:
            ValueError: It is not as long as those that are there.
        """
        if self._fields and len(value) != len(self):
            raise ValueError(
                f"field {name!r} holds {len(value)} values, but there are {len(self)} instances"
            )
        self._fields[name] = value

    def get(self, name: str) -> Any:
        """Return a field; KeyError when there is none of that name."""
        return self._fields[name]

    def has(self, name: str) -> bool:
        """Say whether there is a field of that name."""
        return name in self._fields

    def get_fields(self) -> dict[str, Any]:
        """Return all fields by name."""
        return self._fields

    def __getattr__(self, name: str) -> Any:
        """Return a field as an attribute."""
        fields = self.__dict__.get("_fields", {})
        if name not in fields:
            there = ", ".join(fields) or "none"
            raise AttributeError(f"there is no field {name!r} among the instances' ({there})")
        return fields[name]

    def __len__(self) -> int:
        """Return how many instances there are."""
        return len(next(iter(self._fields.values()))) if self._fields else 0

    def __getitem__(self, item: Any) -> Instances:
        """Choose instances by a slice, a mask or indices."""
        return Instances(
            self.image_size, **{name: value[item] for name, value in self._fields.items()}
        )

    def to(self, *args: Any, **kwargs: Any) -> Instances:
        """Copy all fields to a device, as a tensor's own ``to`` does."""
        moved = {name: value.to(*args, **kwargs) for name, value in self._fields.items()}
        return Instances(self.image_size, **moved)

    def __repr__(self) -> str:
        """Show size, number and the names of the fields."""
        height, width = self.image_size
        return f"Instances({len(self)} in {height}x{width}: {', '.join(self._fields)})"


def fast_rcnn_inference_single_image(
    boxes: torch.Tensor,
    scores: torch.Tensor,
    image_shape: tuple[int, int],
    score_thresh: float,
    nms_thresh: float,
    topk_per_image: int,
) -> tuple[Any, torch.Tensor]:
    """Choose the detections of an image out of the boxes that were predicted for its R regions.

    Regions with an infinity or a NaN are left out, boxes are clipped to the image, those with a
    low score dropped, and of the boxes of a class that overlap the best is kept.

    Args:
        boxes: Corners (x0, y0, x1, y1) in pixels: (R, K * 4), a box for each of K classes, or
            (R, 4), one for all classes.
        scores: (R, K + 1), from 0 to 1; the last column is the background's.
        image_shape: Height and width of the image in pixels.
        score_thresh: Only boxes with a greater score are detections.
        nms_thresh: Boxes of a class that overlap (see `pairwise_iou`) more exclude each other.
        topk_per_image: The greatest number of detections; all for a negative one.

    Returns:
        The detections, N of them, the best first, with the fields ``pred_boxes`` (`Boxes`),
        ``scores`` (N,) and ``pred_classes`` (N,), int64; and of each the row in `boxes` that it
        comes from, (N,), int64. They are detectron2's `Instances` and `Boxes` where it is
        installed, and else those of this library.

    Raises:
        ValueError: Shapes do not fit each other.
    """
    classes = _count_classes(boxes, scores)
    regions = torch.isfinite(boxes).all(dim=1) & torch.isfinite(scores).all(dim=1)
    # With the row of a region masked nothing has to be copied: it has no score that counts.
    counts = (scores[:, :-1] > score_thresh) & regions[:, None]
    chosen = counts.nonzero()
    rows, labels = chosen[:, 0], chosen[:, 1]
    candidates = boxes.reshape(len(boxes), -1, 4)
    candidates = candidates[rows, labels if candidates.shape[1] == classes else rows * 0]
    candidates = _clip(candidates, image_shape)
    likely = scores[rows, labels]
    keep = batched_nms(candidates, likely, labels, nms_thresh, topk_per_image)
    boxes_class, instances_class = _containers()
    found = instances_class(image_shape)
    found.set("pred_boxes", boxes_class(candidates[keep]))
    found.set("scores", likely[keep])
    found.set("pred_classes", labels[keep])
    return found, rows[keep]


def _count_classes(boxes: torch.Tensor, scores: torch.Tensor) -> int:
    if scores.dim() != 2 or scores.shape[1] < 1:
        raise ValueError(
            f"scores are of the shape {tuple(scores.shape)}, but have to be (R, K + 1): K classes "
            "and the background"
        )
    classes = int(scores.shape[1]) - 1
    if boxes.dim() != 2 or boxes.shape[1] not in (4, classes * 4):
        raise ValueError(
            f"boxes are of the shape {tuple(boxes.shape)}, but with scores of {classes} classes "
            f"they have to be (R, {classes * 4}) or (R, 4)"
        )
    if boxes.shape[0] != scores.shape[0]:
        raise ValueError(
            f"there are boxes for {boxes.shape[0]} regions and scores for {scores.shape[0]}: "
            "give both for the same regions of one image"
        )
    return classes


def _clip(boxes: torch.Tensor, image_shape: tuple[int, int]) -> torch.Tensor:
    height, width = image_shape
    across = boxes[:, 0::2].clamp(min=0, max=width)
    down = boxes[:, 1::2].clamp(min=0, max=height)
    return torch.stack((across[:, 0], down[:, 0], across[:, 1], down[:, 1]), dim=1)


def _containers() -> tuple[Any, Any]:
    """Return the classes of boxes and instances: the other parts of detectron2 ask for its own."""
    try:
        from detectron2 import structures  # noqa: PLC0415
    except ImportError:
        return Boxes, Instances
    return structures.Boxes, structures.Instances
