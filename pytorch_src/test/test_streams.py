"""Streams and events: order inside a stream, none between them but by events, on both devices."""

import threading

import torch
from npu_testing import NpuTestCase, needs, run_tests
from torch.npu._release import runtime

SIZE = 512
# Far more work than launching it takes.
ROUNDS = 24


def slow(square):
    """Return the square matrix after many multiplications by an identity."""
    identity = torch.eye(square.shape[0]).to(square.device)
    for _ in range(ROUNDS):
        square = square @ identity
    return square


class StreamChecks:
    def setUp(self):
        runtime.enable_task_queue(self.queued)
        torch.npu.set_device(0)

    def tearDown(self):
        torch.npu.synchronize(0)
        torch.npu.synchronize(1)
        runtime.enable_task_queue(False)
        torch.npu.set_device(0)

    def test_work_is_done_later_and_in_order(self):
        square = torch.randn(SIZE, SIZE)
        given = square.npu()
        torch.npu.synchronize()
        done = torch.npu.Event()
        got = slow(given)
        done.record()
        self.assertFalse(done.query())
        self.assertFalse(torch.npu.current_stream().query())
        done.synchronize()
        self.assertTrue(done.query())
        # An event is reached a moment before its stream has nothing left.
        torch.npu.current_stream().synchronize()
        self.assertTrue(torch.npu.current_stream().query())
        self.assert_same(got, square)

    def test_a_stream_does_not_wait_for_another(self):
        given = torch.randn(SIZE, SIZE).npu()
        small = torch.ones(4).npu()
        torch.npu.synchronize()
        busy, idle = torch.npu.Stream(), torch.npu.Stream()
        with torch.npu.stream(busy):
            slow(given)
        with torch.npu.stream(idle):
            got = small + 1
        idle.synchronize()
        self.assertFalse(busy.query())
        self.assert_same(got, torch.ones(4) + 1)
        busy.synchronize()
        self.assertTrue(busy.query())

    def test_an_event_orders_two_streams(self):
        square = torch.randn(SIZE, SIZE)
        given = square.npu()
        maker, user = torch.npu.Stream(), torch.npu.Stream()
        for wait in (
            lambda event: event.wait(user),
            user.wait_event,
            lambda event: user.wait_stream(maker),
        ):
            shared = torch.zeros(SIZE, SIZE).npu()
            torch.npu.synchronize()
            with torch.npu.stream(maker):
                shared.copy_(slow(given))
                event = maker.record_event()
            wait(event)
            with torch.npu.stream(user):
                got = shared * 2
            self.assertFalse(user.query())
            user.synchronize()
            self.assert_same(got, square * 2)

    def test_an_event_orders_two_devices(self):
        square = torch.randn(SIZE, SIZE)
        here, there = torch.npu.Stream(0), torch.npu.Stream(1)
        with torch.npu.stream(here):
            shared = torch.zeros(SIZE, SIZE, device="npu:0")
            shared.copy_(slow(square.to("npu:0")))
            event = here.record_event()
        with torch.npu.stream(there):
            other = torch.ones(4, device="npu:1")
            there.wait_event(event)
            other += 1
        self.assertFalse(there.query())
        there.synchronize()
        self.assertTrue(event.query())
        self.assert_same(shared, square)
        self.assert_same(other, torch.full((4,), 2.0))

    def test_an_event_is_recorded_again(self):
        given = torch.randn(SIZE, SIZE).npu()
        event = torch.npu.Event()
        self.assertTrue(event.query())
        event.synchronize()
        torch.npu.current_stream().wait_event(event)
        for _ in range(3):
            slow(given)
            event.record()
            self.assertFalse(event.query())
            event.synchronize()
            self.assertTrue(event.query())

    def test_an_event_belongs_to_one_device(self):
        event = torch.npu.Event()
        event.record(torch.npu.Stream(0))
        with self.assertRaisesRegex(RuntimeError, "npu:0.*npu:1"):
            event.record(torch.npu.Stream(1))
        event.record(torch.npu.Stream(0))
        event.synchronize()

    def test_elapsed_time(self):
        given = torch.randn(SIZE, SIZE).npu()
        torch.npu.synchronize()
        first, middle, last = (torch.npu.Event(enable_timing=True) for _ in range(3))
        first.record()
        slow(given)
        middle.record()
        with self.assertRaisesRegex(RuntimeError, "done|completed"):
            first.elapsed_time(middle)
        last.record()
        last.synchronize()
        self.assertGreater(first.elapsed_time(middle), 1)
        self.assertGreaterEqual(middle.elapsed_time(last), 0)
        self.assertLess(middle.elapsed_time(last), first.elapsed_time(middle))
        self.assertAlmostEqual(
            first.elapsed_time(last),
            first.elapsed_time(middle) + middle.elapsed_time(last),
            delta=0.1,
        )

    def test_elapsed_time_refuses(self):
        plain, timed = torch.npu.Event(), torch.npu.Event(enable_timing=True)
        unused = torch.npu.Event(enable_timing=True)
        plain.record()
        timed.record()
        torch.npu.synchronize()
        with self.assertRaisesRegex((RuntimeError, ValueError), "enable_timing"):
            plain.elapsed_time(timed)
        with self.assertRaisesRegex((RuntimeError, ValueError), "recorded"):
            timed.elapsed_time(unused)

    def test_a_synchronized_device_has_nothing_left(self):
        given = torch.randn(SIZE, SIZE).npu()
        torch.npu.synchronize()
        streams = [torch.npu.Stream() for _ in range(3)]
        for stream in streams:
            with torch.npu.stream(stream):
                slow(given)
        self.assertFalse(all(stream.query() for stream in streams))
        torch.npu.synchronize()
        self.assertTrue(all(stream.query() for stream in streams))

    def test_threads_on_two_devices_with_two_streams_each(self):
        rounds = 40
        want = torch.arange(64.0)
        streams = {(device, n): torch.npu.Stream(device) for device in (0, 1) for n in (0, 1)}
        failures = []
        # What a thread makes the next one checks, on another stream or another device.
        made = {key: [None] * rounds for key in streams}
        ready = {key: [threading.Event() for _ in range(rounds)] for key in streams}

        def work(key):
            try:
                device, number = key
                partner = (1 - device, number) if number else (device, 1 - number)
                torch.npu.set_device(device)
                with torch.npu.stream(streams[key]):
                    total = torch.zeros(64, device=f"npu:{device}")
                    for step in range(rounds):
                        total = total + want.npu()
                        copy = total.clone()
                        made[key][step] = (copy, streams[key].record_event())
                        ready[key][step].set()
                        if not ready[partner][step].wait(10):
                            raise TimeoutError("the other thread has stopped")
                        other, event = made[partner][step]
                        event.wait(streams[key])
                        difference = other.to(f"npu:{device}") - total
                        if difference.abs().sum().item() != 0:
                            raise AssertionError(f"{key} differs at {step}: {difference.cpu()}")
                if not torch.equal(total.cpu(), want * rounds):
                    raise AssertionError(f"{key} ends with {total.cpu()}")
            except Exception as error:  # noqa: BLE001 - the test shows it
                failures.append(error)

        threads = [threading.Thread(target=work, args=(key,)) for key in streams]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])


