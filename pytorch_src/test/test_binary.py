"""What every function of two tensors has in common: strides, sizes, devices."""

import torch
from npu_testing import NpuTestCase, run_tests

FUNCTIONS = ("add", "sub", "mul", "div", "pow", "maximum", "minimum", "atan2", "fmod", "eq", "lt")


class TestBinary(NpuTestCase):
    def setUp(self):
        torch.manual_seed(7)

    def test_strides(self):
        x, y = torch.rand(4, 6) + 0.5, torch.rand(6, 4) + 0.5
        for name in FUNCTIONS:
            with self.subTest(name):
                fn = getattr(torch, name)
                self.check(lambda p, q, fn=fn: fn(p, q.t()), x, y)
                self.check(lambda p, q, fn=fn: fn(p[::2, 1::2], q.t()[::2, 1::2]), x, y)
                self.check(lambda p, q, fn=fn: fn(p[1:2].expand(3, 6), q.t()[:3]), x, y)

    def test_sizes(self):
        for name in FUNCTIONS:
            for a, b in (((), ()), ((0,), (1,)), ((2, 0), (2, 1)), ((1,), (3, 1, 2))):
                with self.subTest(name=name, a=a, b=b):
                    self.check(getattr(torch, name), torch.rand(a) + 0.5, torch.rand(b) + 0.5)

    def test_numbers_keep_the_type_of_tensors(self):
        for dtype in (torch.float16, torch.int32, torch.int64):
            for name in ("add", "mul", "sub"):
                with self.subTest(dtype=dtype, name=name):
                    x = torch.ones(3, dtype=dtype)
                    got = self.check(lambda p, n=name: getattr(torch, n)(p, 2), x)
                    self.assertEqual(got.dtype, dtype)
        torch.set_default_dtype(torch.float64)
        try:
            self.check(lambda p: p + 1.5, torch.arange(3))
        finally:
            torch.set_default_dtype(torch.float32)

    def test_second_device(self):
        x = torch.rand(3)
        got = x.to("npu:1") * 2 + x.to("npu:1")
        self.assertEqual(got.device, torch.device("npu:1"))
        self.assertTrue(torch.allclose(got.cpu(), x * 3))

    def test_out_of_another_type(self):
        x, y = torch.rand(3), torch.rand(3)
        for dtype in (torch.float16, torch.float64):
            with self.subTest(dtype):
                self.check(lambda p, q, out: torch.add(p, q, out=out), x, y,
                           torch.empty(3, dtype=dtype))  # fmt: skip


if __name__ == "__main__":
    run_tests()
