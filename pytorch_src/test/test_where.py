"""Choosing by a condition: where, masks, nonzero."""

import torch
from npu_testing import OLD, NpuTestCase, needs, run_tests

TYPES = (torch.float16, torch.bfloat16, torch.float64, torch.int64, torch.uint8, torch.bool)


class TestWhere(NpuTestCase):
    """Conditions choose between tensors, fill, and pick."""

    def setUp(self):
        torch.manual_seed(0)
        self.x = torch.randn(4, 5, 6, requires_grad=True)

    def test_where(self):
        other = torch.randn(5, 1, requires_grad=True)
        self.check(lambda a, b: torch.where(a > 0, a, b), self.x, other)
        numbers = "where of tensor and number"
        self.check_newer(numbers, lambda a: torch.where(a > 0, a, 0.0), self.x)
        self.check_newer(numbers, lambda a: torch.where(a > 0, 1, a), self.x)
        self.check(lambda a: torch.where(a > 0, 1.0, 2.0), self.x.detach())
        self.check_newer(
            "where of two types", lambda a: torch.where(a[:1, :1] > 0, a, a.long()), self.x
        )
        if not OLD:
            self.check(lambda a: torch.where(a > 0, a, torch.tensor(3.0)), self.x)
        self.check_newer(numbers, lambda a: torch.where(a[:0] > 0, a[:0], 0.0), self.x)

    def test_filling(self):
        self.check(lambda a: a.masked_fill(a > 0, -1e9), self.x)
        value = torch.tensor(3.0, requires_grad=True)
        self.check(lambda a, v: a.masked_fill(a[0] > 0, v), self.x, value)
        self.check(lambda a: a.transpose(0, 1).masked_fill_(a[0, 0] > 0, 2), self.x.detach())
        self.check(lambda a: a[:, 1:3].masked_fill_(a[:, 1:3] > 0, 2), self.x.detach())
        for dtype in TYPES:
            x = torch.randint(0, 2, (3, 4)).to(dtype)
            self.check(lambda a: (a.masked_fill(a == 1, 0), torch.where(a == 1, a, a)), x)

    def test_picking(self):
        self.check(lambda a: a.masked_select(a > 0), self.x)
        self.check(lambda a: a.masked_select(a[0, 0] > 0), self.x)
        self.check(lambda a: a.masked_select(a > 99), self.x)
        for dtype in TYPES:
            x = torch.randint(0, 2, (3, 4)).to(dtype)
            self.check(lambda a: (a.masked_select(a == 1), a.nonzero()), x)

    def test_masked_scatter(self):
        source = torch.randn(200, requires_grad=True)
        self.check(lambda a, s: a.masked_scatter(a > 0, s), self.x, source)
        # By rows of the view; the CPU of PyTorch 1.8 goes by the order in memory instead.
        plain = self.x.detach()[0]
        rows = plain.t().contiguous()
        there = plain.npu().t()
        there.masked_scatter_(there > 0, source.detach().npu())
        self.assert_same(there, rows.masked_scatter_(rows > 0, source.detach()))

    def test_nonzero(self):
        plain = self.x.detach()
        self.check(lambda a: (a > 0).nonzero(), plain)
        self.check(lambda a: torch.nonzero(a[0] > 0, as_tuple=True), plain)
        self.check(lambda a: (a[:0].nonzero(), (a > 99).nonzero(), a[0, 0, 0].nonzero()), plain)
        self.check(lambda a: torch.where(a > 0), plain)

    @needs("torch.argwhere")
    def test_argwhere(self):
        self.check(lambda a: torch.argwhere(a.transpose(0, 2) > 1), self.x.detach())

    def test_equal(self):
        a = torch.randn(3, 4).npu()
        self.assertTrue(torch.equal(a, a.clone()))
        self.assertTrue(torch.equal(a[:0], a[:0]))
        self.assertFalse(torch.equal(a, a + 1))
        self.assertFalse(torch.equal(a, a[:2]))

    def test_refused(self):
        a = torch.zeros(3, 4, device="npu")
        with self.assertRaisesRegex(RuntimeError, "bool is expected|ScalarType Byte"):
            torch.where(a, a, a)
        with self.assertRaisesRegex(RuntimeError, "bool is expected|ScalarType Byte"):
            a.masked_fill_(a.byte(), 1)
        with self.assertRaisesRegex(RuntimeError, "does not broadcast"):
            a[0].masked_fill_(a > 0, 1)


if __name__ == "__main__":
    run_tests()
