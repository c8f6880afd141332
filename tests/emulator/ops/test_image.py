"""Sampling, regions and blocks of images."""

from __future__ import annotations

import math
from typing import Any

import emu
import numpy as np
import pytest
import torch
from emu import In, Out, expect, host, run_op
from index_support import BASIC, Tensor, bits, found, moved, numbers, refused
from layouts import pack
from tables import FLOATING, REAL
from torch.nn.functional import channel_shuffle, fold, grid_sample, pixel_shuffle, unfold

TF = [torch.float16, torch.float32, torch.float64]
PADDINGS = ["zeros", "border", "reflection"]


@pytest.mark.parametrize("dtype", TF)
@pytest.mark.parametrize("method", ["bilinear", "nearest", "bicubic"])
@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("corners", [False, True])
def test_grid_sampler(dtype: torch.dtype, method: str, padding: str, corners: bool) -> None:
    x = torch.randn(2, 3, 5, 7).to(dtype)
    grid = (torch.rand(2, 4, 6, 2) * 3 - 1.5).to(dtype)
    attrs = {"interpolation_mode": method, "padding_mode": padding, "align_corners": corners}
    wide = [t.double() if dtype is torch.float64 else t.float() for t in (x, grid)]
    want = grid_sample(*wide, mode=method, padding_mode=padding, align_corners=corners)
    expect("GridSampler2D", [x, grid], want.to(dtype), attrs)
    if method == "bicubic":
        return
    x3 = torch.randn(2, 3, 4, 5, 7).to(dtype)
    grid3 = (torch.rand(2, 3, 4, 2, 3) * 3 - 1.5).to(dtype)
    wide = [t.double() if dtype is torch.float64 else t.float() for t in (x3, grid3)]
    want = grid_sample(*wide, mode=method, padding_mode=padding, align_corners=corners)
    expect("GridSampler3D", [x3, grid3], want.to(dtype), attrs)


@pytest.mark.parametrize("dtype", FLOATING)
@pytest.mark.parametrize("method", ["bilinear", "nearest"])
@pytest.mark.parametrize("padding", PADDINGS)
def test_grid_sampler_grad(dtype: torch.dtype, method: str, padding: str) -> None:
    inner = torch.float64 if dtype is torch.float64 else torch.float32
    x = torch.randn(2, 3, 5, 7).to(dtype).to(inner).requires_grad_()
    grid = (torch.rand(2, 4, 6, 2) * 3 - 1.5).to(dtype).to(inner).requires_grad_()
    y = grid_sample(x, grid, mode=method, padding_mode=padding, align_corners=False)
    grad = torch.randn(y.shape).to(dtype)
    want = torch.autograd.grad(y, [x, grid], grad.to(inner))
    inputs = [grad, x.detach().to(dtype), grid.detach().to(dtype)]
    attrs = {"interpolation_mode": method, "padding_mode": padding}
    expect("GridSampler2DGrad", inputs, [w.to(dtype) for w in want], attrs)


def test_grid_sampler_refuses() -> None:
    x, grid = torch.randn(2, 3, 5, 7), torch.rand(1, 4, 6, 2)
    text = refused(emu.INPUT_NOT_MATCH, "GridSampler2D", [x, grid], [(torch.float32, [2, 3, 4, 6])])
    assert "as many samples" in text
    refused(emu.ATTR_NOT_MATCH, "GridSampler2D", [x, grid.repeat(2, 1, 1, 1)],
            [(torch.float32, [2, 3, 4, 6])], {"padding_mode": "edge"})  # fmt: skip


def bilinear(image: Tensor, y: float, x: float) -> Tensor:
    """[C, H, W] between pixels; 0 from one pixel outside on."""
    height, width = image.shape[1:]
    if not (-1 <= y <= height and -1 <= x <= width):
        return torch.zeros(image.shape[0], dtype=image.dtype)
    y, x = min(max(y, 0), height - 1), min(max(x, 0), width - 1)
    low_y, low_x = int(y), int(x)
    high_y, high_x = min(low_y + 1, height - 1), min(low_x + 1, width - 1)
    part_y, part_x = y - low_y, x - low_x
    top = image[:, low_y, low_x] * (1 - part_x) + image[:, low_y, high_x] * part_x
    bottom = image[:, high_y, low_x] * (1 - part_x) + image[:, high_y, high_x] * part_x
    return top * (1 - part_y) + bottom * part_y


