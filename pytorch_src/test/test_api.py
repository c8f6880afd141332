"""Every name that the documentation promises exists and works."""

import copy
import io
import unittest

import torch
from npu_testing import OLD, NpuTestCase, fallback_mode, has, needs, run_tests, storage_of

TYPES = {
    "BoolTensor": torch.bool,
    "ByteTensor": torch.uint8,
    "CharTensor": torch.int8,
    "ShortTensor": torch.int16,
    "IntTensor": torch.int32,
    "LongTensor": torch.int64,
    "HalfTensor": torch.float16,
    "FloatTensor": torch.float32,
    "DoubleTensor": torch.float64,
}

#: The porting guide's tables, and what torch.cuda has of the kind.
DOCUMENTED = """
    is_available current_device device_count set_device synchronize device device_of Stream stream
    current_stream default_stream set_stream StreamContext Event get_device_name
    get_device_properties get_device_capability can_device_access_peer init is_initialized
    manual_seed manual_seed_all seed seed_all initial_seed get_rng_state get_rng_state_all
    set_rng_state set_rng_state_all
    BoolTensor FloatTensor IntTensor LongTensor HalfTensor ByteTensor CharTensor ShortTensor
    DoubleTensor BFloat16Tensor FloatStorage HalfStorage
    npu_format_cast npu_format_cast_ get_npu_format get_storage_size
    set_option get_option init_dump set_dump finalize_dump profile profileConfig
    amp random memory is_bf16_supported get_amp_supported_dtype ipc_collect OutOfMemoryError
    get_fallback_mode set_fallback_mode fallback_counts reset_fallback_counts
    memory_allocated max_memory_allocated memory_reserved max_memory_reserved memory_cached
    max_memory_cached memory_stats memory_summary memory_snapshot reset_peak_memory_stats
    reset_max_memory_allocated empty_cache mem_get_info set_per_process_memory_fraction
    caching_allocator_alloc caching_allocator_delete
"""


class TestNames(NpuTestCase):
    def test_every_name_is_there_and_explained(self):
        for name in DOCUMENTED.split():
            with self.subTest(name=name):
                self.assertTrue(getattr(torch.npu, name).__doc__)
                self.assertIn(name, torch.npu.__all__)
        self.assertIs(torch.npu_format_cast, torch.npu.npu_format_cast)

    def test_everything_public_is_explained(self):
        for name in torch.npu.__all__:
            with self.subTest(name=name):
                self.assertTrue(getattr(torch.npu, name).__doc__)

    def test_the_device(self):
        device = torch.device("npu:0")
        self.assertEqual((device.type, device.index), ("npu", 0))
        self.assertEqual(torch.device("npu", 1).index, 1)

    @needs("torch.accelerator")
    def test_the_accelerator(self):
        self.assertEqual(torch.accelerator.current_accelerator().type, "npu")
        self.assertEqual(torch.accelerator.device_count(), torch.npu.device_count())


class TestTensors(NpuTestCase):
    def test_factories(self):
        for dtype in (torch.long, torch.int, torch.half, torch.float, torch.bool):
            with self.subTest(dtype=dtype):
                there = torch.tensor([1, 0, 3], dtype=dtype, device="npu")
                self.assert_same(there, torch.tensor([1, 0, 3], dtype=dtype))
        self.assert_same(torch.ones(2, 3, device="npu:1"), torch.ones(2, 3))
        self.assert_same(torch.zeros(2, 3, device=torch.device("npu")), torch.zeros(2, 3))

    def test_moving(self):
        source = torch.tensor([1, 2, 3])
        self.assertFalse(source.is_npu)
        for there in (source.npu(), source.to("npu"), source.to(torch.device("npu:0"))):
            self.assertTrue(there.is_npu)
            self.assert_same(there, source)
            self.assertIs(there.npu(), there)
        for there in (source.npu(1), source.npu("npu:1"), source.npu(torch.device("npu", 1))):
            self.assertEqual(there.device.index, 1)
            self.assert_same(there, source)
        with torch.npu.device(1):
            self.assertEqual(source.npu().device.index, 1)
        with self.assertRaisesRegex(RuntimeError, "no device npu:9"):
            source.npu(9)
        with self.assertRaises(RuntimeError):
            source.npu("cpu")

    def test_printing(self):
        with fallback_mode("silent"):
            self.assertEqual(
                str(torch.tensor([1, 2], device="npu")), "tensor([1, 2], device='npu:0')"
            )
            self.assertIn("device='npu:1'", repr(torch.rand(2, 2).npu(1)))

    def test_modules(self):
        model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
        self.assertIs(model.npu(), model)
        for value in model.state_dict().values():
            self.assertEqual(value.device, torch.device("npu:0"))
        self.assertTrue(all(value.is_npu for value in model.to("npu:1").parameters()))
        self.assertEqual(copy.deepcopy(model)[0].weight.device.index, 1)
        self.assertFalse(model.cpu()[0].weight.is_npu)

    def test_packed_sequences_and_storages(self):
        packed = torch.nn.utils.rnn.pack_sequence([torch.ones(3), torch.ones(2)]).npu()
        self.assertTrue(packed.is_npu)
        storage = storage_of(torch.ones(4).npu())
        self.assertTrue(storage.is_npu)
        self.assertEqual(len(storage) * storage.element_size(), 16)
        self.assertFalse(storage.cpu().is_npu)
        self.assertTrue(storage_of(torch.ones(4)).npu().is_npu)
        self.assertIsInstance(torch.ones(4).npu().storage(), torch.npu.FloatStorage)
        self.assertNotIsInstance(torch.ones(4).storage(), torch.npu.FloatStorage)

    def test_files(self):
        source = torch.arange(6.0).reshape(2, 3)
        file = io.BytesIO()
        torch.save({"there": source.npu(1)}, file)
        for location, index in ((None, 1), ("npu:0", 0), ("npu:1", 1)):
            file.seek(0)
            there = torch.load(file, map_location=location)["there"]
            self.assertEqual(there.device.index, index)
            self.assert_same(there, source)
        file.seek(0)
        self.assertTrue(torch.equal(torch.load(file, map_location="cpu")["there"], source))


