"""Reductions and scans over dimensions, types and empty tensors."""

import torch
from npu_testing import OLD, NpuTestCase, fallback_mode, has, run_tests

FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
INTEGERS = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.bool)


def sample(dtype, shape=(3, 4, 5)):
    if dtype.is_floating_point:
        return torch.randn(shape).to(dtype)
    return torch.randint(0, 3, shape).to(dtype)


class TestReduction(NpuTestCase):
    def setUp(self):
        torch.manual_seed(7)

    def test_sum_mean_prod(self):
        for dtype in FLOATS + INTEGERS:
            tolerance = {torch.float16: 1e-2, torch.bfloat16: 6e-2}.get(dtype)
            for name in ("sum", "prod", "mean"):
                if name == "mean" and not dtype.is_floating_point:
                    continue
                fn = getattr(torch, name)
                with self.subTest(name=name, dtype=dtype):
                    x = sample(dtype)
                    self.check(fn, x, tolerance=tolerance)
                    for dim in (0, -1):
                        self.check(lambda p, f=fn, d=dim: f(p, d), x, tolerance=tolerance)
                        self.check(lambda p, f=fn, d=dim: f(p, d, keepdim=True), x,
                                   tolerance=tolerance)  # fmt: skip
                    if name != "prod":
                        self.check(lambda p, f=fn: f(p, (0, 2)), x, tolerance=tolerance)
        self.check(lambda p: torch.sum(p, 1, dtype=torch.float64), sample(torch.float32))
        self.check(lambda p: torch.sum(p, dtype=torch.float32), sample(torch.int32))
        self.check(lambda p: torch.mean(p, 1, dtype=torch.float32), sample(torch.int32))

    def test_narrow_floats_are_added_up_in_float32(self):
        """In its own type, a large number would not notice any of the small ones."""
        for dtype, large in ((torch.float16, 2048.0), (torch.bfloat16, 256.0)):
            with self.subTest(dtype=dtype):
                x = torch.tensor([[large] + [1.0] * 16] * 3).to("npu", dtype)
                self.assertEqual(x.sum(1).tolist(), [large + 16] * 3)
                self.assertEqual(x.t().contiguous().sum(0).tolist(), [large + 16] * 3)
                self.assertEqual(x[0].sum().item(), large + 16)
                mean = torch.tensor((large + 16) / 17).to(dtype).item()
                self.assertEqual(x.mean(1).tolist(), [mean] * 3)

    def test_gradients(self):
        x = sample(torch.float32).requires_grad_()
        for name in ("sum", "mean", "amax", "amin", "logsumexp", "var", "std"):
            with self.subTest(name):
                fn = getattr(torch, name)
                self.check(lambda p, f=fn: f(p, 1), x)
                self.check(lambda p, f=fn: f(p, (0, 2), keepdim=True), x)
        for name in ("sum", "mean", "prod"):
            self.check(getattr(torch, name), x)
        self.check(lambda p: torch.cumsum(p, 1), x)

    def test_extremes(self):
        for dtype in FLOATS + INTEGERS:
            with self.subTest(dtype):
                x = sample(dtype)
                for name in ("max", "min", "amax", "amin"):
                    self.check(getattr(torch, name), x)
                for name in ("amax", "amin"):
                    self.check(lambda p, n=name: getattr(torch, n)(p, (0, 2)), x)
                    self.check(lambda p, n=name: getattr(torch, n)(p, 1, keepdim=True), x)
                if dtype != torch.bool and has("torch.aminmax"):
                    self.check(torch.aminmax, x)

    def test_where_extremes_are(self):
        for dtype in (torch.float16, torch.float32, torch.float64, torch.int32, torch.int64):
            with self.subTest(dtype):
                x = torch.randperm(60).view(3, 4, 5).to(dtype)
                for name in ("argmax", "argmin"):
                    fn = getattr(torch, name)
                    self.check(fn, x)
                    if not OLD:  # It keeps no dimension when none is named.
                        self.check(lambda p, f=fn: f(p, keepdim=True), x)
                    self.check(lambda p, f=fn: f(p, 1), x)
                    self.check(lambda p, f=fn: f(p, -1, keepdim=True), x)
                for name in ("max", "min"):
                    fn = getattr(torch, name)
                    self.check(lambda p, f=fn: tuple(f(p, 1)), x)
                    self.check(lambda p, f=fn: tuple(f(p, -1, keepdim=True)), x)
        self.check(lambda p: tuple(torch.max(p, 0)), torch.tensor(3.0))

    def test_any_and_all(self):
        for dtype in (*INTEGERS, torch.float32):
            with self.subTest(dtype):
                x = sample(dtype)
                for name in ("any", "all"):
                    fn = getattr(torch, name)
                    self.check(fn, x)
                    self.check(lambda p, f=fn: f(p, 1), x)
                    self.check(lambda p, f=fn: f(p, 1, keepdim=True), x)
                    self.check_newer(
                        f"{name} of dimensions", lambda p, f=fn: f(p, (0, 1), keepdim=True), x
                    )

    def test_variance_and_norms(self):
        for dtype in FLOATS:
            tolerance = {torch.float16: 4e-3, torch.bfloat16: 3e-2}.get(dtype)
            with self.subTest(dtype):
                x = sample(dtype)
                for name in ("var", "std", "var_mean", "std_mean"):
                    fn = getattr(torch, name)
                    self.check(fn, x, tolerance=tolerance)
                    self.check(lambda p, f=fn: f(p, 1, unbiased=False), x, tolerance=tolerance)
                    self.check(lambda p, f=fn: f(p, (0, 2), keepdim=True), x, tolerance=tolerance)
                for order in (2, 1, 0, 3, float("inf"), -float("inf")):
                    if has("torch.linalg.vector_norm"):
                        self.check(lambda p, o=order: torch.linalg.vector_norm(p, o), x,
                                   tolerance=tolerance)  # fmt: skip
                    self.check(lambda p, o=order: torch.norm(p, o, 1), x, tolerance=tolerance)
        self.check(torch.norm, sample(torch.float32).requires_grad_())

    def test_empty_and_single(self):
        for name in ("sum", "prod", "mean", "any", "all"):
            with self.subTest(name):
                fn = getattr(torch, name)
                self.check(fn, torch.empty(0))
                self.check(lambda p, f=fn: f(p, 1), torch.empty(2, 0, 3))
                self.check(fn, torch.tensor(3.0))
        for name in ("max", "amax", "argmax"):
            refused = self.assertRaises((RuntimeError, IndexError))
            with self.subTest(name), fallback_mode("silent"), refused:
                getattr(torch, name)(torch.empty(0, device="npu"))
        self.check(lambda p: torch.sum(p, 0), torch.tensor(3.0))
        self.check(lambda p: torch.amax(p, -1, keepdim=True), torch.tensor(3.0))

    def test_scans(self):
        for dtype in FLOATS[2:] + INTEGERS:
            with self.subTest(dtype):
                x = sample(dtype)
                for name in ("cumsum", "cumprod"):
                    fn = getattr(torch, name)
                    self.check(lambda p, f=fn: f(p, 0), x)
                    self.check(lambda p, f=fn: f(p, -1), x)
        self.check(lambda p: p.cumsum_(1), sample(torch.float32))
        self.check(lambda p: torch.cumsum(p, 0), torch.tensor(3.0))
        self.check(lambda p: torch.cumprod(p, -1), torch.empty(2, 0))
        self.check(lambda p, out: torch.cumsum(p, 0, out=out), sample(torch.float32),
                   torch.empty(3, 4, 5))  # fmt: skip
        self.check(lambda p: torch.cumsum(p, 0, dtype=torch.float64), sample(torch.int32))

    def test_out_and_strides(self):
        x = sample(torch.float32)
        self.check(lambda p, out: torch.sum(p, 1, out=out), x, torch.empty(3, 5))
        self.check(lambda p, out: torch.sum(p, 1, out=out), x, torch.empty(5, 3).t())
        self.check(lambda p, out: torch.amax(p, 1, out=out), x, torch.empty(3, 5))
        self.check(lambda p, v, i: torch.max(p, 1, out=(v, i)), x, torch.empty(3, 5),
                   torch.empty(3, 5, dtype=torch.int64))  # fmt: skip
        self.check(lambda p: p.transpose(0, 2).sum(1), x)
        self.check(lambda p: p[:, ::2].mean((0, 1)), x)

    def test_what_is_refused(self):
        x = sample(torch.float32).npu()
        with self.assertRaisesRegex(IndexError, "[Dd]imension out of range"):
            x.sum(5)
        with self.assertRaisesRegex(RuntimeError, "appears multiple times"):
            x.sum((1, 1))
        with self.assertRaises(RuntimeError):
            torch.arange(3).npu().mean()


if __name__ == "__main__":
    run_tests()