def roi_align(
    features: Tensor, rois: Tensor, scale: float, out: tuple[int, int], samples: int, mode: int
) -> Tensor:
    pooled = []
    for image, *corners in rois.tolist():
        shift = 0.5 if mode == 2 else 0.0
        x0, y0 = (value * scale - shift for value in corners[:2])
        x1, y1 = ((value + (1 if mode == 1 else 0)) * scale - shift for value in corners[2:])
        height, width = y1 - y0, x1 - x0
        if mode == 0:
            height, width = max(height, 1.0), max(width, 1.0)
        steps = [samples or max(math.ceil(size / n), 1) for size, n in zip((height, width), out)]
        rows = []
        for i in range(out[0]):
            for j in range(out[1]):
                taken = [
                    bilinear(
                        features[int(image)],
                        y0 + (i + (a + 0.5) / steps[0]) * height / out[0],
                        x0 + (j + (b + 0.5) / steps[1]) * width / out[1],
                    )
                    for a in range(steps[0])
                    for b in range(steps[1])
                ]
                rows.append(torch.stack(taken).mean(0))
        pooled.append(torch.stack(rows, 1).reshape(-1, *out))
    return torch.stack(pooled)


ROIS = [
    [0, 1, 2, 9, 14],
    [1, -4, -4, 3, 40],
    [1, 5, 5, 5, 5],
    [0, 0, 0, 30, 24],
    [0, 60, 60, 70, 70],
]


@pytest.mark.parametrize("mode", [0, 1, 2])
@pytest.mark.parametrize("samples", [0, 1, 2])
@pytest.mark.parametrize("out", [(1, 1), (3, 2), (7, 7)])
def test_roi_align(mode: int, samples: int, out: tuple[int, int]) -> None:
    features = torch.randn(2, 3, 6, 8, dtype=torch.float64, requires_grad=True)
    rois = torch.tensor(ROIS).float()
    want = roi_align(features, rois, 0.25, out, samples, mode)
    attrs = {"spatial_scale": 0.25, "pooled_height": out[0], "pooled_width": out[1],
             "sample_num": samples, "roi_end_mode": mode}  # fmt: skip
    x = features.detach().float()
    expect("ROIAlign", [x, rois], want.detach().float(), attrs)
    expect("ROIAlign", [x, rois, torch.zeros(1).int()], want.detach().float(), attrs)
    grad = torch.randn(want.shape)
    (back,) = torch.autograd.grad(want, features, grad.double())
    attrs = {"xdiff_shape": [2, 3, 6, 8], **attrs}
    expect("ROIAlignGrad", [grad, rois], back.float(), attrs)


def test_roi_align_as_published() -> None:
    # The example in MindSpore's documentation of the operator.
    features = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    rois = torch.tensor([[0, 0.2, 0.3, 0.2, 0.3]])
    want = torch.tensor([[[[1.775, 2.025], [2.275, 2.525]]]])
    attrs = {"spatial_scale": 0.5, "pooled_height": 2, "pooled_width": 2}
    expect("ROIAlign", [features, rois], want, attrs)
    expect("ROIAlign", [features.half(), rois.half()], want.half(), attrs)
    expect("ROIAlign", [features, rois[:0]], want[:0], attrs)


def test_roi_align_of_a_private_layout() -> None:
    features, rois = torch.randn(2, 19, 6, 8), torch.tensor(ROIS).float()
    want = roi_align(features.double(), rois, 0.25, (3, 2), 2, 1).float()
    laid_out, wanted = (pack(t, "NC1HWC0", "NCHW") for t in (features, want))
    given = In(laid_out, format="NC1HWC0", origin_shape=features.shape, origin_format="NCHW")
    made = Out(want.dtype, tuple(wanted.shape), "NC1HWC0", tuple(want.shape), "NCHW")
    attrs = {"spatial_scale": 0.25, "pooled_height": 3, "pooled_width": 2}
    (y,) = run_op("ROIAlign", [given, rois], [made], attrs)
    torch.testing.assert_close(y, wanted, rtol=1e-5, atol=1e-5)


