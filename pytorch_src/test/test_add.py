"""Addition and subtraction: promotion, broadcasting, alpha, numbers on either side."""

import torch
from npu_testing import NpuTestCase, fallback_mode, run_tests

TYPES = (
    torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.float16,
    torch.bfloat16, torch.float32, torch.float64,
)  # fmt: skip


def sample(dtype, shape=(3, 4)):
    if dtype == torch.bool:
        return torch.rand(shape) > 0.5
    if dtype.is_floating_point:
        return torch.randn(shape).to(dtype)
    return torch.randint(0, 20, shape).to(dtype)


class TestAdd(NpuTestCase):
    def setUp(self):
        torch.manual_seed(7)

    def test_every_pair_of_types(self):
        for a in TYPES:
            for b in TYPES:
                with self.subTest(a=a, b=b):
                    self.check(torch.add, sample(a), sample(b))

    def test_numbers(self):
        for dtype in TYPES:
            for number in (2, 2.5, True):
                with self.subTest(dtype=dtype, number=number):
                    self.check(lambda x, n=number: x + n, sample(dtype))
                    self.check(lambda x, n=number: n + x, sample(dtype))
                    if dtype != torch.bool and number is not True:
                        self.check(lambda x, n=number: x - n, sample(dtype))
                        self.check(lambda x, n=number: n - x, sample(dtype))

    def test_tensors_of_no_dimension(self):
        x = sample(torch.float16)
        self.check(torch.add, x, torch.tensor(3.0))
        self.check(torch.add, x, torch.tensor(3))
        self.check(torch.add, sample(torch.int32), torch.tensor(2.5))
        on_cpu = torch.tensor(3.0)
        self.assert_same(x.npu() + on_cpu, x + on_cpu)
        self.assert_same(on_cpu - x.npu(), on_cpu - x)

    def test_broadcasting_and_gradients(self):
        shapes = (((3, 4), (4,)), ((3, 1), (1, 4)), ((2, 3, 4), (3, 1)), ((), (3, 4)))
        for a, b in shapes:
            with self.subTest(a=a, b=b):
                x, y = torch.randn(a).requires_grad_(), torch.randn(b).requires_grad_()
                self.check(torch.add, x, y)
                self.check(torch.sub, x, y)
                self.check(lambda p, q: torch.add(p, q, alpha=3), x, y)
                self.check(lambda p, q: torch.rsub(p, q, alpha=1), x, y)

    def test_alpha(self):
        for dtype in (torch.int32, torch.int64, torch.uint8, torch.float16, torch.float32,
                      torch.float64):  # fmt: skip
            for alpha in (1, 2, -3 if dtype != torch.uint8 else 4):
                with self.subTest(dtype=dtype, alpha=alpha):
                    x, y = sample(dtype), sample(dtype)
                    tolerance = 4e-3 if dtype == torch.float16 else None
                    self.check(lambda p, q, a=alpha: torch.add(p, q, alpha=a), x, y,
                               tolerance=tolerance)  # fmt: skip
                    self.check(lambda p, q, a=alpha: torch.sub(p, q, alpha=a), x, y,
                               tolerance=tolerance)  # fmt: skip
                    self.check(lambda p, a=alpha: torch.add(p, 5, alpha=a), x, tolerance=tolerance)
        # Exact where a float would not be.
        big = torch.tensor([2**40 + 1])
        self.check(lambda p: torch.add(p, p, alpha=3), big)

    def test_in_place_and_out(self):
        x, y = torch.randn(3, 4), torch.randn(4)
        self.check(lambda p, q: p.add_(q), x, y)
        self.check(lambda p, q: p.sub_(q, alpha=0.5), x, y)
        self.check(lambda p, q, out: torch.add(p, q, out=out), x, y, torch.empty(3, 4))
        self.check(lambda p, q, out: torch.sub(p, q, out=out), x, y, torch.empty(4, 3).t())
        self.check(lambda p: p.t().add_(1), x)
        self.check(lambda p: p[:, 1].add_(p[:, 2]), x)
        self.check(lambda p: p.add_(p), x)
        self.check(lambda p: p.add_(1), torch.arange(3))

    def test_what_is_refused(self):
        x = torch.randn(3, 4).npu()
        with self.assertRaisesRegex(RuntimeError, "size|broadcast|shape"):
            x + torch.randn(5).npu()
        with self.assertRaisesRegex(RuntimeError, "can't be cast"):
            torch.arange(3).npu().add_(1.5)
        with self.assertRaisesRegex(RuntimeError, "shape"):
            torch.randn(4).npu().add_(x)
        with self.assertRaisesRegex(RuntimeError, "cpu|device"):
            x + torch.randn(3, 4)
        with self.assertRaisesRegex(RuntimeError, "device|npu:1"):
            x + torch.randn(3, 4).to("npu:1")
        with fallback_mode("silent"), self.assertRaisesRegex(RuntimeError, "alpha|Boolean|bool"):
            torch.add(torch.arange(3).npu(), 1, alpha=1.5)

    def test_unsupported_types_are_named(self):
        x = torch.randn(2, dtype=torch.complex64).npu()
        with fallback_mode("error"), self.assertRaisesRegex(RuntimeError, "atan2.*ComplexFloat"):
            torch.atan2(x, x)


if __name__ == "__main__":
    run_tests()
