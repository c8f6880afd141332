"""Random numbers: the same after the same seed, and of the distribution that was asked for."""

import torch
from npu_testing import NpuTestCase, fallback_mode, run_tests

FLOATS = (torch.float32, torch.float16, torch.bfloat16, torch.float64)


def draws():
    """Every way to draw, by name."""
    made = {}
    for dtype in FLOATS:

        def new(dtype=dtype):
            return torch.empty(999, dtype=dtype, device="npu")

        made["normal", dtype] = lambda new=new: new().normal_(1, 2)
        made["uniform", dtype] = lambda new=new: new().uniform_(-1, 2)
        made["exponential", dtype] = lambda new=new: new().exponential_(2)
        made["bernoulli", dtype] = lambda new=new: new().fill_(0.3).bernoulli()
    for dtype in (torch.int64, torch.int32, torch.int16, torch.uint8, torch.float32):

        def new(dtype=dtype):
            return torch.empty(999, dtype=dtype, device="npu")

        made["random_", dtype] = lambda new=new: new().random_()
        made["random_ to", dtype] = lambda new=new: new().random_(100)
        made["bernoulli_", dtype] = lambda new=new: new().bernoulli_(0.3)
        made["randperm", dtype] = lambda dtype=dtype: torch.randperm(99, dtype=dtype, device="npu")
    weights = torch.rand(5, 20).npu()
    made["multinomial"] = lambda: torch.multinomial(weights, 7)
    made["with replacement"] = lambda: torch.multinomial(weights, 70, replacement=True)
    made["means"] = lambda: torch.normal(torch.zeros(5, 9).npu(), torch.ones(9).npu())
    made["deviations"] = lambda: torch.normal(2.0, torch.ones(9).npu())
    made["log normal"] = lambda: torch.empty(99, device="npu").log_normal_()
    made["geometric"] = lambda: torch.empty(99, device="npu").geometric_(0.1)
    made["cauchy"] = lambda: torch.empty(99, device="npu").cauchy_()
    made["bernoulli tensor"] = lambda: torch.empty(5, 20, device="npu").bernoulli_(weights)
    made["randn_like"] = lambda: torch.randn_like(weights)
    return made


class TestRandom(NpuTestCase):
    """Drawing on the device, without the CPU."""

    def test_seeds(self):
        with fallback_mode("error"):
            for name, draw in draws().items():
                with self.subTest(name=name):
                    torch.manual_seed(3)
                    first, second = draw().cpu(), draw().cpu()
                    torch.npu.manual_seed(3)
                    self.assertTrue(torch.equal(draw().cpu(), first))
                    self.assertFalse(torch.equal(first, second))

    def test_generators(self):
        def drawn(seed):
            generator = torch.Generator(device="npu").manual_seed(seed)
            return torch.randn(50, generator=generator, device="npu").cpu()

        self.assertTrue(torch.equal(drawn(5), drawn(5)))
        self.assertFalse(torch.equal(drawn(5), drawn(6)))
        with self.assertRaisesRegex(RuntimeError, "generator of an NPU is wanted"):
            torch.randn(3, generator=torch.Generator(), device="npu")

    def test_moments(self):
        def new(dtype):
            return torch.empty(40001, dtype=dtype, device="npu")

        torch.manual_seed(0)
        for dtype in FLOATS:
            for got, mean, deviation in (
                (new(dtype).normal_(1, 2), 1, 2),
                (new(dtype).uniform_(-1, 2), 0.5, 0.866),
                (new(dtype).exponential_(2), 0.5, 0.5),
                (new(dtype).bernoulli_(0.3), 0.3, 0.458),
                (new(dtype).fill_(0.75).bernoulli(), 0.75, 0.433),
                (torch.full((40001,), 3.0, dtype=dtype, device="npu").random_(9), 4, 2.58),
            ):
                found = got.cpu().double()
                self.assertLess(abs(found.mean() - mean), 0.05)
                self.assertLess(abs(found.std() - deviation), 0.05)
        chosen = torch.multinomial(torch.tensor([0.0, 1, 3]).npu(), 4000, replacement=True)
        counts = chosen.cpu().bincount(minlength=3)
        self.assertEqual(counts[0], 0)
        self.assertLess(abs(counts[2] / 4000 - 0.75), 0.03)
        self.assertLess(abs(new(torch.float32).geometric_(0.25).cpu().mean() - 4), 0.1)
        self.assertLess(abs(new(torch.float32).cauchy_(2, 1).cpu().median() - 2), 0.05)

    def test_ranges(self):
        torch.manual_seed(0)
        x = torch.empty(40001, device="npu")
        self.assertTrue((x.uniform_(2, 3).cpu() >= 2).all())
        self.assertTrue((x.cpu() < 3).all())
        self.assertTrue((x.exponential_().cpu() > 0).all())
        i = torch.randint(-3, 4, (4000,), device="npu").cpu()
        self.assertEqual(i.unique().tolist(), [-3, -2, -1, 0, 1, 2, 3])
        wide = torch.empty(2000, dtype=torch.int64, device="npu")
        self.assertLess(wide.random_(-(2**63), None).cpu().min(), -(2**61))
        self.assertGreaterEqual(wide.random_().cpu().min(), 0)
        self.assertGreater(wide.cpu().max(), 2**61)
        self.assertEqual(torch.empty(3000, dtype=torch.uint8, device="npu").random_().max(), 255)
        order = torch.randperm(1000, device="npu").cpu()
        self.assertTrue(torch.equal(order.sort().values, torch.arange(1000)))
        once = torch.multinomial(torch.ones(3, 8).npu(), 8).cpu()
        self.assertTrue(torch.equal(once.sort(1).values, torch.arange(8).expand(3, 8)))

    def test_strides_and_sizes(self):
        x = torch.zeros(4, 6, device="npu")
        x[:, ::2].normal_()
        self.assertEqual(x[:, 1::2].abs().sum().item(), 0)
        self.assertEqual((x[:, ::2] != 0).sum().item(), 12)
        self.assertEqual(torch.randn(0, 3, device="npu").shape, (0, 3))
        self.assertEqual(torch.randperm(0, device="npu").shape, (0,))

    def test_refused(self):
        x = torch.zeros(3, device="npu")
        for bad, text in (
            (lambda: x.normal_(0, -1), "std >= 0"),
            (lambda: x.uniform_(2, 1), "from"),
            (lambda: x.bernoulli_(1.5), "in \\[0, 1\\]"),
            (lambda: x.random_(5, 5), "less than"),
            (lambda: x.byte().random_(0, 500), "0 to 255 are allowed"),
            (lambda: x.exponential_(-1), "lambda"),
            (lambda: torch.multinomial(x + 1, 4), "without replacement"),
            (lambda: x.long().normal_(), "normal_"),
        ):
            with self.assertRaisesRegex(RuntimeError, text):
                bad()


if __name__ == "__main__":
    run_tests()
