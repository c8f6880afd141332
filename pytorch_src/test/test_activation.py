"""Activations and their gradients."""

import torch
import torch.nn.functional as F
from npu_testing import NpuTestCase, accepts, assert_close, has, run_tests

FUNCTIONS = {
    "relu": F.relu,
    "silu": F.silu,
    "gelu": F.gelu,
    "elu": F.elu,
    "elu 0.5": lambda x: F.elu(x, 0.5),
    "selu": F.selu,
    "celu": lambda x: F.celu(x, 0.7),
    "leaky_relu": lambda x: F.leaky_relu(x, 0.2),
    "hardtanh": lambda x: F.hardtanh(x, -0.7, 1.5),
    "relu6": F.relu6,
    "hardswish": F.hardswish,
    "hardsigmoid": F.hardsigmoid,
    "softplus": F.softplus,
    "softplus 2": lambda x: F.softplus(x, 2, 15),
    "softshrink": lambda x: F.softshrink(x, 0.4),
    "hardshrink": lambda x: F.hardshrink(x, 0.4),
    "tanhshrink": F.tanhshrink,
    "softsign": F.softsign,
    "threshold": lambda x: F.threshold(x, 0.3, -2.0),
    "sigmoid": torch.sigmoid,
    "logsigmoid": F.logsigmoid,
    "tanh": torch.tanh,
}
if has("torch.nn.functional.mish"):
    FUNCTIONS["mish"] = F.mish
if accepts(lambda: F.gelu(torch.ones(1), approximate="tanh")):
    FUNCTIONS["gelu tanh"] = lambda x: F.gelu(x, approximate="tanh")


class TestActivation(NpuTestCase):
    def setUp(self):
        torch.manual_seed(7)

    def test_values_and_gradients(self):
        for name, fn in FUNCTIONS.items():
            with self.subTest(name):
                self.check(fn, torch.randn(4, 33).mul(3).requires_grad_())
                self.check(fn, torch.randn(4, 6).mul(3).t().requires_grad_())

    def test_half(self):
        for name, fn in FUNCTIONS.items():
            with self.subTest(name):
                self.check(fn, torch.randn(4, 33).half().requires_grad_(), tolerance=4e-3)

    def test_in_place(self):
        x = torch.randn(4, 5)
        for fn in (F.relu, F.silu, F.elu, F.leaky_relu, F.hardtanh, F.hardswish, F.hardsigmoid):
            with self.subTest(fn.__name__):
                self.check(lambda p, f=fn: f(p, inplace=True), x)
                self.check(lambda p, f=fn: f(p * 2, inplace=True), x.clone().requires_grad_())

    def test_prelu_and_logit(self):
        weight = torch.rand(3).requires_grad_()
        self.check(F.prelu, torch.randn(2, 3, 4), weight.detach())
        self.check(torch.logit, torch.rand(4, 5).mul(0.8).add(0.1))
        self.check(lambda p: torch.logit(p, 0.2), torch.rand(4, 5))

    def test_second_gradient(self):
        for fn in (torch.tanh, torch.sigmoid, F.silu, F.softplus):
            with self.subTest(fn.__name__):
                results = []
                for device in ("cpu", "npu"):
                    x = torch.linspace(-2, 2, 7).to(device).requires_grad_()
                    (first,) = torch.autograd.grad(fn(x).sum(), x, create_graph=True)
                    results.append(torch.autograd.grad(first.sum(), x)[0].cpu())
                assert_close(results[1], results[0], rtol=1e-4, atol=1e-4)


if __name__ == "__main__":
    run_tests()
