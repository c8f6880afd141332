"""Devices, streams and events as torch.npu offers them, and what is refused."""

import threading
from multiprocessing.reduction import ForkingPickler

import torch
from npu_testing import NpuTestCase, has, needs, run_tests


class TestDevice(NpuTestCase):
    def tearDown(self):
        torch.npu.set_device(0)

    def test_there_are_devices(self):
        self.assertTrue(torch.npu.is_available())
        self.assertGreaterEqual(torch.npu.device_count(), 2)
        torch.npu.init()
        self.assertTrue(torch.npu.is_initialized())

    def test_set_device_takes_what_people_write(self):
        for device in (1, "npu:1", torch.device("npu:1"), torch.device("npu", 1)):
            torch.npu.set_device(0)
            torch.npu.set_device(device)
            self.assertEqual(torch.npu.current_device(), 1)
            self.assertEqual(torch.empty(1, device="npu").device.index, 1)
        torch.npu.set_device(-1)
        self.assertEqual(torch.npu.current_device(), 1)
        torch.npu.set_device("npu")
        self.assertEqual(torch.npu.current_device(), 1)

    def test_set_device_refuses_the_rest_and_goes_on(self):
        count = torch.npu.device_count()
        for device in (count, f"npu:{count}"):
            with self.assertRaisesRegex(RuntimeError, f"no device npu:{count}.*{count} NPU"):
                torch.npu.set_device(device)
        for device in ("cpu", torch.device("cuda:0")):
            with self.assertRaisesRegex(ValueError, "an NPU is wanted, such as 'npu:0'"):
                torch.npu.set_device(device)
        for device in (None, 1.0, [0], True):
            with self.assertRaisesRegex((TypeError, ValueError), "npu:0"):
                torch.npu.set_device(device)
        self.assertEqual(torch.npu.current_device(), 0)
        with self.assertRaisesRegex(RuntimeError, f"no device npu:{count}"):
            torch.empty(1, device=f"npu:{count}")
        self.assert_same(torch.zeros(2, device="npu"), torch.zeros(2))

    def test_device_is_a_context(self):
        with torch.npu.device(1):
            self.assertEqual(torch.npu.current_device(), 1)
            with torch.npu.device("npu:0"):
                self.assertEqual(torch.npu.current_device(), 0)
            with torch.npu.device(None), torch.npu.device(-1):
                self.assertEqual(torch.npu.current_device(), 1)
            self.assertEqual(torch.npu.current_device(), 1)
        self.assertEqual(torch.npu.current_device(), 0)
        with self.assertRaisesRegex(KeyError, "inside"), torch.npu.device(1):
            raise KeyError("inside")
        self.assertEqual(torch.npu.current_device(), 0)

    def test_device_of(self):
        there = torch.empty(1, device="npu:1")
        with torch.npu.device_of(there):
            self.assertEqual(torch.npu.current_device(), 1)
        with torch.npu.device_of(torch.empty(1)):
            self.assertEqual(torch.npu.current_device(), 0)

    def test_each_thread_has_its_device(self):
        seen = []

        def run():
            seen.append(torch.npu.current_device())
            torch.npu.set_device(1)
            seen.append(torch.npu.current_device())

        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
        self.assertEqual(seen, [0, 1])
        self.assertEqual(torch.npu.current_device(), 0)

    def test_one_thread_works_on_two_devices(self):
        for index in (0, 1, 0):
            there = torch.full((3,), index + 1, dtype=torch.float32, device=f"npu:{index}")
            self.assertEqual(there.cpu().tolist(), [index + 1] * 3)
            self.assertEqual(there.device, torch.device("npu", index))

    def test_tensors_of_two_devices_are_not_mixed(self):
        one, other = torch.ones(2, device="npu:0"), torch.ones(2, device="npu:1")
        with self.assertRaisesRegex(RuntimeError, "npu:1"):
            one.add_(other)
        self.assertEqual(one.cpu().tolist(), [1, 1])
        one.copy_(other.mul(0))
        self.assertEqual(one.cpu().tolist(), [0, 0])

    def test_properties(self):
        found = torch.npu.get_device_properties(0)
        self.assertEqual(found.name, torch.npu.get_device_name("npu:0"))
        self.assertTrue(found.name.startswith(found.soc))
        self.assertEqual(found.is_emulator, "emulator" in found.name)
        self.assertGreater(found.total_memory, 1 << 20)
        self.assertIn(found.name, repr(found))
        self.assertIsNone(torch.npu.get_device_capability(1))
        with self.assertRaisesRegex(RuntimeError, "no device npu:99"):
            torch.npu.get_device_name(99)
        self.assertFalse(torch.npu.can_device_access_peer(0, 0))
        self.assertIsInstance(torch.npu.can_device_access_peer(0, 1), bool)
        self.assertEqual(
            torch.npu.is_bf16_supported(), torch.bfloat16 in torch.npu.get_amp_supported_dtype()
        )

    def test_what_processes_cannot_share(self):
        with self.assertRaisesRegex(NotImplementedError, "not shared between processes"):
            torch.npu.ipc_collect()
        with self.assertRaisesRegex(RuntimeError, "not shared between processes"):
            torch.npu.Event(interprocess=True)
        with self.assertRaisesRegex(RuntimeError, r"send a copy: tensor\.cpu\(\)"):
            ForkingPickler.dumps(torch.ones(2, device="npu"))
        self.assertTrue(ForkingPickler.dumps(torch.ones(2)))

    @needs("torch.distributed.is_backend_available")
    def test_collectives_are_refused(self):
        with self.assertRaisesRegex(RuntimeError, r"no collectives \(HCCL\)"):
            torch.distributed.init_process_group(
                "hccl", store=torch.distributed.HashStore(), rank=0, world_size=1
            )
        self.assertFalse(torch.distributed.is_initialized())
        self.assertFalse(torch.distributed.is_backend_available("hccl"))


