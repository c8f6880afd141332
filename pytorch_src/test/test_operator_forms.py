"""Operators that releases of PyTorch divide in their own ways, in all their forms."""

import torch
import torch.nn.functional as F
from npu_testing import NpuTestCase, run_tests


def randn(*sizes, dtype=torch.float32):
    """Random numbers that ask for a gradient."""
    return torch.randn(*sizes).to(dtype).requires_grad_()


class TestOperatorForms(NpuTestCase):
    """Values and gradients."""

    def setUp(self):
        torch.manual_seed(0)
        self.x = randn(4, 6)

    def test_prelu(self):
        for shape in ((6, 4), (2, 4, 3, 3)):
            for slopes in (1, 4):
                self.check(F.prelu, randn(*shape), randn(slopes))

    def test_norms(self):
        for order in (1, 2, 3, float("inf"), float("-inf")):
            self.check(lambda t, p=order: t.norm(p), self.x)
            self.check(lambda t, p=order: t.norm(p, dim=1, keepdim=True), self.x)
        self.check(lambda t: t.norm(), self.x)
        self.check(lambda t: t.norm(2, dtype=torch.float64), self.x.detach())
        self.check(lambda t: t.norm(2, 1, dtype=torch.float64), self.x.detach())
        self.check(lambda t, out: torch.norm(t, 2, 1, out=out), self.x.detach(), torch.empty(4))

    def test_variance(self):
        for name in ("var", "std", "var_mean", "std_mean"):
            fn = getattr(torch, name)
            for unbiased in (True, False):
                self.check(lambda t, f=fn, u=unbiased: f(t, unbiased=u), self.x)
                self.check(lambda t, f=fn, u=unbiased: f(t, 1, unbiased=u), self.x)
                self.check(
                    lambda t, f=fn, u=unbiased: f(t, (0, -1), unbiased=u, keepdim=True), self.x
                )
        self.check(lambda t, out: torch.std(t, 1, out=out), self.x.detach(), torch.empty(4))

    def test_not_a_number(self):
        odd = torch.tensor([float("nan"), float("inf"), float("-inf"), 1.5])
        for dtype in (torch.float32, torch.float64):
            for fn in (
                torch.nan_to_num,
                lambda t: torch.nan_to_num(t, 1.0, 2.0, -3.0),
                lambda t: t.nan_to_num_(2.0),
            ):
                self.check(fn, odd.to(dtype))
        self.check(torch.nan_to_num, torch.arange(3))
        self.check(torch.nan_to_num, odd.clone().requires_grad_())
        self.check_newer(
            "complex", torch.nan_to_num, torch.complex(odd, odd.flip(0)), fallback=True
        )

    def test_matrix_and_vector(self):
        matrix, vector, start = randn(3, 4), randn(4), randn(3)
        self.check(torch.mv, matrix, vector)
        self.check(lambda m, v: m @ v, matrix, vector)
        self.check(torch.addmv, start, matrix, vector)
        self.check(lambda s, m, v: torch.addmv(s, m, v, beta=0.5, alpha=2), start, matrix, vector)
        plain = [t.detach() for t in (start, matrix, vector)]
        self.check(lambda s, m, v: s.addmv_(m, v), *plain)
        self.check(lambda m, v, out: torch.mv(m, v, out=out), *plain[1:], torch.empty(3))

    def test_diagonals(self):
        for offset in (-2, 0, 1):
            self.check(lambda t, k=offset: torch.diag(t, k), randn(3))
            self.check(lambda t, k=offset: torch.diag(t, k), self.x)

    def test_losses(self):
        wanted = torch.rand(4, 6) + 0.1
        for reduction in ("none", "mean", "sum"):
            how = {"reduction": reduction}
            self.check(lambda x, y, h=how: F.l1_loss(x, y, **h), self.x, wanted)
            self.check(lambda x, y, h=how: F.kl_div(x, y, **h), self.x, wanted)
            self.check(lambda x, y, h=how: F.kl_div(x, y, log_target=True, **h), self.x, wanted)
            self.check(lambda x, y, h=how: F.smooth_l1_loss(x, y, **h), self.x, wanted)

    def test_logit(self):
        inside = (torch.rand(20) * 0.8 + 0.1).requires_grad_()
        self.check(torch.logit, inside)
        self.check(lambda t: torch.logit(t, 0.2), inside)

    def test_log_sigmoid(self):
        self.check(F.logsigmoid, self.x)

    def test_sorting(self):
        numbers = torch.randperm(24).view(4, 6).float()
        self.check(torch.sort, numbers)
        self.check(lambda t: t.sort(0, descending=True), numbers)
        self.check(
            lambda t, v, i: torch.sort(t, out=(v, i)),
            numbers,
            torch.empty(0),
            torch.empty(0, dtype=torch.int64),
        )

    def test_searching(self):
        edges = torch.tensor([0.0, 1.0, 2.0])
        values = torch.tensor([0.5, 1.0, 3.0])
        self.check(torch.searchsorted, edges, values)
        self.check(lambda e, v: torch.searchsorted(e, v, right=True), edges, values)
        self.check(lambda e: torch.searchsorted(e, 1.5), edges)

    def test_adding_at_indices(self):
        index, source = torch.tensor([0, 2, 0]), randn(3, 6)
        self.check(lambda t, i, s: t.index_add(0, i, s), self.x, index, source)
        self.check(lambda t, i, s: t.clone().index_add_(0, i, s), self.x, index, source)

    def test_convolution_the_cpu_computes(self):
        image, weight = randn(2, 3, 6, 6, dtype=torch.float64), randn(4, 3, 3, 3).double()
        weight = weight.detach().requires_grad_()
        self.check(F.conv2d, image, weight, fallback=True)
        turned = randn(3, 4, 3, 3).double().detach().requires_grad_()
        self.check(F.conv_transpose2d, image, turned, fallback=True)

    def test_normalisation_the_cpu_computes(self):
        x = randn(4, 3, 5, dtype=torch.float64)
        mean, variance = torch.zeros(3).double(), torch.ones(3).double()
        self.check(
            lambda t, m, v: F.batch_norm(t, m, v, training=True), x, mean, variance, fallback=True
        )

    def test_what_upstream_composes_of_functions_of_the_cpu(self):
        self.check(torch.heaviside, torch.tensor([-1.0, 0.0, 2.0]), torch.tensor([0.5]),
                   fallback=True)  # fmt: skip


if __name__ == "__main__":
    run_tests()
