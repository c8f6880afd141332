"""What every operator shares: checks of a call against its prototype, and memory."""

from __future__ import annotations

import json
from typing import Any

import emu
import pytest
import torch
from direct import CANARY, int64s
from emu import EmuError, In, Out, Typed, expect, host, run_op

F32 = torch.float32


def refused(code: int, op: str, inputs: Any, outputs: Any, attrs: Any = None) -> str:
    with pytest.raises(EmuError) as caught:
        run_op(op, inputs, outputs, attrs)
    assert caught.value.code == code, caught.value.text
    return caught.value.text


def x(*shape: int, dtype: torch.dtype = F32) -> torch.Tensor:
    return torch.ones(shape, dtype=dtype)


class TestRefusals:
    def test_unknown_operator(self) -> None:
        text = refused(emu.NOT_FOUND, "SoftmaxV3", [x(2)], [(F32, [2])])
        assert text == ("Op [SoftmaxV3] is not known to the emulator; did you mean [SoftmaxV2]?")

    def test_unknown_operator_unlike_any(self) -> None:
        text = refused(emu.NOT_FOUND, "Zzzzzzzzzzzzzzzzzz", [], [])
        assert text == "Op [Zzzzzzzzzzzzzzzzzz] is not known to the emulator"

    @pytest.mark.parametrize("count", [0, 1, 3])
    def test_number_of_inputs(self, count: int) -> None:
        text = refused(emu.INPUT_NOT_MATCH, "Add", [x(2)] * count, [(F32, [2])])
        assert text == f"Op [Add]: 2 inputs expected (x1, x2), {count} given"

    def test_number_of_outputs(self) -> None:
        text = refused(emu.OUTPUT_NOT_MATCH, "Add", [x(2), x(2)], [])
        assert text == "Op [Add]: 1 output expected (y), 0 given"

    def test_required_input_absent(self) -> None:
        text = refused(emu.INPUT_NOT_MATCH, "Add", [x(2), None], [(F32, [2])])
        assert text == "Op [Add]: input x2 is required, but it was not given"

    def test_data_type(self) -> None:
        text = refused(
            emu.UNSUPPORTED_TYPE, "SoftmaxV2", [x(2, dtype=torch.int32)], [(torch.int32, [2])]
        )
        assert text == (
            "Op [SoftmaxV2]: input x has data type DT_INT32; allowed are DT_FLOAT, DT_FLOAT16, "
            "DT_DOUBLE, DT_BF16"
        )

    def test_data_types_that_differ(self) -> None:
        half = x(2, dtype=torch.float16)
        text = refused(emu.INPUT_NOT_MATCH, "Add", [x(2), half], [(F32, [2])])
        assert text == (
            "Op [Add]: input x2 has data type DT_FLOAT16, but input x1 has DT_FLOAT; they must be "
            "the same"
        )

    def test_data_type_of_output(self) -> None:
        text = refused(emu.OUTPUT_NOT_MATCH, "Add", [x(2), x(2)], [(torch.int32, [2])])
        assert "output y has data type DT_INT32, but input x1 has DT_FLOAT" in text

    def test_shapes_that_do_not_broadcast(self) -> None:
        text = refused(emu.INPUT_NOT_MATCH, "Add", [x(2, 3), x(4)], [(F32, [2, 3])])
        assert "the shapes of x1 [2, 3], x2 [4] do not broadcast" in text

    def test_shape_of_output(self) -> None:
        text = refused(emu.OUTPUT_NOT_MATCH, "Add", [x(2, 1), x(3)], [(F32, [3, 2])])
        assert text == "Op [Add]: output y has shape [3, 2]; from the inputs follows [2, 3]"

    def test_unknown_attribute(self) -> None:
        text = refused(
            emu.ATTR_NOT_MATCH, "ReduceSum", [x(2), host([0])], [(F32, [])], {"keep_dim": True}
        )
        assert text == (
            "Op [ReduceSum]: attribute [keep_dim] is not one of: keep_dims, noop_with_empty_axes"
        )

    def test_attribute_of_an_operator_without_any(self) -> None:
        text = refused(emu.ATTR_NOT_MATCH, "Add", [x(2), x(2)], [(F32, [2])], {"alpha": 1.0})
        assert text == "Op [Add]: attribute [alpha] is not one of: none"

    def test_attribute_of_cann_itself(self) -> None:
        expect("Add", [x(2), x(2)], 2 * x(2), {"_performance_prior": True})

    @pytest.mark.parametrize(
        ("value", "text"), [(1, "an int"), (True, "a bool"), ([1.0], "a list of float")]
    )
    def test_kind_of_attribute(self, value: Any, text: str) -> None:
        refusal = refused(emu.ATTR_NOT_MATCH, "SoftmaxV2", [x(2)], [(F32, [2])], {"axes": value})
        assert refusal == (f"Op [SoftmaxV2]: attribute [axes] is a list of int, {text} was given")

    def test_required_attribute(self) -> None:
        text = refused(emu.ATTR_NOT_MATCH, "TransData", [x(2)], [(F32, [2])], {"src_format": "ND"})
        assert text == (
            "Op [TransData]: attribute [dst_format] (string) is required, but it was not given"
        )

    def test_private_layout_where_none_is_allowed(self) -> None:
        packed = In(x(1, 1, 2, 2, 16), format="NC1HWC0", origin_shape=[1, 3, 2, 2],
                    origin_format="NCHW")  # fmt: skip
        text = refused(emu.FORMAT_NOT_MATCH, "ReduceSum", [packed, host([0])], [(F32, [3, 2, 2])])
        assert "input x has format NC1HWC0; only plain formats are allowed" in text

    def test_private_layout_of_another_shape(self) -> None:
        packed = In(x(1, 2, 2, 2, 16), format="NC1HWC0", origin_shape=[1, 3, 2, 2],
                    origin_format="NCHW")  # fmt: skip
        text = refused(emu.FORMAT_NOT_MATCH, "Add", [packed, packed], [(F32, [1, 3, 2, 2])])
        assert text == (
            "Op [Add]: input x1 has shape [1, 2, 2, 2, 16] in NC1HWC0; the original shape "
            "[1, 3, 2, 2] in NCHW needs [1, 1, 2, 2, 16]"
        )

    def test_private_layout_without_its_origin(self) -> None:
        packed = In(x(1, 1, 2, 2, 16), format="NC1HWC0")
        text = refused(emu.FORMAT_NOT_MATCH, "Add", [packed, packed], [(F32, [1, 3, 2, 2])])
        assert "its original shape and format are needed" in text

    def test_buffer_too_small_for_an_unknown_shape(self) -> None:
        text = refused(emu.AICORE_EXCEPTION, "Add", [x(2), x(2)], [Out(F32, [-1], room=1)])
        assert text == "Op [Add]: output y has shape [2] and needs 8 bytes, its buffer has 4"