class TestStream(NpuTestCase):
    def test_a_stream_is_torchs(self):
        stream = torch.npu.Stream()
        self.assertIsInstance(stream, torch.Stream)
        self.assertIsInstance(torch.npu.current_stream(), torch.npu.Stream)
        self.assertEqual(stream.device, torch.device("npu:0"))
        self.assertEqual(torch.npu.Stream("npu:1").device.index, 1)
        self.assertEqual(torch.npu.Stream(device=1).device.index, 1)
        self.assertGreater(stream.npu_stream, 0)
        self.assertEqual(stream._as_parameter_.value, stream.npu_stream)

    def test_priority(self):
        self.assertEqual(torch.npu.Stream().priority, 0)
        self.assertEqual(torch.npu.Stream(priority=-1).priority, -1)
        self.assertEqual(torch.npu.Stream.priority_range(), (0, -1))

    def test_streams_are_equal_by_what_they_name(self):
        one, other = torch.npu.Stream(), torch.npu.Stream()
        self.assertNotEqual(one, other)
        again = torch.npu.Stream(
            stream_id=one.stream_id, device_index=one.device_index, device_type=one.device_type
        )
        self.assertEqual(one, again)
        self.assertEqual(len({one, again, other}), 2)
        self.assertNotEqual(one, "npu")
        with self.assertRaisesRegex(TypeError, "named by stream_id.*; stream_id was given"):
            torch.npu.Stream(stream_id=1)

    def test_context(self):
        before, stream = torch.npu.current_stream(), torch.npu.Stream()
        self.assertEqual(before, torch.npu.default_stream())
        with torch.npu.stream(stream):
            self.assertEqual(torch.npu.current_stream(), stream)
            with torch.npu.stream(None):
                self.assertEqual(torch.npu.current_stream(), stream)
        self.assertEqual(torch.npu.current_stream(), before)
        with self.assertRaisesRegex(KeyError, "inside"), torch.npu.stream(stream):
            raise KeyError("inside")
        self.assertEqual(torch.npu.current_stream(), before)

    def test_context_drives_the_streams_device(self):
        stream = torch.npu.Stream(1)
        with torch.npu.stream(stream):
            self.assertEqual(torch.npu.current_device(), 1)
            self.assertEqual(torch.empty(1, device="npu").device.index, 1)
        self.assertEqual(torch.npu.current_device(), 0)
        self.assertEqual(torch.npu.current_stream(1), torch.npu.default_stream(1))

    @needs("torch.Stream")
    @needs("torch.Stream.__enter__")
    def test_a_stream_is_a_context_itself(self):
        stream = torch.npu.Stream(1)
        with stream:
            self.assertEqual(torch.npu.current_stream(1), stream)
            self.assertEqual(torch.npu.current_device(), 1)
        self.assertEqual(torch.npu.current_stream(1), torch.npu.default_stream(1))
        self.assertEqual(torch.npu.current_device(), 0)

    def test_set_stream(self):
        stream = torch.npu.Stream()
        try:
            torch.npu.set_stream(stream)
            self.assertEqual(torch.npu.current_stream(), stream)
            torch.npu.set_stream(None)
            self.assertEqual(torch.npu.current_stream(), stream)
        finally:
            torch.npu.set_stream(torch.npu.default_stream())
        with self.assertRaisesRegex(TypeError, r"a torch\.npu\.Stream is wanted; str 'npu:0'"):
            torch.npu.set_stream("npu:0")
        with self.assertRaisesRegex(TypeError, "is wanted; int 1"):
            torch.npu.stream(1)
        with self.assertRaisesRegex(RuntimeError, "no device npu:9"):
            torch.npu.Stream(9)

    def test_work_waits_for_other_streams(self):
        producer, consumer = torch.npu.Stream(), torch.npu.Stream()
        source = torch.randn(256, 256)
        with torch.npu.stream(producer):
            there = source.npu(non_blocking=True)
        consumer.wait_stream(producer)
        with torch.npu.stream(consumer):
            copy = there.clone()
        consumer.synchronize()
        self.assertTrue(consumer.query())
        self.assertTrue(producer.query())
        self.assert_same(copy, source)

    def test_record_stream(self):
        stream, there = torch.npu.Stream(), torch.ones(8, device="npu")
        stream.wait_stream(torch.npu.current_stream())
        with torch.npu.stream(stream):
            copy = there.clone()
        there.record_stream(stream)
        del there
        stream.synchronize()
        self.assert_same(copy, torch.ones(8))


