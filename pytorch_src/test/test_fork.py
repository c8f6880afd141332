"""A child forked after the NPU was used: refused clearly there, and the parent goes on."""

import os
import subprocess
import sys
import time
import traceback
import unittest

import torch
from npu_testing import IMPORT, NpuTestCase, run_tests
from torch.npu._release import runtime

SECONDS = 60


def in_child(work):
    """Run `work` in a forked child; return how the child ended and what it returned or raised."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            text = str(work())
        except BaseException as error:  # noqa: BLE001 - whatever it is, the parent is told
            text = f"{type(error).__name__}: {error}"
            if isinstance(error, AssertionError):
                text += traceback.format_exc()
        os.write(writer, text.encode())
        os._exit(0)
    os.close(writer)
    end = time.time() + SECONDS
    status = None
    while status is None and time.time() < end:
        found, code = os.waitpid(child, os.WNOHANG)
        status = code if found else None
        time.sleep(0.01)
    if status is None:
        os.kill(child, 9)
        os.waitpid(child, 0)
        status = "it hangs"
    with os.fdopen(reader) as told:
        return status, told.read()


@unittest.skipUnless(hasattr(os, "fork"), "this system does not fork")
class TestFork(NpuTestCase):
    def setUp(self):
        self.given = torch.arange(4.0).npu()

    def tearDown(self):
        runtime.enable_task_queue(False)

    def check_refused(self, work):
        for queued in (False, True):
            runtime.enable_task_queue(queued)
            # Something is under way when the process forks.
            kept = torch.randn(256, 256).npu()
            for _ in range(8):
                kept = kept @ kept
            status, text = in_child(work)
            self.assertEqual(status, 0, text)
            self.assertRegex(text, 'RuntimeError: .*forked.*"spawn"')
            self.assertEqual((self.given + 1).tolist(), [1.0, 2.0, 3.0, 4.0])

    def test_making_a_tensor(self):
        self.check_refused(lambda: torch.ones(2, device="npu"))

    def test_copying_to_the_device(self):
        self.check_refused(lambda: torch.ones(2).npu())

    def test_copying_from_the_device(self):
        self.check_refused(self.given.tolist)

    def test_computing(self):
        self.check_refused(lambda: self.given + 1)

    def test_waiting(self):
        self.check_refused(torch.npu.synchronize)
        self.check_refused(lambda: torch.npu.current_stream().synchronize())

    def test_events(self):
        event = torch.npu.Event()
        event.record()
        self.check_refused(event.synchronize)
        self.check_refused(event.record)
        self.check_refused(lambda: torch.npu.Event().record())

    def test_pinned_memory(self):
        self.check_refused(lambda: torch.ones(2).pin_memory())

    def test_the_cpu_is_as_ever_in_the_child(self):
        def work():
            # Random numbers of the CPU are seeded too, and tensors of the parent are dropped.
            torch.manual_seed(3)
            self.given = None
            return torch.npu._is_in_bad_fork(), (torch.ones(2) + 1).tolist()

        status, text = in_child(work)
        self.assertEqual((status, text), (0, "(True, [2.0, 2.0])"))
        self.assertFalse(torch.npu._is_in_bad_fork())

    def test_a_child_ends_in_an_orderly_way(self):
        program = (
            f"{IMPORT}\nimport os\n"
            "given = torch.ones(2).npu() + 1\n"
            "child = os.fork()\n"
            "if child:\n"
            "    assert os.waitpid(child, 0)[1] == 0\n"
            "    print(given.tolist())\n"
        )
        for queued in "01":
            done = run(program, TASK_QUEUE_ENABLE=queued)
            self.assertEqual((done.returncode, done.stdout), (0, "[2.0, 2.0]\n"), done.stderr)

    def test_a_process_may_fork_before_it_uses_the_device(self):
        program = (
            f"{IMPORT}\nimport os\n"
            "assert not torch.npu.is_initialized()\n"
            "child = os.fork()\n"
            "assert (torch.ones(2).npu() + 1).tolist() == [2.0, 2.0]\n"
            "assert not child or os.waitpid(child, 0)[1] == 0\n"
        )
        done = run(program)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_data_loader_workers(self):
        data = torch.utils.data.TensorDataset(torch.arange(8.0))
        loader = torch.utils.data.DataLoader(data, batch_size=4, num_workers=1)
        got = [batch.npu().sum().item() for (batch,) in loader]
        self.assertEqual(got, [6.0, 22.0])


def run(program, **environment):
    """Run a program of its own."""
    return subprocess.run(
        [sys.executable, "-c", program],
        env=dict(os.environ, **environment),
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )


if __name__ == "__main__":
    run_tests()
