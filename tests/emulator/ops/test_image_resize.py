"""Resizing, against weights that are written down element by element."""

from __future__ import annotations

import math
from typing import Any

import emu
import pytest
import torch
from emu import In, Out, Typed, expect, host, run_op
from index_support import Tensor, refused
from layouts import pack
from tables import REAL
from torch.nn.functional import interpolate

SIZES = [((1, 1), (4, 5)), ((4, 5), (1, 1)), ((3, 17), (6, 9)), ((5, 4), (5, 7)), ((8, 6), (4, 3))]


def place(i: int, size: int, to: int, mode: str) -> float:
    if mode == "align_corners":
        return i * (size - 1) / (to - 1) if to > 1 else 0.0
    if mode == "asymmetric":
        return i * size / to
    if mode == "tf_half_pixel_for_nn":
        return (i + 0.5) * size / to
    if mode == "pytorch_half_pixel" and to == 1:
        return 0.0
    return (i + 0.5) * size / to - 0.5


def cubic(x: float, a: float) -> float:
    x = abs(x)
    if x <= 1:
        return (a + 2) * x**3 - (a + 3) * x**2 + 1
    return a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a if x < 2 else 0.0


def weights(
    size: int, to: int, method: str, mode: str, a: float = -0.75, outside: bool = True
) -> Tensor:
    """[to, size]: how much of each element is in each result."""
    rows = torch.zeros(to, size, dtype=torch.float64)

    def add(row: int, i: int, weight: float) -> None:
        rows[row, min(max(i, 0), size - 1)] += weight

    for row in range(to):
        at = place(row, size, to, mode)
        low = math.floor(at)
        if method == "linear":
            add(row, low, 1 - (at - low))
            add(row, low + 1, at - low)
        elif method == "cubic":
            for i in range(low - 1, low + 3):
                if outside or 0 <= i < size:
                    add(row, i, cubic(at - i, a))
            rows[row] /= 1.0 if outside else float(rows[row].sum())
        else:
            chosen = {
                "floor": math.floor(at),
                "ceil": math.ceil(at),
                "round_prefer_floor": math.ceil(at - 0.5),
                "round_prefer_ceil": math.floor(at + 0.5),
            }[method]
            add(row, chosen, 1.0)
    return rows


