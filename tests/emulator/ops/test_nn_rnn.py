"""Recurrent operators, against PyTorch's and autograd."""

from __future__ import annotations

from typing import Any

import emu
import pytest
import torch
from emu import expect, run_op
from nn_support import compare, grads, refused

F16, F32 = torch.float16, torch.float32
STEPS, BATCH, INPUT, HIDDEN = 5, 3, 7, 17


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(17)


def reorder(columns: torch.Tensor, order: str, names: str) -> torch.Tensor:
    """Gates in columns, from PyTorch's order `names` to `order`."""
    parts = columns.chunk(len(names), -1)
    return torch.cat([parts[names.index(gate)] for gate in order], -1)


def lstm(
    x: torch.Tensor, w: torch.Tensor, b: torch.Tensor, h: torch.Tensor, c: torch.Tensor,
    order: str, forget_bias: float,
) -> dict[str, torch.Tensor]:  # fmt: skip
    """One gate at a time, as published."""
    steps: dict[str, list[torch.Tensor]] = {name: [] for name in "hcijfot"}
    for at_step in x:
        raw = torch.cat([at_step, h], 1) @ w + b
        gate = dict(zip(order, raw.chunk(4, 1)))
        i, o = gate["i"].sigmoid(), gate["o"].sigmoid()
        f, j = (gate["f"] + forget_bias).sigmoid(), gate["j"].tanh()
        c = f * c + i * j
        t = c.tanh()
        h = o * t
        for name, value in zip("hcijfot", (h, c, i, j, f, o, t)):
            steps[name].append(value)
    return {name: torch.stack(values) for name, values in steps.items()}