class TestStreams(StreamChecks, NpuTestCase):
    queued = False


class TestStreamsWithTaskQueue(StreamChecks, NpuTestCase):
    queued = True


class TestStreamObjects(NpuTestCase):
    def test_the_current_stream_is_of_the_thread_and_of_the_device(self):
        self.assertEqual(torch.npu.current_stream(), torch.npu.default_stream())
        stream, other = torch.npu.Stream(), torch.npu.Stream(1)
        seen = []
        with torch.npu.stream(stream):
            self.assertEqual(torch.npu.current_stream(), stream)
            self.assertEqual(torch.npu.current_stream(1), torch.npu.default_stream(1))
            with torch.npu.stream(other):
                self.assertEqual(torch.npu.current_device(), 1)
                self.assertEqual(torch.npu.current_stream(), other)
                self.assertEqual(torch.npu.current_stream(0), stream)
            self.assertEqual(torch.npu.current_device(), 0)
            self.assertEqual(torch.npu.current_stream(1), torch.npu.default_stream(1))
            thread = threading.Thread(target=lambda: seen.append(torch.npu.current_stream()))
            thread.start()
            thread.join()
        self.assertEqual(seen, [torch.npu.default_stream()])
        self.assertEqual(torch.npu.current_stream(), torch.npu.default_stream())

    def test_a_stream_is_given_back_after_an_error(self):
        with self.assertRaisesRegex(KeyError, "inside"), torch.npu.stream(torch.npu.Stream()):
            raise KeyError("inside")
        self.assertEqual(torch.npu.current_stream(), torch.npu.default_stream())

    def test_a_pool_of_32_streams_for_each_priority(self):
        for priority in (0, -1):
            streams = [torch.npu.Stream(priority=priority) for _ in range(32)]
            self.assertEqual(len(set(streams)), 32)
            self.assertIn(torch.npu.Stream(priority=priority), streams)
            self.assertEqual({stream.priority for stream in streams}, {priority})
            self.assertNotIn(torch.npu.default_stream(), streams)
        self.assertEqual(len({torch.npu.Stream().npu_stream for _ in range(32)}), 32)

    def test_urgent_streams_compute_the_same(self):
        for priority in (0, -1):
            with torch.npu.stream(torch.npu.Stream(priority=priority)):
                self.check(lambda a: (a + 1) * 2, torch.randn(8))

    def test_a_device_that_is_not_there(self):
        count = torch.npu.device_count()
        with self.assertRaisesRegex(RuntimeError, f"no device npu:{count}"):
            torch.npu.Stream(count)
        with self.assertRaisesRegex(RuntimeError, f"no device npu:{count}"):
            torch.npu.current_stream(count)

    @needs("torch.accelerator")
    def test_torch_accelerator(self):
        self.assertEqual(torch.accelerator.current_accelerator().type, "npu")
        self.assertEqual(torch.accelerator.device_count(), torch.npu.device_count())
        with torch.accelerator.device_index(1):
            self.assertEqual(torch.npu.current_device(), 1)
        with torch.accelerator.device_index(None):
            self.assertEqual(torch.npu.current_device(), 0)
        before = torch.accelerator.current_stream()
        stream = torch.Stream("npu:1")
        torch.accelerator.set_stream(stream)
        self.assertEqual(torch.accelerator.current_stream(), stream)
        self.assertEqual(torch.npu.current_device(), 1)
        torch.accelerator.set_stream(before)
        self.assertEqual(torch.npu.current_device(), 0)
        event = stream.record_event()
        stream.wait_event(event)
        stream.synchronize()
        torch.accelerator.synchronize()
        self.assertTrue(event.query())

    @needs("torch.accelerator")
    def test_capability_lists_what_tensors_can_hold(self):
        types = torch.accelerator.get_device_capability("npu:0")["supported_dtypes"]
        self.assertIn(torch.float16, types)
        self.assertIn(torch.int64, types)
        self.assertNotIn(torch.quint8, types)


if __name__ == "__main__":
    run_tests()