def test_roi_align_refuses() -> None:
    features, rois = torch.randn(1, 2, 4, 4), torch.tensor([[1.0, 0, 0, 3, 3]])
    attrs = {"spatial_scale": 1.0, "pooled_height": 2, "pooled_width": 2}
    out = [(torch.float32, [1, 2, 2, 2])]
    text = refused(emu.AICORE_EXCEPTION, "ROIAlign", [features, rois], out, attrs)
    assert "input rois holds 1; values of [0, 1)" in text
    text = refused(emu.INPUT_NOT_MATCH, "ROIAlign", [features, rois[:, :4]], out, attrs)
    assert "rows of image number, x0, y0, x1, y1" in text
    text = refused(
        emu.ATTR_NOT_MATCH, "ROIAlign", [features, rois], out, {**attrs, "roi_end_mode": 3}
    )
    assert "0 to 2 are expected" in text
    refused(emu.ATTR_NOT_MATCH, "ROIAlign", [features, rois], out, {**attrs, "pool_mode": "max"})
    refused(emu.ATTR_NOT_MATCH, "ROIAlign", [features, rois], out, {**attrs, "sample_num": 10**9})
    for value in (torch.nan, torch.inf, 1e30):
        rois = torch.tensor([[0, 0, 0, value, 3]])
        text = refused(emu.AICORE_EXCEPTION, "ROIAlign", [features, rois], out, attrs)
        assert "input rois holds a number that is not finite, or beyond" in text


def cropped(
    x: Tensor, box: list[float], image: int, size: tuple[int, int], nearest: bool, outside: float
) -> Tensor:
    """One crop of an NHWC image, pixel by pixel."""
    y1, x1, y2, x2 = box
    height, width = x.shape[1:3]
    crop = torch.full((*size, x.shape[3]), outside, dtype=torch.float64)

    def at(i: int, count: int, low: float, high: float, pixels: int) -> float:
        if count == 1:
            return 0.5 * (low + high) * (pixels - 1)
        return low * (pixels - 1) + i * (high - low) * (pixels - 1) / (count - 1)

    for i in range(size[0]):
        for j in range(size[1]):
            y, z = at(i, size[0], y1, y2, height), at(j, size[1], x1, x2, width)
            if not (0 <= y <= height - 1 and 0 <= z <= width - 1):
                continue
            pixels = x[image].double()
            if nearest:
                crop[i, j] = pixels[math.floor(y + 0.5), math.floor(z + 0.5)]
            else:
                crop[i, j] = bilinear(pixels.permute(2, 0, 1), y, z)
    return crop


BOXES = [
    [0.0, 0, 1, 1],
    [0.25, 0.5, 0.75, 1],
    [1, 1, 0, 0],
    [-0.5, -0.5, 1.5, 1.5],
    [0.3, 0.1, 0.3, 0.2],
]


@pytest.mark.parametrize("method", ["bilinear", "nearest"])
@pytest.mark.parametrize("size", [(1, 1), (3, 2), (9, 9)])
@pytest.mark.parametrize("dtype", [t for t in REAL if t is not torch.bfloat16])
def test_crop_and_resize(method: str, size: tuple[int, int], dtype: torch.dtype) -> None:
    x = torch.randint(0, 50, (2, 5, 7, 3)).to(dtype)
    boxes, index = torch.tensor(BOXES), torch.tensor([0, 1, 1, 0, 1]).int()
    want = torch.stack([
        cropped(x, box, image, size, method == "nearest", 7.0)
        for box, image in zip(boxes.double().tolist(), index.tolist())
    ])  # fmt: skip
    inputs = [In(x, format="NHWC"), boxes, index, host(list(size), dtype="int32")]
    attrs = {"method": method, "extrapolation_value": 7.0}
    shape = tuple(want.shape)
    for op, kind, extra in [
        ("CropAndResize", torch.float32, {}),
        ("CropAndResizeV2", torch.float16, {"dtype": torch.float16}),
    ]:
        (y,) = run_op(op, inputs, [Out(kind, shape, "NHWC")], {**attrs, **extra})
        torch.testing.assert_close(y, want.to(kind), rtol=1e-3, atol=1e-3)


def test_crop_of_no_numbers() -> None:
    boxes = torch.tensor([[torch.nan, 0, 1, 1], [0, -torch.inf, 1, 1]])
    size = host([2, 2], dtype="int32")
    inputs = [torch.ones(1, 3, 3, 1), boxes, torch.zeros(2).int(), size]
    expect("CropAndResize", inputs, torch.full((2, 2, 2, 1), 5.0), {"extrapolation_value": 5.0})


