"""Memory of the devices and pinned memory: numbers, reuse, running out, other streams."""

import contextlib
import gc
import os
import subprocess
import sys
import threading
import unittest

import torch
from npu_testing import IMPORT, needs, on_npu, run_tests
from torch.npu._release import runtime

MIB = 1 << 20
NPU = torch.device("npu:0")


def block(size, device=NPU):
    """Return a tensor that takes exactly `size` bytes (a multiple of 512) of a segment."""
    return torch.empty(size - 32, dtype=torch.uint8, device=device)


@contextlib.contextmanager
def limited(size, device=0):
    """Let this process take only `size` bytes of a device."""
    total = torch.npu.mem_get_info(device)[1]
    torch.npu.set_per_process_memory_fraction((size + MIB) / total, device)
    try:
        yield
    finally:
        torch.npu.set_per_process_memory_fraction(1.0, device)


@contextlib.contextmanager
def busy(stream):
    """Launch work on a stream that takes a while; gives the event behind it."""
    done = torch.npu.Event()
    with torch.npu.stream(stream):
        a = torch.empty(64 * MIB, dtype=torch.uint8, device=stream.device)
        b = torch.empty_like(a)
        for _ in range(10):
            b.copy_(a)
        done.record(stream)
        del a, b
    yield done
    stream.synchronize()


class MemoryTestCase(unittest.TestCase):
    def setUp(self):
        gc.collect()
        torch.npu.synchronize()
        torch.npu.empty_cache()
        for index in range(torch.npu.device_count()):
            torch.npu.reset_peak_memory_stats(index)
            torch.npu.reset_accumulated_memory_stats(index)
        self.assertEqual(torch.npu.memory_allocated(), 0)
        self.assertEqual(torch.npu.memory_reserved(), 0)

    def stat(self, name, device=0):
        return torch.npu.memory_stats(device)[name]


