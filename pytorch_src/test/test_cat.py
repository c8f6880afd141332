"""Joining tensors: cat and stack."""

import torch
from npu_testing import NpuTestCase, run_tests


class TestCat(NpuTestCase):
    """Joining, and splitting what was joined by autograd."""

    def test_values(self):
        a = torch.randn(4, 5, 6, requires_grad=True)
        b = torch.randn(4, 2, 6, requires_grad=True)
        self.check(lambda a, b: torch.cat([a, b], 1), a, b)
        self.check(lambda a, b: torch.cat([a, b, a], -2), a, b)
        self.check(lambda a, b: torch.cat([a.transpose(0, 1), b.transpose(0, 1)]), a, b)
        self.check(lambda a: torch.stack([a, a + 1], 1), a)
        self.check(lambda a: torch.stack([a[0], a[1]], -1), a)
        self.check(lambda a: torch.hstack([a, a]) + torch.vstack([a, a]).sum(), a)

    def test_types(self):
        for dtype in (torch.float16, torch.float64, torch.int64, torch.uint8, torch.bool):
            x = torch.randint(0, 2, (3, 4)).to(dtype)
            self.check(lambda t: torch.cat([t, t]), x)
        self.check(lambda a, b: torch.cat([a, b]), torch.randn(2, 3), torch.ones(1, 3).long())
        self.check(lambda a, b: torch.cat([a, b]), torch.randn(2, 3).half(), torch.ones(1, 3))

    def test_nothing_to_add(self):
        self.check(lambda a: torch.cat([a.new_empty(0), a, a[:, :0]], 1), torch.randn(2, 3))
        self.check(lambda a: torch.cat([a[:0], a[:0]]), torch.randn(2, 3))
        self.check(lambda a: torch.cat([a]), torch.randn(2, 3))

    def test_out(self):
        a = torch.randn(2, 3)
        self.check(lambda a, out: torch.cat([a, a], out=out), a, torch.empty(4, 3))
        self.check(
            lambda a, out: torch.cat([a, a], out=out.t()).clone(), a, torch.empty(3, 4), grad=False
        )

    def test_refused(self):
        a = torch.zeros(2, 3, device="npu")
        with self.assertRaisesRegex(RuntimeError, "only dim 0 may differ"):
            torch.cat([a, a[:, :2]])
        with self.assertRaisesRegex(RuntimeError, "must have as many"):
            torch.cat([a, a[None]])
        with self.assertRaisesRegex(RuntimeError, "no dims"):
            torch.cat([a.sum(), a.sum()])


if __name__ == "__main__":
    run_tests()