def test_crop_and_resize_refuses() -> None:
    x, boxes, size = torch.randn(2, 5, 7, 3), torch.rand(2, 4), host([3, 3], dtype="int32")
    out = [(torch.float32, [2, 3, 3, 3])]
    text = refused(
        emu.AICORE_EXCEPTION, "CropAndResize", [x, boxes, torch.tensor([0, 2]).int(), size], out
    )
    assert "input box_index holds 2" in text
    text = refused(
        emu.INPUT_NOT_MATCH, "CropAndResize", [x, boxes, torch.tensor([0]).int(), size], out
    )
    assert "one image number for each row" in text
    index = torch.tensor([0, 1]).int()
    refused(emu.FORMAT_NOT_MATCH, "CropAndResize", [In(x, format="NCHW"), boxes, index, size], out)


def suppressed(boxes: Tensor, scores: Tensor, most: int, shared: float, least: float,
               offset: int) -> list[int]:  # fmt: skip
    taken: list[int] = []

    def area(box: list[float]) -> float:
        return max(box[2] - box[0] + offset, 0) * max(box[3] - box[1] + offset, 0)

    for k in scores.argsort(descending=True, stable=True).tolist():
        a = boxes[k].tolist()
        for other in taken:
            b = boxes[other].tolist()
            both = area([max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])])
            if both > shared * (area(a) + area(b) - both):
                break
        else:
            if len(taken) < most and scores[k] > least:
                taken.append(k)
    return taken


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32])
@pytest.mark.parametrize("offset", [0, 1])
@pytest.mark.parametrize("most", [0, 3, 100])
def test_non_max_suppression(dtype: torch.dtype, offset: int, most: int) -> None:
    corner, size = torch.rand(40, 2) * 20, torch.rand(40, 2) * 20
    boxes = torch.cat([corner, corner + size], 1).to(dtype)
    scores = torch.rand(40).to(dtype)
    for shared, least in [(0.1, 0.3), (0.5, 0.0), (1.0, -1.0)]:
        inputs = [
            boxes,
            scores,
            host(most, dtype="int32"),
            torch.tensor(shared),
            torch.tensor(least),
        ]
        (y,) = found("NonMaxSuppressionV3", inputs, [(torch.int32, 1, 40)], {"offset": offset})
        limits = torch.tensor([shared, least]).tolist()
        assert y.tolist() == suppressed(boxes.float(), scores.float(), most, *limits, offset)


def test_non_max_suppression_of_nothing_and_of_no_numbers() -> None:
    rest = [host(5, dtype="int32"), torch.tensor(0.5), torch.tensor(-1.0)]
    (y,) = found("NonMaxSuppressionV3", [torch.zeros(0, 4), torch.zeros(0), *rest],
                 [(torch.int32, 1, 5)])  # fmt: skip
    assert y.numel() == 0
    boxes = torch.tensor([[0.0, 0, 1, 1], [5, 5, 6, 6]])
    (y,) = found("NonMaxSuppressionV3", [boxes, torch.tensor([torch.nan, 0.5]), *rest],
                 [(torch.int32, 1, 5)])  # fmt: skip
    assert y.tolist() == [1]


@pytest.mark.parametrize("dtype", BASIC)
def test_depth_to_space(dtype: torch.dtype) -> None:
    x = numbers((2, 12, 3, 5), dtype)
    deep = moved(x, pixel_shuffle(bits(x), 2))
    attrs: dict[str, Any] = {"block_size": 2, "data_format": "NCHW"}
    expect("DepthToSpace", [x], deep, {**attrs, "mode": "CRD"})
    # DCR is the same with the channels in the other order: depth last.
    depth_last = torch.arange(12).reshape(3, 4).t().reshape(-1)
    other = moved(x, bits(x).index_select(1, depth_last))
    expect("DepthToSpace", [other], deep, attrs)
    last = moved(x, bits(other).permute(0, 2, 3, 1))
    want = moved(x, bits(deep).permute(0, 2, 3, 1))
    expect("DepthToSpace", [last], want, {"block_size": 2})
    expect("SpaceToDepth", [deep], other, attrs)
    expect("SpaceToDepth", [want], last, {"block_size": 2})


