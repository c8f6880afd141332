"""Optimisers: one step, in place, against PyTorch's and the published formulas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import emu
import pytest
import torch
from emu import Out, run_op
from nn_support import FLOATS, compare, private, refused, run_in_place, to_fractal_z

if TYPE_CHECKING:
    from collections.abc import Callable

F16, F32, F64 = torch.float16, torch.float32, torch.float64
Values = dict[str, Any]


def momentum(v: Values) -> list[Any]:
    accum = v["accum"] * v["momentum"] + v["grad"]
    step = v["grad"] + accum * v["momentum"] if v.get("use_nesterov") else accum
    return [v["var"] - v["lr"] * step, accum]


def keras_momentum(v: Values) -> list[Any]:
    accum = v["accum"] * v["momentum"] - v["lr"] * v["grad"]
    nesterov = v["var"] + accum * v["momentum"] - v["lr"] * v["grad"]
    return [nesterov if v.get("use_nesterov") else v["var"] + accum, accum]


def adam(v: Values) -> list[Any]:
    m = v["beta1"] * v["m"] + (1 - v["beta1"]) * v["grad"]
    s = v["beta2"] * v["v"] + (1 - v["beta2"]) * v["grad"] ** 2
    rate = v["lr"] * (1 - v["beta2_power"]) ** 0.5 / (1 - v["beta1_power"])
    ahead = v["beta1"] * m + (1 - v["beta1"]) * v["grad"] if v.get("use_nesterov") else m
    return [v["var"] - rate * ahead / (s**0.5 + v["epsilon"]), m, s]


def ada_max(v: Values) -> list[Any]:
    m = v["beta1"] * v["m"] + (1 - v["beta1"]) * v["grad"]
    s = torch.maximum(v["beta2"] * v["v"], v["grad"].abs())
    return [v["var"] - v["lr"] / (1 - v["beta1_power"]) * m / (s + v["epsilon"]), m, s]


def slot(v: Values) -> Any:
    return v["accum"] + v["grad"] ** 2 if v.get("update_slots", True) else v["accum"]


def adagrad(v: Values) -> list[Any]:
    return [v["var"] - v["lr"] * v["grad"] / slot(v) ** 0.5, slot(v)]


def adagrad_v2(v: Values) -> list[Any]:
    return [v["var"] - v["lr"] * v["grad"] / (slot(v) ** 0.5 + v["epsilon"]), slot(v)]


def proximal(v: Values, stepped: Any, rate: Any) -> Any:
    shrunk = (stepped.abs() - rate * v["l1"]).clamp_min(0)
    return stepped.sign() * shrunk / (1 + rate * v["l2"])


def proximal_adagrad(v: Values) -> list[Any]:
    rate = v["lr"] / slot(v) ** 0.5
    return [proximal(v, v["var"] - rate * v["grad"], rate), slot(v)]


def adadelta(v: Values) -> list[Any]:
    accum = v["rho"] * v["accum"] + (1 - v["rho"]) * v["grad"] ** 2
    update = ((v["accum_update"] + v["epsilon"]) / (accum + v["epsilon"])) ** 0.5 * v["grad"]
    memory = v["rho"] * v["accum_update"] + (1 - v["rho"]) * update**2
    return [v["var"] - v["lr"] * update, accum, memory]


def rms_prop(v: Values) -> list[Any]:
    ms = v["rho"] * v["ms"] + (1 - v["rho"]) * v["grad"] ** 2
    mom = v["momentum"] * v["mom"] + v["lr"] * v["grad"] / (ms + v["epsilon"]) ** 0.5
    return [v["var"] - mom, ms, mom]


def centered_rms_prop(v: Values) -> list[Any]:
    mg = v["rho"] * v["mg"] + (1 - v["rho"]) * v["grad"]
    ms = v["rho"] * v["ms"] + (1 - v["rho"]) * v["grad"] ** 2
    mom = v["momentum"] * v["mom"] + v["lr"] * v["grad"] / (ms - mg**2 + v["epsilon"]) ** 0.5
    return [v["var"] - mom, mg, ms, mom]


def ftrl(v: Values) -> list[Any]:
    accum = v["accum"] + v["grad"] ** 2
    power = accum ** -v["lr_power"]
    old = v["accum"] ** -v["lr_power"]
    linear = v["linear"] + v["grad"] - (power - old) / v["lr"] * v["var"]
    var = (linear.sign() * v["l1"] - linear) / (power / v["lr"] + 2 * v["l2"])
    return [torch.where(linear.abs() > v["l1"], var, 0 * var), accum, linear]


def add_sign(v: Values) -> list[Any]:
    m = v["beta"] * v["m"] + (1 - v["beta"]) * v["grad"]
    agree = v["grad"].sign() * m.sign()
    return [v["var"] - v["lr"] * (v["alpha"] + v["sign_decay"] * agree) * v["grad"], m]


def power_sign(v: Values) -> list[Any]:
    m = v["beta"] * v["m"] + (1 - v["beta"]) * v["grad"]
    factor = torch.exp(v["logbase"] * v["sign_decay"] * v["grad"].sign() * m.sign())
    return [v["var"] - v["lr"] * factor * v["grad"], m]


# name: inputs, slots, the new values, and the attributes to try
TABLE: dict[str, tuple[str, int, Callable[[Values], list[Any]], list[dict[str, bool]]]] = {
    "GradientDescent": ("var alpha delta", 0, lambda v: [v["var"] - v["alpha"] * v["delta"]], [{}]),
    "ProximalGradientDescent": (
        "var alpha l1 l2 delta", 0,
        lambda v: [proximal(v, v["var"] - v["alpha"] * v["delta"], v["alpha"])], [{}],
    ),
    "Momentum": (
        "var accum lr grad momentum", 1, momentum, [{}, {"use_nesterov": True}],
    ),
    "KerasMomentum": (
        "var accum lr grad momentum", 1, keras_momentum, [{}, {"use_nesterov": True}],
    ),
    "Adam": (
        "var m v beta1_power beta2_power lr beta1 beta2 epsilon grad", 2, adam,
        [{}, {"use_nesterov": True, "use_locking": True}],
    ),
    "AdaMax": ("var m v beta1_power lr beta1 beta2 epsilon grad", 2, ada_max, [{}]),
    "Adagrad": ("var accum lr grad", 1, adagrad, [{}, {"update_slots": False}]),
    "ProximalAdagrad": ("var accum lr l1 l2 grad", 1, proximal_adagrad, [{}]),
    "Adadelta": ("var accum accum_update lr rho epsilon grad", 2, adadelta, [{}]),
    "CenteredRMSProp": (
        "var mg ms mom lr rho momentum epsilon grad", 3, centered_rms_prop, [{}],
    ),
    "Ftrl": ("var accum linear grad lr l1 l2 lr_power", 2, ftrl, [{}]),
    "AddSign": ("var m lr alpha sign_decay beta grad", 1, add_sign, [{}]),
    "PowerSign": ("var m lr logbase sign_decay beta grad", 1, power_sign, [{}]),
    "AdagradV2": ("var accum lr epsilon grad", 1, adagrad_v2, [{}, {"update_slots": False}]),
    "RMSProp": ("var ms mom lr rho momentum epsilon grad", 2, rms_prop, [{}]),
}  # fmt: skip
# Some have scalars as attributes in the operator that gives its slots out.
SCALAR_ATTRS = {"AdagradV2": ["epsilon"], "RMSProp": ["rho", "momentum", "epsilon"]}
NO_D = ("GradientDescent", "ProximalGradientDescent")
POSITIVE = ("accum", "accum_update", "v", "ms")
CASES = [
    pytest.param(name, attrs, id="-".join([name, *attrs]))
    for name, row in TABLE.items()
    for attrs in row[3]
]


def make(names: list[str], slots: int, shape: Any, dtype: torch.dtype) -> dict[str, torch.Tensor]:
    torch.manual_seed(19)
    values = {}
    for place, name in enumerate(names):
        whole = place <= slots or name in ("grad", "delta")
        value = torch.randn(shape) if whole else torch.rand(()) * 0.5 + 0.25
        if name in POSITIVE:
            value = torch.rand(shape) + 2  # more than the square of a mean, for CenteredRMSProp
        values[name] = value.to(dtype)
    if "lr_power" in values:
        values["lr_power"] = -values["lr_power"]
    return values


@pytest.mark.parametrize(("name", "attrs"), CASES)
class TestSteps:
    def run(
        self, name: str, attrs: dict[str, bool], shape: Any, dtype: torch.dtype, gives_slots: bool
    ) -> None:
        inputs, slots, formula, _ = TABLE[name]
        names = inputs.split()
        values = make(names, slots, shape, dtype)
        wide = {key: value.double() for key, value in values.items()}
        given: dict[str, Any] = dict(attrs)
        if gives_slots:
            for scalar in SCALAR_ATTRS.get(name, []):
                given[scalar] = values[scalar].item()
                names.remove(scalar)
        wanted = [value.to(dtype) for value in formula({**wide, **attrs})]
        tensors = [values[key] for key in names]
        outputs = list(range(slots + 1)) if gives_slots else [0]
        op = f"Apply{name}" + ("D" if gives_slots else "")
        after = run_in_place(op, tensors, outputs, given)
        close = 1e-5 if dtype == F32 else None
        for place, (before, result) in enumerate(zip(tensors, after)):
            compare(result, wanted[place] if place <= slots else before, close)

    @pytest.mark.parametrize("dtype", [*FLOATS, F64])
    @pytest.mark.parametrize("shape", [(3, 17), (), (0, 2), (1,)])
    def test_in_place(
        self, name: str, attrs: dict[str, bool], shape: Any, dtype: torch.dtype
    ) -> None:
        self.run(name, attrs, shape, dtype, False)
        if name not in NO_D:
            self.run(name, attrs, shape, dtype, True)


class TestMemory:
    def test_outputs_elsewhere(self) -> None:
        """The outputs of ...D need not be the inputs' memory: then the inputs stay."""
        one = torch.ones(2)
        scalar = torch.tensor(0.5)
        new = [Out(F32, [2]), Out(F32, [2])]
        got = run_op("ApplyMomentumD", [one, one, scalar, one, scalar], new)
        compare(got[0], torch.tensor([0.25, 0.25]))
        compare(got[1], torch.tensor([1.5, 1.5]))

    @pytest.mark.parametrize("op", ["ApplyMomentum", "ApplyMomentumD"])
    def test_private_layout(self, op: str) -> None:
        torch.manual_seed(23)
        shape = (20, 3, 3, 2)
        var, accum, grad = (torch.randn(shape).half() for _ in range(3))
        lr, factor = torch.tensor(0.1).half(), torch.tensor(0.9).half()
        values = {"var": var, "accum": accum, "grad": grad, "lr": lr, "momentum": factor}
        want = [t.half() for t in momentum({k: v.double() for k, v in values.items()})]
        packed = [private(to_fractal_z(t), "FRACTAL_Z", shape) for t in (var, accum, grad)]
        inputs = [packed[0], packed[1], lr, packed[2], factor]
        after = run_in_place(op, inputs, [0, 1] if op.endswith("D") else [0], {})
        compare(after[0], to_fractal_z(want[0]))
        compare(after[1], to_fractal_z(want[1]))


