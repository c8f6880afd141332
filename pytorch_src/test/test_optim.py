"""Optimizers and the scaling of losses, without the CPU."""

import copy
import inspect

import torch
from npu_testing import NpuTestCase, fallback_mode, has, run_tests

OPTIMIZERS = {
    "SGD": [{"lr": 0.1}, {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01, "nesterov": True}],
    "Adam": [{}, {"amsgrad": True, "weight_decay": 0.01}],
    "AdamW": [{}],
    "RMSprop": [{}, {"momentum": 0.9, "centered": True}],
    "Adagrad": [{}],
    "Adadelta": [{}],
    "Adamax": [{}],
    "NAdam": [{}],
    "RAdam": [{}],
    "ASGD": [{}],
    "Rprop": [{}],
}


def each_or_all(name):
    """Return the options that step by tensor and for all tensors at once; older ones have none."""
    if "foreach" in inspect.signature(getattr(torch.optim, name)).parameters:
        return [{"foreach": None}, {"foreach": False}]
    return [{}]


class TestOptim(NpuTestCase):
    """Training steps on both devices."""

    def train(self, name, options, device):
        torch.manual_seed(0)
        model = torch.nn.Sequential(torch.nn.Linear(4, 6), torch.nn.Tanh(), torch.nn.Linear(6, 3))
        model = copy.deepcopy(model).to(device)
        optimizer = getattr(torch.optim, name)(model.parameters(), **options)
        x = torch.linspace(-1, 1, 32).view(8, 4).to(device)
        for _ in range(6):
            optimizer.zero_grad()
            model(x).square().mean().backward()
            optimizer.step()
        return list(model.parameters())

    def test_steps(self):
        for name, ways in OPTIMIZERS.items():
            if not has(f"torch.optim.{name}"):
                continue
            for options in ways:
                for extra in each_or_all(name):
                    with self.subTest(name=name, **extra, **options):
                        wanted = self.train(name, {**options, **extra}, "cpu")
                        with fallback_mode("error"):
                            found = self.train(name, {**options, **extra}, "npu")
                        for npu, cpu in zip(found, wanted):
                            self.assert_same(npu, cpu)

    def test_clipping(self):
        def clip(g):
            p = torch.nn.Parameter(torch.zeros_like(g))
            p.grad = g.clone()
            norm = torch.nn.utils.clip_grad_norm_([p], 1.0)
            torch.nn.utils.clip_grad_value_([p], 0.2)
            return norm, p.grad

        self.check(clip, torch.randn(5, 4))

    def test_scaler(self):
        model = torch.nn.Linear(4, 3).npu()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        scaler = torch.npu.amp.GradScaler(init_scale=4.0, growth_interval=2)
        scales = []
        with fallback_mode("error"):
            for factor in (1, 1, float("inf"), 1, 1):
                before = model.weight.detach().clone()
                optimizer.zero_grad()
                scaler.scale(model(torch.ones(8, 4).npu() * factor).square().mean()).backward()
                scaler.step(optimizer)
                scaler.update()
                scales.append(scaler.get_scale())
                moved = not torch.equal(before, model.weight)
                self.assertEqual(moved, factor == 1)
        self.assertEqual(scales, [4, 8, 4, 4, 8])
        self.assertTrue(torch.isfinite(model.weight.cpu()).all())

    def test_unscaling(self):
        for dtype in (torch.float32, torch.float16):
            grads = [torch.full((3,), 8.0, dtype=dtype).npu(), torch.ones(2, dtype=dtype).npu()]
            found = torch.zeros(1).npu()
            scale = torch.tensor(0.5).npu()
            torch._amp_foreach_non_finite_check_and_unscale_(grads, found, scale)
            self.assertEqual([g.cpu().tolist() for g in grads], [[4, 4, 4], [0.5, 0.5]])
            self.assertEqual(found.item(), 0)
            grads[1][0] = float("nan")
            torch._amp_foreach_non_finite_check_and_unscale_(grads, found, scale)
            self.assertEqual(found.item(), 1)


if __name__ == "__main__":
    run_tests()
