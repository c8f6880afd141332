"""The affinity library: common parts of networks, written the way that suits an NPU.

It needs nothing but PyTorch, and computes the same on every device.
"""

from __future__ import annotations

from .boxes import Boxes, batched_nms, pairwise_iou
from .channel_shuffle import ChannelShuffle
from .detection import Instances, fast_rcnn_inference_single_image
from .preloader import PreLoader

__all__ = [
    "Boxes",
    "ChannelShuffle",
    "Instances",
    "PreLoader",
    "batched_nms",
    "fast_rcnn_inference_single_image",
    "pairwise_iou",
]