def resized(x: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    return rows @ x.double() @ columns.t()


def image(tensor: Tensor, layout: str = "NCHW") -> In:
    made = tensor if layout == "NCHW" else tensor.permute(0, 2, 3, 1).contiguous()
    return In(made, format=layout)


def expect_image(
    op: str, inputs: list[Any], want: Tensor, attrs: dict[str, Any], layout: str,
    tolerance: float | None = None,
) -> None:  # fmt: skip
    """Like expect, with inputs and results in a layout; `want` is NCHW."""
    shown = image(want, layout).tensor
    (result,) = run_op(op, inputs, [Out(want.dtype, tuple(shown.shape), layout)], attrs)
    exact = not want.is_floating_point()
    close = emu.TOLERANCES.get(str(want.dtype).removeprefix("torch."), 1e-9)
    within = tolerance if tolerance is not None else 0 if exact else close
    torch.testing.assert_close(result, shown, rtol=within, atol=within)


# align_corners and half_pixel_centers, and what they are for linear, nearest and cubic.
FLAGS = [
    ((False, False), "asymmetric", "asymmetric", "floor"),
    ((True, False), "align_corners", "align_corners", "round_prefer_ceil"),
    ((False, True), "half_pixel", "tf_half_pixel_for_nn", "floor"),
]


def flags(pair: tuple[bool, bool]) -> dict[str, bool]:
    return {"align_corners": pair[0], "half_pixel_centers": pair[1]}


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize(("pair", "mode", "nearest_mode", "rounding"), FLAGS)
@pytest.mark.parametrize(("size", "to"), SIZES)
def test_tensorflow(
    layout: str, pair: tuple[bool, bool], mode: str, nearest_mode: str, rounding: str,
    size: tuple[int, int], to: tuple[int, int],
) -> None:  # fmt: skip
    x = torch.randn(2, 3, *size)
    attrs = flags(pair)
    inputs = [image(x, layout), host(list(to), dtype="int32")]
    grad = torch.randn(2, 3, *to)

    linear = [weights(size[k], to[k], "linear", mode) for k in (0, 1)]
    want = resized(x, *linear).float()
    expect_image("ResizeBilinearV2", inputs, want, attrs, layout)
    expect_image("ResizeBilinearV2D", inputs[:1], want, {**attrs, "size": list(to)}, layout)
    back = [image(grad, layout), image(x, layout)]
    want = resized(grad, *(rows.t() for rows in linear)).float()
    expect_image("ResizeBilinearV2Grad", back, want, attrs, layout)

    near = [weights(size[k], to[k], rounding, nearest_mode) for k in (0, 1)]
    want = resized(x, *near).float()
    expect_image("ResizeNearestNeighborV2", inputs, want, attrs, layout, 0)
    expect_image("ResizeNearestNeighborV2D", inputs[:1], want, {**attrs, "size": list(to)}, layout)
    want = resized(grad, *(rows.t() for rows in near)).float()
    back = [image(grad, layout), host(list(size), dtype="int32")]
    expect_image("ResizeNearestNeighborV2Grad", back, want, attrs, layout)
    attrs_d = {**attrs, "size": list(size)}
    expect_image("ResizeNearestNeighborV2GradD", back[:1], want, attrs_d, layout)

    keys = pair[1]
    cube = [weights(size[k], to[k], "cubic", mode, -0.5 if keys else -0.75, not keys)
            for k in (0, 1)]  # fmt: skip
    expect_image("ResizeBicubic", inputs, resized(x, *cube).float(), attrs, layout)
    if layout == "NHWC":
        back = [image(grad, layout), image(x, layout)]
        want = resized(grad, *(rows.t() for rows in cube)).float()
        expect_image("ResizeBicubicGrad", back, want, attrs, layout)


@pytest.mark.parametrize("corners", [False, True])
def test_like_torch(corners: bool) -> None:
    x = torch.randn(2, 3, 7, 9)
    attrs = flags((corners, not corners))
    inputs = [image(x), host([13, 5], dtype="int32")]
    want = interpolate(x, (13, 5), mode="bilinear", align_corners=corners)
    expect_image("ResizeBilinearV2", inputs, want, attrs, "NCHW")
    want = interpolate(x, (13, 5), mode="nearest")
    expect_image("ResizeNearestNeighborV2", inputs, want, {}, "NCHW")
    mode = "align_corners" if corners else "half_pixel"
    want = interpolate(x, (13, 5), mode="bicubic", align_corners=corners)
    attrs_d = {"sizes": [13, 5], "mode": "cubic", "coordinate_transformation_mode": mode}
    expect("ResizeD", [x], want, attrs_d, 1e-4)


@pytest.mark.parametrize("dtype", REAL)
def test_types(dtype: torch.dtype) -> None:
    x = torch.randint(0, 50, (1, 2, 4, 4)).to(dtype)
    size = host([6, 3], dtype="int32")
    near = [weights(4, to, "floor", "asymmetric") for to in (6, 3)]
    expect_image(
        "ResizeNearestNeighborV2", [image(x), size], resized(x, *near).to(dtype), {}, "NCHW"
    )
    grad = torch.randint(0, 20, (1, 2, 6, 3)).to(dtype)
    want = resized(grad, *(rows.t() for rows in near)).to(dtype)
    back = [image(grad), host([4, 4], dtype="int32")]
    expect_image("ResizeNearestNeighborV2Grad", back, want, {}, "NCHW")
    if dtype is torch.bfloat16:
        return
    linear = resized(x, *(weights(4, to, "linear", "asymmetric") for to in (6, 3)))
    expect_image("ResizeBilinearV2", [image(x), size], linear.float(), {}, "NCHW")
    expect_image("ResizeBilinearV2", [image(x), size], linear.half(), {}, "NCHW")
    cube = resized(x, *(weights(4, to, "cubic", "asymmetric") for to in (6, 3)))
    expect_image("ResizeBicubic", [image(x), size], cube.float(), {}, "NCHW", 1e-4)


@pytest.mark.parametrize("channels", [3, 16, 33])
def test_private_layout(channels: int) -> None:
    x = torch.randn(2, channels, 5, 4).half()
    want = interpolate(x.float(), (7, 8), mode="nearest").half()
    laid_out, wanted = (pack(t, "NC1HWC0", "NCHW") for t in (x, want))
    given = In(laid_out, format="NC1HWC0", origin_shape=x.shape, origin_format="NCHW")
    made = Out(x.dtype, tuple(wanted.shape), "NC1HWC0", tuple(want.shape), "NCHW")
    op = "ResizeNearestNeighborV2"
    (y,) = run_op(op, [given, host([7, 8], dtype="int32")], [made])
    assert y.equal(wanted)


def test_infinity_stays_where_it_is() -> None:
    x = torch.zeros(1, 1, 4, 4)
    x[0, 0, 0, 0] = torch.inf
    (y,) = run_op("ResizeBilinearV2", [image(x), host([8, 8], dtype="int32")],
                  [Out(torch.float32, (1, 1, 8, 8), "NCHW")], flags((False, True)))  # fmt: skip
    assert (y[0, 0, 3:] == 0).all()
    assert (y[0, 0, :, 3:] == 0).all()


def test_refusals() -> None:
    x = torch.randn(1, 1, 4, 4)
    size = host([8, 8], dtype="int32")
    out = [Out(torch.float32, (1, 1, 8, 8), "NCHW")]
    op = "ResizeBilinearV2"
    text = refused(emu.ATTR_NOT_MATCH, op, [image(x), size], out, flags((True, True)))
    assert "[align_corners] and [half_pixel_centers] are both true" in text
    refused(emu.FORMAT_NOT_MATCH, op, [x, size], out)
    text = refused(emu.INPUT_NOT_MATCH, op, [image(x), host([8, 0], dtype="int32")], out)
    assert "size is [8, 0]; a new height and width, both positive" in text
    text = refused(emu.INPUT_NOT_MATCH, op, [In(x[0], format="NCHW"), size], out)
    assert "four dims are expected" in text
    inputs = [image(x), image(x.repeat(2, 1, 1, 1))]
    back = [Out(torch.float32, (2, 1, 4, 4), "NCHW")]
    text = refused(emu.INPUT_NOT_MATCH, "ResizeBilinearV2Grad", inputs, back)
    assert "only height and width may differ" in text
    out = [Out(torch.uint8, (1, 1, 8, 8), "NCHW")]
    refused(emu.UNSUPPORTED_TYPE, op, [image(x), size], out, {"dtype": torch.uint8})


ROUNDINGS = ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"]
MODES = ["half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric", "tf_half_pixel_for_nn"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("method", ["linear", "cubic", *ROUNDINGS])
@pytest.mark.parametrize(("size", "to"), SIZES)
def test_onnx(mode: str, method: str, size: tuple[int, int], to: tuple[int, int]) -> None:
    x = torch.randn(2, 3, *size)
    attrs: dict[str, Any] = {"coordinate_transformation_mode": mode}
    if method in ROUNDINGS:
        attrs.update(mode="nearest", nearest_mode=method)
    else:
        attrs["mode"] = method
    rows = [weights(size[k], to[k], method, mode) for k in (0, 1)]
    # A dim that keeps its size keeps its elements.
    rows = [torch.eye(size[k]).double() if size[k] == to[k] else rows[k] for k in (0, 1)]
    want = resized(x, *rows).float()
    expect("Resize", [x, None, None, host([2, 3, *to])], want, attrs, 1e-4)
    if mode in ("half_pixel", "align_corners") and method in ("cubic", "round_prefer_floor"):
        rows = [weights(size[k], to[k], method, mode) for k in (0, 1)]
        want = resized(x, *rows).float()
        expect("ResizeD", [x], want, {**attrs, "sizes": list(to)}, 1e-4)
        expect("ResizeD", [x], want, {**attrs, "sizes": [2, 3, *to]}, 1e-4)
        grad = torch.randn(2, 3, *to)
        want = resized(grad, *(row.t() for row in rows)).float()
        expect("ResizeGradD", [grad], want, {**attrs, "original_size": list(size)}, 1e-4)


def test_onnx_scales_and_exclude_outside() -> None:
    x = torch.randn(1, 2, 5, 6)
    scales = host([1.0, 1.0, 2.0, 0.5], dtype="float32")
    attrs: dict[str, Any] = {"mode": "cubic", "cubic_coeff_a": -0.5, "exclude_outside": 1}
    rows = [weights(5, 10, "cubic", "half_pixel", -0.5, False),
            weights(6, 3, "cubic", "half_pixel", -0.5, False)]  # fmt: skip
    expect("Resize", [x, None, scales], resized(x, *rows).float(), attrs, 1e-4)
    empty = torch.zeros(0, dtype=torch.int64)
    expect("Resize", [x, None, scales, empty], resized(x, *rows).float(), attrs, 1e-4)


def test_onnx_refusals() -> None:
    x, out = torch.randn(1, 1, 4, 4), [(torch.float32, [1, 1, 8, 8])]
    sizes, scales = host([1, 1, 8, 8]), host([1.0, 1, 2, 2], dtype="float32")
    text = refused(emu.INPUT_NOT_MATCH, "Resize", [x, None, scales, sizes], out)
    assert "inputs scales and sizes have 4 and 4 values" in text
    for value in (0.0, -1.0, 1e300, torch.inf, torch.nan):
        inputs = [x, None, host([1.0, 1, 2, value], dtype="float32")]
        assert "dim 3 of x" in refused(emu.INPUT_NOT_MATCH, "Resize", inputs, out)
    attrs = {"coordinate_transformation_mode": "tf_crop_and_resize"}
    text = refused(emu.ATTR_NOT_MATCH, "Resize", [x, None, None, sizes], out, attrs)
    assert '"tf_crop_and_resize"; allowed are half_pixel' in text
    text = refused(emu.ATTR_NOT_MATCH, "ResizeD", [x], out, {"sizes": [8]})
    assert "attribute [sizes] is [8]" in text


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_upsample(dtype: torch.dtype) -> None:
    x = torch.randn(2, 3, 7).to(dtype)
    want = interpolate(x.double(), 17, mode="nearest").to(dtype)
    expect("UpsampleNearest1d", [x], want, {"output_size": [17]})
    want = torch.ops.aten.upsample_nearest1d(x.double(), [17], 2.5).to(dtype)
    expect("UpsampleNearest1d", [x], want, {"output_size": [17], "scales": [2.5]})
    x = torch.randn(2, 3, 4, 5, 2).to(dtype)
    size = [7, 3, 5]
    want = interpolate(x.double(), size, mode="nearest").to(dtype)
    expect("UpsampleNearest3d", [x], want, {"output_size": size})
    for corners in (False, True):
        want = interpolate(x.double(), size, mode="trilinear", align_corners=corners).to(dtype)
        attrs = {"output_size": size, "align_corners": corners}
        expect("UpsampleTrilinear3d", [x], want, attrs)
    scales = [2.0, 1.5, 3.0]
    want = interpolate(x.double(), scale_factor=scales, mode="trilinear",
                       align_corners=False, recompute_scale_factor=False).to(dtype)  # fmt: skip
    expect("UpsampleTrilinear3d", [x], want, {"scales": scales})


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
@pytest.mark.parametrize("method", ["nearest", "trilinear"])
def test_upsample_grad(dtype: torch.dtype, method: str) -> None:
    x = torch.randn(2, 3, 4, 5, 2, dtype=torch.float64, requires_grad=True)
    corners: dict[str, Any] = {"align_corners": True} if method == "trilinear" else {}
    y = interpolate(x, [7, 3, 5], mode=method, **corners)
    grad = torch.randn(y.shape).to(dtype)
    (want,) = torch.autograd.grad(y, x, grad.double())
    op = "UpsampleNearest3dGrad" if method == "nearest" else "UpsampleTrilinear3dGrad"
    attrs = {"input_size": list(x.shape), "output_size": [7, 3, 5], **corners}
    expect(op, [grad], want.to(dtype), attrs)
    text = refused(emu.ATTR_NOT_MATCH, op, [grad], [(dtype, x.shape)],
                   {**attrs, "output_size": [7, 3, 6]})  # fmt: skip
    assert "input grad_output has shape [2, 3, 7, 3, 5]" in text


def test_upsample_refusals() -> None:
    x, out = torch.randn(1, 1, 2, 2, 2), [(torch.float32, [1, 1, 4, 4, 4])]
    text = refused(emu.ATTR_NOT_MATCH, "UpsampleNearest3d", [x], out)
    assert "[output_size] and [scales] have 0 and 0 values" in text
    attrs = {"output_size": [4, 4, 4], "scales": [2.0, 2.0, 2.0]}
    refused(emu.ATTR_NOT_MATCH, "UpsampleNearest3d", [x], out, attrs)
    refused(emu.ATTR_NOT_MATCH, "UpsampleNearest3d", [x], out,
            {"output_size": Typed("list_int", []), "scales": [2.0]})  # fmt: skip
