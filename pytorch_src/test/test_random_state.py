"""Generators of the NPU: seeds, states, and that equal states give equal numbers."""

import threading

import torch
from npu_testing import NpuTestCase, needs, run_tests

COUNT = 1000


def draw(generator=None, device="npu", count=COUNT):
    return torch.empty(count, device=device).uniform_(generator=generator)


class TestDefaultGenerators(NpuTestCase):
    def test_a_seed_repeats_the_numbers(self):
        torch.npu.manual_seed(7)
        first, second = draw(), draw()
        torch.npu.manual_seed(7)
        self.assertTrue(torch.equal(draw(), first))
        self.assertTrue(torch.equal(draw(), second))
        self.assertFalse(torch.equal(first, second))
        torch.npu.manual_seed(8)
        self.assertFalse(torch.equal(draw(), first))

    def test_torch_manual_seed_seeds_every_device(self):
        torch.manual_seed(7)
        first = [draw(device=f"npu:{n}") for n in (0, 1)]
        self.assertEqual(torch.npu.initial_seed(), 7)
        torch.manual_seed(7)
        for number, want in enumerate(first):
            self.assertTrue(torch.equal(draw(device=f"npu:{number}"), want))
        # One seed, one device's numbers: the other one's generator starts equal.
        self.assertTrue(torch.equal(first[0].cpu(), first[1].cpu()))

    def test_devices_have_generators_of_their_own(self):
        torch.npu.manual_seed_all(7)
        before = torch.npu.get_rng_state(1)
        draw(device="npu:0")
        self.assertTrue(torch.equal(torch.npu.get_rng_state(1), before))
        self.assertFalse(torch.equal(torch.npu.get_rng_state(0), before))

    def test_state_comes_back(self):
        torch.npu.manual_seed(7)
        draw()
        state = torch.npu.get_rng_state()
        want = draw()
        draw()
        torch.npu.set_rng_state(state)
        self.assertTrue(torch.equal(draw(), want))
        self.assertEqual((state.device.type, state.dtype), ("cpu", torch.uint8))

    def test_the_numbers_do_not_depend_on_the_stream(self):
        torch.npu.manual_seed(7)
        want = draw()
        torch.npu.manual_seed(7)
        stream = torch.npu.Stream()
        with torch.npu.stream(stream):
            got = draw()
        stream.synchronize()
        self.assertTrue(torch.equal(got, want))

    def test_fork_rng(self):
        torch.npu.manual_seed(7)
        before = torch.npu.get_rng_state()
        with torch.random.fork_rng(devices=[0], device_type="npu"):
            draw()
        self.assertTrue(torch.equal(torch.npu.get_rng_state(), before))

    def test_a_seed_at_random(self):
        seeds = {torch.npu.seed() for _ in range(4)}
        self.assertEqual(len(seeds), 4)
        self.assertIn(torch.npu.initial_seed(), seeds)

    def test_dropout_follows_the_seed(self):
        given = torch.ones(COUNT).npu()
        torch.npu.manual_seed(7)
        first = torch.nn.functional.dropout(given, 0.5)
        second = torch.nn.functional.dropout(given, 0.5)
        torch.npu.manual_seed(7)
        self.assertTrue(torch.equal(torch.nn.functional.dropout(given, 0.5), first))
        self.assertFalse(torch.equal(first, second))


class TestGenerators(NpuTestCase):
    def test_a_generator_of_ones_own(self):
        generator = torch.Generator("npu")
        self.assertEqual(generator.device.type, "npu")
        generator.manual_seed(7)
        before = torch.npu.get_rng_state()
        first = draw(generator)
        self.assertTrue(torch.equal(torch.npu.get_rng_state(), before))
        self.assertEqual(generator.initial_seed(), 7)
        torch.npu.manual_seed(7)
        self.assertTrue(torch.equal(draw(), first))

    def test_states(self):
        generator, other = torch.Generator("npu:1"), torch.Generator("npu:1")
        generator.manual_seed(2**63 + 5)
        draw(generator, "npu:1")
        other.set_state(generator.get_state())
        self.assertEqual(other.initial_seed(), 2**63 + 5)
        self.assertTrue(torch.equal(draw(other, "npu:1"), draw(generator, "npu:1")))
        copy = generator.clone_state() if hasattr(generator, "clone_state") else generator
        self.assertTrue(torch.equal(copy.get_state(), generator.get_state()))

    @needs("torch.Generator.get_offset")
    def test_offset(self):
        generator = torch.Generator("npu")
        generator.manual_seed(7)
        self.assertEqual(generator.get_offset(), 0)
        draw(generator)
        offset = generator.get_offset()
        self.assertGreaterEqual(offset, COUNT)
        self.assertEqual(offset % 4, 0)
        want = draw(generator)
        generator.set_offset(offset)
        self.assertTrue(torch.equal(draw(generator), want))
        with self.assertRaisesRegex(RuntimeError, "multiple of 4"):
            generator.set_offset(3)

    def test_what_is_no_state(self):
        generator = torch.Generator("npu")
        generator.manual_seed(7)
        state = generator.get_state()
        for wrong in (state[:-1], state.repeat(2), state.float()):
            with self.assertRaisesRegex((RuntimeError, TypeError), "16 bytes|torch.ByteTensor"):
                generator.set_state(wrong)
        self.assertTrue(torch.equal(generator.get_state(), state))

    def test_a_generator_of_another_device(self):
        with self.assertRaisesRegex(RuntimeError, "generator of an NPU is wanted.*of cpu"):
            draw(torch.Generator("cpu"), "npu:0")
        self.assertEqual(draw().shape, (COUNT,))

    @needs("torch.Generator.get_offset")
    def test_threads_take_different_numbers(self):
        generator = torch.Generator("npu")
        generator.manual_seed(7)
        rounds, threads, results = 50, 4, []

        def work():
            results.extend([draw(generator, count=64).cpu() for _ in range(rounds)])

        workers = [threading.Thread(target=work) for _ in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        first = {tuple(result[:8].tolist()) for result in results}
        self.assertEqual(len(first), rounds * threads)
        taken = generator.get_offset()
        generator.manual_seed(7)
        draw(generator, count=64)
        self.assertEqual(taken, generator.get_offset() * rounds * threads)


if __name__ == "__main__":
    run_tests()
