"""Division with its roundings, and remainders."""

import torch
from npu_testing import NpuTestCase, run_tests

FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
INTEGERS = (torch.int8, torch.int16, torch.int32, torch.int64)


def pair(dtype):
    if dtype.is_floating_point:
        divisor = torch.randn(3, 4)
        return torch.randn(3, 4).mul(5).to(dtype), (divisor + divisor.sign()).to(dtype)
    divisor = torch.randint(1, 5, (3, 4)) * (torch.randint(0, 2, (3, 4)) * 2 - 1)
    return torch.randint(-20, 20, (3, 4)).to(dtype), divisor.to(dtype)


class TestDiv(NpuTestCase):
    def setUp(self):
        torch.manual_seed(7)

    def test_true_division(self):
        for dtype in FLOATS + INTEGERS + (torch.uint8,):
            with self.subTest(dtype):
                if dtype == torch.uint8:
                    x, y = torch.tensor([7, 8], dtype=dtype), torch.tensor([2, 3], dtype=dtype)
                else:
                    x, y = pair(dtype)
                self.check(torch.div, x, y)
                self.check(lambda p: p / 3, x)
                self.check(lambda p: p / 2.5, x)
                self.check(lambda p: 7 / p, y)

    def test_gradients_and_broadcasting(self):
        x, y = (t.requires_grad_() for t in pair(torch.float32))
        self.check(torch.div, x, y)
        self.check(torch.div, x, y[0].detach().requires_grad_())
        self.check(lambda p: p / 4, x)

    def test_by_zero(self):
        x = torch.tensor([1.0, -1.0, 0.0])
        self.check(torch.div, x, torch.zeros(3))

    def test_rounding_modes(self):
        x, y = pair(torch.float32)
        self.check_newer(
            "rounding_mode=None", lambda p, q: torch.div(p, q, rounding_mode=None), x, y
        )
        for mode in ("floor", "trunc"):
            for dtype in FLOATS + INTEGERS:
                with self.subTest(mode=mode, dtype=dtype):
                    x, y = pair(dtype)
                    self.check(lambda p, q, m=mode: torch.div(p, q, rounding_mode=m), x, y)
                    self.check(lambda p, m=mode: torch.div(p, 3, rounding_mode=m), x)
        x, y = pair(torch.float32)
        self.check(lambda p, q: p.div_(q, rounding_mode="floor"), x, y)
        self.check(lambda p, q, out: torch.div(p, q, rounding_mode="trunc", out=out),
                   x, y, torch.empty(3, 4))  # fmt: skip
        with self.assertRaisesRegex(RuntimeError, "rounding_mode"):
            torch.div(x.npu(), y.npu(), rounding_mode="up")

    def test_floor_divide_and_remainders(self):
        for dtype in FLOATS + INTEGERS:
            with self.subTest(dtype):
                x, y = pair(dtype)
                self.check(torch.floor_divide, x, y)
                self.check(lambda p: p // 3, x)
                tolerance = 2e-2 if dtype in (torch.float16, torch.bfloat16) else None
                self.check(torch.remainder, x, y, tolerance=tolerance)
                self.check(torch.fmod, x, y, tolerance=tolerance)
                self.check(lambda p: p % 3, x, tolerance=tolerance)
                self.check(lambda p: torch.fmod(p, 3), x, tolerance=tolerance)
        x, y = pair(torch.int32)
        self.check(lambda p, q: p.remainder_(q), x, y)
        self.check_newer("remainder(number, tensor)", lambda p: torch.remainder(7, p), y)
        x, y = (t.requires_grad_() for t in pair(torch.float32))
        self.check(torch.remainder, x, y.detach())
        self.check(torch.fmod, x, y.detach())

    def test_in_place(self):
        x, y = pair(torch.float32)
        self.check(lambda p, q: p.div_(q), x, y)
        self.check(lambda p: p.div_(3), x)
        with self.assertRaisesRegex(RuntimeError, "can't be cast"):
            torch.arange(3).npu().div_(2)


if __name__ == "__main__":
    run_tests()
