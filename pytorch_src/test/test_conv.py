"""Convolution and its gradients on the NPU, beside the CPU."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from npu_testing import NpuTestCase, run_tests


def randn(*sizes, dtype=torch.float32):
    """Random numbers that ask for a gradient."""
    return torch.randn(*sizes).to(dtype).requires_grad_()


class TestConvolution(NpuTestCase):
    """In one to three dimensions, transposed too."""

    def test_windows(self):
        for stride, padding, dilation in ((1, 0, 1), (2, 1, 1), (1, 2, 2), ((2, 1), (0, 1), 1)):
            with self.subTest(stride=stride, padding=padding, dilation=dilation):
                self.check(
                    lambda x, w, b, s=stride, p=padding, d=dilation: F.conv2d(x, w, b, s, p, d),
                    randn(2, 4, 9, 8),
                    randn(6, 4, 3, 3),
                    randn(6),
                )

    def test_without_bias(self):
        self.check(F.conv2d, randn(2, 4, 9, 8), randn(6, 4, 3, 3))
        self.check(F.conv2d, randn(2, 4, 9, 8), randn(6, 4, 1, 1))

    def test_groups(self):
        self.check(
            lambda x, w, b: F.conv2d(x, w, b, groups=2),
            randn(2, 4, 9, 8),
            randn(6, 2, 3, 3),
            randn(6),
        )
        self.check(
            lambda x, w, b: F.conv2d(x, w, b, 2, 1, groups=4),
            randn(2, 4, 9, 8),
            randn(4, 1, 3, 3),
            randn(4),
        )

    def test_some_gradients_only(self):
        self.check(F.conv2d, torch.randn(2, 4, 9, 8), randn(6, 4, 3, 3), randn(6))
        self.check(F.conv2d, randn(2, 4, 9, 8), torch.randn(6, 4, 3, 3), torch.randn(6))

    def test_one_dimension(self):
        self.check(
            lambda x, w, b: F.conv1d(x, w, b, 2, 1), randn(2, 4, 9), randn(6, 4, 3), randn(6)
        )
        self.check_newer("conv1d of one", F.conv1d, randn(4, 9), randn(6, 4, 3), randn(6))

    def test_three_dimensions(self):
        for dtype in (torch.float16, torch.bfloat16):
            with self.subTest(dtype=dtype):
                self.check(
                    lambda x, w: F.conv3d(x, w, None, 2, 1),
                    randn(1, 2, 5, 6, 7, dtype=dtype),
                    randn(4, 2, 3, 3, 3, dtype=dtype),
                    tolerance=2e-2,
                    # The CPU of PyTorch 1.8 adds up in bfloat16.
                    wide=dtype == torch.bfloat16,
                )
        # AscendCL's Conv3D takes no float32.
        self.check(F.conv3d, randn(1, 2, 5, 6, 7), randn(4, 2, 3, 3, 3), randn(4), fallback=True)

    def test_transposed(self):
        self.check(
            lambda x, w, b: F.conv_transpose2d(x, w, b, 2, 1, 1),
            randn(2, 4, 9, 8),
            randn(4, 6, 3, 3),
            randn(6),
        )
        self.check(
            lambda x, w, b: F.conv_transpose2d(x, w, b, 2, 1, 1, 2, 2),
            randn(2, 4, 9, 8),
            randn(4, 3, 3, 3),
            randn(6),
        )
        self.check(lambda x, w: F.conv_transpose1d(x, w, None, 3), randn(2, 4, 9), randn(4, 6, 3))

    def test_halves(self):
        for dtype in (torch.float16, torch.bfloat16):
            with self.subTest(dtype=dtype):
                self.check(
                    lambda x, w, b: F.conv2d(x, w, b, 1, 1),
                    randn(2, 4, 9, 8, dtype=dtype),
                    randn(6, 4, 3, 3, dtype=dtype),
                    randn(6, dtype=dtype),
                    tolerance=5e-2,
                    wide=dtype == torch.bfloat16,
                )

    def test_bias_gradients_of_halves_are_added_up_in_float32(self):
        """In its own type, a large number would not notice any of the small ones."""
        for dtype, large in ((torch.float16, 2048.0), (torch.bfloat16, 256.0)):
            with self.subTest(dtype=dtype):
                x = torch.zeros(1, 1, 17, 1, dtype=dtype, device="npu")
                weight = torch.zeros(3, 1, 1, 1, dtype=dtype, device="npu")
                bias = torch.zeros(3, dtype=dtype, device="npu", requires_grad=True)
                grad = torch.tensor([large] + [1.0] * 16).to("npu", dtype)
                F.conv2d(x, weight, bias).backward(grad.reshape(17, 1).expand(1, 3, 17, 1))
                self.assertEqual(bias.grad.tolist(), [large + 16] * 3)

    def test_strided_and_channels_last(self):
        self.check(lambda x, w: F.conv2d(x[:, :, ::2], w), randn(2, 4, 9, 8), randn(6, 4, 3, 3))
        x = torch.randn(2, 4, 9, 8).contiguous(memory_format=torch.channels_last)
        self.check(F.conv2d, x.requires_grad_(), randn(6, 4, 3, 3))

    def test_windows_beyond_the_operators(self):
        self.check(
            lambda x, w: F.conv2d(x, w, None, 70),
            randn(1, 2, 80, 80),
            randn(3, 2, 3, 3),
            fallback=True,
        )

    def test_double_goes_to_the_cpu(self):
        self.check(
            F.conv2d,
            randn(1, 2, 8, 8, dtype=torch.float64),
            randn(3, 2, 3, 3, dtype=torch.float64),
            fallback=True,
        )


if __name__ == "__main__":
    run_tests()
