"""Resizing by interpolation on the NPU, beside the CPU."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from npu_testing import NpuTestCase, run_tests


def randn(*sizes, dtype=torch.float32):
    """Random numbers that ask for a gradient."""
    return torch.randn(*sizes).to(dtype).requires_grad_()


IMAGES = {3: (2, 3, 5), 4: (2, 3, 5, 4), 5: (2, 3, 5, 4, 4)}
LINEAR = {3: "linear", 4: "bilinear", 5: "trilinear"}


class TestUpsample(NpuTestCase):
    """In one to three dimensions, up and down, by size and by scale."""

    def check_all(self, dims, **how):
        """Resize an image of so many dims in several ways."""
        for target in (
            {"size": 7},
            {"size": 2},
            {"scale_factor": 2},
            {"scale_factor": 1.7},
            {"scale_factor": 0.6},
        ):
            with self.subTest(dims=dims, **target, **how):
                self.check(lambda x, t=target: F.interpolate(x, **t, **how), randn(*IMAGES[dims]))

    def test_nearest(self):
        for dims in IMAGES:
            self.check_all(dims, mode="nearest")

    def test_linear(self):
        for dims, mode in LINEAR.items():
            for corners in (False, True):
                self.check_all(dims, mode=mode, align_corners=corners)

    def test_scales_recomputed(self):
        def resize(x):
            return F.interpolate(x, scale_factor=1.7, mode="bilinear", recompute_scale_factor=True)

        self.check(resize, randn(*IMAGES[4]))

    def test_types(self):
        for dtype in (torch.float16, torch.bfloat16):
            self.check(
                lambda x: F.interpolate(x, scale_factor=2),
                randn(1, 2, 4, 4, dtype=dtype),
                tolerance=2e-2,
            )
            self.check(
                lambda x: F.interpolate(x, scale_factor=2, mode="bilinear"),
                randn(1, 2, 4, 4, dtype=dtype),
                tolerance=5e-2,
            )
        self.check(
            lambda x: F.interpolate(x, scale_factor=2),
            torch.randint(0, 255, (1, 2, 4, 4), dtype=torch.uint8),
        )

    def test_bicubic_goes_to_the_cpu(self):
        self.check(
            lambda x: F.interpolate(x, size=7, mode="bicubic"), randn(*IMAGES[4]), fallback=True
        )


if __name__ == "__main__":
    run_tests()
