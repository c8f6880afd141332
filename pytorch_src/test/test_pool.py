"""Pooling and padding on the NPU, beside the CPU."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from npu_testing import NpuTestCase, run_tests


def randn(*sizes, dtype=torch.float32):
    """Random numbers that ask for a gradient."""
    return torch.randn(*sizes).to(dtype).requires_grad_()


class TestMaxPool(NpuTestCase):
    """Values, places and gradients."""

    def test_windows(self):
        for kernel, stride, padding in ((2, 2, 0), (3, 2, 1), ((3, 2), 1, (1, 0)), (3, 4, 1)):
            for ceil in (False, True):
                with self.subTest(kernel=kernel, stride=stride, padding=padding, ceil=ceil):

                    def pool(x, k=kernel, s=stride, p=padding, c=ceil):
                        return F.max_pool2d(x, k, s, p, ceil_mode=c, return_indices=True)

                    self.check(pool, torch.randn(2, 3, 10, 9))
                    self.check(lambda x: pool(x)[0], randn(2, 3, 10, 9))
                    self.check(lambda x: pool(x)[0], randn(3, 10, 9))

    def test_types(self):
        for dtype in (torch.float16, torch.bfloat16):
            self.check(lambda x: F.max_pool2d(x, 3, 2, 1), randn(2, 3, 9, 9, dtype=dtype))

    def test_one_dimension(self):
        self.check(lambda x: F.max_pool1d(x, 3, 2, 1), randn(2, 3, 9))

    def test_dilated_windows_go_to_the_cpu(self):
        self.check(lambda x: F.max_pool2d(x, 3, 1, 1, 2), randn(2, 3, 9, 9), fallback=True)

    def test_adaptive(self):
        self.check(lambda x: F.adaptive_max_pool2d(x, (3, 2)), randn(2, 3, 9, 8))
        self.check(lambda x: F.adaptive_max_pool2d(x, 3, return_indices=True), torch.randn(3, 9, 8))

    def test_unpooling(self):
        def there_and_back(x):
            values, places = F.max_pool2d(x, 2, return_indices=True)
            return F.max_unpool2d(values, places, 2)

        self.check(there_and_back, torch.randn(2, 3, 8, 8), fallback=True)

    def test_windows_that_do_not_fit(self):
        with self.assertRaises(RuntimeError):
            F.max_pool2d(torch.ones(1, 1, 2, 2).npu(), 5)


class TestAveragePool(NpuTestCase):
    """Fixed and adaptive windows."""

    def test_windows(self):
        for kernel, stride, padding in ((2, 2, 0), (3, 2, 1), ((3, 2), 1, (1, 0))):
            for ceil in (False, True):
                for counted in (False, True):

                    def pool(x, k=kernel, s=stride, p=padding, c=ceil, n=counted):
                        return F.avg_pool2d(x, k, s, p, c, n)

                    with self.subTest(kernel=kernel, ceil=ceil, counted=counted):
                        self.check(pool, randn(2, 3, 10, 9))

    def test_divisor(self):
        self.check(lambda x: F.avg_pool2d(x, 3, 2, 1, divisor_override=2), randn(2, 3, 10, 9))
        self.check(lambda x: F.avg_pool2d(x, 3, 2, 1, divisor_override=2), randn(3, 10, 9))

    def test_other_dimensions(self):
        self.check(lambda x: F.avg_pool1d(x, 3, 2, 1), randn(2, 3, 9))
        self.check(lambda x: F.avg_pool3d(x, 3, 2, 1), randn(2, 3, 5, 6, 7))
        self.check(lambda x: F.avg_pool3d(x, 2, divisor_override=3), randn(3, 5, 6, 7))

    def test_types(self):
        for dtype in (torch.float16, torch.bfloat16):
            self.check(lambda x: F.avg_pool2d(x, 3, 2, 1), randn(2, 3, 9, 9, dtype=dtype))
            self.check(
                lambda x: F.adaptive_avg_pool2d(x, 3),
                randn(2, 3, 9, 9, dtype=dtype),
                tolerance=2e-2,
            )

    def test_adaptive(self):
        for size in (1, (3, 2), (9, 8), (1, 4)):
            self.check(lambda x, s=size: F.adaptive_avg_pool2d(x, s), randn(2, 3, 9, 8))
            self.check(lambda x, s=size: F.adaptive_avg_pool2d(x, s), randn(3, 9, 8))
        self.check(lambda x: F.adaptive_avg_pool1d(x, 3), randn(2, 3, 9))


class TestPad(NpuTestCase):
    """With numbers, mirrored and edge elements."""

    def test_constant(self):
        for padding in ((1, 2), (1, 2, 3, 0), (1, -1, -2, 3), (0, 0, 0, 0, 1, 1)):
            self.check(lambda x, p=padding: F.pad(x, p, value=2.5), randn(2, 3, 5, 4))
        self.check(lambda x: F.pad(x, (1, 2), value=True), torch.tensor([True, False]))
        self.check(lambda x: F.pad(x, (1, 2), value=-7), torch.arange(4))

    def test_edges(self):
        for mode in ("reflect", "replicate"):
            self.check(lambda x, m=mode: F.pad(x, (1, 2), m), randn(2, 3, 5))
            self.check(lambda x, m=mode: F.pad(x, (1, 2, 3, 0), m), randn(2, 3, 5, 4))
            self.check_newer(
                f"pad({mode}) of volumes",
                lambda x, m=mode: F.pad(x, (1, 2, 1, 1, 2, 0), m),
                randn(2, 3, 5, 4, 3),
            )
        self.check(lambda x: F.pad(x, (1, 2, 3, 0), "circular"), randn(2, 3, 5, 4))


if __name__ == "__main__":
    run_tests()
