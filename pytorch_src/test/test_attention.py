"""Attention: PyTorch's own, and by the name that libraries call on an NPU."""

import torch
import torch.nn.functional as F
from npu_testing import NpuTestCase, needs, run_tests
from torch.npu.attention import npu_fusion_attention


def made(shape, seed):
    """Return the same numbers for the same seed, as a leaf."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)).requires_grad_()


def attend(q, k, v, scale, sees=None):
    """Attention as it is defined; `sees` is True where a score counts."""
    scores = q @ k.transpose(-1, -2) * scale
    if sees is not None:
        scores = scores.masked_fill(~sees, float("-inf"))
    return scores.softmax(-1) @ v


@needs("torch.nn.functional.scaled_dot_product_attention")
class TestScaledDotProduct(NpuTestCase):
    """torch.nn.functional.scaled_dot_product_attention."""

    def test_masks(self):
        q, k, v = (made((2, 4, 5, 8), seed) for seed in range(3))
        product = F.scaled_dot_product_attention
        self.check(product, q, k, v)
        self.check(lambda *t: product(*t, is_causal=True), q, k, v)
        self.check(product, q, k, v, torch.rand(5, 5) > 0.3)
        self.check(product, q, k, v, torch.randn(2, 1, 5, 5))


class TestFusionAttention(NpuTestCase):
    """npu_fusion_attention."""

    def test_layouts(self):
        q, k, v = (torch.randn(2, 4, 6, 8) for _ in range(3))
        want = attend(q, k, v, 0.3)
        layouts = {
            "BNSD": lambda t: t,
            "BSND": lambda t: t.transpose(1, 2),
            "BSH": lambda t: t.transpose(1, 2).flatten(2),
            "SBH": lambda t: t.permute(2, 0, 1, 3).flatten(2),
        }
        for layout, laid_out in layouts.items():
            given = [laid_out(t).npu() for t in (q, k, v)]
            got = npu_fusion_attention(*given, 4, layout, scale=0.3)
            self.assert_same(got[0], laid_out(want))
            self.assertEqual(tuple(got[1].shape), (2, 4, 6, 8))

    def test_rows(self):
        q, k, v = (torch.randn(1, 2, 3, 4) for _ in range(3))
        got = npu_fusion_attention(q.npu(), k.npu(), v.npu(), 2, "BNSD", scale=0.5)
        scores = q @ k.transpose(-1, -2) * 0.5
        largest = scores.amax(-1, keepdim=True)
        self.assert_same(got[1], largest.expand(1, 2, 3, 8))
        self.assert_same(got[2], (scores - largest).exp().sum(-1, keepdim=True).expand(1, 2, 3, 8))

    def test_masks_and_modes(self):
        q, k, v = torch.randn(1, 2, 3, 4), torch.randn(1, 2, 5, 4), torch.randn(1, 2, 5, 4)
        on_npu = [t.npu() for t in (q, k, v)]
        hidden = torch.rand(3, 5) > 0.6
        hidden[:, 0] = False
        triangle = torch.ones(2048, 2048).triu(1).bool().npu()
        rows, columns = torch.arange(3).unsqueeze(1), torch.arange(5)
        for mode, mask, sees in (
            (0, hidden.npu(), ~hidden),
            (1, hidden.npu(), ~hidden),
            (2, triangle, columns <= rows),
            (3, triangle, columns <= rows + 2),
        ):
            got = npu_fusion_attention(
                *on_npu, 2, "BNSD", atten_mask=mask, scale=0.5, sparse_mode=mode
            )
            want = attend(q, k, v, 0.5, sees)
            self.assert_same(got[0], want)

    def test_shared_heads_and_packed_batches(self):
        q, k, v = torch.randn(7, 4, 8), torch.randn(9, 2, 8), torch.randn(9, 2, 8)
        got = npu_fusion_attention(
            q.npu(), k.npu(), v.npu(), 4, "TND", actual_seq_qlen=(3, 7), actual_seq_kvlen=(4, 9)
        )
        parts = []
        for rows, columns in ((slice(0, 3), slice(0, 4)), (slice(3, 7), slice(4, 9))):
            heads = [t.transpose(0, 1) for t in (q[rows], k[columns], v[columns])]
            heads[1:] = [t.repeat_interleave(2, 0) for t in heads[1:]]
            parts.append(attend(*heads, 1.0).transpose(0, 1))
        self.assert_same(got[0], torch.cat(parts))

    def test_gradients(self):
        leaves = [made((2, 3, 4, 8), seed) for seed in range(3)]
        on_npu = [t.detach().npu().requires_grad_() for t in leaves]
        want = attend(*leaves, 0.3)
        got = npu_fusion_attention(*on_npu, 3, "BNSD", scale=0.3)[0]
        seed = torch.randn(want.shape)
        want.backward(seed)
        got.backward(seed.npu())
        for npu, cpu in zip(on_npu, leaves):
            self.assert_same(npu.grad, cpu.grad)

    def test_dropout(self):
        one = torch.ones(1, 1, 64, 64, device="npu")
        got = npu_fusion_attention(one, one, one, 1, "BNSD", keep_prob=0.5)[0]
        self.assertAlmostEqual(got.mean().item(), 1.0, delta=0.2)
        self.assertGreater(got.std().item(), 0.01)

    def test_refuses(self):
        x = torch.ones(1, 1, 2, 2, device="npu")
        for arguments, text in (
            ({"input_layout": "NSBD"}, "BSH, SBH, BSND, BNSD, TND"),
            ({"sparse_mode": 7}, "0, 1, 2 or 3"),
            ({"pre_tockens": 5}, "atten_mask"),
            ({"prefix": [1]}, "prefix is not supported"),
            ({"input_layout": "TND"}, "actual_seq_qlen"),
        ):
            with self.assertRaisesRegex(ValueError, text):
                npu_fusion_attention(x, x, x, 1, **{"input_layout": "BNSD", **arguments})


if __name__ == "__main__":
    run_tests()
