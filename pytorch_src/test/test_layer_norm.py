"""Layer and group normalisation and dropout on the NPU, beside the CPU."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from npu_testing import NpuTestCase, assert_close, fallback_mode, run_tests


def randn(*sizes, dtype=torch.float32):
    """Random numbers that ask for a gradient."""
    return torch.randn(*sizes).to(dtype).requires_grad_()


class TestLayerNorm(NpuTestCase):
    """Over one dim or several."""

    def test_shapes(self):
        for shape, last in (((4, 5), 1), ((4, 3, 5), 1), ((4, 3, 5), 2), ((4, 3, 5), 3)):
            with self.subTest(shape=shape, last=last):
                sizes = shape[-last:]
                self.check(
                    lambda x, w, b, s=sizes: F.layer_norm(x, s, w, b),
                    randn(*shape),
                    randn(*sizes),
                    randn(*sizes),
                )

    def test_without_parameters(self):
        self.check(lambda x: F.layer_norm(x, (5,)), randn(4, 3, 5))
        self.check(lambda x, w: F.layer_norm(x, (5,), w), randn(4, 3, 5), randn(5))

    def test_types(self):
        for dtype in (torch.float16, torch.bfloat16):
            self.check(
                lambda x, w, b: F.layer_norm(x, (8,), w, b),
                randn(4, 8, dtype=dtype),
                randn(8, dtype=dtype),
                randn(8, dtype=dtype),
                tolerance=5e-2,
            )

    def test_strided(self):
        self.check(lambda x: F.layer_norm(x.transpose(1, 2), (3,)), randn(4, 3, 5))

    def test_wrong_shape(self):
        with self.assertRaisesRegex(RuntimeError, "normalized_shape"):
            F.layer_norm(torch.ones(4, 5).npu(), (4,))


class TestGroupNorm(NpuTestCase):
    """Of channels in groups."""

    def test_groups(self):
        for groups in (1, 2, 6):
            for shape in ((4, 6), (4, 6, 5), (4, 6, 5, 3)):
                with self.subTest(groups=groups, shape=shape):
                    if shape == (4, 6) and groups == 6:
                        continue  # one value in a group: nothing but rounding is left of it
                    self.check(
                        lambda x, w, b, g=groups: F.group_norm(x, g, w, b),
                        randn(*shape),
                        randn(6),
                        randn(6),
                    )
        self.check(lambda x: F.group_norm(x, 2), randn(4, 6, 5))

    def test_types(self):
        for dtype in (torch.float16, torch.bfloat16):
            self.check(
                lambda x, w, b: F.group_norm(x, 2, w, b),
                randn(4, 6, 5, dtype=dtype),
                randn(6, dtype=dtype),
                randn(6, dtype=dtype),
                tolerance=5e-2,
            )


class TestDropout(NpuTestCase):
    """What is dropped is random; how much and what becomes of the rest is not."""

    def test_share_and_scale(self):
        with fallback_mode("error"):
            x = torch.ones(400, 250, device="npu", requires_grad=True)
            y = F.dropout(x, 0.3)
            y.sum().backward()
        dropped = (y == 0).float().mean().item()
        self.assertAlmostEqual(dropped, 0.3, delta=0.01)
        kept = y.detach().cpu()
        assert_close(kept[kept != 0], torch.full_like(kept[kept != 0], 1 / 0.7), 1e-5, 1e-5)
        self.assertTrue(torch.equal(x.grad.cpu(), kept))

    def test_seed_repeats(self):
        x = torch.ones(1000, device="npu")
        first, second = F.dropout(x), F.dropout(x)
        self.assertFalse(torch.equal(first.cpu(), second.cpu()))
        torch.npu.manual_seed(7)
        third = F.dropout(x)
        torch.npu.manual_seed(7)
        self.assertTrue(torch.equal(F.dropout(x).cpu(), third.cpu()))

    def test_all_or_nothing(self):
        self.check(lambda x: F.dropout(x, 0.5, training=False), randn(4, 5))
        self.check(lambda x: F.dropout(x, 0.0), randn(4, 5))
        self.check(lambda x: F.dropout(x, 1.0), randn(4, 5))


class TestGates(NpuTestCase):
    """Units with a learnt gate or slope."""

    def test_glu(self):
        for dim in (0, 1, -1):
            self.check(lambda x, d=dim: F.glu(x, d), randn(4, 6, 2))
        with self.assertRaisesRegex(RuntimeError, "must be even"):
            F.glu(torch.ones(3).npu())

    def test_prelu(self):
        self.check(F.prelu, randn(2, 6, 5), randn(6))
        self.check(F.prelu, randn(2, 6, 5), randn(1))


if __name__ == "__main__":
    run_tests()
