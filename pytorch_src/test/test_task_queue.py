"""TASK_QUEUE_ENABLE: operators launched at once, or by one host thread for each stream."""

import ctypes
import os
import re
import subprocess
import sys
import threading
import unittest

import torch
from npu_testing import IMPORT, NpuTestCase, run_tests
from torch.npu._release import runtime

IS_EMULATOR = torch.npu.get_device_properties(0).is_emulator


def broken_stream():
    """Return a stream on which every launch is refused: AscendCL's own stream is destroyed."""
    stream = torch.npu.Stream(priority=-1)
    handle = ctypes.c_void_p(stream.npu_stream)
    stream.synchronize()
    # The library was opened for the whole process.
    if ctypes.CDLL(None).aclrtDestroyStream(handle) != 0:
        raise RuntimeError("the stream was not destroyed")
    return stream


def look_up(index):
    """Take a row of a table of 4 rows: the device refuses other indices when it gets there."""
    table = torch.arange(8.0).view(4, 2).npu()
    return torch.index_select(table, 0, torch.tensor([index]).npu())


class QueueChecks:
    def setUp(self):
        runtime.enable_task_queue(self.queued)

    def tearDown(self):
        runtime.enable_task_queue(False)

    def test_the_mode(self):
        self.assertIs(runtime.task_queue_enabled(), self.queued)

    def test_many_small_operators_keep_their_order(self):
        want, got = torch.ones(16), torch.ones(16).npu()
        for step in range(3000):
            want = want * 0.999 if step % 3 else want + 1
            got = got * 0.999 if step % 3 else got + 1
        self.assert_same(got, want)

    def test_what_is_dropped_early_is_computed(self):
        given = torch.randn(64, 64)
        got = given.npu()
        for _ in range(200):
            # The tensor between dies before it is computed.
            got = (got + 1).neg().neg() - 1
        want = given.clone()
        for _ in range(200):
            want = (want + 1) - 1
        self.assert_same(got, want)

    def test_training_agrees(self):
        torch.manual_seed(1)
        given, target = torch.randn(8, 4), torch.randn(8, 2)
        weights = torch.randn(4, 2)
        losses = []
        for device in ("cpu", "npu"):
            weight = weights.to(device).requires_grad_()
            a, b = given.to(device), target.to(device)
            for _ in range(20):
                loss = ((a @ weight - b) ** 2).mean()
                (gradient,) = torch.autograd.grad(loss, weight)
                weight = (weight - 0.1 * gradient).detach().requires_grad_()
            losses.append(loss.detach())
        self.assert_same(losses[1], losses[0])

    def test_threads_share_a_stream(self):
        results = [None] * 4

        def work(number):
            total = torch.zeros(8).npu()
            for step in range(200):
                total = total + (step % (number + 2))
            results[number] = total.cpu()

        threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for number, result in enumerate(results):
            want = float(sum(step % (number + 2) for step in range(200)))
            self.assertEqual(result.tolist(), [want] * 8)

    def test_a_device_error_names_the_operator_and_the_process_goes_on(self):
        for _ in range(3):
            kept = look_up(9)
            with self.assertRaisesRegex(RuntimeError, r"GatherV2.*9.*\[0, 4\)"):
                torch.npu.synchronize()
            del kept
            torch.npu.synchronize()
            self.assert_same(look_up(3), torch.tensor([[6.0, 7.0]]))

    def test_a_device_error_arrives_with_the_next_number(self):
        kept = look_up(9)
        with self.assertRaisesRegex(RuntimeError, "GatherV2"):
            (kept + 1).cpu()
        self.assert_same(look_up(0), torch.tensor([[0.0, 1.0]]))

    @unittest.skipUnless(IS_EMULATOR, "breaks a stream, which only the emulator forgives")
    def test_a_refused_launch_names_the_operator(self):
        given = torch.ones(4).npu()
        stream = broken_stream()
        with torch.npu.stream(stream):
            self.check_refused_launch(given, stream)
        torch.npu.synchronize()
        self.assert_same(given * 3, torch.full((4,), 3.0))


class TestAtOnce(QueueChecks, NpuTestCase):
    queued = False

    def check_refused_launch(self, given, stream):
        with self.assertRaisesRegex(RuntimeError, "operator Neg.*stream") as caught:
            given.neg()
        self.assertNotIn("queued", str(caught.exception))
        code = re.search(r" failed: ACL_ERROR_\w+ \((\d+)\)", str(caught.exception)).group(1)
        self.assertEqual(str(caught.exception).count(code), 1, str(caught.exception))


class TestQueued(QueueChecks, NpuTestCase):
    queued = True

    def check_refused_launch(self, given, stream):
        first = given.neg()
        # Dropped: the first one failed.
        second = first + 1
        with self.assertRaisesRegex(
            RuntimeError, "operator Neg.*stream.*queued as Neg; TASK_QUEUE_ENABLE=0"
        ):
            stream.synchronize()
        del first, second
        # Told once; what is launched now fails anew, with its own name.
        third = given.abs()
        with self.assertRaisesRegex(RuntimeError, "operator Abs"):
            stream.query()
            torch.npu.synchronize()
        del third

    @unittest.skipUnless(IS_EMULATOR, "breaks a stream, which only the emulator forgives")
    def test_another_stream_is_not_hurt(self):
        given = torch.ones(4).npu()
        stream = broken_stream()
        with torch.npu.stream(stream):
            kept = given.neg()
        self.assert_same(given + 1, torch.full((4,), 2.0))
        with self.assertRaisesRegex(RuntimeError, "operator Neg"):
            torch.npu.synchronize()
        del kept

    def test_the_launching_thread_goes_ahead(self):
        given = torch.randn(512, 512).npu()
        torch.npu.synchronize()
        kept = [given @ given for _ in range(16)]
        self.assertFalse(torch.npu.current_stream().query())
        torch.npu.synchronize()
        self.assertTrue(torch.npu.current_stream().query())
        del kept


class TestEnvironment(unittest.TestCase):
    def test_task_queue_enable(self):
        program = (
            f"{IMPORT}; from torch.npu._release import runtime; "
            "print(runtime.task_queue_enabled(), (torch.ones(2).npu() + 1).tolist())"
        )
        for value, want in ((None, False), ("1", True)):
            environment = dict(os.environ)
            environment.pop("TASK_QUEUE_ENABLE", None)
            if value is not None:
                environment["TASK_QUEUE_ENABLE"] = value
            done = subprocess.run(
                [sys.executable, "-c", program],
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            self.assertEqual((done.returncode, done.stdout), (0, f"{want} [2.0, 2.0]\n"))

    def test_a_program_may_end_with_work_queued(self):
        program = (
            f"{IMPORT}\n"
            "given = torch.randn(512, 512).npu()\n"
            "kept = [given @ given for _ in range(40)]\n"
            "{last}"
        )
        for last, code, text in (
            ("raise KeyError('own')", 1, "own"),
            (
                "torch.index_select(given, 0, torch.tensor([999]).npu())",
                0,
                "an error nobody waited for.*GatherV2",
            ),
        ):
            done = subprocess.run(
                [sys.executable, "-c", program.format(last=last)],
                env=dict(os.environ, TASK_QUEUE_ENABLE="1"),
                capture_output=True,
                text=True,
                check=False,
            )
            self.assertEqual(done.returncode, code, done.stderr)
            self.assertRegex(done.stderr, text)


if __name__ == "__main__":
    run_tests()
