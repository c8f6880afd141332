"""Operators without a kernel of ours are computed on the CPU, and said to be."""

import os
import subprocess
import sys
import unittest
import warnings

import torch
from npu_testing import IMPORT, NpuTestCase, fallback_mode, run_tests


def missing(x):
    """Call an operator that no kernel of ours computes."""
    return torch.i0(x)


class TestFallback(NpuTestCase):
    """The modes of ASCENDTORCH_FALLBACK."""

    def test_result_is_on_the_device(self):
        self.check(missing, torch.rand(3, 4), fallback=True)
        self.check(missing, torch.rand(4, 3).t(), fallback=True)

    def test_out(self):
        def into(x):
            out = torch.empty(0, device=x.device)
            return torch.i0(x, out=out)

        self.check(into, torch.rand(3), fallback=True)

    def test_counts(self):
        torch.npu.reset_fallback_counts()
        with fallback_mode("silent"):
            missing(torch.rand(2).npu())
            missing(torch.rand(2).npu())
        self.assertEqual(torch.npu.fallback_counts(), {"aten::i0.out": 2})
        torch.npu.reset_fallback_counts()
        self.assertEqual(torch.npu.fallback_counts(), {})

    def test_warns_once(self):
        program = (
            f"{IMPORT}\n"
            "import warnings; warnings.simplefilter('always')\n"
            "for _ in range(3): torch.i0(torch.rand(2).npu())\n"
        )
        env = dict(os.environ, ASCENDTORCH_FALLBACK="warn")
        done = subprocess.run(
            [sys.executable, "-c", program], env=env, stderr=subprocess.PIPE, check=True
        )
        text = done.stderr.decode()
        self.assertEqual(text.count("aten::i0.out has no kernel for an NPU"), 1, text)

    def test_error(self):
        x = torch.rand(2).npu()
        error = self.assertRaisesRegex(RuntimeError, r"aten::i0\.out has no kernel")
        with fallback_mode("error"), error:
            missing(x)
        with fallback_mode("silent"):
            missing(x)

    def test_silent(self):
        with fallback_mode("silent"), warnings.catch_warnings():
            warnings.simplefilter("error")
            missing(torch.rand(2).npu())

    def test_unknown_mode(self):
        with self.assertRaisesRegex((RuntimeError, ValueError), "loud.*warn.*error.*silent"):
            torch.npu.set_fallback_mode("loud")


class TestMixedDevices(NpuTestCase):
    """One operator, one device; numbers of the CPU are let through."""

    def test_cpu_and_npu(self):
        with self.assertRaisesRegex(RuntimeError, "cpu"):
            torch.ones(3).npu() + torch.ones(3)
        with self.assertRaisesRegex(RuntimeError, "cpu"):
            torch.ones(3, 3).npu() @ torch.ones(3, 3)
        with fallback_mode("silent"), self.assertRaisesRegex(RuntimeError, "device"):
            torch.igamma(torch.ones(3).npu(), torch.ones(3))
        with fallback_mode("silent"), self.assertRaisesRegex(RuntimeError, "on one device"):
            torch.cdist(torch.ones(3, 3).npu(), torch.ones(3, 3))
        self.assert_same(torch.ones(3).npu() + 1, torch.full((3,), 2.0))

    @unittest.skipIf(torch.npu.device_count() < 2, "needs two devices")
    def test_two_npus(self):
        with self.assertRaisesRegex(RuntimeError, "npu:1"):
            torch.ones(3).to("npu:0") + torch.ones(3).to("npu:1")

    def test_numbers_of_the_cpu(self):
        x = torch.arange(3.0)
        self.assert_same(x.npu() * torch.tensor(2.5), x * 2.5)
        self.assert_same(torch.tensor(2.5) - x.npu(), 2.5 - x)
        self.assert_same(x.npu() == torch.tensor(1.0), x == 1)


if __name__ == "__main__":
    run_tests()