class TestMemory:
    def test_unknown_dims_are_written_back(self) -> None:
        (result,) = run_op("Add", [x(2, 1), x(3)], [Out(F32, [-1, -1], room=10)])
        assert result.equal(2 * x(2, 3))

    def test_output_that_is_an_input(self) -> None:
        (result,) = run_op("Add", [x(3), x(3)], [Out(F32, [3], inplace=0)])
        assert result.equal(2 * x(3))


class TestStrides:
    """Tensors of aclnn have strides and an offset; here straight in the operator library."""

    @staticmethod
    def strided(operators: emu.Direct, op: str, inputs: list[Any], out: torch.Tensor) -> None:
        """Run `op` into `out`; everything is seen as it lies in its storage."""
        made = Out(out.dtype, list(out.shape))
        call = emu.Call(op, [In(t) for t in inputs], [made], {}, [torch.zeros(CANARY)])
        emu_call, hidden = operators.build(call)
        tensors = [*inputs, out]
        for (tensor, _), given in zip(hidden, tensors):
            tensor.strides = int64s(given.stride())
            tensor.offset = given.storage_offset()
            tensor.data = given.untyped_storage().data_ptr()
            tensor.bytes = given.untyped_storage().nbytes()
        operators.run_built(emu_call)

    def test_inputs_and_output(self, operators: emu.Direct) -> None:
        a = torch.arange(24.0).reshape(4, 6)[1:, ::2].T
        b = torch.arange(3.0).expand(3, 3)
        room = torch.zeros(5, 8)
        out = room[1:4, 2:8:2]
        self.strided(operators, "Add", [a, b], out)
        assert out.equal(a + b)
        out.zero_()
        assert room.equal(torch.zeros(5, 8))  # nothing else was written to

    def test_matmul(self, operators: emu.Direct) -> None:
        a, b = torch.randn(5, 17).T, torch.randn(10, 6)[::2, 1::2]
        out = torch.zeros(3, 17).T
        self.strided(operators, "MatMul", [a, b], out)
        torch.testing.assert_close(out, a @ b)


class TestInfer:
    def test_from_shapes(self, operators: emu.Direct) -> None:
        call = emu.Call("Add", [In(x(2, 1)), In(x(3))], [Out(F32, [])], {}, [torch.empty(0)])
        assert operators.infer(call) == [(2, 3)]

    def test_from_a_constant(self, operators: emu.Direct) -> None:
        inputs: list[In | None] = [In(x(2, 3)), host([1])]
        call = emu.Call("ReduceSum", inputs, [Out(F32, [])], {}, [torch.empty(0)])
        assert operators.infer(call) == [(2,)]

    def test_not_without_the_constant(self, operators: emu.Direct) -> None:
        inputs: list[In | None] = [In(x(2, 3)), In(torch.tensor([1]))]
        call = emu.Call("ReduceSum", inputs, [Out(F32, [])], {}, [torch.empty(0)])
        with pytest.raises(EmuError) as caught:
            operators.infer(call)
        assert caught.value.code == emu.UNSUPPORTED_DYNAMIC


def test_describe(operators: emu.Direct) -> None:
    known = {op["name"]: op for op in json.loads(operators.describe())}
    assert list(known) == sorted(known)
    softmax = known["SoftmaxV2"]
    assert softmax["inputs"] == [
        {"name": "x", "dtypes": ["DT_FLOAT", "DT_FLOAT16", "DT_DOUBLE", "DT_BF16"]}
    ]
    assert softmax["attributes"] == [
        {"name": "axes", "kind": "list of int", "default": [-1]},
        {"name": "half_to_float", "kind": "bool", "default": False},
    ]


def test_empty_list_attribute() -> None:
    with pytest.raises(EmuError) as caught:
        run_op("SoftmaxV2", [x(2)], [(F32, [2])], {"axes": Typed("list_float", [])})
    assert caught.value.code == emu.ATTR_NOT_MATCH
