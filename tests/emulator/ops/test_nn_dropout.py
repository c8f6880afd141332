"""Masks for dropout, and their use."""

from __future__ import annotations

from typing import Any

import emu
import pytest
import torch
from emu import expect, host, run_op
from nn_support import FLOATS, refused

F16, F32, U8 = torch.float16, torch.float32, torch.uint8


def mask_bytes(elements: int) -> int:
    return (elements + 127) // 128 * 16


def unpacked(mask: torch.Tensor) -> torch.Tensor:
    """Bits of bytes, the lowest first."""
    return (mask[:, None] >> torch.arange(8) & 1).flatten().bool()


def bit_mask(shape: list[int], prob: float, **attrs: int) -> torch.Tensor:
    elements = torch.Size(shape).numel()
    inputs = [host(shape), torch.tensor(prob)]
    result: torch.Tensor
    (result,) = run_op("DropOutGenMask", inputs, [(U8, [mask_bytes(elements)])], attrs)
    return result


def stateless(shape: list[int], prob: float, seed: int, second: int, offset: Any) -> torch.Tensor:
    elements = torch.Size(shape).numel()
    inputs = [host(shape), torch.tensor(prob), torch.tensor([seed]), torch.tensor([second])]
    inputs.append(None if offset is None else torch.tensor(offset))
    result: torch.Tensor
    (result,) = run_op("StatelessDropOutGenMask", inputs, [(U8, [mask_bytes(elements)])])
    return result


class TestMasks:
    @pytest.mark.parametrize("shape", [[100, 200], [7], [1, 129], []])
    def test_bits(self, shape: list[int]) -> None:
        elements = torch.Size(shape).numel()
        bits = unpacked(bit_mask(shape, 0.7, seed=3))
        assert not bits[elements:].any()  # what fills the last block up is 0
        if elements > 1000:
            assert abs(bits[:elements].float().mean().item() - 0.7) < 0.02
            first = bits[:elements].reshape(-1, 8).float().mean(0)
            assert (first - 0.7).abs().max() < 0.05  # no bit of a byte is special

    def test_certainty(self) -> None:
        assert unpacked(bit_mask([1000], 1.0))[:1000].all()
        assert not unpacked(bit_mask([1000], 0.0)).any()

    def test_seeds(self) -> None:
        mask = bit_mask([4096], 0.5, seed=1, seed2=2)
        assert mask.equal(bit_mask([4096], 0.5, seed=1, seed2=2))
        assert not mask.equal(bit_mask([4096], 0.5, seed=1, seed2=3))
        assert not mask.equal(bit_mask([4096], 0.5, seed=2, seed2=2))
        assert not bit_mask([4096], 0.5).equal(bit_mask([4096], 0.5))

    def test_stateless(self) -> None:
        mask = stateless([4096], 0.3, 5, 6, [7])
        assert abs(unpacked(mask).float().mean().item() - 0.3) < 0.05
        assert mask.equal(stateless([64, 64], 0.3, 5, 6, [7]))
        assert stateless([4096], 0.3, 5, 6, None).equal(stateless([4096], 0.3, 5, 6, [0]))
        for other in ([4, 6, [7]], [5, 7, [7]], [5, 6, [8]]):
            assert not mask.equal(stateless([4096], 0.3, *other))

    def test_stateless_takes_what_aten_takes(self) -> None:
        inputs = [
            host([128], "int32"), torch.tensor(0.5).bfloat16(),
            torch.tensor([1], dtype=torch.int32), torch.tensor(2), torch.tensor([3, 0]),
        ]  # fmt: skip
        run_op("StatelessDropOutGenMask", inputs, [(U8, [16])])

    def test_shape_known_late(self) -> None:
        inputs = [torch.tensor([300]), torch.tensor(1.0)]
        (mask,) = run_op("DropOutGenMask", inputs, [(U8, [48])])
        assert unpacked(mask).sum() == 300

    def test_bytes(self) -> None:
        inputs = [host([10, 1000]), torch.tensor(0.4).half()]
        (mask,) = run_op("DropOutGenMaskV3", inputs, [(U8, [10000])], {"seed": 3})
        assert set(mask.tolist()) == {0, 1}
        assert abs(mask.float().mean().item() - 0.4) < 0.03
        (mask,) = run_op("DropOutGenMaskV3", [host([3]), torch.tensor(1.0)], [(U8, [16])])
        assert mask.tolist() == [1] * 3 + [0] * 13

    def test_flags(self) -> None:
        inputs = [host([10, 1000]), torch.tensor(0.4)]
        (mask,) = run_op("DropOutGenMaskV4", inputs, [(torch.bool, [10, 1000])], {"seed": 3})
        assert abs(mask.float().mean().item() - 0.4) < 0.03

    def test_refusals(self) -> None:
        out = [(U8, [16])]
        inputs = [host([8]), torch.tensor(1.5)]
        text = refused(emu.AICORE_EXCEPTION, "DropOutGenMask", inputs, out)
        assert "input prob is 1.5; 0 to 1 is allowed" in text
        inputs = [host([8]), torch.ones(2)]
        text = refused(emu.INPUT_NOT_MATCH, "DropOutGenMask", inputs, out)
        assert "input prob has shape [2]; one element is expected" in text
        inputs = [host([8]), torch.tensor(0.5)]
        text = refused(emu.OUTPUT_NOT_MATCH, "DropOutGenMask", inputs, [(U8, [1])])
        assert "output y has shape [1]; from the inputs follows [16]" in text
        refused(emu.AICORE_EXCEPTION, "DropOutGenMask", [host([-1]), inputs[1]], out)


class TestUse:
    @pytest.mark.parametrize("dtype", FLOATS)
    @pytest.mark.parametrize("shape", [(3, 50), (7,), (), (0, 4)])
    def test_bits(self, dtype: torch.dtype, shape: Any) -> None:
        x = torch.randn(shape).to(dtype)
        mask = torch.randint(0, 256, (mask_bytes(x.numel()),), dtype=U8)
        keep = torch.tensor([0.8]).to(dtype)
        kept = unpacked(mask)[: x.numel()].reshape(shape)
        want = torch.where(kept, x.double() / keep.double().item(), 0).to(dtype)
        expect("DropOutDoMask", [x, mask, keep], want)

    @pytest.mark.parametrize("dtype", [F32, F16])
    @pytest.mark.parametrize("flag", [U8, torch.bool])
    @pytest.mark.parametrize("block", [16, 128])
    def test_bytes(self, dtype: torch.dtype, flag: torch.dtype, block: int) -> None:
        x = torch.randn(3, 50).to(dtype)
        mask = torch.rand((150 + block - 1) // block * block).gt(0.5).to(flag)
        keep = torch.tensor([0.5]).to(dtype)
        want = torch.where(mask[:150].bool().reshape(3, 50), x * 2, torch.zeros_like(x))
        expect("DropOutDoMaskV3", [x, mask, keep], want)

    def test_infinities_can_be_dropped(self) -> None:
        x = torch.tensor([float("inf"), float("nan"), 1.0])
        mask = torch.zeros(16, dtype=U8)
        mask[0] = 0b100
        expect("DropOutDoMask", [x, mask, torch.tensor([0.5])], torch.tensor([0.0, 0.0, 2.0]))

    def test_mask_of_another_size(self) -> None:
        x, mask = torch.ones(129), torch.zeros(16, dtype=U8)
        text = refused(
            emu.INPUT_NOT_MATCH, "DropOutDoMask", [x, mask, torch.ones(1)], [(F32, [129])]
        )
        assert "input mask has shape [16]; for x of shape [129] [32] is expected" in text