class TestEvent(NpuTestCase):
    def test_event_is_torchs(self):
        event = torch.npu.Event()
        if has("torch.Event"):
            self.assertIsInstance(event, torch.Event)
        self.assertTrue(event.query())
        event.record()
        event.synchronize()
        self.assertTrue(event.query())
        self.assertEqual(event.device, torch.device("npu:0"))
        self.assertIsInstance(torch.npu.Stream().record_event(), torch.npu.Event)

    def test_waits_across_streams(self):
        first, second = torch.npu.Stream(), torch.npu.Stream()
        source = torch.randn(128, 128)
        with torch.npu.stream(first):
            there = source.npu(non_blocking=True)
        event = first.record_event()
        event.wait(second)
        second.wait_event(event)
        with torch.npu.stream(second):
            copy = there.clone()
        second.synchronize()
        self.assert_same(copy, source)

    def test_elapsed_time(self):
        begin, end = (torch.npu.Event(enable_timing=True) for _ in range(2))
        begin.record()
        torch.randn(64, 64).npu()
        end.record()
        end.synchronize()
        self.assertGreaterEqual(begin.elapsed_time(end), 0)
        for wrong in (torch.npu.Event(), torch.npu.Event(enable_timing=True)):
            with self.assertRaises((RuntimeError, ValueError)):
                begin.elapsed_time(wrong)

    def test_an_event_stays_on_its_device(self):
        event = torch.npu.Event()
        event.record(torch.npu.default_stream(0))
        with self.assertRaises(RuntimeError):
            event.record(torch.npu.default_stream(1))
        with self.assertRaisesRegex(TypeError, r"torch\.npu\.Stream is wanted"):
            event.record("npu:0")
        event.record()
        event.synchronize()


class TestRandom(NpuTestCase):
    def test_seeds(self):
        torch.npu.manual_seed(7)
        self.assertEqual(torch.npu.initial_seed(), 7)
        torch.npu.manual_seed_all(8)
        with torch.npu.device(1):
            self.assertEqual(torch.npu.initial_seed(), 8)
        torch.manual_seed(9)
        self.assertEqual(torch.npu.initial_seed(), 9)
        self.assertEqual(torch.npu.seed(), torch.npu.initial_seed())
        torch.npu.seed_all()
        self.assertEqual(len(torch.npu.default_generators), torch.npu.device_count())
        self.assertEqual(torch.npu.default_generators[0].initial_seed(), torch.npu.initial_seed())

    def test_states(self):
        torch.npu.manual_seed_all(3)
        state, states = torch.npu.get_rng_state(), torch.npu.get_rng_state_all()
        self.assertEqual(len(states), torch.npu.device_count())
        torch.npu.manual_seed_all(4)
        self.assertFalse(torch.equal(state, torch.npu.get_rng_state()))
        torch.npu.set_rng_state(state)
        self.assertTrue(torch.equal(state, torch.npu.get_rng_state("npu:0")))
        torch.npu.set_rng_state_all(states)
        self.assertTrue(torch.equal(states[1], torch.npu.get_rng_state(1)))
        with self.assertRaisesRegex(RuntimeError, "state"):
            torch.npu.set_rng_state(torch.zeros(3, dtype=torch.uint8))

    def test_fork_rng(self):
        torch.npu.manual_seed(5)
        with torch.random.fork_rng(devices=[0], device_type="npu"):
            torch.npu.manual_seed(6)
        self.assertEqual(torch.npu.initial_seed(), 5)


if __name__ == "__main__":
    run_tests()