class TestStatistics(MemoryTestCase):
    """Exact numbers."""

    def test_small_and_large(self):
        small = torch.empty(100, dtype=torch.uint8, device=NPU)
        self.assertEqual(torch.npu.memory_allocated(), 512)
        self.assertEqual(torch.npu.memory_reserved(), 2 * MIB)
        large = block(3 * MIB)
        self.assertEqual(torch.npu.memory_allocated(), 512 + 3 * MIB)
        self.assertEqual(torch.npu.memory_reserved(), 22 * MIB)
        own = block(13 * MIB)
        # The third block fits into the rest of the segment of the second.
        self.assertEqual(torch.npu.memory_reserved(), 22 * MIB)
        another = block(11 * MIB)
        self.assertEqual(torch.npu.memory_reserved(), 34 * MIB)
        self.assertEqual(self.stat("allocated_bytes.small_pool.current"), 512)
        self.assertEqual(self.stat("allocated_bytes.large_pool.current"), 28 * MIB)
        self.assertEqual(self.stat("requested_bytes.all.current"), 100 + 27 * MIB - 3 * 32)
        self.assertEqual(self.stat("allocation.all.current"), 4)
        self.assertEqual(self.stat("segment.all.current"), 3)
        self.assertEqual(self.stat("segment.large_pool.current"), 2)
        self.assertEqual(self.stat("active.all.current"), 4)
        # 2 MiB less 512 bytes, and 20 - 16 MiB; the 1 MiB behind the last is not worth a block.
        self.assertEqual(self.stat("inactive_split.all.current"), 2)
        self.assertEqual(self.stat("inactive_split_bytes.all.current"), 6 * MIB - 512)
        self.assertEqual(another.numel() + own.numel() + large.numel() + small.numel(),
                         100 + 27 * MIB - 3 * 32)  # fmt: skip

    def test_peak_and_sums(self):
        a = block(2 * MIB)
        b = block(3 * MIB)
        del a
        self.assertEqual(torch.npu.memory_allocated(), 3 * MIB)
        self.assertEqual(torch.npu.max_memory_allocated(), 5 * MIB)
        self.assertEqual(self.stat("allocated_bytes.all.allocated"), 5 * MIB)
        self.assertEqual(self.stat("allocated_bytes.all.freed"), 2 * MIB)
        torch.npu.reset_peak_memory_stats()
        self.assertEqual(torch.npu.max_memory_allocated(), 3 * MIB)
        torch.npu.reset_accumulated_memory_stats()
        self.assertEqual(self.stat("allocated_bytes.all.allocated"), 0)
        self.assertEqual(torch.npu.max_memory_reserved(), 20 * MIB)
        self.assertEqual(torch.npu.max_memory_cached(), torch.npu.max_memory_reserved())
        del b
        self.assertEqual(torch.npu.memory_allocated(), 0)
        self.assertEqual(torch.npu.memory_cached(), 20 * MIB)

    def test_empty_tensor_takes_nothing(self):
        x = torch.empty(0, 3, device=NPU)
        self.assertEqual(x.data_ptr(), 0)
        self.assertEqual(self.stat("allocation.all.allocated"), 0)

    def test_devices_are_apart(self):
        x = block(MIB, "npu:1")
        self.assertEqual(torch.npu.memory_allocated(0), 0)
        self.assertEqual(torch.npu.memory_allocated("npu:1"), MIB)
        self.assertEqual(torch.npu.memory_allocated(x.device), MIB)
        with torch.npu.device(1):
            self.assertEqual(torch.npu.memory_allocated(), MIB)
        with self.assertRaisesRegex(RuntimeError, "there is no device npu:99"):
            torch.npu.memory_allocated(99)

    @needs("torch.accelerator")
    def test_accelerator_sees_the_same(self):
        x = block(MIB)
        self.assertEqual(torch.accelerator.memory_allocated(), MIB)
        self.assertEqual(torch.accelerator.memory_reserved(), 2 * MIB)
        want, got = torch.npu.memory_stats(), torch.accelerator.memory_stats()
        self.assertEqual({name: got[name] for name in want}, dict(want))
        del x
        torch.accelerator.empty_cache()
        self.assertEqual(torch.npu.memory_reserved(), 0)

    def test_snapshot(self):
        a, b, c = block(MIB // 2), block(MIB // 4), block(MIB // 4)
        del b
        (segment,) = torch.npu.memory_snapshot()
        self.assertEqual(segment["device"], 0)
        self.assertEqual(segment["segment_type"], "small")
        self.assertEqual(segment["address"], a.data_ptr())
        self.assertEqual(segment["total_size"], 2 * MIB)
        self.assertEqual(segment["allocated_size"], 3 * MIB // 4)
        self.assertEqual(
            [(part["size"], part["state"]) for part in segment["blocks"]],
            [
                (MIB // 2, "active_allocated"),
                (MIB // 4, "inactive"),
                (MIB // 4, "active_allocated"),
                (MIB, "inactive"),
            ],
        )
        self.assertEqual(segment["blocks"][2]["address"], c.data_ptr())

    def test_summary(self):
        x = block(3 * MIB)
        text = torch.npu.memory_summary()
        self.assertIn("device ID 0", text)
        self.assertRegex(text, r"Allocated memory +\| +3072 KiB \| +3072 KiB")
        self.assertRegex(text, r"from large pool +\| +3072 KiB")
        self.assertNotIn("large pool", torch.npu.memory_summary(abbreviated=True))
        self.assertEqual({len(line) for line in text.splitlines()}, {77})
        self.assertEqual(x.numel(), 3 * MIB - 32)

    def test_profiler_sees_memory(self):
        with torch.autograd.profiler.profile(use_npu=True, profile_memory=True) as profile:
            x = block(MIB)
            y = block(2 * MIB)
            del x
        # Which operator the profiler books a block to depends on its clock; the sum does not.
        seen = [on_npu(event, "self_device_memory_usage") for event in profile.key_averages()]
        self.assertEqual(sum(seen), 2 * MIB)
        self.assertGreaterEqual(max(seen), 2 * MIB)
        self.assertEqual(y.numel(), 2 * MIB - 32)

    def test_device_tells_the_same(self):
        before, total = torch.npu.mem_get_info()
        x = block(32 * MIB)
        free, _ = torch.npu.mem_get_info()
        self.assertEqual(before - free, x.numel() + 32)
        self.assertEqual(total, torch.npu.get_device_properties(0).total_memory)


class TestReuse(MemoryTestCase):
    """Splitting, joining, and handing out again."""

    def test_same_block_again(self):
        x = block(MIB)
        address = x.data_ptr()
        del x
        self.assertEqual(block(MIB).data_ptr(), address)
        self.assertEqual(self.stat("num_device_alloc"), 1)

    def test_smallest_that_fits(self):
        a, keep1, b, keep2 = block(4 * MIB), block(2 * MIB), block(3 * MIB), block(2 * MIB)
        address = b.data_ptr()
        del a, b
        self.assertEqual(block(3 * MIB).data_ptr(), address)
        self.assertNotEqual(keep1.data_ptr(), keep2.data_ptr())

    def test_neighbours_are_joined(self):
        parts = [block(2 * MIB) for _ in range(10)]
        first = parts[0].data_ptr()
        self.assertEqual(torch.npu.memory_reserved(), 20 * MIB)
        # In an order in which a block finds a free one before it, behind it, and on both sides.
        for index in (1, 3, 2, 9, 8, 0, 5, 7, 6, 4):
            parts[index] = None
        self.assertEqual(self.stat("inactive_split.all.current"), 0)
        whole = block(20 * MIB)
        self.assertEqual(whole.data_ptr(), first)
        self.assertEqual(torch.npu.memory_reserved(), 20 * MIB)

    def test_streams_do_not_share(self):
        side = torch.npu.Stream()
        x = block(MIB)
        address = x.data_ptr()
        del x
        with torch.npu.stream(side):
            y = block(MIB)
        self.assertNotEqual(y.data_ptr(), address)
        self.assertEqual(block(MIB).data_ptr(), address)

    def test_empty_cache_keeps_what_is_used(self):
        x, y = block(16 * MIB), block(MIB)
        del x
        torch.npu.empty_cache()
        self.assertEqual(torch.npu.memory_reserved(), 2 * MIB)
        self.assertEqual(self.stat("num_device_free"), 1)
        self.assertEqual(y.numel(), MIB - 32)

    def test_values_survive_neighbours(self):
        tensors = [torch.full((300,), float(i), device=NPU) for i in range(50)]
        for i in range(0, 50, 2):
            tensors[i] = torch.full((100 + 7 * i,), float(-i), device=NPU)
        for i, tensor in enumerate(tensors):
            value = -i if i % 2 == 0 else i
            self.assertTrue(torch.equal(tensor.cpu(), torch.full(tensor.shape, float(value))))


class TestOtherStreams(MemoryTestCase):
    """record_stream."""

    def test_block_waits_for_the_other_stream(self):
        side = torch.npu.Stream()
        x = block(MIB)
        address = x.data_ptr()
        with busy(side) as done:
            x.record_stream(side)
            del x
            self.assertFalse(done.query(), "the stream was to be busy")
            self.assertEqual(torch.npu.memory_allocated(), 0)
            self.assertEqual(self.stat("active_bytes.small_pool.current"), MIB)
            y = block(MIB)
            self.assertNotEqual(y.data_ptr(), address)
        z = block(MIB)
        self.assertEqual(z.data_ptr(), address)
        self.assertEqual(self.stat("active_bytes.small_pool.current"), 2 * MIB)

    def test_without_it_the_block_comes_back_at_once(self):
        side = torch.npu.Stream()
        x = block(MIB)
        address = x.data_ptr()
        with busy(side):
            del x
            self.assertEqual(block(MIB).data_ptr(), address)

    def test_own_stream_is_nothing_new(self):
        x = block(MIB)
        x.record_stream(torch.npu.current_stream())
        del x
        self.assertEqual(self.stat("active_bytes.all.current"), 0)

    def test_snapshot_says_so(self):
        side = torch.npu.Stream()
        x = block(MIB)
        address = x.data_ptr()
        with busy(side):
            x.record_stream(side)
            del x
            parts = [part for segment in torch.npu.memory_snapshot() for part in segment["blocks"]]
            states = {part["address"]: part["state"] for part in parts}
            self.assertEqual(states[address], "active_awaiting_free")

    def test_empty_cache_waits(self):
        side = torch.npu.Stream()
        x = block(16 * MIB)
        with busy(side) as done:
            x.record_stream(side)
            del x
            torch.npu.empty_cache()
            self.assertTrue(done.query())
            self.assertEqual(torch.npu.memory_reserved(), 0)


class TestRunningOut(MemoryTestCase):
    """Limits, retries and out of memory."""

    def test_text_and_going_on(self):
        keep = block(2 * MIB)
        with limited(64 * MIB):
            with self.assertRaises(torch.npu.OutOfMemoryError) as caught:
                block(100 * MIB)
            text = str(caught.exception)
            self.assertIn("NPU out of memory. Tried to allocate 100.00 MiB (NPU 0; ", text)
            for part in ("total capacity; 2.00 MiB already allocated; ", " free; 20.00 MiB "
                         "reserved in total by PyTorch", "allowed by set_per_process_memory",
                         "max_split_size_mb"):  # fmt: skip
                self.assertIn(part, text)
            self.assertIsInstance(caught.exception, RuntimeError)
            self.assertEqual(self.stat("num_ooms"), 1)
            self.assertEqual(block(40 * MIB).numel(), 40 * MIB - 32)
        self.assertEqual(block(100 * MIB).numel(), 100 * MIB - 32)
        self.assertEqual(keep.numel(), 2 * MIB - 32)

    def test_more_than_the_device_has(self):
        total = torch.npu.mem_get_info()[1]
        for size in (total + MIB, 1 << 50, (1 << 62) - 1):
            with self.subTest(size=size), self.assertRaises(torch.npu.OutOfMemoryError):
                torch.empty(size, dtype=torch.uint8, device=NPU)
        self.assertEqual(torch.ones(2, device=NPU).tolist(), [1.0, 1.0])

    def test_retry_after_freeing_the_cache(self):
        with limited(64 * MIB):
            x = block(40 * MIB)
            del x
            y = block(50 * MIB)
            self.assertEqual(self.stat("num_alloc_retries"), 1)
            self.assertEqual(self.stat("num_ooms"), 0)
            self.assertEqual(torch.npu.memory_reserved(), 50 * MIB)
            self.assertEqual(y.numel(), 50 * MIB - 32)

    def test_retry_waits_for_other_streams(self):
        side = torch.npu.Stream()
        x = block(40 * MIB)
        with busy(side):
            x.record_stream(side)
            del x
            torch.npu.empty_cache()
        x = block(40 * MIB)
        with busy(side) as done, limited(torch.npu.memory_reserved()):
            x.record_stream(side)
            del x
            y = block(42 * MIB)
            self.assertTrue(done.query())
            self.assertEqual(y.numel(), 42 * MIB - 32)

    def test_fraction(self):
        self.assertEqual(torch.npu.get_per_process_memory_fraction(), 1.0)
        torch.npu.set_per_process_memory_fraction(0.25, 1)
        self.assertEqual(torch.npu.get_per_process_memory_fraction("npu:1"), 0.25)
        torch.npu.set_per_process_memory_fraction(1.0, 1)
        for wrong, error in ((1.5, ValueError), (-0.1, ValueError), ("1", TypeError)):
            with self.subTest(wrong=wrong), self.assertRaises(error):
                torch.npu.set_per_process_memory_fraction(wrong)

    def test_no_memory_for_an_operator(self):
        x = torch.ones(8 * MIB, device=NPU)
        reserved = torch.npu.memory_reserved()
        with limited(reserved), self.assertRaises(torch.npu.OutOfMemoryError):
            x + x
        self.assertEqual(float((x + x)[5].cpu()), 2.0)


class TestThreads(MemoryTestCase):
    """Threads that allocate, copy between streams, and free at once."""

    def work(self, number, errors, finished):
        try:
            device = torch.device("npu", number % 2)
            torch.npu.set_device(device)
            own, side = torch.npu.Stream(), torch.npu.Stream()
            for step in range(60):
                value = float(number * 100 + step)
                size = 1 + (number * 7919 + step * 104729) % 300000
                with torch.npu.stream(own):
                    x = torch.full((size,), value, device=device)
                side.wait_stream(own)
                with torch.npu.stream(side):
                    y = x.clone()
                    x.record_stream(side)
                del x
                if step % 20 == 19:
                    torch.npu.empty_cache()
                with torch.npu.stream(own):
                    other = torch.full((size,), -1.0, device=device)
                side.synchronize()
                got = y.cpu()
                if not bool((got == value).all()):
                    errors.append(f"{value} became {got.unique().tolist()[:4]}")
                del y, other
            own.synchronize()
            finished.append(number)
        except RuntimeError as error:  # it would be lost with its thread
            errors.append(str(error))

    def test_four_threads(self):
        errors, finished = [], []
        threads = [threading.Thread(target=self.work, args=(n, errors, finished)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(errors, [])
        self.assertEqual(sorted(finished), [0, 1, 2, 3])
        for index in range(2):
            torch.npu.synchronize(index)
            torch.npu.empty_cache()
            self.assertEqual(torch.npu.memory_allocated(index), 0)
            self.assertEqual(torch.npu.memory_reserved(index), 0)
            self.assertEqual(self.stat("active.all.current", index), 0)
            self.assertEqual(self.stat("inactive_split_bytes.all.current", index), 0)


class TestRawBlocks(MemoryTestCase):
    """caching_allocator_alloc and caching_allocator_delete."""

    def test_alloc_and_delete(self):
        side = torch.npu.Stream()
        address = torch.npu.caching_allocator_alloc(900)
        other = torch.npu.caching_allocator_alloc(900, "npu:0", side)
        self.assertEqual(torch.npu.memory_allocated(), 2 * 1024)
        self.assertEqual(torch.npu.memory_reserved(), 4 * MIB)
        torch.npu.caching_allocator_delete(address)
        torch.npu.caching_allocator_delete(other)
        self.assertEqual(torch.npu.memory_allocated(), 0)
        with self.assertRaisesRegex(RuntimeError, "deleted already"):
            torch.npu.caching_allocator_delete(address)
        with self.assertRaises(ValueError):
            torch.npu.caching_allocator_alloc(-1)
        with self.assertRaisesRegex(ValueError, "one of npu:0"):
            torch.npu.caching_allocator_alloc(100, 1, side)


class TestPinned(MemoryTestCase):
    """Pinned memory of the host."""

    def setUp(self):
        super().setUp()
        torch.npu.empty_pinned_cache()

    def test_is_pinned(self):
        x = torch.empty(100, pin_memory=True)
        self.assertTrue(x.is_pinned())
        self.assertTrue(x[50:].is_pinned())
        self.assertFalse(torch.empty(100).is_pinned())
        self.assertFalse(torch.empty(100, device=NPU).is_pinned())
        y = torch.arange(10).pin_memory()
        self.assertTrue(y.is_pinned())
        self.assertEqual(y.tolist(), list(range(10)))
        self.assertEqual(y.device.type, "cpu")

    def test_reuse(self):
        x = torch.empty(1000, pin_memory=True)
        address = x.data_ptr()
        del x
        self.assertEqual(torch.empty(900, pin_memory=True).data_ptr(), address)
        self.assertEqual(torch.npu.pinned_memory_stats()["reserved_bytes"]["current"], 4096)
        torch.npu.empty_pinned_cache()
        self.assertEqual(torch.npu.pinned_memory_stats()["reserved_bytes"]["current"], 0)

    def test_block_waits_for_the_copy(self):
        side = torch.npu.Stream()
        x = torch.full((1000,), 3.0).pin_memory()
        address = x.data_ptr()
        with busy(side) as done, torch.npu.stream(side):
            y = x.to(NPU, non_blocking=True)
            del x
            self.assertFalse(done.query(), "the stream was to be busy")
            z = torch.full((1000,), 4.0).pin_memory()
            self.assertNotEqual(z.data_ptr(), address)
        self.assertEqual(y.cpu().tolist(), [3.0] * 1000)
        self.assertEqual(torch.empty(1000, pin_memory=True).data_ptr(), address)

    def test_copy_that_does_not_wait(self):
        x = torch.randn(1000).pin_memory()
        y = x.to(NPU, non_blocking=True)
        back = torch.empty(1000, pin_memory=True)
        back.copy_(y, non_blocking=True)
        torch.npu.synchronize()
        self.assertTrue(torch.equal(back, x))


SCRIPT = f"""
{IMPORT}
def block(size): return torch.empty(size * 2**20 - 32, dtype=torch.uint8, device="npu")
"""


def run(code, **settings):
    """Run a program of its own; returns what it printed, and its error text."""
    env = {**os.environ, **settings}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT + code], env=env, text=True, capture_output=True, check=False
    )
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return done.stdout.strip(), done.stderr


class TestSettings(unittest.TestCase):
    """PYTORCH_NPU_ALLOC_CONF, and the end of a process."""

    def test_wrong_settings(self):
        for text, said in (
            ("expandable_segments:True", "expandable_segments is not supported on an NPU"),
            ("max_split_size_mb:5", 'max_split_size_mb is a whole number above 20, not "5"'),
            ("garbage_collection_threshold:2", 'is a number between 0 and 1, not "2"'),
            ("hello:1", '"hello" is not known; known names are max_split_size_mb'),
            ("max_split_size_mb", "is not name:value"),
        ):
            with self.subTest(text=text), self.assertRaises(ValueError) as caught:
                runtime.check_allocator_config(text)
            self.assertIn("PYTORCH_NPU_ALLOC_CONF: ", str(caught.exception))
            self.assertIn(said, str(caught.exception))
        runtime.check_allocator_config("max_split_size_mb: 21, expandable_segments:False")
        # Each use says it, so that nobody works with settings that were not understood.
        code = """
for _ in range(2):
    try:
        torch.ones(1, device="npu")
    except ValueError as error:
        print(error)
"""
        out, _ = run(code, PYTORCH_NPU_ALLOC_CONF="hello:1")
        self.assertEqual(out.count('"hello" is not known'), 2, out)

    def test_max_split_size(self):
        code = """
x = block(60); del x
y = block(24); z = block(55)
stats = torch.npu.memory_stats()
print(torch.npu.memory_reserved() >> 20, stats["max_split_size"] >> 20)
print(stats["oversize_segments.current"], stats["oversize_allocations.current"])
"""
        setting = "max_split_size_mb:32, expandable_segments:False"
        # The 60 MiB are kept for what is about as large; the 24 MiB get their own, where they
        # would come of the 60 otherwise, and the 55 would need a segment (116 in all).
        self.assertEqual(run(code, PYTORCH_NPU_ALLOC_CONF=setting)[0].split(),
                         ["84", "32", "1", "1"])  # fmt: skip

    def test_garbage_collection(self):
        code = """
torch.npu.set_per_process_memory_fraction(200 * 2**20 / torch.npu.mem_get_info()[1])
a = block(60); b = block(50); del a; del b
c = block(70)
print(torch.npu.memory_reserved() >> 20, torch.npu.memory_stats()["num_alloc_retries"])
"""
        setting = "garbage_collection_threshold:0.6"
        # 120 MiB are allowed before the oldest is freed, and 180 are wanted and would be had.
        self.assertEqual(run(code, PYTORCH_NPU_ALLOC_CONF=setting)[0].split(), ["120", "0"])

    def test_out_of_memory_of_the_device(self):
        code = """
held = []
try:
    while True: held.append(block(64))
except torch.npu.OutOfMemoryError as error:
    print(len(held), "512.00 MiB total capacity" in str(error))
del held[:]
print(block(64).numel())
"""
        out, _ = run(code, ASCEND_EMU_MEMORY="512M", ASCEND_EMU_DEVICES="1")
        count, said, size = out.split()
        self.assertIn(int(count), (7, 8))
        self.assertEqual((said, int(size)), ("True", 64 * MIB - 32))

    def test_tensors_that_outlive_everything(self):
        code = """
import builtins
builtins.kept = [torch.ones(4, device="npu"), torch.ones(4).pin_memory()]
side = torch.npu.Stream()
builtins.kept[0].record_stream(side)
builtins.kept[1].to("npu", non_blocking=True)
print("done")
"""
        out, errors = run(code)
        self.assertEqual(out, "done")
        self.assertNotIn("Traceback", errors)
        self.assertNotIn("lost", errors)

    def test_nothing_before_the_first_use(self):
        code = """
torch.npu.empty_cache()
print(torch.npu.memory_allocated(), dict(torch.npu.memory_stats()), torch.npu.memory_snapshot(),
      torch.npu.is_initialized())
"""
        self.assertEqual(run(code)[0], "0 {} [] False")


if __name__ == "__main__":
    run_tests()
