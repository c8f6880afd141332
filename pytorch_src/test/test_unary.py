"""Functions of one tensor: values, types, gradients, out= and in-place forms."""

import torch
from npu_testing import NpuTestCase, run_tests

#: Name of the function, and the range its arguments come from.
FLOAT = {
    "exp": (-3, 3), "exp2": (-3, 3), "expm1": (-2, 2), "log": (0.1, 4), "log2": (0.1, 4),
    "log10": (0.1, 4), "log1p": (-0.5, 4), "sqrt": (0.1, 4), "rsqrt": (0.2, 4),
    "reciprocal": (0.3, 4), "sin": (-4, 4), "cos": (-4, 4), "tan": (-1, 1), "asin": (-0.9, 0.9),
    "acos": (-0.9, 0.9), "atan": (-4, 4), "sinh": (-2, 2), "cosh": (-2, 2), "tanh": (-3, 3),
    "asinh": (-4, 4), "acosh": (1.2, 4), "atanh": (-0.8, 0.8), "erf": (-2, 2), "erfc": (-2, 2),
    "erfinv": (-0.9, 0.9), "sigmoid": (-4, 4), "lgamma": (0.5, 4), "digamma": (0.5, 4),
}  # fmt: skip
SAME = ("abs", "neg", "sign", "sgn", "floor", "ceil", "trunc", "round")
NO_BFLOAT = ("lgamma", "digamma")
INTEGERS = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)


def sample(low, high, shape=(5, 7), dtype=torch.float32):
    return (torch.rand(shape) * (high - low) + low).to(dtype)


class TestUnary(NpuTestCase):
    def setUp(self):
        torch.manual_seed(7)

    def test_float_functions(self):
        for name, (low, high) in FLOAT.items():
            with self.subTest(name):
                x = sample(low, high).requires_grad_(name not in ("lgamma", "digamma"))
                self.check(getattr(torch, name), x)
                self.check(getattr(torch, name), sample(low, high, (3, 4, 5)).transpose(0, 2))
                half = sample(low, high, dtype=torch.float16)
                self.check(getattr(torch, name), half, tolerance=4e-3)
                if name not in NO_BFLOAT:
                    bfloat = sample(low, high, dtype=torch.bfloat16)
                    self.check(getattr(torch, name), bfloat, tolerance=4e-2)

    def test_integers_become_floats(self):
        for name in ("exp", "log", "sqrt", "sin", "sigmoid", "reciprocal", "erf", "tanh"):
            with self.subTest(name):
                for dtype in (torch.int32, torch.int64, torch.uint8, torch.bool):
                    x = torch.tensor([[1, 2, 3], [4, 5, 1]]).to(dtype)
                    got = self.check(getattr(torch, name), x)
                    self.assertEqual(got.dtype, torch.float32)

    def test_functions_that_keep_the_type(self):
        for name in SAME:
            with self.subTest(name):
                self.check(getattr(torch, name), sample(-4, 4))
                self.check(getattr(torch, name), sample(-4, 4, dtype=torch.float16))
                for dtype in INTEGERS:
                    x = torch.tensor([0, 1, 5, 100]).to(dtype)
                    self.check_newer(f"{name} of integers", getattr(torch, name), x)
        self.check(torch.abs, sample(-4, 4).requires_grad_())
        self.check(torch.frac, sample(-4, 4))
        for decimals in (0, 2, -1):
            x = sample(-400, 400)
            self.check_newer(
                "round(decimals=)",
                lambda t, d=decimals: torch.round(t, decimals=d),
                x,
                tolerance=1e-3,
            )
        self.check(torch.neg, torch.tensor([1, 200, 255], dtype=torch.uint8))
        self.check(torch.abs, torch.tensor([-128, -5, 5], dtype=torch.int16))

    def test_in_place_and_out(self):
        for name in ("exp", "sqrt", "abs", "neg", "floor", "sigmoid", "tanh", "log2"):
            with self.subTest(name):
                self.check(lambda x, name=name: getattr(x, name + "_")(), sample(0.2, 2))
                out = torch.empty(5, 7)
                self.check(lambda x, out, name=name: getattr(torch, name)(x, out=out),
                           sample(0.2, 2), out)  # fmt: skip
                strided = torch.zeros(7, 5).t()
                self.check(lambda x, out, name=name: getattr(torch, name)(x, out=out),
                           sample(0.2, 2), strided)  # fmt: skip
        double = torch.empty(5, 7, dtype=torch.float64)
        self.check(lambda x, out: torch.exp(x, out=out), sample(0.2, 2), double)

    def test_out_is_resized(self):
        x = sample(0.2, 2).npu()
        out = torch.empty(0, device="npu")
        torch.exp(x, out=out)
        self.assertEqual(tuple(out.shape), (5, 7))

    def test_results_that_do_not_fit_are_refused(self):
        x = torch.arange(4).npu()
        with self.assertRaisesRegex(RuntimeError, "can't be cast to the desired output type"):
            x.exp_()
        with self.assertRaisesRegex(RuntimeError, "can't be cast"):
            torch.exp(x, out=torch.empty(4, dtype=torch.int32, device="npu"))

    def test_questions(self):
        x = torch.tensor([1.0, float("nan"), float("inf"), -float("inf"), 0.0])
        for name in ("isnan", "isinf", "isfinite"):
            with self.subTest(name):
                self.check(getattr(torch, name), x)
                self.check(getattr(torch, name), x.half())
                self.check(getattr(torch, name), torch.arange(4))
        self.check(torch.logical_not, torch.tensor([0.0, 2.0, -0.5]))
        self.check(torch.logical_not, torch.tensor([0, 2, 3]))
        self.check(lambda t: t.logical_not_(), torch.tensor([0, 2, 3]))
        self.check(torch.bitwise_not, torch.tensor([0, 2, -3]))
        self.check(torch.bitwise_not, torch.tensor([True, False]))

    def test_odd_shapes(self):
        for shape in ((), (1,), (0,), (2, 0, 3), (1, 2, 3, 4, 5)):
            with self.subTest(shape):
                self.check(torch.exp, torch.rand(shape))
                self.check(torch.abs, torch.rand(shape))

    def test_slices(self):
        x = torch.rand(6, 8)
        self.check(lambda t: torch.exp(t[::2, 1:5]), x)
        self.check(lambda t: t[1:4].sqrt_(), x)
        self.check(lambda t: t[:, ::3].neg_(), x)

    def test_double_and_complex(self):
        self.check(torch.exp, sample(-1, 1, dtype=torch.float64))
        self.check(torch.exp, torch.randn(3, 4, dtype=torch.complex64))
        self.check(torch.abs, torch.randn(3, 4, dtype=torch.complex64), fallback=True)


if __name__ == "__main__":
    run_tests()
