"""Private layouts: TransData, and operators that take them."""

from __future__ import annotations

import emu
import pytest
import torch
from emu import EmuError, In, Out, expect, run_op
from layouts import numbered, pack

DTYPES = [torch.float16, torch.float32, torch.int8, torch.bool, torch.int64]
CASES = [
    ("NC1HWC0", "NCHW", (2, 3, 4, 5)),
    ("NC1HWC0", "NCHW", (1, 16, 2, 2)),
    ("NC1HWC0", "NCHW", (2, 35, 1, 3)),
    ("NC1HWC0", "NHWC", (2, 4, 5, 17)),
    ("NC1HWC0", "NCHW", (0, 3, 2, 2)),
    ("FRACTAL_Z", "NCHW", (5, 3, 3, 2)),
    ("FRACTAL_Z", "NCHW", (33, 17, 1, 1)),
    ("FRACTAL_Z", "NHWC", (7, 2, 3, 20)),
    ("FRACTAL_Z", "HWCN", (2, 3, 18, 17)),
    ("FRACTAL_NZ", "ND", (3, 5)),
    ("FRACTAL_NZ", "ND", (33, 47)),
    ("FRACTAL_NZ", "ND", (2, 3, 16, 32)),
    ("FRACTAL_NZ", "ND", (2, 17, 1)),
    ("NDC1HWC0", "NCDHW", (2, 17, 3, 2, 2)),
    ("NDC1HWC0", "NDHWC", (1, 2, 2, 3, 5)),
    ("FRACTAL_Z_3D", "NCDHW", (17, 5, 2, 2, 1)),
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("layout", "plain", "shape"), CASES)
def test_trans_data(layout: str, plain: str, shape: tuple[int, ...], dtype: torch.dtype) -> None:
    tensor = numbered(shape, dtype)
    packed = pack(tensor, layout, plain)
    attrs = {"src_format": plain, "dst_format": layout}
    there = Out(dtype, packed.shape, layout, shape, plain)
    (result,) = run_op("TransData", [In(tensor, format=plain)], [there], attrs)
    assert result.equal(packed)
    back = {"src_format": layout, "dst_format": plain}
    given = In(packed, format=layout, origin_shape=shape, origin_format=plain)
    (result,) = run_op("TransData", [given], [Out(dtype, shape, plain)], back)
    assert result.equal(tensor)


@pytest.mark.parametrize(
    ("shape", "groups"),
    [((6, 3, 2, 2), 2), ((32, 1, 3, 3), 32), ((34, 20, 1, 1), 2), ((5, 7, 1, 2), 5)],
)
def test_filters_of_groups(shape: tuple[int, ...], groups: int) -> None:
    tensor = numbered(shape, torch.float16)
    packed = pack(tensor, "FRACTAL_Z", "NCHW", groups)
    attrs = {"src_format": "NCHW", "dst_format": "FRACTAL_Z", "groups": groups}
    there = Out(torch.float16, packed.shape, "FRACTAL_Z", shape, "NCHW")
    (result,) = run_op("TransData", [In(tensor, format="NCHW")], [there], attrs)
    assert result.equal(packed)
    back = {"src_format": "FRACTAL_Z", "dst_format": "NCHW", "groups": groups}
    given = In(packed, format="FRACTAL_Z", origin_shape=shape, origin_format="NCHW")
    (result,) = run_op("TransData", [given], [Out(torch.float16, shape, "NCHW")], back)
    assert result.equal(tensor)


@pytest.mark.parametrize(
    ("src", "dst", "order"), [("NCHW", "NHWC", (0, 2, 3, 1)), ("NCHW", "HWCN", (2, 3, 1, 0))]
)
def test_between_plain_formats(src: str, dst: str, order: tuple[int, ...]) -> None:
    tensor = numbered((2, 3, 4, 5), torch.int32)
    expect("TransData", [tensor], tensor.permute(order), {"src_format": src, "dst_format": dst})


@pytest.mark.parametrize(
    ("src", "dst", "shape", "text"),
    [
        ("NCHW", "NC1HWC0", [1, 1, 2, 2, 16], "output dst has shape [1, 1, 2, 2, 16] in NC1HWC0"),
        ("NCHW", "BLOCKY", [1], 'attribute [dst_format]: there is no format "BLOCKY"'),
        ("NCHW", "NDHWC", [1], "NCHW cannot be made NDHWC"),
    ],
)
def test_refused(src: str, dst: str, shape: list[int], text: str) -> None:
    tensor = numbered((2, 3, 2, 2), torch.float32)
    with pytest.raises(EmuError) as caught:
        run_op(
            "TransData",
            [In(tensor, format="NCHW")],
            [(torch.float32, shape)],
            {"src_format": src, "dst_format": dst},
        )
    assert text in caught.value.text


def test_an_operator_on_private_layouts() -> None:
    """Bodies see the plain tensor: what a layout is filled up with never shows."""
    a, b = torch.randn(2, 17, 3, 3), torch.randn(17, 1, 1)
    packed = In(pack(a, "NC1HWC0", "NCHW"), "", False, "NC1HWC0", a.shape, "NCHW")
    out = Out(torch.float32, packed.tensor.shape, "NC1HWC0", a.shape, "NCHW")
    (result,) = run_op("Add", [packed, In(b, format="NCHW")], [out])
    assert result.equal(pack(a + b, "NC1HWC0", "NCHW"))


def test_private_layout_with_the_wrong_code() -> None:
    given = In(torch.zeros(1, 1, 2, 2, 16), format="NC1HWC0")
    with pytest.raises(EmuError) as caught:
        run_op("ReduceSum", [given, emu.host([0])], [(torch.float32, [2])])
    assert caught.value.code == emu.FORMAT_NOT_MATCH
