"""Pooling and its gradients, against ATen and autograd."""

from __future__ import annotations

from typing import Any, ClassVar

import emu
import pytest
import torch
from emu import In, expect, host, run_op
from nn_support import (
    FLOATS,
    compare,
    expect_in,
    grads,
    private,
    private_out,
    refused,
    to_5hd,
)
from torch.nn import functional

F16, F32, F64 = torch.float16, torch.float32, torch.float64
INTS = [torch.int8, torch.uint8, torch.int16, torch.int32, torch.int64]


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(3)


def same_pads(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """TensorFlow's padding of one axis."""
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def padded(x: torch.Tensor, pads: Any, fill: float) -> torch.Tensor:
    """`pads` before and after each axis, outermost first."""
    flat = [side for pair in reversed(pads) for side in pair]
    return functional.pad(x, flat, value=fill)


def last(x: torch.Tensor) -> torch.Tensor:
    """Channels last."""
    return x.movedim(1, -1).contiguous()


def distinct(*shape: int) -> torch.Tensor:
    """Values without two equal ones, so that the largest of a window is one place."""
    count = torch.Size(shape).numel()
    return (torch.randperm(count).to(F32) / 8 - count / 16).reshape(shape)


class TestMaxPool:
    @pytest.mark.parametrize("dtype", [F32, F16, F64, *INTS])
    @pytest.mark.parametrize("mode", ["SAME", "VALID"])
    @pytest.mark.parametrize("channels_last", [False, True])
    def test_tensorflow(self, dtype: torch.dtype, mode: str, channels_last: bool) -> None:
        x = torch.randint(-100, 100, (2, 3, 7, 9)).to(dtype)
        kernel, stride = (3, 2), (2, 3)
        pads = [same_pads(n, k, s) for n, k, s in zip((7, 9), kernel, stride)]
        lowest = -1e9 if dtype != torch.uint8 else -1.0
        source = padded(x.double(), pads, lowest) if mode == "SAME" else x.double()
        want = functional.max_pool2d(source, kernel, stride).to(dtype)
        if channels_last:
            attrs = {"ksize": [1, 3, 2, 1], "strides": [1, 2, 3, 1], "padding": mode}
            expect("MaxPool", [last(x)], last(want), attrs)
            expect_in(["NHWC"], "MaxPool", [In(last(x), format="NHWC")], [last(want)], attrs)
        else:
            attrs = {
                "ksize": [1, 1, 3, 2], "strides": [1, 1, 2, 3], "padding": mode,
                "data_format": "NCHW",
            }  # fmt: skip
            expect("MaxPool", [x], want, attrs)

    @pytest.mark.parametrize("dtype", [*FLOATS, torch.int32])
    @pytest.mark.parametrize("ceil", [False, True])
    @pytest.mark.parametrize(
        ("size", "kernel", "stride", "pad"),
        [((7, 9), (3, 3), (2, 2), (1, 1)), ((5, 5), (2, 3), (3, 4), (0, 1)),
         ((6, 6), (2, 2), (4, 4), (1, 0)), ((1, 8), (1, 2), (1, 2), (0, 0))],
    )  # fmt: skip
    def test_pytorch(
        self, dtype: torch.dtype, ceil: bool, size: Any, kernel: Any, stride: Any, pad: Any
    ) -> None:
        x = torch.randn(2, 17, *size).mul(50).to(dtype)
        want = functional.max_pool2d(x.double(), kernel, stride, pad, ceil_mode=ceil).to(dtype)
        attrs = {
            "ksize": [1, 1, *kernel], "strides": [1, 1, *stride],
            "pads": [pad[0], pad[0], pad[1], pad[1]], "ceil_mode": ceil,
        }  # fmt: skip
        expect("MaxPoolV3", [x], want, attrs)
        inputs = [private(to_5hd(x), "NC1HWC0", x.shape)]
        out = private_out(to_5hd(want), "NC1HWC0", want.shape)
        if dtype == F16:
            (result,) = run_op("MaxPoolV3", inputs, [out], attrs)
            compare(result, to_5hd(want))

    def test_uneven_pads(self) -> None:
        x = torch.randn(1, 2, 5, 6)
        want = functional.max_pool2d(padded(x, [(2, 0), (0, 1)], -1e9), (3, 3), (1, 2))
        attrs = {"ksize": [1, 1, 3, 3], "strides": [1, 1, 1, 2], "pads": [2, 0, 0, 1]}
        expect("MaxPoolV3", [x], want, attrs)

    def test_global(self) -> None:
        x = torch.randn(2, 3, 4, 5)
        attrs = {
            "ksize": [1, 1, 2, 2], "strides": [1, 1, 2, 2], "pads": [1, 1, 1, 1],
            "global_pooling": True,
        }  # fmt: skip
        expect("MaxPoolV3", [x], x.amax((2, 3), keepdim=True), attrs)

    def test_empty_batch(self) -> None:
        attrs = {"ksize": [1, 1, 2, 2], "strides": [1, 1, 2, 2]}
        expect("MaxPoolV3", [torch.ones(0, 3, 4, 4)], torch.ones(0, 3, 2, 2), attrs)

    def test_negative_values_beat_padding(self) -> None:
        attrs = {"ksize": [1, 1, 3, 3], "strides": [1, 1, 1, 1], "pads": [1, 1, 1, 1]}
        x = -torch.ones(1, 1, 2, 2)
        expect("MaxPoolV3", [x], x, attrs)
        expect("MaxPoolV3", [x.to(torch.int8)], x.to(torch.int8), attrs)

    @pytest.mark.parametrize("dtype", [*FLOATS, F64])
    @pytest.mark.parametrize("mode", ["SAME", "VALID", "CALCULATED"])
    def test_deep(self, dtype: torch.dtype, mode: str) -> None:
        x = torch.randn(1, 2, 4, 5, 7).to(dtype)
        kernel, stride = (2, 3, 3), (2, 1, 3)
        attrs = {
            "ksize": list(kernel), "strides": list(stride), "padding": mode,
            "data_format": "NCDHW",
        }  # fmt: skip
        if mode == "CALCULATED":
            attrs.update(pads=[1, 1, 1, 1, 0, 0], dilation=[1, 1, 1, 2, 2], ceil_mode=1)
            wide = padded(x.double(), [(1, 1), (1, 1), (0, 0)], -1e9)
            want = functional.max_pool3d(wide, kernel, stride, 0, (1, 2, 2), ceil_mode=True)
        else:
            pads = [same_pads(n, k, s) for n, k, s in zip((4, 5, 7), kernel, stride)]
            wide = padded(x.double(), pads, -1e9) if mode == "SAME" else x.double()
            want = functional.max_pool3d(wide, kernel, stride)
        expect("MaxPool3D", [x], want.to(dtype), attrs)
        attrs.update(ksize=[1, *kernel, 1], strides=[1, *stride, 1], data_format="NDHWC")
        if mode == "CALCULATED":
            attrs.update(dilation=[1, 1, 2, 2, 1])
        expect("MaxPool3D", [last(x)], last(want).to(dtype), attrs)


class TestMaxPoolGradients:
    @pytest.mark.parametrize("dtype", [*FLOATS, torch.int32])
    @pytest.mark.parametrize("channels_last", [False, True])
    def test_calculated(self, dtype: torch.dtype, channels_last: bool) -> None:
        x = distinct(2, 3, 6, 7).mul(8 if dtype == torch.int32 else 1).to(dtype)

        def apply(x: torch.Tensor) -> torch.Tensor:
            return functional.max_pool2d(x, (3, 3), (2, 1), (1, 0), ceil_mode=True)

        y = apply(x.double())
        grad = torch.randint(-9, 9, y.shape).to(dtype)
        (want,) = grads(apply, grad, x)
        attrs = {
            "ksize": [1, 1, 3, 3], "strides": [1, 1, 2, 1], "pads": [1, 1, 0, 0],
            "ceil_mode": True,
        }  # fmt: skip
        inputs = [x, y.to(dtype), grad]
        if channels_last:
            attrs.update(ksize=[1, 3, 3, 1], strides=[1, 2, 1, 1], data_format="NHWC")
            expect("MaxPoolV3Grad", list(map(last, inputs)), last(want).to(dtype), attrs)
        else:
            expect("MaxPoolV3Grad", inputs, want.to(dtype), attrs)

    @pytest.mark.parametrize("mode", ["SAME", "VALID"])
    def test_tensorflow(self, mode: str) -> None:
        x = distinct(1, 2, 5, 8)
        pads = [same_pads(n, k, s) for n, k, s in zip((5, 8), (2, 3), (2, 2))]

        def apply(x: torch.Tensor) -> torch.Tensor:
            source = padded(x, pads, -1e9) if mode == "SAME" else x
            return functional.max_pool2d(source, (2, 3), (2, 2))

        y = apply(x)
        grad = torch.randn_like(y)
        (want,) = grads(apply, grad, x)
        attrs = {"ksize": [1, 2, 3, 1], "strides": [1, 2, 2, 1], "padding": mode}
        expect("MaxPoolGrad", [last(x), last(y), last(grad)], last(want).float(), attrs)

    def test_deep(self) -> None:
        x = distinct(1, 2, 4, 4, 5)

        def apply(x: torch.Tensor) -> torch.Tensor:
            return functional.max_pool3d(x, (2, 2, 3), (2, 2, 1), (1, 0, 1))

        y = apply(x)
        grad = torch.randn_like(y)
        (want,) = grads(apply, grad, x)
        attrs = {
            "ksize": [1, 1, 2, 2, 3], "strides": [1, 1, 2, 2, 1], "padding": "CALCULATED",
            "pads": [1, 1, 0, 0, 1, 1], "data_format": "NCDHW",
        }  # fmt: skip
        expect("MaxPool3DGrad", [x, y, grad], want.float(), attrs)

    def test_first_of_equal_ones_gets_the_gradient(self) -> None:
        x, y = torch.ones(1, 1, 2, 2), torch.ones(1, 1, 1, 1)
        attrs = {"ksize": [1, 1, 2, 2], "strides": [1, 1, 2, 2]}
        want = torch.tensor([[[[1.0, 0.0], [0.0, 0.0]]]])
        expect("MaxPoolV3Grad", [x, y, y], want, attrs)


class TestArgmax:
    ATTRS: ClassVar[dict[str, Any]] = {"ksize": [1, 2, 3, 1], "strides": [1, 2, 2, 1]}

    @pytest.mark.parametrize("mode", ["SAME", "VALID"])
    @pytest.mark.parametrize("index", [torch.int32, torch.int64])
    def test_tensorflow(self, mode: str, index: torch.dtype) -> None:
        x = last(distinct(2, 3, 5, 8))
        pads = [same_pads(n, k, s) for n, k, s in zip((5, 8), (2, 3), (2, 2))]
        source = x.movedim(-1, 1)
        source = padded(source, pads, -1e9) if mode == "SAME" else source
        y = last(functional.max_pool2d(source, (2, 3), (2, 2)))
        attrs = {**self.ATTRS, "padding": mode}
        outputs = [emu.Out(F32, tuple(y.shape), format="NHWC"),
                   emu.Out(index, tuple(y.shape), format="NHWC")]  # fmt: skip
        got, argmax = run_op("MaxPoolWithArgmax", [In(x, format="NHWC")], outputs, attrs)
        compare(got, y)
        # The index is that of the value within its sample.
        found = x.reshape(2, -1).gather(1, argmax.reshape(2, -1).long()).reshape(y.shape)
        compare(found, y)
        grad = torch.randn_like(y)
        want = torch.zeros(2, 5 * 8 * 3)
        want.scatter_add_(1, argmax.reshape(2, -1).long(), grad.reshape(2, -1))
        inputs = [In(x, format="NHWC"), In(grad, format="NHWC"), In(argmax, format="NHWC")]
        want = want.reshape(x.shape)
        expect_in(["NHWC"], "MaxPoolGradWithArgmax", inputs, [want], attrs)

    def test_index_out_of_range(self) -> None:
        x, grad = torch.ones(1, 2, 2, 1), torch.ones(1, 1, 1, 1)
        inputs = [In(t, format="NHWC") for t in (x, grad, torch.tensor([[[[4]]]]))]
        attrs = {"ksize": [1, 2, 2, 1], "strides": [1, 2, 2, 1], "padding": "VALID"}
        text = refused(
            emu.AICORE_EXCEPTION, "MaxPoolGradWithArgmax", inputs, [(F32, [1, 2, 2, 1])], attrs
        )
        assert "input argmax has values from 4 to 4; 0 to 3 are allowed" in text

    def test_channels_first(self) -> None:
        attrs = {**self.ATTRS, "padding": "VALID"}
        x = In(torch.ones(1, 1, 4, 4), format="NCHW")
        refused(
            emu.FORMAT_NOT_MATCH, "MaxPoolWithArgmax", [x],
            [(F32, [1, 1, 2, 1]), (torch.int32, [1, 1, 2, 1])], attrs,
        )  # fmt: skip


def mask_shape(y: torch.Tensor, places: int) -> tuple[int, ...]:
    words = (y.shape[2] * y.shape[3] + 15) // 16 + 1
    return (y.shape[0], y.shape[1], places, words)


class TestMask:
    """The argmax as a mask of bits, as PyTorch networks on Ascend use it."""

    CASES: ClassVar[list[Any]] = [
        ((2, 3, 9, 11), (3, 3), (2, 2), (1, 1), (1, 1), False),
        ((1, 17, 6, 7), (2, 3), (1, 3), (0, 1), (1, 1), True),
        ((1, 2, 8, 8), (3, 2), (2, 2), (1, 1), (2, 3), False),
        ((2, 1, 1, 1), (1, 1), (1, 1), (0, 0), (1, 1), False),
    ]

    @staticmethod
    def attrs(version: str, kernel: Any, stride: Any, pad: Any, dilation: Any, ceil: bool) -> Any:
        def four(pair: Any) -> list[int]:
            return [1, *pair, 1] if version == "V1" else [1, 1, *pair]

        return {
            "ksize": four(kernel), "strides": four(stride), "pads": four(pad),
            "dilation": four(dilation), "ceil_mode": ceil,
        }  # fmt: skip

    @pytest.mark.parametrize("case", CASES)
    @pytest.mark.parametrize(("version", "dtype"), [("V1", F32), ("V1", F16), ("V2", F16)])
    def test_both(self, case: Any, version: str, dtype: torch.dtype) -> None:
        shape, kernel, stride, pad, dilation, ceil = case
        x = distinct(*shape).to(dtype)

        def apply(x: torch.Tensor) -> torch.Tensor:
            return functional.max_pool2d(x, kernel, stride, pad, dilation, ceil)

        y = apply(x.double())
        attrs = self.attrs(version, kernel, stride, pad, dilation, ceil)
        mask_dims = mask_shape(y, kernel[0] * kernel[1])
        outputs = [(dtype, y.shape), (torch.uint16, mask_dims)]
        got, mask = run_op("MaxPoolWithArgmax" + version, [x], outputs, attrs)
        compare(got, y.to(dtype))
        bits = sum(mask.to(torch.int64) >> bit & 1 for bit in range(16))
        assert int(torch.as_tensor(bits).sum()) == y.numel()  # one place for every result
        grad = torch.randn(y.shape).to(dtype)
        (want,) = grads(apply, grad, x)
        expect("MaxPoolGradWithArgmax" + version, [x, grad, mask], want.to(dtype), attrs)

    def test_which_bit(self) -> None:
        x = torch.zeros(1, 1, 2, 20)
        x[0, 0, 1, 18] = 1  # found in place 2 (of 2 x 2) of result 9; the others in place 0
        attrs = self.attrs("V1", (2, 2), (2, 2), (0, 0), (1, 1), False)
        outputs = [(F32, [1, 1, 1, 10]), (torch.uint16, [1, 1, 4, 2])]
        _, mask = run_op("MaxPoolWithArgmaxV1", [x], outputs, attrs)
        words = [[0b0111111111, 0], [0, 0], [1 << 9, 0], [0, 0]]
        assert mask[0, 0].tolist() == words

    def test_private_layout(self) -> None:
        x = distinct(1, 17, 6, 6).half()
        y = functional.max_pool2d(x, 3, 2, 1)
        attrs = self.attrs("V1", (3, 3), (2, 2), (1, 1), (1, 1), False)
        mask_dims = mask_shape(y, 9)
        packed_mask = to_5hd(torch.zeros(mask_dims, dtype=torch.int16)).view(torch.uint16)
        outputs = [
            private_out(to_5hd(y), "NC1HWC0", y.shape),
            private_out(packed_mask, "NC1HWC0", mask_dims),
        ]
        x5 = private(to_5hd(x), "NC1HWC0", x.shape)
        got, mask = run_op("MaxPoolWithArgmaxV1", [x5], outputs, attrs)
        compare(got, to_5hd(y))
        grad = torch.randn_like(y)
        (want,) = grads(lambda x: functional.max_pool2d(x, 3, 2, 1), grad, x)
        inputs = [
            x5, private(to_5hd(grad), "NC1HWC0", y.shape), private(mask, "NC1HWC0", mask_dims),
        ]  # fmt: skip
        out = private_out(to_5hd(x), "NC1HWC0", x.shape)
        (result,) = run_op("MaxPoolGradWithArgmaxV1", inputs, [out], attrs)
        compare(result, to_5hd(want.half()))

    def test_refusals(self) -> None:
        x = torch.ones(1, 1, 4, 4)
        outputs = [(F32, [1, 1, 2, 2]), (torch.uint16, [1, 1, 4, 2])]
        attrs = self.attrs("V1", (2, 2), (2, 2), (2, 0), (1, 1), False)
        text = refused(emu.ATTR_NOT_MATCH, "MaxPoolWithArgmaxV1", [x], outputs, attrs)
        assert "[pads] is [1, 2, 0, 1]; at most half of the window is allowed, 1 and 1" in text
        attrs = {**self.attrs("V1", (2, 2), (2, 2), (0, 0), (1, 1), False), "ksize": [2, 2]}
        text = refused(emu.ATTR_NOT_MATCH, "MaxPoolWithArgmaxV1", [x], outputs, attrs)
        assert "[ksize] is [2, 2]; 4 values are expected, of them number 2 and 3" in text
        attrs = self.attrs("V1", (2, 2), (2, 2), (0, 0), (1, 1), False)
        mask = torch.zeros(1, 1, 4, 1, dtype=torch.uint16)
        inputs = [x, torch.ones(1, 1, 2, 2), mask]
        text = refused(
            emu.INPUT_NOT_MATCH, "MaxPoolGradWithArgmaxV1", inputs, [(F32, [1, 1, 4, 4])], attrs
        )
        assert "input argmax has shape [1, 1, 4, 1]; with these attributes [1, 1, 4, 2]" in text


class TestAvgPool:
    @pytest.mark.parametrize("dtype", [F32, F16, F64])
    @pytest.mark.parametrize("exclusive", [False, True])
    @pytest.mark.parametrize("ceil", [False, True])
    @pytest.mark.parametrize("divisor", [0, 5])
    def test_pytorch(self, dtype: torch.dtype, exclusive: bool, ceil: bool, divisor: int) -> None:
        x = torch.randn(2, 17, 7, 8).to(dtype)

        def apply(x: torch.Tensor) -> torch.Tensor:
            return functional.avg_pool2d(
                x, (3, 2), (2, 3), (1, 1), ceil, not exclusive, divisor or None
            )

        attrs = {
            "ksize": [1, 1, 3, 2], "strides": [1, 1, 2, 3], "pads": [1, 1, 1, 1],
            "ceil_mode": ceil, "exclusive": exclusive, "divisor_override": divisor,
        }  # fmt: skip
        y = apply(x.double())
        expect("AvgPoolV2", [x], y.to(dtype), attrs)
        if dtype == F16:
            out = private_out(to_5hd(y.half()), "NC1HWC0", y.shape)
            x5 = private(to_5hd(x), "NC1HWC0", x.shape)
            (result,) = run_op("AvgPoolV2", [x5], [out], attrs)
            compare(result, to_5hd(y.half()))
        if divisor:
            return
        del attrs["divisor_override"]
        grad = torch.randn_like(y).to(dtype)
        (want,) = grads(apply, grad, x)
        size = host(list(x.shape), "int32")
        expect("AvgPoolV2Grad", [size, grad], want.to(dtype), attrs)
        if dtype == F16:
            attrs["orig_input_shape"] = list(x.shape)
            expect("AvgPoolV2GradD", [grad], want.to(dtype), attrs)
            matrix = torch.ones(1).half()
            expect("AvgPoolV2GradD", [grad, matrix, matrix], want.to(dtype), attrs)

    @pytest.mark.parametrize("dtype", [F32, F16, F64])
    @pytest.mark.parametrize("mode", ["SAME", "VALID"])
    def test_tensorflow(self, dtype: torch.dtype, mode: str) -> None:
        x = torch.randn(2, 3, 7, 9).to(dtype)
        pads = [same_pads(n, k, s) for n, k, s in zip((7, 9), (3, 2), (2, 3))]
        if mode == "VALID":
            pads = [(0, 0), (0, 0)]

        def apply(x: torch.Tensor) -> torch.Tensor:
            sums = functional.avg_pool2d(padded(x, pads, 0), (3, 2), (2, 3))
            counts = functional.avg_pool2d(padded(torch.ones_like(x), pads, 0), (3, 2), (2, 3))
            return sums / counts

        y = apply(x.double())
        grad = torch.randn_like(y).to(dtype)
        (want,) = grads(apply, grad, x)
        attrs = {"ksize": [1, 3, 2, 1], "strides": [1, 2, 3, 1], "padding": mode}
        expect("AvgPool", [last(x)], last(y).to(dtype), attrs)
        size = host(list(last(x).shape), "int32")
        expect("AvgPoolGrad", [size, last(grad)], last(want).to(dtype), attrs)

    @pytest.mark.parametrize("include", [False, True])
    @pytest.mark.parametrize("divisor", [0, 7])
    def test_deep(self, include: bool, divisor: int) -> None:
        x = torch.randn(1, 3, 4, 6, 5).half()

        def apply(x: torch.Tensor) -> torch.Tensor:
            return functional.avg_pool3d(
                x, (2, 3, 2), (1, 2, 2), (1, 1, 0), True, include, divisor or None
            )

        y = apply(x.double())
        attrs = {
            "ksize": [2, 3, 2], "strides": [1, 1, 1, 2, 2], "pads": [1, 1, 1, 1, 0, 0],
            "ceil_mode": True, "count_include_pad": include, "divisor_override": divisor,
            "data_format": "NCDHW",
        }  # fmt: skip
        expect("AvgPool3D", [x], y.half(), attrs)
        grad = torch.randn_like(y).half()
        (want,) = grads(apply, grad, x)
        size = host(list(x.shape), "int32")
        expect("AvgPool3DGrad", [size, grad], want.half(), attrs)
        attrs["orig_input_shape"] = list(x.shape)
        expect("AvgPool3DGradD", [grad], want.half(), attrs)

    def test_one_number_for_all_axes(self) -> None:
        x = torch.randn(1, 4, 4, 4, 2)
        want = last(functional.avg_pool3d(x.movedim(-1, 1), 2, 2))
        attrs = {"ksize": [2], "strides": [2], "pads": [0] * 6}
        expect("AvgPool3D", [x], want, attrs)

    def test_size_known_late(self) -> None:
        grad = torch.randn(1, 2, 2, 1)
        size = torch.tensor([1, 4, 4, 1], dtype=torch.int32)
        want = grad.repeat_interleave(2, 1).repeat_interleave(2, 2) / 4
        attrs = {"ksize": [1, 2, 2, 1], "strides": [1, 2, 2, 1], "padding": "VALID"}
        expect("AvgPoolGrad", [size, grad], want, attrs)


class TestAdaptive:
    @pytest.mark.parametrize("dtype", FLOATS)
    @pytest.mark.parametrize("shape", [(2, 3, 7, 9), (5, 6, 4), (0, 2, 4, 4)])
    @pytest.mark.parametrize("size", [(1, 1), (3, 4), (8, 2)])
    def test_average(self, dtype: torch.dtype, shape: Any, size: Any) -> None:
        x = torch.randn(shape).to(dtype)

        def apply(x: torch.Tensor) -> torch.Tensor:
            return functional.adaptive_avg_pool2d(x, size)

        y = apply(x.double())
        expect("AdaptiveAvgPool2d", [x], y.to(dtype), {"output_size": list(size)})
        grad = torch.randn_like(y).to(dtype)
        (want,) = grads(apply, grad, x)
        attrs = {"orig_input_shape": list(shape)}
        expect("AdaptiveAvgPool2dGrad", [grad], want.to(dtype), attrs)

    @pytest.mark.parametrize("dtype", [*FLOATS, F64])
    @pytest.mark.parametrize("index", [torch.int32, torch.int64])
    def test_max(self, dtype: torch.dtype, index: torch.dtype) -> None:
        x = torch.randn(2, 3, 7, 9).to(dtype)
        y, where = functional.adaptive_max_pool2d(x.double(), (3, 4), return_indices=True)
        expect("AdaptiveMaxPool2d", [x], [y.to(dtype), where.to(index)], {"output_size": [3, 4]})

    @pytest.mark.parametrize("dtype", [F16, F32, F64])
    @pytest.mark.parametrize("shape", [(2, 17, 3), (2, 3, 4, 5), (1, 2, 3, 2, 2)])
    def test_global(self, dtype: torch.dtype, shape: Any) -> None:
        x = torch.randn(shape).to(dtype)
        want = x.double().mean(list(range(2, x.dim())), keepdim=True)
        expect("GlobalAveragePool", [x], want.to(dtype))

    def test_refusals(self) -> None:
        x = torch.ones(2, 3, 4, 4)
        text = refused(
            emu.ATTR_NOT_MATCH, "AdaptiveAvgPool2d", [x], [(F32, [2, 3, 0, 1])],
            {"output_size": [0, 1]},
        )  # fmt: skip
        assert "[output_size] is [0, 1]; 2 values of 1 or more are expected" in text
        text = refused(
            emu.INPUT_NOT_MATCH, "AdaptiveAvgPool2d", [x[0, 0]], [(F32, [1, 1])],
            {"output_size": [1, 1]},
        )  # fmt: skip
        assert "input x has shape [4, 4]; [N, C, H, W] or [C, H, W] is expected" in text
        text = refused(
            emu.ATTR_NOT_MATCH, "AdaptiveAvgPool2dGrad", [x], [(F32, [2, 5, 4, 4])],
            {"orig_input_shape": [2, 5, 4, 4]},
        )  # fmt: skip
        assert "[orig_input_shape] is [2, 5, 4, 4]; the shape of input_grad, [2, 3, 4, 4]" in text


class TestRefusals:
    X = torch.ones(1, 1, 4, 4)

    def text(self, code: int, out: Any = (1, 1, 2, 2), **attrs: Any) -> str:
        given = {"ksize": [1, 1, 2, 2], "strides": [1, 1, 2, 2], **attrs}
        return refused(code, "AvgPoolV2", [self.X], [(F32, out)], given)

    def test_windows(self) -> None:
        text = self.text(emu.ATTR_NOT_MATCH, ksize=[1, 1, 5, 2])
        assert "windows of 5 do not fit into the 4 elements of axis H with its padding" in text
        text = self.text(emu.ATTR_NOT_MATCH, ksize=[1, 2, 2, 2])
        assert "[ksize] is [1, 2, 2, 2]; for axis C of NCHW 1 to 1 are allowed" in text
        text = self.text(emu.ATTR_NOT_MATCH, strides=[1, 1, 0, 2])
        assert "[strides] is [1, 1, 0, 2]; for axis H" in text

    def test_padding(self) -> None:
        text = self.text(emu.ATTR_NOT_MATCH, pads=[2, 0, 0, 0])
        assert "2 elements of padding in axis H, windows of 2 would lie in them alone" in text
        text = self.text(emu.ATTR_NOT_MATCH, pads=[0, 0, -1, 0])
        assert "[pads] is [0, 0, -1, 0]; 4 values of 0 or more are expected" in text
        text = self.text(emu.ATTR_NOT_MATCH, padding_mode="same")
        assert '[padding_mode] is "same"; allowed are "SAME", "VALID", "CALCULATED"' in text

    def test_result(self) -> None:
        text = self.text(emu.OUTPUT_NOT_MATCH, (1, 1, 3, 2))
        assert "output y has shape [1, 1, 3, 2]; from the inputs follows [1, 1, 2, 2]" in text

    def test_divisor(self) -> None:
        assert "[divisor_override] is -1" in self.text(emu.ATTR_NOT_MATCH, divisor_override=-1)

    def test_gradient(self) -> None:
        size = host([1, 1, 4, 4], "int32")
        attrs = {"ksize": [1, 1, 2, 2], "strides": [1, 1, 2, 2]}
        text = refused(
            emu.INPUT_NOT_MATCH, "AvgPoolV2Grad", [size, self.X], [(F32, [1, 1, 4, 4])], attrs
        )
        assert "input_grad has shape [1, 1, 4, 4]; with these attributes [1, 1, 2, 2]" in text