class TestLstm:
    def make(self, dtype: torch.dtype) -> Any:
        shapes = [(STEPS, BATCH, INPUT), (INPUT + HIDDEN, 4 * HIDDEN), (4 * HIDDEN,),
                  (BATCH, HIDDEN), (BATCH, HIDDEN)]  # fmt: skip
        return [torch.randn(shape).mul(0.5).to(dtype) for shape in shapes]

    @pytest.mark.parametrize("dtype", [F32, F16])
    @pytest.mark.parametrize("order", ["ijfo", "ifjo"])
    @pytest.mark.parametrize("forget_bias", [0.0, 1.0])
    def test_training_step(self, dtype: torch.dtype, order: str, forget_bias: float) -> None:
        tensors = self.make(dtype)
        x, w, b, h0, c0 = tensors
        attrs = {"gate_order": order, "forget_bias": forget_bias}
        wide = lstm(*(t.double() for t in tensors), order, forget_bias)
        wanted = [wide[name].to(dtype) for name in "hhcijfot"]
        inputs = [x, w, b, None, h0[None], c0[None]]
        expect("DynamicRNN", inputs, wanted, attrs)
        lengths = torch.full((BATCH,), STEPS, dtype=torch.int32)
        inputs[3:] = [lengths, h0, c0]
        expect("DynamicRNN", inputs, wanted, attrs)

        dy = torch.randn(STEPS, BATCH, HIDDEN).to(dtype)
        dh, dc = torch.randn(2, BATCH, HIDDEN).to(dtype)

        def apply(*given: torch.Tensor) -> torch.Tensor:
            result = lstm(*given, order, forget_bias)
            parts = (result["h"], result["h"][-1], result["c"][-1])
            return torch.cat([part.flatten() for part in parts])

        grad = torch.cat([t.flatten() for t in (dy, dh, dc)])
        reference = grads(apply, grad, *tensors)
        dx, dw, db, dh0, dc0 = (t.to(dtype) for t in reference)
        y, h, c, i, j, f, o, tanh = wanted[0], wanted[1], wanted[2], *wanted[3:]
        inputs = [x, w, b, y, h0[None], c0[None], h, c, dy, dh[None], dc[None], i, j, f, o, tanh]
        close = 1e-4 if dtype == F32 else 3e-2
        wanted = [dw, db, dx, dh0[None], dc0[None]]
        expect("DynamicRNNGrad", inputs, wanted, attrs, close)
        inputs[-1] = None  # tanh(c) can be had from c
        expect("DynamicRNNGrad", inputs, wanted, attrs, close)

    def test_against_pytorch(self) -> None:
        module = torch.nn.LSTM(INPUT, HIDDEN)
        x = torch.randn(STEPS, BATCH, INPUT)
        with torch.no_grad():
            want, (last_h, last_c) = module(x)
            parts = [p.detach() for p in module.parameters()]
        w = torch.cat([parts[0].t(), parts[1].t()])
        w, b = (reorder(t, "ijfo", "ifjo") for t in (w, parts[2] + parts[3]))
        state = (F32, [STEPS, BATCH, HIDDEN])
        got = run_op("DynamicRNN", [x, w, b], [state] * 8)
        compare(got[0], want)
        compare(got[1][-1:], last_h)
        compare(got[2][-1:], last_c)

    def test_no_steps(self) -> None:
        _, w, b, *_ = self.make(F32)
        x = torch.empty(0, BATCH, INPUT)
        expect("DynamicRNN", [x, w, b], [torch.empty(0, BATCH, HIDDEN)] * 8)

    def test_refusals(self) -> None:
        x, w, b, h, c = self.make(F32)
        out = [(F32, [STEPS, BATCH, HIDDEN])] * 8
        text = refused(emu.INPUT_NOT_MATCH, "DynamicRNN", [x, w[1:], b], out)
        assert "input x has shape [5, 3, 7], input w has [23, 68]; [T, N, input_size]" in text
        text = refused(emu.INPUT_NOT_MATCH, "DynamicRNN", [x, w, b[1:]], out)
        assert "input b has shape [67]; [68] is expected" in text
        inputs = [x, w, b, None, h[:1]]
        text = refused(emu.INPUT_NOT_MATCH, "DynamicRNN", inputs, out)
        assert "input init_h has shape [1, 17]; [1, 3, 17] is expected" in text
        inputs = [x, w, b, None, h, c, torch.ones(HIDDEN)]
        text = refused(emu.INPUT_NOT_MATCH, "DynamicRNN", inputs, out)
        assert "input wci is not computed by the emulator; leave it out" in text
        inputs = [x, w, b, torch.tensor([5, 4, 5], dtype=torch.int32)]
        text = refused(emu.AICORE_EXCEPTION, "DynamicRNN", inputs, out)
        assert "input seq_length has a length of 4; the emulator computes only sequences" in text
        for attrs in ({"cell_depth": 2}, {"use_peephole": True}, {"keep_prob": 0.5},
                      {"cell_clip": 1.0}, {"num_proj": 3}, {"time_major": False},
                      {"direction": "BIDIRECTIONAL"}, {"activation": "relu"}):  # fmt: skip
            refused(emu.ATTR_NOT_MATCH, "DynamicRNN", [x, w, b], out, attrs)


def gru(
    x: torch.Tensor, wi: torch.Tensor, wh: torch.Tensor, bi: torch.Tensor, bh: torch.Tensor,
    h: torch.Tensor, order: str,
) -> dict[str, torch.Tensor]:  # fmt: skip
    steps: dict[str, list[torch.Tensor]] = {name: [] for name in "yzrnu"}
    for at_step in x:
        of_x = dict(zip(order, (at_step @ wi + bi).chunk(3, 1)))
        of_h = dict(zip(order, (h @ wh + bh).chunk(3, 1)))
        z = (of_x["z"] + of_h["z"]).sigmoid()
        r = (of_x["r"] + of_h["r"]).sigmoid()
        n = (of_x["h"] + r * of_h["h"]).tanh()
        h = (1 - z) * n + z * h
        for name, value in zip("yzrnu", (h, z, r, n, of_h["h"])):
            steps[name].append(value)
    return {name: torch.stack(values) for name, values in steps.items()}


