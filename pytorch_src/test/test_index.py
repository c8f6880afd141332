"""Reading and writing with tensors as indices, and along an axis at an index."""

import torch
from npu_testing import NpuTestCase, fallback_mode, run_tests

TYPES = (
    torch.float32,
    torch.float16,
    torch.bfloat16,
    torch.float64,
    torch.int64,
    torch.int32,
    torch.int16,
    torch.uint8,
    torch.bool,
)


def numbers(*shape, dtype=torch.float32):
    """Whole numbers, which every type has, so that order and rounding do not matter."""
    return torch.randint(0, 5, shape).to(dtype)


class TestIndex(NpuTestCase):
    """x[i, j] on both sides of the equals sign."""

    def setUp(self):
        torch.manual_seed(0)
        self.x = torch.randn(4, 5, 6)
        self.i = torch.tensor([2, 0, 3, 0])

    def test_reading(self):
        x = self.x.clone().requires_grad_()
        for look in (
            lambda t, i: t[i],
            lambda t, i: t[:, i],
            lambda t, i: t[i, i],
            lambda t, i: t[i, :, i],
            lambda t, i: t[:, i, i],
            lambda t, i: t[i - 4],
            lambda t, i: t[i, i - 4],
            lambda t, i: t[i.view(2, 2), 1:3],
            lambda t, i: t[i.view(4, 1), i],
            lambda t, i: t[None, i, ..., 2],
            lambda t, i: t[i[:0]],
            lambda t, i: t.transpose(0, 2)[i, i],
        ):
            self.check(look, x, self.i)

    def test_masks(self):
        x = self.x.clone().requires_grad_()
        rows = torch.tensor([True, False, True, True])
        self.check(lambda t: t[t > 0], x)
        self.check(lambda t, m: t[m], x, rows)
        self.check(lambda t, m: t[m, 1], x, rows)
        self.check(lambda t, m: t[m, torch.tensor([0, 1, 2], device=t.device)], x, rows)
        self.check(lambda t: t[t > 100], x)

    def test_types(self):
        for dtype in TYPES:
            x = numbers(4, 5, 6, dtype=dtype)
            self.check(lambda t, i: (t[i], t[i, :, i], t.index_select(1, i), t.take(i)), x, self.i)
            self.check_newer("index of 32 bits", lambda t, i: (t[i.int()],), x, self.i)

    def test_writing(self):
        def each(t, i):
            t[i[:3]] = t[1:4] * 2
            t[:, i] = 7
            t[i[:3], :, i[:3]] = -1
            t[1:3, i[:2]] = t[1:3, :2] + 1
            t[t > 1] = 0
            t[t[:, 0, 0] < 1] = t[0].clone()
            return t

        for dtype in (torch.float32, torch.float16, torch.int64, torch.int32):
            self.check(each, numbers(4, 5, 6, dtype=dtype), self.i)

    def test_putting(self):
        distinct = torch.tensor([2, 0, -1])
        for dtype in TYPES:
            x, v = numbers(4, 5, 6, dtype=dtype), numbers(3, 6, dtype=dtype)
            self.check(lambda t, i, v: t.index_put_((i, i), v), x, distinct, v)
            self.check(lambda t, i, v: t.index_put_((i,), v[0]), x, distinct, v)
            self.check(lambda t, i, v: t.transpose(0, 1).index_put_((i,), v[:1]), x, distinct, v)

    def test_accumulating(self):
        equal = torch.tensor([2, 0, 2, -2])
        for dtype in TYPES:
            x, v = numbers(4, 5, 6, dtype=dtype), numbers(4, 6, dtype=dtype)
            self.check(lambda t, i, v: t.index_put_((i, i), v, accumulate=True), x, equal, v)
        x = self.x.clone().requires_grad_()
        v = torch.randn(4, 6, requires_grad=True)
        self.check(lambda t, i, v: t.index_put((i, i), v, accumulate=True), x, equal, v)

    def test_along_an_axis(self):
        x = self.x.clone().requires_grad_()
        source = torch.randn(4, 4, 6, requires_grad=True)
        distinct = torch.tensor([2, 0, 3, 4])
        self.check(lambda t, i: t.index_select(-1, i), x, self.i)
        self.check(lambda t, i, s: t.index_add(1, i, s), x, self.i, source)
        self.check_newer(
            "index_add(alpha=)",
            lambda t, i, s: t.index_add(1, i, s, alpha=-2),
            x,
            self.i,
            source,
        )
        self.check(lambda t, i, s: t.index_copy(1, i, s), x, distinct, source)
        self.check(lambda t, i: t.index_fill(1, i - 1, 2.5), x, self.i)
        plain, add = self.x, source.detach()
        self.check(lambda t, i, s: t.transpose(0, 1).index_add_(0, i, s), plain, self.i, add)
        self.check(lambda t, i, s: t.transpose(0, 1).index_copy_(0, i, s), plain, distinct, add)
        for dtype in (torch.int64, torch.float64, torch.bfloat16, torch.uint8):
            t, s = numbers(4, 5, 6, dtype=dtype), numbers(4, 4, 6, dtype=dtype)
            self.check(lambda t, i, s: t.index_add_(1, i, s), t, self.i, s)

    def test_flat(self):
        i = torch.tensor([2, 0, -1, 2])
        self.check(lambda t, i: t.take(i), self.x.clone().requires_grad_(), i)
        self.check(lambda t, i, s: t.put_(i, s, accumulate=True), self.x, i, torch.randn(4))
        self.check(lambda t, i, s: t.put_(i[1:], s[1:]), self.x, i, torch.randn(4))

    def test_out_of_range(self):
        x = torch.zeros(4, 3, device="npu")
        far = torch.tensor([9], device="npu")
        ones = torch.ones(1, 3, device="npu")
        whole = torch.zeros(4, 3, device="npu", dtype=torch.int64)
        for bad in (
            lambda: x[far],
            lambda: x[far, far],
            lambda: x.index_select(0, far),
            lambda: x.index_put_((far,), ones),
            lambda: x.index_put_((far, far), ones[0, 0], accumulate=True),
            lambda: whole.index_put_((far, far), whole[0, :1], accumulate=True),
            lambda: x.index_add_(0, far, ones),
            lambda: x.take(far + 9),
        ):
            with self.assertRaises((RuntimeError, IndexError)):
                bad()
                torch.npu.synchronize()
        self.assertEqual((x + 1).cpu().sum(), 12)

    def test_refused(self):
        x = torch.zeros(4, 3, device="npu")
        with self.assertRaisesRegex(IndexError, "too many indices"):
            x[(torch.tensor([0], device="npu"),) * 3]
        with self.assertRaisesRegex(IndexError, "shape of the mask"):
            x[torch.ones(3, dtype=torch.bool, device="npu")]
        with self.assertRaisesRegex(IndexError, "int32 and int64 are allowed"):
            x.index_select(0, torch.tensor([0.0], device="npu"))
        with self.assertRaisesRegex(IndexError, "dtypes match"):
            x.index_put_((torch.tensor([0], device="npu"),), torch.ones(1, 3).long().npu())
        with fallback_mode("error"):
            self.assertEqual(x[torch.tensor([1])].shape, (1, 3))


if __name__ == "__main__":
    run_tests()
