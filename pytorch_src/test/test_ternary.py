"""Functions of three tensors or numbers: clamp, lerp, addcmul, addcdiv."""

import torch
from npu_testing import NpuTestCase, run_tests


class TestTernary(NpuTestCase):
    def setUp(self):
        torch.manual_seed(7)

    def test_clamp(self):
        for dtype in (torch.float32, torch.float16, torch.int32, torch.int64, torch.uint8):
            x = torch.randn(3, 4).mul(10).abs().to(dtype)
            for low, high in ((2, 5), (None, 5), (2, None)):
                with self.subTest(dtype=dtype, low=low, high=high):
                    self.check(lambda p, a=low, b=high: torch.clamp(p, a, b), x)
            self.check(lambda p: p.clamp_(1, 3), x)
            self.check(lambda p: p.clamp_min(3), x)
            self.check(lambda p: p.clamp_max_(3), x)
        self.check(lambda p: torch.clamp(p, 0.5, 2.5), torch.arange(5))
        x = torch.randn(3, 4).requires_grad_()
        low, high = torch.randn(4) - 1, torch.randn(3, 1) + 1
        self.check(lambda p: torch.clamp(p, -0.5, 0.5), x.detach())
        bounds = "clamp by tensors"
        self.check_newer(bounds, torch.clamp, x.detach(), low, high)
        self.check_newer(bounds, lambda p, a: torch.clamp(p, min=a), x.detach(), low)
        self.check_newer(bounds, lambda p, b: torch.clamp(p, max=b), x.detach(), high)
        nan = torch.tensor([float("nan"), 1.0, -9.0])
        self.check(lambda p: torch.clamp(p, -1, 0.5), nan)

    def test_lerp(self):
        x, y, w = (torch.randn(3, 4).requires_grad_() for _ in range(3))
        self.check(torch.lerp, x, y, w)
        self.check(lambda p, q: torch.lerp(p, q, 0.3), x, y)
        self.check(lambda p, q: p.lerp_(q, 0.9), x.detach(), y.detach())
        self.check(torch.lerp, x.detach(), y.detach()[0], torch.rand(3, 1))

    def test_addcmul_and_addcdiv(self):
        x, y = (torch.randn(3, 4).requires_grad_() for _ in range(2))
        z = (torch.rand(4) + 0.5).requires_grad_()
        for name in ("addcmul", "addcdiv"):
            with self.subTest(name):
                fn = getattr(torch, name)
                self.check(fn, x, y, z)
                self.check(lambda p, q, r, f=fn: f(p, q, r, value=-0.5), x, y, z)
                self.check(lambda p, q, r, n=name: getattr(p, n + "_")(q, r, value=2),
                           x.detach(), y.detach(), z.detach())  # fmt: skip
                self.check(lambda p, q, r, out, f=fn: f(p, q, r, out=out), x.detach(), y.detach(),
                           z.detach(), torch.empty(3, 4))  # fmt: skip
        half = torch.rand(3, 4).half() + 0.5
        self.check(torch.addcdiv, half, half, half, tolerance=2e-3)
        ints = torch.arange(6)
        self.check(lambda p: torch.addcmul(p, p, p, value=3), ints)


if __name__ == "__main__":
    run_tests()
