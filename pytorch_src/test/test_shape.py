"""Turning, repeating, triangles, and numbers in a row."""

import torch
from npu_testing import OLD, NpuTestCase, run_tests

TYPES = (torch.float16, torch.bfloat16, torch.float64, torch.int64, torch.int16, torch.uint8,
         torch.bool)  # fmt: skip


def counted(start, end, step, dtype, device):
    """Count on the device; the CPU of PyTorch 1.8 counts in no narrow type."""
    if device.type == "cpu" and dtype == torch.float16:
        return torch.arange(start, end, step, dtype=torch.float32).to(dtype)
    return torch.arange(start, end, step, dtype=dtype, device=device)


class TestShape(NpuTestCase):
    """Elements in other places."""

    def setUp(self):
        torch.manual_seed(0)
        self.x = torch.randn(4, 5, 6, requires_grad=True)

    def test_moving(self):
        for move in (
            lambda t: t.flip(0, -1),
            lambda t: t.transpose(0, 1).flip(1),
            lambda t: t.roll(3),
            lambda t: t.roll((1, -2), (0, 2)),
            lambda t: t.rot90(1, (0, 2)),
            lambda t: t.repeat(2, 1, 3, 1),
            lambda t: t.tile(2, 2),
            lambda t: t.repeat_interleave(2, 1),
            lambda t: t.unfold(1, 3, 1),
            lambda t: t.unfold(0, 2, 2).unfold(2, 3, 1),
            lambda t: t.tril(1),
            lambda t: t.triu(-2),
            lambda t: t[0].trace(),
            torch.diag_embed,
        ):
            self.check(move, self.x)
        # In PyTorch 1.8 it is an operator of its own.
        self.check(lambda t: torch.diag(t[0]), self.x, fallback=OLD)
        self.check(lambda t: torch.diag(t[0, 0], 1), self.x, fallback=OLD)
        self.check(lambda t: torch.channel_shuffle(t[:, :4], 2), self.x.detach())

    def test_types(self):
        for dtype in TYPES:
            x = torch.randint(0, 2, (4, 5, 6)).to(dtype)
            self.check(lambda t: (t.flip(1), t.roll(2, 0), t.repeat(1, 2, 1)), x)
            self.check(lambda t: (t.tril(), t.triu(1)), x)

    def test_repeats(self):
        often = torch.tensor([1, 0, 2, 3])
        self.check(lambda t, r: t.repeat_interleave(r, 0), self.x, often)
        self.check(torch.repeat_interleave, often)
        self.check(lambda t: t.repeat(0, 1, 1), self.x.detach())

    def test_in_place(self):
        self.check(lambda t: t.tril_(), self.x.detach())
        self.check(lambda t: t.transpose(0, 1).triu_(1), self.x.detach())
        self.check(lambda t: t[0].fill_diagonal_(2.0), self.x.detach())

    def test_counting(self):
        def rows(t):
            d = t.device
            return (
                torch.arange(5, device=d),
                torch.arange(5, -3, -2, device=d),
                torch.arange(0, 1, 0.1, device=d),
                torch.arange(1, 1, device=d),
                torch.arange(-2.5, 3, 0.75, device=d),
                torch.linspace(-1, 1, 7, device=d),
                torch.linspace(3, 3, 1, device=d),
                torch.linspace(0, 10, 5, dtype=torch.int64, device=d),
                torch.eye(3, 4, device=d),
                torch.eye(0, 4, device=d),
                torch.tril_indices(3, 4, 1, device=d),
                torch.triu_indices(4, 3, -1, device=d),
                torch.full((2, 3), 7, device=d),
            )

        self.check(rows, torch.zeros(1))
        for dtype in (torch.float16, torch.float32, torch.float64, torch.int64, torch.int32,
                      torch.int16, torch.uint8):  # fmt: skip
            self.check(
                lambda t, dtype=dtype: (
                    counted(0, 10, 3, dtype, t.device),
                    torch.eye(3, dtype=dtype, device=t.device),
                ),
                torch.zeros(1),
            )
        self.check(lambda t: torch.eye(3, dtype=torch.bool, device=t.device), torch.zeros(1))

    def test_exact(self):
        self.check(lambda t: torch.arange(2**40, 2**40 + 5, device=t.device), torch.zeros(1))
        self.check(lambda t: torch.arange(100001, device=t.device).float(), torch.zeros(1))

    def test_refused(self):
        x = torch.zeros(4, 3, device="npu")
        with self.assertRaisesRegex(RuntimeError, "more than once"):
            x.flip(0, -2)
        with self.assertRaisesRegex(RuntimeError, "must align"):
            x.roll((1, 2), 0)
        with self.assertRaisesRegex(RuntimeError, "nonzero"):
            torch.arange(0, 3, 0, device="npu")
        with self.assertRaisesRegex(RuntimeError, "inconsistent"):
            torch.arange(0, 3, -1, device="npu")


if __name__ == "__main__":
    run_tests()