class TestAgainstPytorch:
    """Several steps of torch.optim."""

    def test_adam(self) -> None:
        torch.manual_seed(29)
        var = torch.randn(5, 3)
        own = var.clone().requires_grad_()
        optimizer = torch.optim.Adam([own], lr=0.1, betas=(0.9, 0.99), eps=1e-12)
        state = [var, torch.zeros(5, 3), torch.zeros(5, 3)]
        for step in range(1, 4):
            grad = torch.randn(5, 3)
            own.grad = grad
            optimizer.step()
            numbers = [0.9**step, 0.99**step, 0.1, 0.9, 0.99, 1e-12]
            inputs = [*state, *(torch.tensor(n) for n in numbers), grad]
            state = run_in_place("ApplyAdam", inputs, [0], {})[:3]
            compare(state[0], own.detach(), 1e-4)

    @pytest.mark.parametrize("nesterov", [False, True])
    @pytest.mark.parametrize("dtype", FLOATS)
    def test_sgd(self, nesterov: bool, dtype: torch.dtype) -> None:
        torch.manual_seed(31)
        var = torch.randn(5, 3).to(dtype)
        dampening = 0.0 if nesterov else 0.25
        own = var.double().requires_grad_()
        rate, factor = torch.tensor([0.125]).to(dtype), torch.tensor([0.5]).to(dtype)
        optimizer = torch.optim.SGD(
            [own], lr=0.125, momentum=0.5, dampening=dampening, weight_decay=0.01,
            nesterov=nesterov,
        )  # fmt: skip
        attrs = {"dampening": dampening, "weight_decay": 0.01, "nesterov": nesterov}
        accum, stat = torch.zeros(5, 3).to(dtype), torch.ones(5, 3).to(dtype)
        for _ in range(3):
            grad = torch.randn(5, 3).to(dtype)
            own.grad = grad.double()
            optimizer.step()
            inputs = [var, grad, rate, accum, factor, stat]
            after = run_in_place("SGD", inputs, [0], attrs)
            var, accum, stat = after[0], after[3], after[5]
            compare(stat, torch.zeros_like(var))
            compare(var, own.detach().to(dtype), 1e-5 if dtype == F32 else 3e-2)

    def test_sgd_without_momentum_remembers_nothing(self) -> None:
        var, grad = torch.ones(3), torch.full((3,), 2.0)
        inputs = [var, grad, torch.tensor([0.5]), torch.full((3,), 7.0), torch.zeros(1), var]
        after = run_in_place("SGD", inputs, [0], {"dampening": 0.5})
        compare(after[0], torch.zeros(3))  # stat 1: the first step is not dampened
        compare(after[3], inputs[3])
        compare(after[5], inputs[5])


