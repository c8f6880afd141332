"""Convolution, its gradients and its transposition, against ATen and autograd."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import emu
import pytest
import torch
from emu import In, Out, expect, host, run_op
from nn_support import (
    FLOATS,
    compare,
    expect_in,
    grads,
    private,
    private_out,
    refused,
    to_5hd,
    to_fractal_z,
)
from torch.nn import functional

F16, F32, F64 = torch.float16, torch.float32, torch.float64


@dataclass
class Case:
    """One convolution; spatial sizes outermost first, pads before and after each axis."""

    x: tuple[int, ...]
    filters: int
    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    pads: tuple[int, ...]
    dilation: tuple[int, ...]
    groups: int = 1

    @property
    def w(self) -> tuple[int, ...]:
        return (self.filters, self.x[1] // self.groups, *self.kernel)

    def apply(self, x: torch.Tensor, w: torch.Tensor, bias: Any = None) -> torch.Tensor:
        pairs = list(zip(self.pads[::2], self.pads[1::2]))[::-1]
        padded = functional.pad(x, [side for pair in pairs for side in pair])
        conv = functional.conv2d if len(self.kernel) == 2 else functional.conv3d
        return conv(padded, w, bias, self.stride, 0, self.dilation, self.groups)

    def attrs(self, form: str, **more: Any) -> dict[str, Any]:
        per_axis = {"N": 1, "C": 1}
        letters = "HW" if len(self.kernel) == 2 else "DHW"
        return {
            "strides": [{**per_axis, **dict(zip(letters, self.stride))}[axis] for axis in form],
            "dilations": [{**per_axis, **dict(zip(letters, self.dilation))}[axis] for axis in form],
            "pads": list(self.pads),
            "data_format": form,
            **more,
        }

    def grouped(self, form: str) -> dict[str, Any]:
        return self.attrs(form, groups=self.groups)


CASES = {
    "plain": Case((2, 3, 7, 9), 4, (3, 3), (1, 1), (1, 1, 1, 1), (1, 1)),
    "resnet_stem": Case((1, 3, 17, 15), 20, (7, 7), (2, 2), (3, 3, 3, 3), (1, 1)),
    "uneven_pads": Case((1, 5, 6, 7), 2, (3, 2), (2, 3), (0, 2, 1, 0), (1, 1)),
    "dilated": Case((2, 17, 9, 8), 33, (3, 3), (1, 2), (2, 2, 0, 1), (2, 3)),
    "groups": Case((2, 6, 5, 5), 9, (3, 1), (1, 1), (1, 1, 0, 0), (1, 1), 3),
    "depthwise_as_groups": Case((1, 18, 8, 8), 18, (3, 3), (2, 2), (1, 1, 1, 1), (1, 1), 18),
    "pointwise": Case((3, 16, 1, 5), 1, (1, 1), (1, 1), (0, 0, 0, 0), (1, 1)),
    "not_all_of_x_used": Case((1, 2, 8, 8), 2, (2, 2), (3, 3), (0, 0, 0, 0), (1, 1)),
    "empty_batch": Case((0, 3, 7, 9), 4, (3, 3), (1, 1), (1, 1, 1, 1), (1, 1)),
}
DEEP = {
    "deep": Case((2, 3, 4, 6, 5), 4, (2, 3, 3), (1, 2, 1), (1, 0, 1, 1, 0, 2), (1, 1, 1)),
    "deep_groups": Case((1, 4, 5, 5, 5), 6, (3, 1, 2), (2, 1, 1), (1, 1, 0, 0, 0, 0), (2, 1, 1), 2),
}
ALL = {**CASES, **DEEP}


def plain_format(case: Case) -> str:
    return "NCHW" if len(case.kernel) == 2 else "NCDHW"


def rank(case: Case) -> str:
    return f"{len(case.kernel)}D"


@pytest.fixture(params=ALL.values(), ids=ALL.keys())
def case(request: pytest.FixtureRequest) -> Case:
    made: Case = request.param
    return made


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(7)


class TestForward:
    @pytest.mark.parametrize("dtype", FLOATS)
    @pytest.mark.parametrize("with_bias", [False, True])
    def test_channels_first(self, case: Case, dtype: torch.dtype, with_bias: bool) -> None:
        if len(case.kernel) == 3 and dtype == F32:
            dtype = F16  # CANN publishes Conv3D for 16-bit types only
        x, w = torch.randn(case.x).to(dtype), torch.randn(case.w).to(dtype)
        bias = torch.randn(case.filters).to(dtype) if with_bias else None
        wide = None if bias is None else bias.double()
        want = case.apply(x.double(), w.double(), wide)
        inputs = [x, w, bias] if with_bias else [x, w]
        attrs = case.grouped(plain_format(case))
        expect(f"Conv{rank(case)}", inputs, want.to(dtype), attrs, 1e-4 if dtype == F32 else None)

    @pytest.mark.parametrize("name", CASES)
    def test_channels_last(self, name: str) -> None:
        case = CASES[name]
        x, w = torch.randn(case.x), torch.randn(case.w)
        want = case.apply(x, w).permute(0, 2, 3, 1).contiguous()
        nhwc = In(x.permute(0, 2, 3, 1), format="NHWC")
        hwcn = In(w.permute(2, 3, 1, 0), format="HWCN")
        expect_in(["NHWC"], "Conv2D", [nhwc, hwcn], [want], case.grouped("NHWC"), 1e-4)
        # Filters whose format is not named go with x as TensorFlow has them.
        unnamed = In(w.permute(2, 3, 1, 0))
        expect_in(["NHWC"], "Conv2D", [nhwc, unnamed], [want], case.grouped("NHWC"), 1e-4)

    def test_format_wins_over_data_format(self) -> None:
        case = CASES["plain"]
        x, w = torch.randn(case.x), torch.randn(case.w)
        attrs = {"strides": [1, 1, 1, 1], "pads": [1, 1, 1, 1]}
        inputs = [In(x, format="NCHW"), In(w, format="NCHW")]
        expect_in(["NCHW"], "Conv2D", inputs, [case.apply(x, w)], attrs, 1e-4)

    def test_int8(self) -> None:
        case = CASES["dilated"]
        x = torch.randint(-128, 128, case.x, dtype=torch.int8)
        w = torch.randint(-128, 128, case.w, dtype=torch.int8)
        bias = torch.randint(-1000, 1000, (case.filters,), dtype=torch.int32)
        want = case.apply(x.double(), w.double(), bias.double()).to(torch.int32)
        expect("Conv2D", [x, w, bias], want, case.grouped("NCHW"))

    @pytest.mark.parametrize("dtype", [F16, torch.bfloat16])
    def test_half_that_gives_float(self, dtype: torch.dtype) -> None:
        case = CASES["plain"]
        x, w = torch.randn(case.x).to(dtype), torch.randn(case.w).to(dtype)
        want = case.apply(x.float(), w.float())
        expect("Conv2D", [x, w], want, case.grouped("NCHW"), 1e-5)

    def test_float16_adds_up_in_float(self) -> None:
        x, w = torch.ones(1, 4096, 1, 1).half(), torch.ones(1, 4096, 1, 1).half()
        w[0, 0] = 2048  # where adding 1 changes nothing in half
        attrs = {"strides": [1] * 4, "pads": [0] * 4, "data_format": "NCHW"}
        expect("Conv2D", [x, w], torch.tensor([[[[6143.0]]]]), attrs, 0.0)

    @pytest.mark.parametrize("name", ["plain", "dilated", "uneven_pads", "pointwise"])
    def test_private_layouts(self, name: str) -> None:
        case = CASES[name]
        x, w = torch.randn(case.x).half(), torch.randn(case.w).half()
        want = case.apply(x.float(), w.float()).half()
        inputs = [
            private(to_5hd(x), "NC1HWC0", case.x),
            private(to_fractal_z(w), "FRACTAL_Z", case.w),
        ]
        out = private_out(to_5hd(want), "NC1HWC0", want.shape)
        (result,) = run_op("Conv2D", inputs, [out], case.attrs("NCHW"))
        compare(result, to_5hd(want))


class TestGradients:
    """Against autograd, which knows nothing of how the emulator computes them."""

    def wanted(self, case: Case, dtype: torch.dtype) -> Any:
        x, w = torch.randn(case.x).to(dtype), torch.randn(case.w).to(dtype)
        grad = torch.randn_like(case.apply(x.double(), w.double())).to(dtype)
        x_grad, w_grad = grads(case.apply, grad, x, w)
        return x, w, grad, x_grad, w_grad

    @pytest.mark.parametrize("dtype", [*FLOATS, F64])
    def test_of_input(self, case: Case, dtype: torch.dtype) -> None:
        if len(case.kernel) == 3 and dtype == F64:
            dtype = F32  # CANN publishes it for float at most
        _, w, grad, x_grad, _ = self.wanted(case, dtype)
        size = host(list(case.x), "int32")
        op, attrs = f"Conv{rank(case)}BackpropInput", case.grouped(plain_format(case))
        within = 1e-4 if dtype == F32 else None
        expect(op, [size, w, grad], x_grad.to(dtype), attrs, within)
        if dtype in (F16, torch.bfloat16):
            attrs["input_size"] = list(case.x)
            expect(op + "D", [w, grad], x_grad.to(dtype), attrs)

    def test_of_input_when_its_size_is_known_late(self) -> None:
        case = CASES["plain"]
        _, w, grad, x_grad, _ = self.wanted(case, F32)
        size = torch.tensor(case.x, dtype=torch.int32)
        attrs = case.grouped("NCHW")
        expect("Conv2DBackpropInput", [size, w, grad], x_grad.float(), attrs, 1e-4)

    @pytest.mark.parametrize("dtype", [*FLOATS, F64])
    def test_of_filter(self, case: Case, dtype: torch.dtype) -> None:
        x, _, grad, _, w_grad = self.wanted(case, dtype)
        size = host(list(case.w), "int32")
        op, attrs = f"Conv{rank(case)}BackpropFilter", case.grouped(plain_format(case))
        wide = F64 if dtype == F64 else F32
        within = None if dtype == F64 else 2e-4
        expect(op, [x, size, grad], w_grad.to(wide), attrs, within)
        if dtype in (F16, torch.bfloat16):
            attrs["filter_size"] = list(case.w)
            expect(op + "D", [x, grad], w_grad.float(), attrs, 2e-4)

    @pytest.mark.parametrize("name", CASES)
    def test_channels_last(self, name: str) -> None:
        case = CASES[name]
        x, w, grad, x_grad, w_grad = self.wanted(case, F32)
        attrs = case.grouped("NHWC")
        hwcn = In(w.permute(2, 3, 1, 0), format="HWCN")
        nhwc = In(x.permute(0, 2, 3, 1), format="NHWC")
        grad_nhwc = In(grad.permute(0, 2, 3, 1), format="NHWC")
        want = x_grad.float().permute(0, 2, 3, 1).contiguous()
        size = host(list(want.shape), "int32")
        op = "Conv2DBackpropInput"
        expect_in(["NHWC"], op, [size, hwcn, grad_nhwc], [want], attrs, 1e-4)
        want = w_grad.float().permute(2, 3, 1, 0).contiguous()
        size = host(list(want.shape), "int32")
        op = "Conv2DBackpropFilter"
        expect_in(["HWCN"], op, [nhwc, size, grad_nhwc], [want], attrs, 1e-4)

    def test_private_layouts(self) -> None:
        case = CASES["dilated"]
        x, w, grad, x_grad, w_grad = self.wanted(case, F16)
        x5, grad5 = (private(to_5hd(t), "NC1HWC0", t.shape) for t in (x, grad))
        wz = private(to_fractal_z(w), "FRACTAL_Z", case.w)
        attrs = case.attrs("NCHW")
        want = to_5hd(x_grad.half())
        out = private_out(want, "NC1HWC0", case.x)
        size = host(list(case.x), "int32")
        (result,) = run_op("Conv2DBackpropInput", [size, wz, grad5], [out], attrs)
        compare(result, want)
        want = to_fractal_z(w_grad.float())
        out = private_out(want, "FRACTAL_Z", case.w)
        size = host(list(case.w), "int32")
        (result,) = run_op("Conv2DBackpropFilter", [x5, size, grad5], [out], attrs)
        compare(result, want, 1e-3)


class TestTransposed:
    @pytest.mark.parametrize("dtype", FLOATS)
    @pytest.mark.parametrize("extra", [0, 1])
    def test_plane(self, dtype: torch.dtype, extra: int) -> None:
        x, w = torch.randn(2, 4, 5, 3).to(dtype), torch.randn(4, 3, 3, 2).to(dtype)
        bias = torch.randn(6).to(F16 if dtype == F16 else F32)
        want = functional.conv_transpose2d(
            x.double(), w.double(), bias.double(), (2, 3), (1, 0), (extra, extra), 2
        )
        attrs = {
            "strides": [1, 1, 2, 3], "pads": [1, 1, 0, 0], "groups": 2, "data_format": "NCHW",
            "output_padding": [0, 0, extra, extra],
        }  # fmt: skip
        size = host(list(want.shape))
        within = 1e-5 if dtype == F32 else None
        expect("Conv2DTranspose", [size, x, w, bias], want.to(dtype), attrs, within)
        if dtype != torch.bfloat16:
            attrs["input_size"] = list(want.shape)
            expect("Conv2DTransposeD", [x, w, bias], want.to(dtype), attrs, within)

    def test_deep(self) -> None:
        x, w = torch.randn(1, 3, 3, 4, 2).half(), torch.randn(3, 5, 2, 3, 1).half()
        want = functional.conv_transpose3d(
            x.double(), w.double(), None, (1, 2, 1), (0, 1, 0), 0, 1, (2, 1, 1)
        ).half()
        attrs = {
            "strides": [1, 1, 1, 2, 1], "pads": [0, 0, 1, 1, 0, 0], "data_format": "NCDHW",
            "dilations": [1, 1, 2, 1, 1],
        }  # fmt: skip
        expect("Conv3DTranspose", [host(list(want.shape)), x, w], want, attrs)
        attrs["input_size"] = list(want.shape)
        expect("Conv3DTransposeD", [x, w], want, attrs)

    def test_output_padding_that_is_not_so(self) -> None:
        x, w = torch.randn(1, 1, 2, 2), torch.randn(1, 1, 2, 2)
        attrs = {
            "strides": [1, 1, 2, 2], "pads": [0] * 4, "data_format": "NCHW",
            "output_padding": [0, 0, 1, 0],
        }  # fmt: skip
        size = host([1, 1, 4, 4])
        text = refused(
            emu.ATTR_NOT_MATCH, "Conv2DTranspose", [size, x, w], [(F32, [1, 1, 4, 4])], attrs
        )
        assert "input_size is 0 more than the windows cover in axis H" in text

    def test_dilations(self) -> None:
        x = torch.randn(1, 1, 2, 2)
        attrs = {
            "strides": [1] * 4, "pads": [0] * 4, "data_format": "NCHW", "dilations": [1, 1, 2, 2],
            "input_size": [1, 1, 4, 4],
        }  # fmt: skip
        text = refused(emu.ATTR_NOT_MATCH, "Conv2DTransposeD", [x, x], [(F32, [1, 1, 4, 4])], attrs)
        assert "attribute [dilations] is [1, 1, 2, 2]; for axis H of NCHW 1 to 1 are" in text


def depthwise(x: torch.Tensor, hwck: torch.Tensor, stride: int, pads: list[int]) -> torch.Tensor:
    """As TensorFlow defines it, one channel at a time."""
    top, bottom, left, right = pads
    padded = functional.pad(x, (left, right, top, bottom))
    results = [
        functional.conv2d(
            padded[:, c : c + 1], hwck[:, :, c].permute(2, 0, 1)[:, None], None, stride
        )
        for c in range(x.shape[1])
    ]
    return torch.cat(results, 1)


class TestDepthwise:
    PADS = (1, 0, 2, 1)
    ATTRS: ClassVar[dict[str, Any]] = {
        "strides": [1, 1, 2, 2],
        "pads": list(PADS),
        "data_format": "NCHW",
    }

    def make(self, multiplier: int, dtype: torch.dtype) -> Any:
        x = torch.randn(2, 5, 7, 6).to(dtype)
        w = torch.randn(3, 2, 5, multiplier).to(dtype)

        def apply(x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
            return depthwise(x, w, 2, list(self.PADS))

        return x, w, apply

    @pytest.mark.parametrize("multiplier", [1, 3])
    @pytest.mark.parametrize("dtype", FLOATS)
    def test_forward(self, dtype: torch.dtype, multiplier: int) -> None:
        x, w, apply = self.make(multiplier, dtype)
        bias = torch.randn(5 * multiplier).to(dtype)
        want = apply(x.double(), w.double()) + bias.double()[:, None, None]
        inputs = [In(x, format="NCHW"), In(w, format="HWCN"), bias]
        within = 1e-5 if dtype == F32 else None
        expect("DepthwiseConv2D", inputs, want.to(dtype), self.ATTRS, within)
        # The same filter as [K, C, H, W].
        inputs[1] = In(w.permute(3, 2, 0, 1), format="NCHW")
        expect("DepthwiseConv2D", inputs, want.to(dtype), self.ATTRS, within)

    def test_channels_last(self) -> None:
        x, w, apply = self.make(2, F32)
        want = apply(x, w).permute(0, 2, 3, 1).contiguous()
        inputs = [In(x.permute(0, 2, 3, 1), format="NHWC"), In(w, format="HWCN")]
        attrs = {"strides": [1, 2, 2, 1], "pads": list(self.PADS)}
        expect_in(["NHWC"], "DepthwiseConv2D", inputs, [want], attrs)

    @pytest.mark.parametrize("multiplier", [1, 3])
    def test_gradients(self, multiplier: int) -> None:
        x, w, apply = self.make(multiplier, F16)
        grad = torch.randn_like(apply(x.double(), w.double())).half()
        x_grad, w_grad = grads(apply, grad, x, w)
        filter_in = In(w, format="HWCN")
        size = host(list(x.shape))
        op = "DepthwiseConv2DBackpropInput"
        expect(op, [size, filter_in, grad], x_grad.half(), self.ATTRS)
        attrs = {**self.ATTRS, "input_size": list(x.shape)}
        expect(op + "D", [filter_in, grad], x_grad.float(), attrs)
        size = host(list(w.shape))
        op = "DepthwiseConv2DBackpropFilter"
        expect_in(["HWCN"], op, [x, size, grad], [w_grad.float()], self.ATTRS, 1e-4)
        attrs = {**self.ATTRS, "filter_size": list(w.shape)}
        expect_in(["HWCN"], op + "D", [x, grad], [w_grad.float()], attrs, 1e-4)

    def test_channels_must_fit(self) -> None:
        x, w = torch.randn(1, 5, 4, 4), In(torch.randn(2, 2, 4, 1), format="HWCN")
        text = refused(
            emu.INPUT_NOT_MATCH, "DepthwiseConv2D", [x, w], [(F32, [1, 5, 1, 1])], self.ATTRS
        )
        assert (
            "x has 5 channels, the filter is [1, 4, 2, 2] (out, in, window); its C must be" in text
        )


class TestRefusals:
    X, W = torch.ones(1, 4, 5, 5), torch.ones(2, 4, 3, 3)
    ATTRS: ClassVar[dict[str, Any]] = {"strides": [1] * 4, "pads": [0] * 4, "data_format": "NCHW"}

    def text(self, code: int, x: Any = X, w: Any = W, more: Any = (), **attrs: Any) -> str:
        outputs = [(F32, [1, 2, 3, 3])]
        return refused(code, "Conv2D", [x, w, *more], outputs, {**self.ATTRS, **attrs})

    def test_channels(self) -> None:
        text = self.text(emu.INPUT_NOT_MATCH, w=torch.ones(2, 3, 3, 3))
        assert "x has 4 channels in 1 groups, the filter is [2, 3, 3, 3]" in text
        assert "its C must be 4" in text

    def test_groups(self) -> None:
        text = self.text(emu.ATTR_NOT_MATCH, groups=3)
        assert "[groups] is 3; it must divide the 4 channels of x and the 2 filters" in text

    def test_groups_of_none(self) -> None:
        assert "[groups] is 0" in self.text(emu.ATTR_NOT_MATCH, groups=0)

    def test_stride(self) -> None:
        text = self.text(emu.ATTR_NOT_MATCH, strides=[1, 1, 0, 1])
        assert "[strides] is [1, 1, 0, 1]; for axis H of NCHW 1 to 63 are allowed" in text
        text = self.text(emu.ATTR_NOT_MATCH, strides=[1, 2, 1, 1])
        assert "for axis C of NCHW 1 to 1 are allowed" in text

    def test_number_of_strides(self) -> None:
        text = self.text(emu.ATTR_NOT_MATCH, strides=[1, 1])
        assert "[strides] is [1, 1]; 4 values are expected, in the order NCHW" in text

    def test_pads(self) -> None:
        assert "[pads] is [0, 0]; 4 values" in self.text(emu.ATTR_NOT_MATCH, pads=[0, 0])
        text = self.text(emu.ATTR_NOT_MATCH, pads=[0, 0, -1, 0])
        assert "[pads] is [0, 0, -1, 0]; 0 to 255 are allowed" in text

    def test_window_larger_than_x(self) -> None:
        text = self.text(emu.INPUT_NOT_MATCH, w=torch.ones(2, 4, 6, 3))
        assert "the filter reaches over 6 elements, x with its padding has only 5" in text

    def test_rank(self) -> None:
        text = self.text(emu.FORMAT_NOT_MATCH, x=torch.ones(4, 5, 5))
        assert "input x has 3 dims; in format NCHW it must have 4" in text
        text = self.text(emu.INPUT_NOT_MATCH, w=torch.ones(4, 5, 5))
        assert "input filter has shape [4, 5, 5]; 4 dims are expected" in text

    def test_bias(self) -> None:
        text = self.text(emu.INPUT_NOT_MATCH, more=[torch.ones(4)])
        assert "input bias has shape [4]; one value per output channel, [2], is expected" in text

    def test_offsets(self) -> None:
        offset = torch.ones(1, dtype=torch.int8)
        text = self.text(emu.INPUT_NOT_MATCH, more=[None, offset])
        assert "input offset_w is reserved" in text
        assert "[offset_x] is 3" in self.text(emu.ATTR_NOT_MATCH, offset_x=3)

    def test_types(self) -> None:
        x, w = self.X.to(torch.int8), self.W.to(torch.int8)
        text = self.text(emu.UNSUPPORTED_TYPE, x=x, w=w)
        assert "DT_INT8 gives no DT_FLOAT; float16 gives float16 or float" in text

    def test_shape_of_gradient(self) -> None:
        size = host([1, 4, 5, 5], "int32")
        text = refused(
            emu.INPUT_NOT_MATCH, "Conv2DBackpropInput", [size, self.W, torch.ones(1, 2, 3, 4)],
            [(F32, [1, 4, 5, 5])], self.ATTRS,
        )  # fmt: skip
        assert "out_backprop has shape [1, 2, 3, 4]; with these attributes [1, 2, 3, 3]" in text

    def test_size_of_filter(self) -> None:
        size = host([2, 4, 3], "int32")
        text = refused(
            emu.INPUT_NOT_MATCH, "Conv2DBackpropFilter", [self.X, size, torch.ones(1, 2, 3, 3)],
            [(F32, [2, 4, 3, 3])], self.ATTRS,
        )  # fmt: skip
        assert "filter_size is [2, 4, 3]; 4 dims are expected, in the order NCHW" in text


class TestInfer:
    """Shapes before anything is computed."""

    ATTRS: ClassVar[dict[str, Any]] = {
        name: emu.attr_kind(value) for name, value in CASES["uneven_pads"].grouped("NCHW").items()
    }

    def infer(self, operators: emu.Direct, op: str, inputs: list[In | None]) -> Any:
        return operators.infer(emu.Call(op, inputs, [Out(F32, [])], self.ATTRS, [torch.empty(0)]))

    def test_forward(self, operators: emu.Direct) -> None:
        case = CASES["uneven_pads"]
        x, w = torch.ones(case.x), torch.ones(case.w)
        want = tuple(case.apply(x, w).shape)
        assert self.infer(operators, "Conv2D", [In(x), In(w)]) == [want]

    def test_gradient_of_input(self, operators: emu.Direct) -> None:
        case = CASES["uneven_pads"]
        w = torch.ones(case.w)
        grad = case.apply(torch.ones(case.x), w)
        size = host(list(case.x), "int32")
        op, rest = "Conv2DBackpropInput", [In(w), In(grad)]
        assert self.infer(operators, op, [size, *rest]) == [case.x]
        with pytest.raises(emu.EmuError) as caught:
            self.infer(operators, op, [In(size.tensor), *rest])
        assert caught.value.code == emu.UNSUPPORTED_DYNAMIC


class TestBias:
    @pytest.mark.parametrize("dtype", [*FLOATS, torch.int32, torch.complex64])
    @pytest.mark.parametrize(
        ("shape", "form", "channel"),
        [
            ((2, 3, 4, 5), "NCHW", 1), ((2, 3, 4, 5), "NHWC", 3), ((7, 2), "NHWC", 1),
            ((2, 3, 2, 2, 4), "NCDHW", 1), ((2, 3, 2, 2, 4), "NDHWC", 4), ((0, 3, 1, 1), "NCHW", 1),
        ],
    )  # fmt: skip
    def test_both(
        self, dtype: torch.dtype, shape: tuple[int, ...], form: str, channel: int
    ) -> None:
        x, bias = torch.randn(shape).mul(9).to(dtype), torch.randn(shape[channel]).mul(9).to(dtype)
        aligned = [1] * len(shape)
        aligned[channel] = -1
        want = (x.to(torch.complex128) + bias.reshape(aligned)).to(dtype)
        expect("BiasAdd", [x, bias], want, {"data_format": form})
        others = [axis for axis in range(len(shape)) if axis != channel]
        want = x.to(torch.complex128).sum(others).to(dtype)
        within = 2e-2 if dtype == F16 else 0.3 if dtype == torch.bfloat16 else None
        expect("BiasAddGrad", [x], want, {"data_format": form}, within)

    def test_private_layout(self) -> None:
        x, bias = torch.randn(1, 17, 2, 3), torch.randn(17)
        want = x + bias[:, None, None]
        out = private_out(to_5hd(want), "NC1HWC0", x.shape)
        inputs = [private(to_5hd(x), "NC1HWC0", x.shape), bias]
        (result,) = run_op("BiasAdd", inputs, [out], {"data_format": "NCHW"})
        compare(result, to_5hd(want))

    def test_refusals(self) -> None:
        x, bias = torch.ones(2, 3, 4, 5), torch.ones(5)
        out, attrs = [(F32, [2, 3, 4, 5])], {"data_format": "NCHW"}
        text = refused(emu.INPUT_NOT_MATCH, "BiasAdd", [x, bias], out, attrs)
        assert "input bias has shape [5]; one value per channel of x, [3], is expected" in text
        text = refused(emu.INPUT_NOT_MATCH, "BiasAddGrad", [x[0]], [(F32, [3])], attrs)
        assert "input x has shape [3, 4, 5]; with data_format NCHW 4 dims are expected" in text
        text = refused(emu.ATTR_NOT_MATCH, "BiasAddGrad", [x], [(F32, [3])], {"data_format": "ND"})
        assert '[data_format] is "ND"; allowed are "NHWC", "NCHW"' in text