class TestTensorTypes(NpuTestCase):
    def test_lists(self):
        for name, dtype in TYPES.items():
            with self.subTest(name=name):
                kind = getattr(torch.npu, name)
                made = kind([1, 0, 3])
                self.assert_same(made, torch.tensor([1, 0, 3]).to(dtype))
                self.assertIsInstance(made, kind)
                self.assertEqual(made.type(), f"torch.npu.{name}")
                self.assertEqual(repr(kind), f"<class 'torch.npu.{name}'>")

    def test_sizes(self):
        kind = torch.npu.FloatTensor
        self.assertEqual(tuple(kind(2, 3).shape), (2, 3))
        self.assertEqual(tuple(kind(torch.Size([4, 1])).shape), (4, 1))
        self.assertEqual(tuple(kind().shape), (0,))
        self.assertEqual(tuple(kind([[1, 2], [3, 4]]).shape), (2, 2))

    def test_isinstance(self):
        there = torch.ones(2).npu()
        self.assertIsInstance(there, torch.npu.FloatTensor)
        self.assertNotIsInstance(there, torch.npu.HalfTensor)
        self.assertNotIsInstance(torch.ones(2), torch.npu.FloatTensor)
        self.assertNotIsInstance(1, torch.npu.FloatTensor)
        self.assertNotIsInstance(there, torch.FloatTensor)

    def test_type(self):
        source = torch.tensor([1.5, -2])
        for kind in (torch.npu.HalfTensor, "torch.npu.HalfTensor"):
            self.assert_same(source.type(kind), source.half())
            self.assert_same(source.npu().type(kind), source.half())
        self.assertFalse(source.npu().type(torch.FloatTensor).is_npu)
        self.assertIs(source.npu().type(torch.float16).dtype, torch.float16)

    @unittest.skipIf(has("torch.set_default_device"), "there is a default device")
    def test_no_default_type(self):
        with self.assertRaisesRegex(TypeError, r"set_default_dtype\(torch.float16\)"):
            torch.set_default_tensor_type(torch.npu.HalfTensor)

    @needs("torch.set_default_device")
    def test_default_type(self):
        try:
            for kind in (torch.npu.HalfTensor, "torch.npu.HalfTensor"):
                torch.set_default_tensor_type(kind)
                self.assertEqual(torch.empty(2).type(), "torch.npu.HalfTensor")
                self.assertEqual(torch.tensor([1.0]).type(), "torch.npu.HalfTensor")
                torch.set_default_tensor_type(torch.FloatTensor)
                self.assertEqual(torch.empty(2).type(), "torch.FloatTensor")
            with self.assertRaisesRegex(TypeError, "only a floating-point type"):
                torch.set_default_tensor_type(torch.npu.IntTensor)
        finally:
            torch.set_default_tensor_type(torch.FloatTensor)

    def test_what_is_refused(self):
        with self.assertRaisesRegex(TypeError, r"sizes, one list or one tensor.*str 'x'"):
            torch.npu.IntTensor("x")
        with self.assertRaisesRegex(TypeError, r"its own type; torch\.npu\.FloatTensor"):
            torch.npu.IntTensor(torch.npu.FloatTensor([1]))


