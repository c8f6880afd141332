"""Mixed precision: autocast, the scaler, and training with both."""

import copy
import math

import torch
from npu_testing import NpuTestCase, assert_close, fallback_mode, has, needs, run_tests


def autocasts():
    """Yield every way to begin autocast in float16."""
    if has("torch.autocast"):
        yield "torch.autocast", torch.autocast("npu", dtype=torch.float16)
        yield "torch.amp.autocast", torch.amp.autocast("npu")
    yield "torch.npu.amp.autocast", torch.npu.amp.autocast()


def autocast_is_on():
    """Say whether an operator on the NPU would choose its type; PyTorch 1.8 has one switch."""
    return torch.is_autocast_enabled(*(["npu"] if has("torch.autocast") else []))


class AmpTestCase(NpuTestCase):
    """Nothing of it may need the CPU."""

    def setUp(self):
        mode = fallback_mode("error")
        mode.__enter__()
        self.addCleanup(mode.__exit__, None, None, None)


class TestAutocast(AmpTestCase):
    """Which operator computes in which type."""

    def test_products_in_half(self):
        x, y = torch.randn(4, 8), torch.randn(8, 5)
        for name, context in autocasts():
            with self.subTest(name=name):
                with context:
                    got = x.npu() @ y.npu()
                self.assertEqual(got.dtype, torch.float16)
                self.assert_same(got.float(), (x.half() @ y.half()).float(), 1e-2)
        self.assertEqual((x.npu() @ y.npu()).dtype, torch.float32)

    def test_convolution_in_half(self):
        net = torch.nn.Conv2d(3, 4, 3).npu()
        with torch.npu.amp.autocast():
            self.assertEqual(net(torch.randn(1, 3, 8, 8).npu()).dtype, torch.float16)

    def test_range_in_float(self):
        x = torch.randn(4, 8).half().npu()
        with torch.npu.amp.autocast():
            for fn in (
                lambda t: torch.softmax(t, 1),
                lambda t: torch.log_softmax(t, 1),
                torch.exp,
                torch.sum,
                lambda t: torch.nn.functional.mse_loss(t, t),
                lambda t: torch.nn.functional.layer_norm(t, [8]),
            ):
                self.assertEqual(fn(x).dtype, torch.float32)
            self.assertEqual((x + x).dtype, torch.float16)
            self.assertEqual((x + x.float()).dtype, torch.float32)

    def test_large_numbers_keep_their_range(self):
        x = torch.full((4,), 60000.0).half().npu()
        with torch.npu.amp.autocast():
            self.assertEqual(float(x.sum()), 4 * float(torch.tensor(60000.0).half()))

    def test_nested_and_off(self):
        x = torch.randn(4, 4).npu()
        with torch.npu.amp.autocast():
            self.assertTrue(autocast_is_on())
            with torch.npu.amp.autocast(enabled=False):
                self.assertEqual((x @ x).dtype, torch.float32)
            self.assertEqual((x @ x).dtype, torch.float16)
        self.assertFalse(autocast_is_on())

    @needs("torch.autocast")
    def test_autocast_of_the_cpu(self):
        x = torch.randn(4, 4).npu()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            self.assertEqual((x @ x).dtype, torch.float32)

    def test_decorator(self):
        @torch.npu.amp.autocast()
        def product(t):
            return t @ t

        self.assertEqual(product(torch.randn(4, 4).npu()).dtype, torch.float16)

    def test_forward_of_a_function_of_ones_own(self):
        seen = []

        class Double(torch.autograd.Function):
            @staticmethod
            @torch.npu.amp.custom_fwd(cast_inputs=torch.float16)
            def forward(ctx, x, parts):
                seen.append((x.dtype, parts[0].dtype, autocast_is_on()))
                return x * 2

            @staticmethod
            @torch.npu.amp.custom_bwd
            def backward(ctx, grad):
                return grad * 2, None

        x = torch.randn(4, device="npu", requires_grad=True)
        with torch.npu.amp.autocast():
            y = Double.apply(x, [torch.ones(2, device="npu")])
        Double.apply(x, [x])
        y.float().sum().backward()
        half, single = torch.float16, torch.float32
        self.assertEqual(seen, [(half, half, False), (single, single, False)])
        self.assertEqual(x.grad.tolist(), [2.0] * 4)

    def test_unsafe_loss_is_refused(self):
        x = torch.rand(3).npu()
        with torch.npu.amp.autocast(), self.assertRaisesRegex(RuntimeError, "with_logits"):
            torch.nn.functional.binary_cross_entropy(x, x)

    def test_gradients_have_the_type_of_their_parameters(self):
        net = torch.nn.Linear(8, 4).npu()
        with torch.npu.amp.autocast():
            loss = net(torch.randn(2, 8).npu()).float().square().sum()
        loss.backward()
        self.assertEqual({p.grad.dtype for p in net.parameters()}, {torch.float32})


