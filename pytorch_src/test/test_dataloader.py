"""torch.utils.data.DataLoader with pinned memory, and copies that do not wait."""

import collections
import warnings

import torch
from npu_testing import NpuTestCase, run_tests
from torch.utils.data import DataLoader, Dataset

Pair = collections.namedtuple("Pair", ["image", "label"])


class Numbers(Dataset):
    """Item i is filled with i."""

    def __init__(self, wrap=lambda image, label: (image, label)):
        self.wrap = wrap

    def __len__(self):
        return 24

    def __getitem__(self, index):
        return self.wrap(torch.full((3, 16), float(index)), index)


class Custom:
    """A batch that pins itself."""

    def __init__(self, items):
        self.images = torch.stack([image for image, _ in items])

    def pin_memory(self, device=None):
        self.images = self.images.pin_memory()
        return self


def loader(dataset=None, **options):
    """Return a loader with pinned memory; a warning of PyTorch's own is an error."""
    return DataLoader(dataset or Numbers(), batch_size=4, pin_memory=True, **options)


class TestDataLoader(NpuTestCase):
    """Pinned batches."""

    def setUp(self):
        # Such as "'pin_memory' argument is set as true but no accelerator is found".
        warnings.filterwarnings("error", message=".*(pin_memory|accelerator).*")

    def check_batches(self, batches, first=0):
        count = 0
        for number, (images, labels) in enumerate(batches):
            self.assertTrue(images.is_pinned())
            self.assertTrue(labels.is_pinned())
            self.assertEqual(images.device.type, "cpu")
            want = torch.arange(4) + 4 * number + first
            on_npu = images.to("npu", non_blocking=True)
            self.assert_same(on_npu[:, 0, 0], want.float())
            self.assert_same(labels.to("npu:1", non_blocking=True), want)
            count += 1
        self.assertEqual(count, 6)

    def test_in_this_process(self):
        self.check_batches(loader())

    def test_with_workers(self):
        # The parent uses the NPU already; the workers, forked from it, do not.
        self.assertEqual(torch.ones(2, device="npu").tolist(), [1.0, 1.0])
        self.check_batches(loader(num_workers=2))

    def test_kept_workers(self):
        batches = loader(num_workers=1, persistent_workers=True)
        self.check_batches(batches)
        self.check_batches(batches)

    def test_kinds_of_batches(self):
        (first, *_) = loader(Numbers(lambda image, label: {"x": image, "y": [label, image]}))
        self.assertTrue(first["x"].is_pinned() and first["y"][0].is_pinned())
        self.assertTrue(first["y"][1].is_pinned())
        (first, *_) = loader(Numbers(Pair))
        self.assertIsInstance(first, Pair)
        self.assertTrue(first.image.is_pinned())
        (first, *_) = loader(collate_fn=Custom)
        self.assertTrue(first.images.is_pinned())
        (first, *_) = loader(Numbers(lambda image, label: str(label)))
        self.assertEqual(list(first), ["0", "1", "2", "3"])

    def test_second_device(self):
        with torch.npu.device(1):
            self.check_batches(loader(num_workers=1))

    def test_unpinned_as_before(self):
        for images, _ in DataLoader(Numbers(), batch_size=8):
            self.assertFalse(images.is_pinned())

    def test_memory_is_used_again(self):
        torch.npu.empty_pinned_cache()
        for images, _ in loader():
            images.to("npu", non_blocking=True)
        torch.npu.synchronize()
        few = torch.npu.pinned_memory_stats()["num_host_alloc"]
        for _ in range(5):
            for images, _ in loader():
                images.to("npu", non_blocking=True)
                torch.npu.synchronize()
        self.assertLessEqual(torch.npu.pinned_memory_stats()["num_host_alloc"], few + 1)


class TestCopies(NpuTestCase):
    """non_blocking=True."""

    def test_source_may_change_only_when_it_waits(self):
        # Pageable memory: the copy has happened when the call returns.
        x = torch.zeros(100000)
        y = x.to("npu", non_blocking=True)
        x.fill_(5)
        self.assertEqual(float(y.abs().max().cpu()), 0.0)

    def test_dropped_at_once(self):
        for number in range(50):
            y = torch.full((10000,), float(number)).pin_memory().to("npu", non_blocking=True)
            self.assertEqual(y[[0, -1]].tolist(), [number, number])

    def test_types_strides_and_back(self):
        x = torch.arange(24.0).reshape(4, 6).pin_memory()
        for source in (x.t(), x[::2], x[:, 1:3], x):
            self.assert_same(source.to("npu", torch.float16, non_blocking=True), source.half())
        back = torch.empty(6, 4).pin_memory()
        back.copy_(x.npu().t(), non_blocking=True)
        torch.npu.synchronize()
        self.assertTrue(torch.equal(back, x.t()))

    def test_streams(self):
        side = torch.npu.Stream()
        x = torch.randn(100000).pin_memory()
        with torch.npu.stream(side):
            y = x.to("npu", non_blocking=True)
        torch.npu.current_stream().wait_stream(side)
        self.assert_same(y + 1, x + 1)


if __name__ == "__main__":
    run_tests()
