"""Logic and operations on bits."""

import torch
from npu_testing import NpuTestCase, needs, run_tests

INTEGERS = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)


class TestLogical(NpuTestCase):
    def setUp(self):
        torch.manual_seed(7)

    def test_logical(self):
        for name in ("logical_and", "logical_or", "logical_xor"):
            for dtype in (torch.bool, torch.float32, torch.int64, torch.uint8, torch.float16):
                with self.subTest(name=name, dtype=dtype):
                    x = torch.tensor([0, 0, 2, 3]).to(dtype)
                    y = torch.tensor([0, 1, 0, 5]).to(dtype)
                    self.check(getattr(torch, name), x, y)
                    self.check(lambda p, q, n=name: getattr(p, n + "_")(q), x, y)
            self.check(getattr(torch, name), torch.tensor([0.5, 0.0]), torch.tensor([1, 0]))
            self.check(lambda p, q, out, n=name: getattr(torch, n)(p, q, out=out),
                       torch.tensor([1, 0]), torch.tensor([1, 1]), torch.empty(2))  # fmt: skip

    def test_bits(self):
        for name in ("bitwise_and", "bitwise_or", "bitwise_xor"):
            for dtype in INTEGERS:
                with self.subTest(name=name, dtype=dtype):
                    x = torch.randint(0, 100, (3, 4)).to(dtype)
                    y = torch.randint(0, 100, (4,)).to(dtype)
                    self.check(getattr(torch, name), x, y)
                    self.check(lambda p, n=name: getattr(torch, n)(p, 6), x)
                    self.check_newer(
                        f"{name}(number, tensor)", lambda p, n=name: getattr(torch, n)(6, p), x
                    )
                    self.check(lambda p, q, n=name: getattr(p, n + "_")(q), x, y)
            x, y = torch.tensor([True, True, False]), torch.tensor([True, False, False])
            self.check(getattr(torch, name), x, y)
            self.check(lambda p, n=name: getattr(torch, n)(p, True), x)
            self.check_newer(
                f"{name} of bool and int", getattr(torch, name), x, torch.tensor([1, 2, 3])
            )

    @needs("torch.bitwise_left_shift", "torch.bitwise_right_shift")
    def test_shifts(self):
        for name in ("bitwise_left_shift", "bitwise_right_shift"):
            for dtype in INTEGERS:
                with self.subTest(name=name, dtype=dtype):
                    x = torch.randint(0, 30, (3, 4)).to(dtype)
                    y = torch.randint(0, 3, (3, 4)).to(dtype)
                    self.check(getattr(torch, name), x, y)
                    self.check(lambda p, n=name: getattr(torch, n)(p, 2), x)
        self.check(torch.bitwise_right_shift, torch.tensor([-8, -1]), torch.tensor([1, 1]))

    def test_floats_have_no_bits(self):
        with self.assertRaises(RuntimeError):
            torch.bitwise_and(torch.rand(2).npu(), torch.rand(2).npu())


if __name__ == "__main__":
    run_tests()
