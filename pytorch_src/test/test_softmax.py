"""Softmax, its logarithm and attention on the NPU, beside the CPU."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from npu_testing import NpuTestCase, needs, run_tests


def randn(*sizes, dtype=torch.float32):
    """Random numbers that ask for a gradient."""
    return torch.randn(*sizes).to(dtype).requires_grad_()


class TestSoftmax(NpuTestCase):
    """Forward and gradient."""

    def test_every_dim(self):
        for function in (F.softmax, F.log_softmax):
            for dim in (0, 1, 2, -1):
                with self.subTest(function=function.__name__, dim=dim):
                    self.check(lambda x, f=function, d=dim: f(x, d), randn(4, 6, 5))

    def test_types(self):
        for function in (F.softmax, F.log_softmax):
            for dtype in (torch.float16, torch.bfloat16):
                self.check(lambda x, f=function: f(x, -1), randn(4, 6, dtype=dtype))
            self.check(lambda x, f=function: f(x, -1), torch.randn(4, 6).double())

    def test_strided_and_number(self):
        for function in (F.softmax, F.log_softmax):
            self.check(lambda x, f=function: f(x.t(), -1), randn(4, 6))
            self.check(lambda x, f=function: f(x, 0), torch.randn(()))

    def test_half_to_float(self):
        for function in (F.softmax, F.log_softmax):
            x = torch.randn(4, 6).half()
            self.check(lambda x, f=function: f(x, -1, dtype=torch.float32), x)

    def test_cross_entropy(self):
        self.check(F.cross_entropy, randn(4, 6), torch.tensor([0, 5, 2, 2]))

    @needs("torch.nn.functional.scaled_dot_product_attention")
    def test_attention(self):
        q, k, v = randn(2, 3, 5, 4), randn(2, 3, 7, 4), randn(2, 3, 7, 4)
        self.check(F.scaled_dot_product_attention, q, k, v)
        mask = torch.rand(5, 7) > 0.3
        mask[:, 0] = True
        self.check(lambda *a: F.scaled_dot_product_attention(*a[:3], attn_mask=a[3]), q, k, v, mask)

    @needs("torch.nn.functional.scaled_dot_product_attention")
    def test_causal_attention(self):
        q, k, v = randn(2, 3, 5, 4), randn(2, 3, 5, 4), randn(2, 3, 5, 4)
        self.check(lambda *a: F.scaled_dot_product_attention(*a, is_causal=True), q, k, v)


if __name__ == "__main__":
    run_tests()