class TestMixedPrecision(NpuTestCase):
    def test_autocast(self):
        there = torch.randn(4, 4).npu()
        contexts = [torch.npu.amp.autocast()]
        if has("torch.autocast"):
            contexts.append(torch.autocast("npu"))
            contexts.append(torch.autocast(device_type="npu", dtype=torch.float16))
        for context in contexts:
            with context, fallback_mode("silent"):
                product = there @ there
                self.assertEqual(product.dtype, torch.float16)
                self.assertEqual(torch.nn.functional.linear(there, there).dtype, torch.float16)
                self.assertEqual(torch.softmax(product, -1).dtype, torch.float32)
                self.assertEqual((product + there).dtype, torch.float32)
                self.assertEqual(product.relu().dtype, torch.float16)
                with torch.npu.amp.autocast(enabled=False):
                    self.assertEqual((there @ there).dtype, torch.float32)
        self.assertEqual((there @ there).dtype, torch.float32)

    def test_batch_normalisation_is_float32(self):
        norm, there = torch.nn.BatchNorm2d(3).npu(), torch.randn(2, 3, 4, 4).npu().half()
        with torch.npu.amp.autocast(), fallback_mode("silent"):
            got = norm(there)
        # PyTorch 1.8 casts nothing here: its kernels take half beside weights of float32.
        self.assertEqual(got.dtype, torch.float16 if OLD else torch.float32)
        self.assert_same(got.float(), norm.cpu()(there.cpu().float()), tolerance=1e-2)

    def test_autocast_decorates(self):
        @torch.npu.amp.autocast()
        def product(one, other):
            return one @ other

        there = torch.randn(2, 2).npu()
        self.assertEqual(product(there, there).dtype, torch.float16)

    def test_gradients_come_back_as_float32(self):
        leaf = torch.randn(4, 4).npu().requires_grad_()
        with torch.npu.amp.autocast():
            loss = (leaf @ leaf).float().sum()
        with fallback_mode("silent"):
            loss.backward()
        self.assertEqual(leaf.grad.dtype, torch.float32)

    def test_what_loses_its_range_is_refused(self):
        there = torch.rand(3).npu()
        remedy = "binary_cross_entropy_with_logits"
        with torch.npu.amp.autocast(), self.assertRaisesRegex(RuntimeError, remedy):
            torch.nn.functional.binary_cross_entropy(there, there)

    def test_types_it_takes(self):
        self.assertIn(torch.float16, torch.npu.get_amp_supported_dtype())

    @needs("torch.autocast")
    def test_types_it_does_not_take(self):
        with self.assertWarnsRegex(UserWarning, "not supported"):
            torch.autocast("npu", dtype=torch.float64)

    def test_scaler(self):
        scaler = torch.npu.amp.GradScaler(init_scale=8.0)
        if has("torch.amp.GradScaler"):
            self.assertIsInstance(scaler, torch.amp.GradScaler)
        there = torch.ones(2).npu().requires_grad_()
        with fallback_mode("silent"):
            scaled = scaler.scale(there.sum())
            self.assertEqual(scaled.item(), 16)
            scaled.backward()
            optimizer = torch.optim.SGD([there], lr=1.0)
            scaler.step(optimizer)
            scaler.update()
        self.assert_same(there, torch.zeros(2).requires_grad_())
        self.assertEqual(scaler.get_scale(), 8)


class TestFallbackMode(NpuTestCase):
    def test_modes(self):
        before = torch.npu.get_fallback_mode()
        for mode in ("error", "warn", "silent"):
            torch.npu.set_fallback_mode(mode)
            self.assertEqual(torch.npu.get_fallback_mode(), mode)
        with self.assertRaisesRegex(ValueError, '"loud"; it can be "warn", "error" or "silent"'):
            torch.npu.set_fallback_mode("loud")
        torch.npu.set_fallback_mode(before)
        torch.npu.reset_fallback_counts()
        self.assertEqual(torch.npu.fallback_counts(), {})


class TestDataLoader(NpuTestCase):
    def test_pinned_batches(self):
        data = torch.utils.data.TensorDataset(torch.arange(8.0))
        loader = torch.utils.data.DataLoader(data, batch_size=4, pin_memory=True)
        for (batch,) in loader:
            self.assertTrue(batch.is_pinned())
            self.assert_same(batch.npu(non_blocking=True), batch)


if __name__ == "__main__":
    run_tests()
