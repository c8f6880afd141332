"""Batch normalisation on the NPU, beside the CPU."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from npu_testing import NpuTestCase, run_tests


def randn(*sizes, dtype=torch.float32):
    """Random numbers that ask for a gradient."""
    return torch.randn(*sizes).to(dtype).requires_grad_()


SHAPES = ((4, 3), (4, 3, 5), (4, 3, 5, 6), (2, 3, 4, 5, 6))


class TestBatchNorm(NpuTestCase):
    """Training and inference; running statistics change alike."""

    def test_every_rank(self):
        for training in (True, False):
            for shape in SHAPES:
                with self.subTest(training=training, shape=shape):
                    self.check(
                        lambda x, w, b, m, v, t=training: F.batch_norm(x, m, v, w, b, t, 0.3, 1e-3),
                        randn(*shape),
                        randn(3),
                        randn(3),
                        torch.randn(3),
                        torch.rand(3) + 0.5,
                    )

    def test_without_parameters_or_statistics(self):
        self.check(lambda x: F.batch_norm(x, None, None, training=True), randn(4, 3, 5, 6))
        self.check(F.batch_norm, randn(4, 3, 5), torch.zeros(3), torch.ones(3))
        self.check(
            lambda x, w, b: F.instance_norm(x, weight=w, bias=b),
            randn(4, 3, 5, 6),
            randn(3),
            randn(3),
        )

    def test_some_gradients_only(self):
        for training in (True, False):

            def norm(x, w, b, m, v, t=training):
                return F.batch_norm(x, m, v, w, b, t)

            rest = torch.zeros(3), torch.ones(3)
            self.check(norm, randn(4, 3, 5), torch.randn(3), torch.randn(3), *rest)
            self.check(norm, torch.randn(4, 3, 5), randn(3), randn(3), *rest)

    def test_little_variance(self):
        self.check(
            lambda x: F.batch_norm(x, None, None, training=True, eps=1e-5),
            (torch.randn(8, 3, 5, 5) * 1e-4).requires_grad_(),
            tolerance=1e-3,
        )

    def test_module_keeps_statistics(self):
        cpu, npu = torch.nn.BatchNorm2d(3), torch.nn.BatchNorm2d(3).npu()
        for _ in range(3):
            x = torch.randn(4, 3, 5, 6) * 2 + 1
            self.assert_same(npu(x.npu()), cpu(x))
        self.assert_same(npu.running_mean, cpu.running_mean)
        self.assert_same(npu.running_var, cpu.running_var)
        self.assertEqual(npu.num_batches_tracked.item(), 3)
        self.assert_same(npu.eval()(x.npu()), cpu.eval()(x))

    def test_half_input_with_float_parameters(self):
        for dtype in (torch.float16, torch.bfloat16):
            for training in (True, False):
                self.check(
                    lambda x, w, b, m, v, t=training: F.batch_norm(x, m, v, w, b, t),
                    randn(4, 3, 5, 6, dtype=dtype),
                    randn(3),
                    randn(3),
                    torch.zeros(3),
                    torch.ones(3),
                    tolerance=5e-2,
                )

    def test_double_goes_to_the_cpu(self):
        self.check(
            lambda x, m, v: F.batch_norm(x, m, v, training=True),
            randn(4, 3, 5, dtype=torch.float64),
            torch.zeros(3).double(),
            torch.ones(3).double(),
            fallback=True,
        )

    def test_one_value_per_channel_is_refused(self):
        with self.assertRaises(ValueError):
            F.batch_norm(torch.ones(1, 3).npu(), None, None, training=True)


if __name__ == "__main__":
    run_tests()