class TestGru:
    def make(self, dtype: torch.dtype) -> Any:
        shapes = [(STEPS, BATCH, INPUT), (INPUT, 3 * HIDDEN), (HIDDEN, 3 * HIDDEN),
                  (3 * HIDDEN,), (3 * HIDDEN,), (BATCH, HIDDEN)]  # fmt: skip
        return [torch.randn(shape).mul(0.5).to(dtype) for shape in shapes]

    @pytest.mark.parametrize("state", [F32, F16])
    @pytest.mark.parametrize("order", ["zrh", "rzh"])
    def test_training_step(self, state: torch.dtype, order: str) -> None:
        tensors = self.make(F16)
        tensors[3:] = [t.to(state) for t in tensors[3:]]
        x, wi, wh, bi, bh, h0 = tensors
        wide = gru(*(t.double() for t in tensors), order)
        wanted = [wide[name].to(state) for name in "yyzrnu"]
        attrs = {"gate_order": order}
        inputs = [x, wi, wh, bi, bh, None, h0[None]]
        expect("DynamicGRUV2", inputs, wanted, attrs, 2e-3)

        dy = torch.randn(STEPS, BATCH, HIDDEN).to(state)
        dh = torch.randn(BATCH, HIDDEN).to(state)

        def apply(*given: torch.Tensor) -> torch.Tensor:
            result = gru(*given, order)["y"]
            return torch.cat([result.flatten(), result[-1].flatten()])

        grad = torch.cat([dy.flatten(), dh.flatten()])
        reference = [t.to(state) for t in grads(apply, grad, *tensors)]
        dx, dwi, dwh, dbi, dbh, dh0 = reference
        inputs = [x, wi, wh, wanted[0], h0[None], wanted[1], dy, dh[None], *wanted[2:]]
        close = 1e-3 if state == F32 else 3e-2
        wanted = [dwi, dwh, dbi, dbh, dx, dh0[None]]
        expect("DynamicGRUV2Grad", inputs, wanted, attrs, close)

    def test_against_pytorch(self) -> None:
        module = torch.nn.GRU(INPUT, HIDDEN)
        x = torch.randn(STEPS, BATCH, INPUT).half()
        with torch.no_grad():
            for parameter in module.parameters():
                parameter.copy_(parameter.half())
            want, last = module(x.float())
            parts = [p.detach() for p in module.parameters()]
        wi, wh = (reorder(p.t(), "zrh", "rzh").half() for p in parts[:2])
        bi, bh = (reorder(p, "zrh", "rzh") for p in parts[2:])
        state = (F32, [STEPS, BATCH, HIDDEN])
        got = run_op("DynamicGRUV2", [x, wi, wh, bi, bh], [state] * 6)
        compare(got[0], want)
        compare(got[1][-1:], last)

    def test_without_bias(self) -> None:
        x, wi, wh, bi, bh, h0 = self.make(F16)
        tensors = [x, wi, wh, 0 * bi, 0 * bh, 0 * h0]
        wide = gru(*(t.double() for t in tensors), "zrh")
        wanted = [wide[name].half() for name in "yyzrnu"]
        expect("DynamicGRUV2", [x, wi, wh], wanted)

    def test_refusals(self) -> None:
        x, wi, wh, *_ = self.make(F16)
        out = [(F16, [STEPS, BATCH, HIDDEN])] * 6
        text = refused(emu.INPUT_NOT_MATCH, "DynamicGRUV2", [x, wi[1:], wh], out)
        assert "input x has shape [5, 3, 7], weight_input [6, 51], weight_hidden [17, 51]" in text
        text = refused(emu.ATTR_NOT_MATCH, "DynamicGRUV2", [x, wi, wh], out, {"reset_after": False})
        assert "[reset_after] must be true" in text
