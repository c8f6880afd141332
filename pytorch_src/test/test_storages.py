"""Storages of the NPU: memory that tensors share, by type and number."""

import copy
import io
import tempfile
import warnings
from pathlib import Path

import torch
from npu_testing import IN_TREE, NpuTestCase, run_tests

TYPES = {
    "BoolStorage": torch.bool,
    "ByteStorage": torch.uint8,
    "CharStorage": torch.int8,
    "ShortStorage": torch.int16,
    "IntStorage": torch.int32,
    "LongStorage": torch.int64,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "FloatStorage": torch.float32,
    "DoubleStorage": torch.float64,
    "ComplexFloatStorage": torch.complex64,
    "ComplexDoubleStorage": torch.complex128,
}


def storage_of(tensor):
    """Return Tensor.storage(), of which later releases warn that it will go."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return tensor.storage()


class TestStorages(NpuTestCase):
    """What holds for every release."""

    def setUp(self):
        warnings.filterwarnings("ignore", message=".*TypedStorage is deprecated.*")
        self.source = torch.arange(6.0)
        self.there = self.source.npu()
        self.storage = storage_of(self.there)

    def test_types(self):
        for name, dtype in TYPES.items():
            with self.subTest(name=name):
                kind = getattr(torch.npu, name)
                storage = storage_of(torch.tensor([0, 1, 1], dtype=dtype).npu(1))
                self.assertIsInstance(storage, kind)
                self.assertEqual((storage.dtype, storage.device.index), (dtype, 1))
                self.assertEqual((storage.size(), len(storage)), (3, 3))
                self.assertEqual(storage.tolist(), [0, 1, 1])
                self.assertEqual(storage.element_size(), torch.empty(0, dtype=dtype).element_size())

    def test_what_it_is(self):
        self.assertTrue(self.storage.is_npu)
        self.assertFalse(self.storage.is_cuda)
        self.assertFalse(storage_of(self.source).is_npu)
        self.assertTrue(torch.is_storage(self.storage))
        self.assertEqual(self.storage.get_device(), 0)
        self.assertEqual(self.storage.data_ptr(), self.there.data_ptr())
        self.assertFalse(self.storage.is_pinned())
        self.assertIn("5.0", str(self.storage))

    def test_elements(self):
        self.assertEqual((self.storage[2], self.storage[-1]), (2.0, 5.0))
        self.assertEqual(list(self.storage), self.source.tolist())
        self.storage[1] = 7
        self.assertEqual(self.there[1].item(), 7.0)
        self.storage.fill_(3)
        self.assertEqual(self.there.tolist(), [3.0] * 6)

    def test_copies(self):
        for source in (storage_of(self.source * 2), storage_of((self.source * 2).npu(1))):
            self.storage.fill_(0)
            self.storage.copy_(source)
            self.assert_same(self.there, self.source * 2)
        clone = self.storage.clone()
        self.assertTrue(clone.is_npu)
        self.assertNotEqual(clone.data_ptr(), self.storage.data_ptr())
        self.assertEqual(clone.tolist(), self.storage.tolist())
        self.assertEqual(copy.copy(self.storage).tolist(), self.storage.tolist())

    def test_moving(self):
        self.assertFalse(self.storage.cpu().is_npu)
        self.assertEqual(self.storage.cpu().tolist(), self.source.tolist())
        there = storage_of(self.source).npu()
        self.assertTrue(there.is_npu)
        self.assertEqual(there.tolist(), self.source.tolist())
        self.assertIsInstance(self.storage.half(), torch.npu.HalfStorage)
        self.assertEqual(self.storage.half().tolist(), self.source.tolist())

    def test_size(self):
        self.storage.resize_(9)
        self.assertEqual(self.storage.size(), 9)
        self.assertEqual(self.storage.tolist()[:6], self.source.tolist())
        self.assert_same(self.there, self.source)

    def test_tensors_of_it(self):
        part = torch.empty(0).npu().set_(self.storage, 2, (2, 2), (1, 1))
        self.assertEqual(part.tolist(), [[2.0, 3.0], [3.0, 4.0]])
        part.zero_()
        self.assertEqual(self.there.tolist(), [0.0, 1.0, 0.0, 0.0, 0.0, 5.0])

    def test_sharing_survives(self):
        pair = [self.there, self.there[2:4]]
        for one, other in (copy.deepcopy(pair), pickled_together(pair)):
            one[2] = 9
            self.assertEqual(other[0].item(), 9.0)
            self.assertEqual(self.there[2].item(), 2.0)

    def test_files(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "x.pt")
            for zipped in (True, False):
                torch.save(
                    {"x": self.there, "y": self.there[1:]},
                    path,
                    _use_new_zipfile_serialization=zipped,
                )
                for where in (None, "npu:1", "cpu"):
                    with self.subTest(zipped=zipped, where=where):
                        read = torch.load(path, map_location=where)
                        self.assertEqual(read["x"].tolist(), self.source.tolist())
                        self.assertEqual(str(read["x"].device), where or "npu:0")
                        read["x"][1] = 9
                        self.assertEqual(read["y"][0].item(), 9.0)


class TestStoragesOfTheirOwnType(NpuTestCase):
    """What the classes of a PyTorch built with the NPU can, beside."""

    def setUp(self):
        if not IN_TREE:
            self.skipTest("later releases have one class for all devices")

    def test_making_one(self):
        self.assertEqual(torch.npu.IntStorage([1, 2]).tolist(), [1, 2])
        self.assertEqual(torch.npu.FloatStorage(3).size(), 3)
        self.assertEqual(torch.npu.FloatStorage().size(), 0)
        self.assertEqual(torch.npu.FloatStorage(3).new().size(), 0)
        with self.assertRaisesRegex(TypeError, "size or a sequence.*str 'x'"):
            torch.npu.FloatStorage("x")

    def test_types_by_name(self):
        storage = torch.npu.FloatStorage([1, 2])
        self.assertEqual(storage.type(), "torch.npu.FloatStorage")
        self.assertIs(storage.type("torch.npu.FloatStorage"), storage)
        there = torch.ones(2, dtype=torch.complex64).npu().storage()
        self.assertIs(there.type(there.type()), there)
        self.assertIsInstance(storage.type("torch.npu.LongStorage"), torch.npu.LongStorage)
        self.assertIsInstance(storage.type(torch.FloatStorage), torch.FloatStorage)
        there = torch.FloatStorage([1, 2]).type("torch.npu.FloatStorage")
        self.assertEqual(there.tolist(), [1.0, 2.0])

    def test_devices(self):
        storage = torch.npu.FloatStorage([1, 2])
        self.assertIs(storage.npu(0), storage)
        self.assertEqual(storage.npu(1).device.index, 1)
        self.assertEqual(torch.FloatStorage([1, 2]).pin_memory().tolist(), [1.0, 2.0])

    def test_a_smaller_size(self):
        there = torch.arange(4.0).npu()
        there.storage().resize_(0)
        self.assertEqual(there.storage().size(), 0)

    def test_the_cpu_does_not_read_it(self):
        storage = torch.npu.FloatStorage([1, 2])
        with self.assertRaises((RuntimeError, TypeError)):
            torch.FloatStorage(2).copy_(storage)
        with self.assertRaisesRegex(TypeError, "only CPU memory"):
            storage.pin_memory()
        with self.assertRaisesRegex(RuntimeError, "not shared between processes"):
            storage.share_memory_()
        with self.assertRaisesRegex(TypeError, "take it from a tensor"):
            storage[:1]


def pickled_together(value):
    """Save and load."""
    file = io.BytesIO()
    torch.save(value, file)
    file.seek(0)
    return torch.load(file)


if __name__ == "__main__":
    run_tests()