class TestRefusals:
    def test_shapes(self) -> None:
        var, scalar = torch.ones(3), torch.tensor(1.0)
        inputs = [var, var[:2], scalar, var, scalar]
        text = refused(emu.INPUT_NOT_MATCH, "ApplyMomentum", inputs, [(F32, [3])])
        assert "input var has shape [3], input accum has [2]; they must be the same" in text
        inputs = [var, var, var, var, scalar]
        text = refused(emu.INPUT_NOT_MATCH, "ApplyMomentum", inputs, [(F32, [3])])
        assert "input lr has shape [3]; one element is expected" in text

    def test_required_attribute(self) -> None:
        var, scalar = torch.ones(3), torch.tensor(1.0)
        inputs = [var, var, var, scalar, var]
        text = refused(emu.ATTR_NOT_MATCH, "ApplyRMSPropD", inputs, [(F32, [3])] * 3)
        assert "attribute [rho] (float) is required" in text

    def test_sgd(self) -> None:
        var, one = torch.ones(3), torch.ones(1)
        inputs = [var, var, one, var, one, var]
        attrs = {"nesterov": True, "dampening": 0.5}
        refused(emu.ATTR_NOT_MATCH, "SGD", inputs, [(F32, [3])], attrs)
        refused(emu.ATTR_NOT_MATCH, "SGD", inputs, [(F32, [3])], {"weight_decay": -1.0})
