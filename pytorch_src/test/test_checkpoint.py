"""torch.utils.checkpoint: what is computed again draws the same random numbers."""

import warnings

import torch
from npu_testing import NpuTestCase, run_tests
from torch.utils.checkpoint import checkpoint


class TestCheckpoint(NpuTestCase):
    def gradient(self, run, device):
        given = torch.ones(8, 64).to(device).requires_grad_()
        torch.manual_seed(5)
        with warnings.catch_warnings():
            # Later releases want to be told which of two ways is meant.
            warnings.simplefilter("ignore")
            run(lambda part: torch.nn.functional.dropout(part, 0.5) * part, given).sum().backward()
        return given.grad

    def test_dropout_is_the_same_again(self):
        for device in ("npu:0", "npu:1"):
            with self.subTest(device=device), torch.npu.device(device):
                want = self.gradient(lambda function, given: function(given), device)
                got = self.gradient(checkpoint, device)
                self.assertTrue(torch.equal(got, want))
                self.assertGreater(len(set(want.flatten().tolist())), 1)

    def test_the_states_go_on_as_if_nothing_was(self):
        self.gradient(checkpoint, "npu:0")
        after = torch.npu.get_rng_state()
        self.gradient(lambda function, given: function(given), "npu:0")
        self.assertTrue(torch.equal(torch.npu.get_rng_state(), after))


if __name__ == "__main__":
    run_tests()
