"""Copies in every direction, across types, strides and devices; constants; single numbers."""

import itertools
import unittest

import torch
from npu_testing import NpuTestCase, run_tests

TYPES = [
    torch.float32, torch.float16, torch.bfloat16, torch.float64, torch.int8, torch.uint8,
    torch.int16, torch.int32, torch.int64, torch.bool, torch.complex64,
]  # fmt: skip


def numbers(shape, dtype):
    """Return numbers that every type holds."""
    return torch.randint(0, 2 if dtype is torch.bool else 100, shape).to(dtype)


def strided(dtype):
    """Yield one tensor of each kind of strides."""
    yield numbers((3, 4), dtype).t()
    yield numbers((6, 4), dtype)[::2, 1:3]
    yield numbers((1, 4), dtype).expand(5, 4)
    yield numbers((2, 3, 4), dtype).permute(2, 0, 1)
    yield numbers((), dtype)
    yield numbers((0, 3), dtype)


class TestCopy(NpuTestCase):
    """copy_, to, cpu, npu, contiguous, clone."""

    def test_there_and_back(self):
        for dtype in TYPES:
            for x in strided(dtype):
                with self.subTest(dtype=dtype, shape=tuple(x.shape)):
                    y = x.npu()
                    self.assertEqual(y.device, torch.device("npu:0"))
                    self.assert_same(y, x)

    def test_strides_on_the_device(self):
        for dtype in TYPES:
            with self.subTest(dtype=dtype):
                x = numbers((4, 5, 6), dtype)
                self.check(lambda t: t.transpose(0, 2).contiguous(), x)
                self.check(lambda t: t[1:, ::2, 3].clone(), x)
                self.check(lambda t: t.permute(1, 2, 0).reshape(-1), x)
                self.check(lambda t: t[0, 0].expand(3, 6).contiguous(), x)

    def test_types_on_the_device(self):
        for source, target in itertools.product(TYPES, TYPES):
            if source.is_complex and not target.is_complex:
                continue
            with self.subTest(source=source, target=target):
                x = numbers((3, 5), source)
                self.check(lambda t, target=target: t.to(target), x)
                self.check(lambda t, target=target: t.t().to(target), x)

    def test_into_a_view(self):
        for dtype in TYPES:
            with self.subTest(dtype=dtype):

                def into(t, value):
                    t[1:, ::2].copy_(value)
                    t[0].copy_(t[2])
                    return t

                self.check(into, numbers((4, 6), dtype), numbers((3, 1), dtype))

    def test_into_a_view_from_the_host(self):
        base = torch.zeros(4, 6)
        on_npu = base.npu()
        values = torch.randn(3, 3)
        base[1:, ::2] = values
        on_npu[1:, ::2] = values
        self.assert_same(on_npu, base)

    def test_into_the_host(self):
        x = torch.randn(3, 4)
        target = torch.zeros(4, 3, dtype=torch.float64).t()
        target.copy_(x.npu())
        self.assertTrue(target.equal(x.double()))
        wide = torch.zeros(2, 3, 4)
        wide.copy_(x.npu())
        self.assertTrue(wide.equal(x.expand(2, 3, 4)))

    def test_refuses_shapes(self):
        with self.assertRaisesRegex(RuntimeError, "expanded|broadcast|size"):
            torch.zeros(3).npu().copy_(torch.zeros(4).npu())
        with self.assertRaisesRegex(RuntimeError, "expanded|broadcast|size"):
            torch.zeros(3).npu().copy_(torch.zeros(2, 3))

    @unittest.skipIf(torch.npu.device_count() < 2, "needs two devices")
    def test_between_devices(self):
        for x in strided(torch.float32):
            there = x.to("npu:0").to("npu:1")
            self.assertEqual(there.device, torch.device("npu:1"))
            self.assert_same(there, x)
        target = torch.zeros(4, 3, device="npu:1").t()
        target.copy_(torch.arange(12).view(3, 4).to("npu:0"))
        self.assert_same(target, torch.arange(12).view(3, 4).float())

    def test_pinned_and_not_waiting(self):
        x = torch.randn(1 << 16).pin_memory()
        self.assertTrue(x.is_pinned())
        on_npu = x.to("npu", non_blocking=True)
        back = torch.empty_like(x).pin_memory()
        back.copy_(on_npu, non_blocking=True)
        torch.npu.synchronize()
        self.assertTrue(back.equal(x))

    def test_a_temporary_of_a_copy_that_does_not_wait(self):
        for _ in range(20):
            x = torch.randn(1 << 14)
            want = x.half()
            got = x.to("npu", dtype=torch.half, non_blocking=True)
            x.zero_()
            self.assert_same(got, want)


class TestConstants(NpuTestCase):
    """fill_, zero_, item, factories."""

    def test_fill(self):
        for dtype in TYPES:
            with self.subTest(dtype=dtype):
                self.check(lambda t: t.fill_(1), numbers((3, 4), dtype))
                self.check(lambda t: t.zero_(), numbers((3, 4), dtype))
                self.check(lambda t: t[:, ::2].fill_(1), numbers((3, 4), dtype))
                self.check(lambda t: t.t()[1:].zero_(), numbers((3, 4), dtype))

    def test_large_integers_are_exact(self):
        self.check(lambda t: t.fill_(2**53 + 1), torch.zeros(2, dtype=torch.int64))

    def test_item(self):
        for dtype in TYPES:
            x = numbers((1,), dtype)
            self.assertEqual(x.npu().item(), x.item())
        self.assertEqual(torch.arange(6).view(2, 3).npu()[1, 2].item(), 5)

    def test_factories(self):
        for dtype in (torch.float32, torch.float16, torch.int32, torch.int64, torch.bool):
            for make in (torch.ones, torch.zeros):
                x = make(2, 3, dtype=dtype, device="npu")
                self.assert_same(x, make(2, 3, dtype=dtype))
            x = torch.full((2,), 1, dtype=dtype, device="npu:0")
            self.assert_same(x, torch.full((2,), 1, dtype=dtype))
            self.assert_same(torch.ones_like(x), torch.ones(2, dtype=dtype))
            self.assert_same(x.new_zeros(3), torch.zeros(3, dtype=dtype))
        self.assert_same(torch.tensor([1.5, 2.5], device="npu"), torch.tensor([1.5, 2.5]))
        self.assertEqual(torch.empty(2, 3, device="npu").stride(), (3, 1))
        self.assertEqual(torch.empty_strided((2, 3), (1, 2), device="npu").stride(), (1, 2))

    def test_print(self):
        self.assertEqual(str(torch.ones(2, device="npu")), "tensor([1., 1.], device='npu:0')")


if __name__ == "__main__":
    run_tests()
