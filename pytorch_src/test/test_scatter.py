"""One element for each element of an index: gather and scatter."""

import warnings

import torch
from npu_testing import NpuTestCase, needs, run_tests

TYPES = (torch.float32, torch.float16, torch.bfloat16, torch.float64, torch.int64, torch.int32,
         torch.int16, torch.int8, torch.uint8, torch.bool)  # fmt: skip


class TestScatter(NpuTestCase):
    """gather, scatter, scatter_add and scatter with a reduction."""

    def setUp(self):
        torch.manual_seed(0)
        self.x = torch.randn(4, 5, 6, requires_grad=True)
        # No index twice along dim 1, so that the order of writing does not matter.
        self.once = torch.rand(4, 5, 6).argsort(1)
        self.often = torch.randint(0, 5, (4, 5, 6))
        self.src = torch.randn(4, 5, 6, requires_grad=True)

    def test_gather(self):
        self.check(lambda t, i: t.gather(1, i), self.x, self.often)
        self.check(lambda t, i: t.gather(-2, i[:2, :3, :4].int().long()), self.x, self.often)
        self.check(lambda t, i: t.transpose(0, 2).gather(1, i[:, :, :4]), self.x,
                   torch.randint(0, 5, (6, 2, 6)))  # fmt: skip
        self.check(lambda t, i: t.gather(0, i[:0, 0, 0]), self.x.detach()[:, 0, 0], self.often)

    def test_scatter(self):
        self.check(lambda t, i, s: t.scatter(1, i, s), self.x, self.once, self.src)
        self.check(lambda t, i: t.scatter(1, i[:3, :2], 2.5), self.x, self.often)
        plain, src = self.x.detach(), self.src.detach()
        self.check(lambda t, i, s: t.scatter_(1, i[:2, :3], s), plain, self.once, src)
        self.check(lambda t, i, s: t.transpose(0, 1).scatter_(0, i, s), plain,
                   self.once.transpose(0, 1).contiguous(), src.transpose(0, 1))  # fmt: skip

    def test_add(self):
        self.check(lambda t, i, s: t.scatter_add(1, i, s), self.x, self.often, self.src)
        plain, src = self.x.detach(), self.src.detach()
        self.check(lambda t, i, s: t.scatter_add_(1, i[:2, :, :3], s), plain, self.often, src)

    def test_reductions(self):
        warnings.simplefilter("ignore")  # scatter_ with a reduction is said to go one day
        plain, src = self.x.detach(), self.src.detach()
        for reduce in ("add", "multiply"):
            self.check(lambda t, i, s, r=reduce: t.scatter_(1, i, s, reduce=r), plain,
                       self.often, src)  # fmt: skip
            self.check(lambda t, i, r=reduce: t.scatter_(1, i, 1.5, reduce=r), plain, self.often)
        with self.assertRaisesRegex(RuntimeError, "reduce"):
            plain.npu().scatter_(1, self.often.npu(), src.npu(), reduce="mean")

    @needs("torch.Tensor.scatter_reduce")
    def test_scatter_reduce(self):
        for reduce in ("sum", "prod", "mean"):
            for include in (True, False):
                self.check(lambda t, i, s, r=reduce, n=include: t.scatter_reduce(1, i, s, r,
                           include_self=n), self.x, self.often, self.src)  # fmt: skip
        whole = torch.randint(1, 9, (4, 5, 6))
        for reduce in ("sum", "prod", "mean"):
            self.check(lambda t, i, r=reduce: t.scatter_reduce_(1, i, t.clone(), r), whole,
                       self.often)  # fmt: skip
        self.check(lambda t, i: t.scatter_reduce(1, i, t, "amax"), whole, self.often,
                   fallback=True)  # fmt: skip
        with self.assertRaisesRegex(RuntimeError, "are allowed"):
            whole.npu().scatter_reduce(1, self.often.npu(), whole.npu(), "median")

    def test_types(self):
        for dtype in TYPES:
            x = torch.randint(0, 5, (4, 5, 6)).to(dtype)
            self.check(lambda t, i: (t.gather(1, i), t.scatter(1, i, 1)), x, self.once)

    def test_no_dims(self):
        self.check(lambda t, i: (t.gather(0, i), t.scatter(0, i, 2.0)), torch.tensor(3.0),
                   torch.tensor(0))  # fmt: skip

    def test_refused(self):
        x = torch.zeros(4, 3, device="npu")
        far = torch.full((1, 1), 7, device="npu")
        for bad in (lambda: x.gather(0, far), lambda: x.scatter(0, far, 1.0)):
            with self.assertRaises(RuntimeError):
                bad()
                torch.npu.synchronize()
        with self.assertRaisesRegex(RuntimeError, "as many dims"):
            x.gather(0, far[0])
        with self.assertRaisesRegex(RuntimeError, "one type"):
            x.scatter(0, far * 0, x.half())


if __name__ == "__main__":
    run_tests()
