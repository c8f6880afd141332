"""Embedding tables: looking up, gradients, and norms."""

import torch
import torch.nn.functional as F
from npu_testing import NpuTestCase, run_tests


class TestEmbedding(NpuTestCase):
    """Rows of a table by number."""

    def setUp(self):
        torch.manual_seed(0)
        self.table = torch.randn(10, 4, requires_grad=True)
        self.i = torch.tensor([[1, 2, 2], [9, 0, 2]])

    def test_values(self):
        self.check(lambda w, i: F.embedding(i, w), self.table, self.i)
        self.check(lambda w, i: F.embedding(i.int(), w), self.table, self.i)
        self.check(lambda w, i: F.embedding(i, w, padding_idx=2), self.table, self.i)
        self.check(lambda w, i: F.embedding(i[:0], w), self.table, self.i)
        self.check(lambda w, i: F.embedding(i, w, scale_grad_by_freq=True), self.table, self.i)
        half = self.table.detach().half().requires_grad_()
        self.check(lambda w, i: F.embedding(i, w), half, self.i, tolerance=4e-3)

    def test_norms(self):
        def bounded(w, i):
            F.embedding(i, w, max_norm=1.0)
            return w

        self.check(bounded, self.table.detach(), self.i)
        self.check(lambda w, i: F.embedding(i, w, max_norm=0.5, norm_type=1.0),
                   self.table.detach(), self.i)  # fmt: skip

    def test_one_hot(self):
        self.check(lambda i: (F.one_hot(i, 12), F.one_hot(i)), self.i)


if __name__ == "__main__":
    run_tests()