def test_depth_to_space_by_definition() -> None:
    x = torch.randn(1, 2, 3, 18)
    want = torch.empty(1, 6, 9, 2)
    for h in range(6):
        for w in range(9):
            for c in range(2):
                want[0, h, w, c] = x[0, h // 3, w // 3, ((h % 3) * 3 + w % 3) * 2 + c]
    expect("DepthToSpace", [x], want, {"block_size": 3})
    expect("SpaceToDepth", [want], x, {"block_size": 3})


def test_depth_to_space_refuses() -> None:
    out = [(torch.float32, [1, 4, 4, 1])]
    text = refused(
        emu.ATTR_NOT_MATCH, "DepthToSpace", [torch.ones(1, 2, 2, 3)], out, {"block_size": 2}
    )
    assert "whose square divides the 3 channels" in text
    text = refused(
        emu.ATTR_NOT_MATCH, "SpaceToDepth", [torch.ones(1, 3, 2, 1)], out, {"block_size": 2}
    )
    assert "divides height 3 and width 2" in text


def space_to_batch(x: Tensor, block: list[int], pads: list[list[int]]) -> Tensor:
    """As TensorFlow's documentation has it, in numpy."""
    spatial = len(block)
    width = [(0, 0), *map(tuple, pads), *[(0, 0)] * (x.dim() - 1 - spatial)]
    padded = np.pad(bits(x).numpy(), width)
    shape = [x.shape[0]]
    for size, b in zip(padded.shape[1:], block):
        shape += [size // b, b]
    rest = list(padded.shape[1 + spatial :])
    split = padded.reshape([*shape, *rest])
    axes = [*range(2, 2 * spatial + 1, 2), 0, *range(1, 2 * spatial, 2)]
    axes += range(2 * spatial + 1, split.ndim)
    total = int(np.prod(block)) * x.shape[0]
    sizes = [size // b for size, b in zip(padded.shape[1:], block)]
    return moved(x, torch.from_numpy(split.transpose(axes).reshape([total, *sizes, *rest]).copy()))


@pytest.mark.parametrize("dtype", BASIC)
@pytest.mark.parametrize(
    ("shape", "block", "pads"),
    [
        ((1, 4, 4, 1), [2, 2], [[0, 0], [0, 0]]),
        ((2, 3, 5, 2), [2, 3], [[1, 0], [0, 1]]),
        ((2, 6), [3], [[0, 0]]),
        ((1, 2, 3, 4, 5), [1, 3, 2], [[0, 0], [0, 0], [1, 1]]),
    ],
)
def test_space_to_batch(
    dtype: torch.dtype, shape: tuple[int, ...], block: list[int], pads: list[list[int]]
) -> None:
    x = numbers(shape, dtype)
    y = space_to_batch(x, block, pads)
    expect("SpaceToBatchND", [x, host(block), host(pads, dtype="int32")], y)
    expect("BatchToSpaceND", [y, host(block), host(pads)], x)
    expect("BatchToSpaceND", [y, torch.tensor(block), torch.tensor(pads)], x)


def test_space_to_batch_refuses() -> None:
    x, out = torch.randn(2, 3, 4, 1), [(torch.float32, [4, 2, 2, 1])]
    text = refused(
        emu.INPUT_NOT_MATCH, "SpaceToBatchND", [x, host([2, 2]), host([[0, 0], [0, 0]])], out
    )
    assert "dim 1 of x with its paddings has 3 elements; block_shape 2" in text
    text = refused(
        emu.INPUT_NOT_MATCH, "BatchToSpaceND", [x, host([2, 2]), host([[0, 0], [0, 0]])], out
    )
    assert (
        "the batch of x has 2 elements; the blocks of block_shape [2, 2] do not divide it" in text
    )
    refused(emu.INPUT_NOT_MATCH, "SpaceToBatchND", [x, host([2, 2]), host([0, 0])], out)


def test_blocks_beyond_all_images() -> None:
    x, out = torch.ones(1, 4, 4, 4), [(torch.float32, [1, 4, 4, 4])]
    for op in ("DepthToSpace", "SpaceToDepth"):
        refused(emu.ATTR_NOT_MATCH, op, [x], out, {"block_size": 2**32})
    for op in ("SpaceToBatchND", "BatchToSpaceND"):
        inputs = [x, host([2**32, 2**32]), host([[0, 0], [0, 0]])]
        refused(emu.INPUT_NOT_MATCH, op, inputs, out)
        inputs = [x, host([2, 2]), host([[0, 2**62], [0, 0]])]
        refused(emu.INPUT_NOT_MATCH, op, inputs, out)


@pytest.mark.parametrize("group", [1, 2, 3, 6])
@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.uint8, torch.uint32])
def test_shuffle_channel(group: int, dtype: torch.dtype) -> None:
    x = numbers((2, 6, 3, 5), dtype)
    want = moved(x, channel_shuffle(bits(x), group))
    expect("ShuffleChannel", [x], want, {"group": group})
    text = refused(emu.ATTR_NOT_MATCH, "ShuffleChannel", [x], [(dtype, x.shape)], {"group": 4})
    assert "divides the 6 channels" in text


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32])
def test_col2im(dtype: torch.dtype) -> None:
    kernel, dilation, padding, stride = (3, 2), (1, 2), (1, 0), (2, 1)
    windows = ((9 + 2 - 3) // 2 + 1) * ((7 - 3) // 1 + 1)
    x = torch.randn(2, 4, 6, windows).to(dtype)
    want = fold(x.float().reshape(2, 24, windows), (9, 7), kernel, dilation, padding, stride)
    attrs = {"kernel_size": list(kernel), "dilation": list(dilation), "padding": list(padding),
             "stride": list(stride)}  # fmt: skip
    expect("Col2im", [x, host([9, 7], dtype="int32")], want.to(dtype), attrs)
    expect("Col2im", [x, torch.tensor([9, 7]).int()], want.to(dtype), attrs)
    text = refused(emu.INPUT_NOT_MATCH, "Col2im", [x[:, :, :5], host([9, 7], dtype="int32")],
                   [(dtype, [2, 4, 9, 7])], attrs)  # fmt: skip
    assert "the 6 elements of a window" in text


WINDOWS = [((3, 2), (1, 1), (1, 1), (0, 0)), ((3, 2), (2, 1), (1, 2), (1, 3)),
           ((1, 1), (3, 3), (1, 1), (0, 0))]  # fmt: skip


@pytest.mark.parametrize("dtype", [*REAL, torch.uint16])
@pytest.mark.parametrize(("kernel", "stride", "dilation", "padding"), WINDOWS)
def test_im2col(
    dtype: torch.dtype,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    dilation: tuple[int, int],
    padding: tuple[int, int],
) -> None:
    x = torch.randint(0, 100, (2, 3, 9, 7)).to(dtype)
    columns = unfold(x.double(), kernel, dilation, padding, stride)
    down = (9 + 2 * padding[0] - dilation[0] * (kernel[0] - 1) - 1) // stride[0] + 1
    want = columns.reshape(2, columns.shape[1], down, -1).to(dtype)
    attrs = {"ksizes": list(kernel), "strides": list(stride), "dilations": list(dilation),
             "pads": [padding[0]] * 2 + [padding[1]] * 2}  # fmt: skip
    expect("Im2col", [x], want, attrs)
    if padding == (0, 0):
        expect("Im2col", [x], want, {**attrs, "pads": [5], "padding_mode": "VALID"})


def test_im2col_same() -> None:
    x = torch.randn(1, 2, 5, 6)
    padded = torch.nn.functional.pad(x, (0, 1, 1, 1))
    want = unfold(padded, (3, 3), stride=2).reshape(1, 18, 3, 3)
    attrs = {"ksizes": [3, 3], "strides": [2], "padding_mode": "SAME"}
    expect("Im2col", [x], want, attrs)


def test_im2col_refuses() -> None:
    x, out = torch.randn(1, 2, 5, 6), [(torch.float32, [1, 18, 3, 4])]
    text = refused(emu.ATTR_NOT_MATCH, "Im2col", [x], out, {"ksizes": [6, 3]})
    assert "a window of 6 elements does not fit dim 2" in text
    text = refused(emu.ATTR_NOT_MATCH, "Im2col", [x], out, {"ksizes": [3, 3], "pads": [1, 1]})
    assert "top, bottom, left and right" in text
    refused(emu.ATTR_NOT_MATCH, "Im2col", [x], out, {"ksizes": [3, 3], "strides": [0]})
    refused(emu.ATTR_NOT_MATCH, "Im2col", [x], out, {"ksizes": [2**62, 2**62]})
    nhwc = [In(x, format="NHWC")]
    refused(emu.FORMAT_NOT_MATCH, "Im2col", nhwc, out, {"ksizes": [3, 3]})