class TestScaler(AmpTestCase):
    """torch.npu.amp.GradScaler and torch.amp.GradScaler("npu")."""

    def scalers(self, **options):
        yield torch.npu.amp.GradScaler(**options)
        if has("torch.amp.GradScaler"):
            yield torch.amp.GradScaler("npu", **options)

    def test_good_steps(self):
        for scaler in self.scalers(init_scale=8.0, growth_interval=2):
            x = torch.nn.Parameter(torch.tensor([1.0, 2.0]).npu())
            optimizer = torch.optim.SGD([x], lr=0.5)
            scales = []
            for _ in range(4):
                optimizer.zero_grad()
                loss = (x * 2.0).sum()
                self.assertEqual(scaler.scale(loss).item(), loss.item() * scaler.get_scale())
                scaler.scale(loss).backward()
                scaler.step(optimizer)
                scaler.update()
                scales.append(scaler.get_scale())
            self.assertEqual(scales, [8.0, 16.0, 16.0, 32.0])
            self.assertEqual(x.tolist(), [-3.0, -2.0])

    def test_steps_with_infinite_gradients_are_skipped(self):
        for wrong in (math.inf, -math.inf, math.nan):
            for scaler in self.scalers(init_scale=16.0, growth_interval=10):
                with self.subTest(wrong=wrong):
                    x = torch.nn.Parameter(torch.tensor([1.0, 2.0]).npu())
                    y = torch.nn.Parameter(torch.tensor([3.0]).npu())
                    optimizer = torch.optim.SGD([x, y], lr=1.0)
                    for factor in (wrong, 1.0):
                        optimizer.zero_grad()
                        loss = x.sum() + y.sum() * factor
                        scaler.scale(loss).backward()
                        scaler.step(optimizer)
                        scaler.update()
                        if factor is wrong:
                            self.assertEqual((x.tolist(), y.tolist()), ([1.0, 2.0], [3.0]))
                            self.assertEqual(scaler.get_scale(), 8.0)
                    self.assertEqual((x.tolist(), y.tolist()), ([0.0, 1.0], [2.0]))

    def test_unscale_before_clipping(self):
        scaler = torch.npu.amp.GradScaler(init_scale=1024.0)
        x = torch.nn.Parameter(torch.tensor([3.0, 4.0]).npu())
        optimizer = torch.optim.SGD([x], lr=1.0)
        scaler.scale(x.square().sum() / 2).backward()
        scaler.unscale_(optimizer)
        self.assertEqual(x.grad.tolist(), [3.0, 4.0])
        self.assertAlmostEqual(float(torch.nn.utils.clip_grad_norm_([x], 1.0)), 5.0, places=4)
        scaler.step(optimizer)
        self.assertAlmostEqual(x.tolist()[0], 3.0 - 0.6, places=4)

    def test_state(self):
        scaler = torch.npu.amp.GradScaler(init_scale=4.0, growth_interval=7)
        scaler.scale(torch.ones(1).npu())
        other = torch.npu.amp.GradScaler()
        other.load_state_dict(scaler.state_dict())
        self.assertEqual(other.get_scale(), 4.0)
        self.assertEqual(other.get_growth_interval(), 7)

    def test_disabled(self):
        scaler = torch.npu.amp.GradScaler(enabled=False)
        x = torch.nn.Parameter(torch.ones(1).npu())
        optimizer = torch.optim.SGD([x], lr=1.0)
        scaler.scale(x.sum()).backward()
        scaler.step(optimizer)
        scaler.update()
        self.assertEqual(x.tolist(), [0.0])


class TestTraining(AmpTestCase):
    """Two short runs: the loss falls, and stays near that of float32 on the CPU."""

    def train(self, net, data, device, mixed):
        net = net.to(device)
        inputs, labels = (part.to(device) for part in data)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
        scaler = torch.npu.amp.GradScaler(init_scale=256.0, enabled=mixed)
        losses = []
        for _ in range(12):
            optimizer.zero_grad()
            with torch.npu.amp.autocast(enabled=mixed):
                loss = torch.nn.functional.cross_entropy(net(inputs), labels)
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
            losses.append(loss.item())
        return losses

    def compare(self, net, data):
        want = self.train(copy.deepcopy(net), data, "cpu", mixed=False)
        same = self.train(copy.deepcopy(net), data, "npu", mixed=False)
        mixed = self.train(copy.deepcopy(net), data, "npu", mixed=True)
        assert_close(same, want, rtol=1e-4, atol=1e-4)
        assert_close(mixed, want, rtol=2e-2, atol=2e-2)
        self.assertNotEqual(mixed, same)
        self.assertLess(mixed[-1], mixed[0] * 0.9)

    def test_linear_layers(self):
        torch.manual_seed(11)
        net = torch.nn.Sequential(
            torch.nn.Linear(16, 32), torch.nn.ReLU(), torch.nn.LayerNorm(32), torch.nn.Linear(32, 4)
        )
        self.compare(net, (torch.randn(32, 16), torch.randint(0, 4, (32,))))

    def test_convolutions(self):
        torch.manual_seed(12)
        net = torch.nn.Sequential(
            torch.nn.Conv2d(3, 8, 3, padding=1), torch.nn.BatchNorm2d(8), torch.nn.ReLU(),
            torch.nn.MaxPool2d(2), torch.nn.Conv2d(8, 8, 3), torch.nn.ReLU(),
            torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(8, 3),
        )  # fmt: skip
        self.compare(net, (torch.randn(16, 3, 12, 12), torch.randint(0, 3, (16,))))


if __name__ == "__main__":
    run_tests()
