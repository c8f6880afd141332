"""Sorting, searching, counting, and each value once."""

import torch
from npu_testing import NpuTestCase, needs, needs_form, run_tests

NUMBERS = (torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16, torch.int8,
           torch.uint8)  # fmt: skip


class TestSort(NpuTestCase):
    """Numbers by their order."""

    def setUp(self):
        torch.manual_seed(0)
        self.x = torch.randn(4, 5, 6, requires_grad=True)
        self.whole = torch.randint(0, 9, (4, 9))

    def test_sort(self):
        self.check(lambda a: a.sort(), self.x)
        self.check(lambda a: a.sort(1, descending=True), self.x)
        self.check(lambda a: a.transpose(0, 2).sort(0), self.x)
        self.check(lambda a: a.argsort(0), self.x.detach())
        self.check(lambda a: (a.sort(), a.topk(1), a.median()), torch.tensor(3.0))
        self.check(lambda a: a.sort(), torch.tensor([1.0, float("nan"), -float("inf"), 0]))

    @needs_form("sort(stable=True)", lambda: torch.ones(1).sort(stable=True))
    def test_stable_sort(self):
        self.check(lambda a: a.sort(stable=True).indices, self.x.detach())
        self.check(lambda a: (a.sort(stable=True), a.bool().sort(stable=True)), self.whole)
        for dtype in NUMBERS:
            self.check(lambda a: a.sort(stable=True), self.whole.to(dtype))

    def test_top(self):
        self.check(lambda a: a.topk(3), self.x)
        self.check(lambda a: a.topk(2, 1, largest=False), self.x)
        self.check(lambda a: a.topk(0, 0), self.x.detach())
        for dtype in (*NUMBERS, torch.float64):
            self.check(lambda a: a.topk(2).values, self.whole.to(dtype))
        with self.assertRaisesRegex(RuntimeError, "0 to that many are allowed"):
            self.x.detach().npu().topk(7)

    def test_kth_and_median(self):
        self.check(lambda a: a.kthvalue(2, 1), self.x)
        self.check(lambda a: a.kthvalue(3, keepdim=True), self.x)
        self.check(lambda a: (a.median(), a[:3].median()), self.x)
        self.check(lambda a: a.median(1, keepdim=True), self.x)
        self.check(lambda a: a.median(2), self.x)
        self.check(lambda a: (a.median(), a.median(0)), torch.tensor([1.0, float("nan"), 2]))
        self.check(lambda a: a.median(), self.whole)
        with self.assertRaisesRegex(RuntimeError, "out of range"):
            self.x.detach().npu().kthvalue(9)

    def test_unique(self):
        for dtype in (torch.int64, torch.float32, torch.uint8, torch.bool):
            x = self.whole.to(dtype)
            self.check(lambda a: torch.unique(a, return_inverse=True, return_counts=True), x)
            self.check(torch.unique, x)
            self.check(
                lambda a: torch.unique_consecutive(a, return_inverse=True, return_counts=True), x
            )
        rows = torch.tensor([[1, 2], [1, 2], [2, 1], [1, 2]])
        self.check(lambda a: torch.unique_consecutive(a, return_counts=True, dim=0), rows)
        self.check(lambda a: torch.unique(a[:0], return_inverse=True), self.whole)

    def test_search(self):
        edges = torch.randn(9).sort().values
        plain = self.x.detach()
        self.check(torch.searchsorted, edges, plain)
        self.check(lambda e, v: torch.searchsorted(e, v, right=True, out_int32=True), edges, plain)
        self.check_newer(
            "searchsorted(side=)", lambda e, v: torch.searchsorted(e, v, side="right"), edges, edges
        )
        self.check(lambda e: torch.searchsorted(e, 0.5), edges)
        self.check(lambda e, v: torch.searchsorted(e.expand(4, 5, 9).contiguous(), v), edges, plain)
        self.check(lambda e, v: torch.bucketize(v, e), edges, plain)
        self.check(lambda e, v: torch.bucketize(v, e, right=True), edges, edges)
        shuffled = edges.flip(0)
        self.check_newer(
            "searchsorted(sorter=)",
            lambda s, v: torch.searchsorted(s, v, sorter=s.argsort()),
            shuffled,
            plain,
        )

    @needs("torch.isin")
    def test_isin(self):
        many, few = torch.randint(0, 50, (25,)), torch.randint(0, 50, (5,))
        elements = torch.randint(0, 50, (7, 8))
        self.check(torch.isin, elements, many)
        self.check(lambda a, b: torch.isin(a, b, invert=True), elements, few)
        self.check(lambda a, b: torch.isin(a.float(), b), elements, many)
        self.check(lambda a: (torch.isin(a, 3), torch.isin(3, a), torch.isin(a, a[:0])), elements)

    def test_counts(self):
        numbers = torch.randint(0, 9, (20,))
        self.check(lambda a: (a.bincount(), a.bincount(minlength=20)), numbers)
        self.check(lambda a, w: a.int().bincount(w), numbers, torch.rand(20))
        self.check(lambda a: a[:0].bincount(minlength=3), numbers)
        self.check(lambda a: (a.histc(5, -1, 1), a.histc(4)), self.x.detach())
        with self.assertRaisesRegex(RuntimeError, "are allowed"):
            (numbers - 5).npu().bincount()

    def test_running(self):
        self.check(lambda a: a.cummax(1), self.x)
        self.check(lambda a: a.cummin(-1), self.x)
        self.check(lambda a: a.cummax(0).values, self.whole)


if __name__ == "__main__":
    run_tests()
