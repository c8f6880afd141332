"""Recurrent networks: LSTM, GRU and plain ones, trained without the CPU."""

import copy

import torch
from npu_testing import NpuTestCase, fallback_mode, run_tests


class TestRnn(NpuTestCase):
    """Whole networks and single cells, with their gradients."""

    def compare(self, network, x, *state):
        """Run forward and backward on both devices."""
        other = copy.deepcopy(network).npu()
        results = []
        for module, device in ((network, "cpu"), (other, "npu")):
            with fallback_mode("error" if device == "npu" else "warn"):
                at = x.detach().to(device).requires_grad_()
                given = [s.to(device) for s in state]
                out, last = module(at, *([tuple(given) if len(given) > 1 else given[0]]
                                         if given else []))  # fmt: skip
                lasts = list(last) if isinstance(last, tuple) else [last]
                (out.square().sum() + sum(each.sum() for each in lasts)).backward()
                results.append([out, *lasts, at.grad, *(p.grad for p in module.parameters())])
        for cpu, npu in zip(*results):
            self.assert_same(npu, cpu)

    def test_networks(self):
        torch.manual_seed(0)
        x = torch.randn(5, 3, 7)
        for kind in (torch.nn.LSTM, torch.nn.GRU, torch.nn.RNN):
            for options in ({}, {"bidirectional": True}, {"bias": False}, {"batch_first": True}):
                with self.subTest(kind=kind.__name__, **options):
                    self.compare(kind(7, 9, num_layers=2, **options), x)

    def test_state(self):
        h, c = torch.randn(1, 3, 9), torch.randn(1, 3, 9)
        self.compare(torch.nn.LSTM(7, 9), torch.randn(5, 3, 7), h, c)
        self.compare(torch.nn.GRU(7, 9), torch.randn(5, 3, 7), h)

    def test_cells(self):
        x, h, c = (torch.randn(3, n, requires_grad=True) for n in (7, 4, 4))
        w = torch.randn(16, 7, requires_grad=True)
        u = torch.randn(16, 4, requires_grad=True)
        self.check(lambda *a: torch.lstm_cell(a[0], (a[1], a[2]), a[3], a[4]), x, h, c, w, u)
        # Only one of the two results goes on.
        self.check(lambda *a: torch.lstm_cell(a[0], (a[1], a[2]), a[3], a[4])[0], x, h, c, w, u)
        self.check(lambda *a: torch.lstm_cell(a[0], (a[1], a[2]), a[3], a[4])[1], x, h, c, w, u)
        b = torch.randn(12, requires_grad=True)
        self.check(torch.gru_cell, x, h, w.detach()[:12].requires_grad_(),
                   u.detach()[:12].requires_grad_(), b, b * 2)  # fmt: skip

    def test_packed(self):
        lstm, x = torch.nn.LSTM(6, 3), torch.randn(4, 5, 6)
        other = copy.deepcopy(lstm).npu()

        def run(module, x):
            packed = torch.nn.utils.rnn.pack_padded_sequence(x, [4, 4, 3, 2, 1])
            return torch.nn.utils.rnn.pad_packed_sequence(module(packed)[0])[0]

        with fallback_mode("error"):
            self.assert_same(run(other, x.npu()), run(lstm, x))


if __name__ == "__main__":
    run_tests()
