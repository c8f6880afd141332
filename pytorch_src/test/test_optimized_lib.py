"""The affinity library: against the plain way of writing the same in PyTorch, on the CPU."""

import collections
import sys
import types
from unittest import mock

import torch
from npu_testing import NpuTestCase, run_tests
from torch.contrib.npu.optimized_lib import (
    Boxes,
    ChannelShuffle,
    Instances,
    PreLoader,
    batched_nms,
    fast_rcnn_inference_single_image,
    pairwise_iou,
)
from torch.utils.data import DataLoader, TensorDataset


def boxes_of(count, seed=0, size=50.0):
    """Boxes of which many overlap."""
    torch.manual_seed(seed)
    least = torch.rand(count, 2) * size
    return torch.cat((least, least + torch.rand(count, 2) * size / 2), dim=1)


def iou(one, other):
    """Two boxes, number by number."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return shared / (sum(areas) - shared)


def plain_nms(boxes, scores, classes, threshold):
    """One box after the other, each against all kept ones."""
    kept = []
    for at in sorted(range(len(scores)), key=lambda index: -scores[index]):
        if all(
            classes[at] != classes[other] or iou(boxes[at], boxes[other]) <= threshold
            for other in kept
        ):
            kept.append(at)
    return kept


def channel_shuffle(x, groups):
    """As ShuffleNet V2 is commonly written."""
    batch, channels, height, width = x.shape
    x = x.view(batch, groups, channels // groups, height, width)
    return x.transpose(1, 2).contiguous().view(batch, channels, height, width)


class TestPairwiseIou(NpuTestCase):
    def test_agrees_with_the_definition(self):
        one, other = boxes_of(7), boxes_of(5, seed=1)
        got = pairwise_iou(one.npu(), other.npu())
        want = torch.tensor([[iou(a, b) for b in other.tolist()] for a in one.tolist()])
        self.assert_same(got, want)
        self.assertTrue((want > 0).any())
        self.assert_same(pairwise_iou(Boxes(one.npu()), Boxes(other).to("npu")), want)

    def test_touching_empty_and_degenerate_boxes_do_not_overlap(self):
        boxes = torch.tensor([[0.0, 0, 2, 2], [2, 0, 4, 2], [1, 1, 1, 1], [1, 1, 1, 1]]).npu()
        self.assert_same(pairwise_iou(boxes, boxes), torch.diag(torch.tensor([1.0, 1, 0, 0])))
        none = torch.empty(0, 4).npu()
        self.assertEqual(tuple(pairwise_iou(none, boxes).shape), (0, 4))
        self.assertEqual(tuple(pairwise_iou(boxes, Boxes(torch.empty(0).npu())).shape), (4, 0))

    def test_half_precision(self):
        boxes = boxes_of(6).npu()
        got = pairwise_iou(boxes.half(), boxes.half())
        self.assertEqual(got.dtype, torch.float16)
        self.assert_same(got.float(), pairwise_iou(boxes.cpu(), boxes.cpu()), tolerance=2e-2)

    def test_refuses_what_are_no_boxes(self):
        with self.assertRaisesRegex(TypeError, "boxes1 is list, but has to be Boxes or a tensor"):
            pairwise_iou([1], torch.ones(1, 4))
        with self.assertRaisesRegex(ValueError, r"boxes2 is of the shape \(2, 3\), but boxes are"):
            pairwise_iou(torch.ones(1, 4), torch.ones(2, 3))
        with self.assertRaisesRegex(ValueError, r"tensor is of the shape \(4,\)"):
            Boxes(torch.ones(4))

    def test_boxes_are_chosen_and_copied(self):
        boxes = Boxes(torch.tensor([[0.0, 0, 2, 3], [1, 1, 2, 2]]).npu())
        self.assertEqual((len(boxes), boxes.device.type), (2, "npu"))
        self.assertEqual(boxes.area().tolist(), [6, 1])
        self.assertEqual(boxes[1].tensor.tolist(), [[1, 1, 2, 2]])
        self.assertEqual(len(boxes[boxes.area() > 2]), 1)
        copy = boxes.clone()
        copy.tensor.zero_()
        self.assertEqual(boxes.area().tolist(), [6, 1])
        self.assertRegex(repr(boxes), r"^Boxes\(tensor")


class TestNms(NpuTestCase):
    def test_keeps_what_one_after_the_other_would(self):
        for count, classes, threshold in ((60, 1, 0.3), (80, 4, 0.5), (40, 3, 0.0)):
            with self.subTest(count=count, classes=classes, threshold=threshold):
                boxes, scores = boxes_of(count), torch.rand(count)
                labels = torch.randint(classes, (count,))
                want = plain_nms(boxes.tolist(), scores.tolist(), labels.tolist(), threshold)
                self.assertLess(len(want), count)
                got = batched_nms(boxes.npu(), scores.npu(), labels.npu(), threshold)
                self.assertEqual(got.tolist(), want)
                for limit in (0, 3, count):
                    some = batched_nms(boxes.npu(), scores.npu(), labels.npu(), threshold, limit)
                    self.assertEqual(some.tolist(), want[:limit])

    def test_a_chain_in_which_each_excludes_the_next(self):
        boxes = torch.tensor([[float(at), 0, at + 2, 1] for at in range(12)])
        scores = torch.arange(12, 0, -1.0)
        got = batched_nms(boxes.npu(), scores.npu(), torch.zeros(12).npu(), 0.2)
        self.assertEqual(got.tolist(), list(range(0, 12, 2)))

    def test_more_boxes_than_are_compared_at_a_time(self):
        boxes, scores = boxes_of(40), torch.rand(40)
        labels = torch.randint(2, (40,))
        want = plain_nms(boxes.tolist(), scores.tolist(), labels.tolist(), 0.3)
        name = batched_nms.__module__ + "._BLOCK"
        with mock.patch(name, 7):
            got = batched_nms(boxes.npu(), scores.npu(), labels.npu(), 0.3)
            some = batched_nms(boxes.npu(), scores.npu(), labels.npu(), 0.3, 5)
        self.assertEqual(got.tolist(), want)
        self.assertEqual(some.tolist(), want[:5])

    def test_no_boxes(self):
        none = torch.empty(0).npu()
        self.assertEqual(batched_nms(none, none, none, 0.5).tolist(), [])


class TestFastRcnnInference(NpuTestCase):
    def plain(self, boxes, scores, size, score_thresh, nms_thresh, most):
        """The steps one by one, in Python."""
        found = []
        for row, (corners, likely) in enumerate(zip(boxes.tolist(), scores.tolist())):
            if not all(abs(number) < float("inf") for number in corners + likely):
                continue
            for label, score in enumerate(likely[:-1]):
                at = 4 * label if len(corners) > 4 else 0
                x0, y0, x1, y1 = corners[at : at + 4]
                height, width = size
                box = [
                    min(max(x0, 0), width),
                    min(max(y0, 0), height),
                    min(max(x1, 0), width),
                    min(max(y1, 0), height),
                ]
                if score > score_thresh:
                    found.append((box, score, label, row))
        kept = plain_nms(*([item[part] for item in found] for part in range(3)), nms_thresh)
        return [found[at] for at in (kept[:most] if most >= 0 else kept)]

    def compare(self, boxes, scores, *settings):
        want = self.plain(boxes, scores, *settings)
        got, rows = fast_rcnn_inference_single_image(boxes.npu(), scores.npu(), *settings)
        self.assertEqual(len(got), len(want))
        self.assertEqual(rows.tolist(), [item[3] for item in want])
        self.assertEqual(got.pred_classes.tolist(), [item[2] for item in want])
        self.assert_same(got.scores, torch.tensor([item[1] for item in want]))
        corners = torch.tensor([item[0] for item in want]).reshape(-1, 4)
        self.assert_same(got.pred_boxes.tensor, corners)
        self.assertEqual(got.image_size, settings[0])
        return got

    def test_a_box_for_each_class(self):
        boxes = torch.cat([boxes_of(30, seed=seed) for seed in range(3)], dim=1)
        scores = torch.rand(30, 4).softmax(dim=1)
        got = self.compare(boxes, scores, (40, 45), 0.2, 0.4, 20)
        self.assertEqual(len(got), 20)
        self.compare(boxes, scores, (40, 45), 0.2, 0.4, -1)

    def test_a_box_for_all_classes(self):
        self.compare(boxes_of(30), torch.rand(30, 6), (60, 80), 0.3, 0.5, 100)

    def test_a_single_class(self):
        self.compare(boxes_of(25), torch.rand(25, 2), (60, 80), 0.3, 0.5, 100)

    def test_regions_that_are_not_finite_are_left_out_and_rows_are_those_of_the_input(self):
        boxes, scores = boxes_of(20), torch.rand(20, 3)
        boxes[0, 1] = float("inf")
        scores[3, 0] = float("nan")
        self.compare(boxes, scores, (60, 80), 0.2, 0.5, 50)

    def test_nothing_is_found(self):
        got = self.compare(boxes_of(5), torch.zeros(5, 3), (60, 80), 0.5, 0.5, 50)
        self.assertEqual((len(got), len(got.pred_boxes)), (0, 0))

    def test_instances(self):
        got = self.compare(boxes_of(30), torch.rand(30, 3), (60, 80), 0.3, 0.5, 8)
        self.assertIsInstance(got, Instances)
        self.assertEqual(set(got.get_fields()), {"pred_boxes", "scores", "pred_classes"})
        self.assertTrue(got.has("scores"))
        self.assertIs(got.get("scores"), got.scores)
        best = got[got.scores > got.scores[4]].to("cpu")
        self.assertEqual((len(best), best.scores.device.type), (4, "cpu"))
        self.assertEqual(best.pred_boxes.device.type, "cpu")
        self.assertEqual(repr(best), "Instances(4 in 60x80: pred_boxes, scores, pred_classes)")
        with self.assertRaisesRegex(AttributeError, "no field 'pred_masks' among .*pred_boxes, "):
            _ = got.pred_masks
        with self.assertRaisesRegex(ValueError, "field 'ids' holds 2 values, but there are 8"):
            got.set("ids", [1, 2])

    def test_classes_of_detectron2_where_it_is_installed(self):
        structures = types.ModuleType("detectron2.structures")
        structures.Boxes = type("Boxes", (Boxes,), {})
        structures.Instances = type("Instances", (Instances,), {})
        package = types.ModuleType("detectron2")
        package.structures = structures
        modules = {"detectron2": package, "detectron2.structures": structures}
        with mock.patch.dict(sys.modules, modules):
            got, _ = fast_rcnn_inference_single_image(
                boxes_of(5).npu(), torch.rand(5, 2).npu(), (60, 80), 0.1, 0.5, 3
            )
        self.assertIs(type(got), structures.Instances)
        self.assertIs(type(got.pred_boxes), structures.Boxes)

    def test_refuses_shapes_that_do_not_fit(self):
        for boxes, scores, message in (
            ((5, 8), (5, 2), r"boxes are of the shape \(5, 8\), but with scores of 1 classes"),
            ((5, 4), (5,), r"scores are of the shape \(5,\), but have to be \(R, K \+ 1\)"),
            ((5, 4), (6, 2), "there are boxes for 5 regions and scores for 6"),
        ):
            with self.subTest(message), self.assertRaisesRegex(ValueError, message):
                fast_rcnn_inference_single_image(
                    torch.ones(*boxes), torch.ones(*scores), (9, 9), 0.1, 0.5, 3
                )


class TestChannelShuffle(NpuTestCase):
    def both(self, first, second, groups, split):
        """Outputs and gradients: the module on the NPU, the plain way on the CPU."""
        torch.manual_seed(0)
        inputs = [torch.randn(2, channels, 3, 3) for channels in (first, second)]
        shuffle = ChannelShuffle(first + second, groups, split).npu()
        on_npu = [x.npu().requires_grad_() for x in inputs]
        on_cpu = [x.clone().requires_grad_() for x in inputs]
        out = shuffle(*on_npu)
        want = channel_shuffle(torch.cat(on_cpu, dim=1), groups)
        if split:
            self.assertEqual([part.shape[1] for part in out], [(first + second) // 2] * 2)
            self.assertTrue(all(part.is_contiguous() for part in out))
            out = torch.cat(out, dim=1)
        self.assert_same(out, want)
        weight = torch.randn_like(want)
        (out * weight.npu()).sum().backward()
        (want * weight).sum().backward()
        for npu, cpu in zip(on_npu, on_cpu):
            self.assert_same(npu.grad, cpu.grad)

    def test_shuffles_and_takes_gradients_back(self):
        for first, second, groups in ((4, 4, 2), (116, 116, 2), (6, 6, 3), (8, 8, 4), (2, 6, 2)):
            for split in (True, False):
                with self.subTest(first=first, second=second, groups=groups, split=split):
                    self.both(first, second, groups, split)

    def test_gradient_of_one_input_and_of_gradients(self):
        shuffle = ChannelShuffle(4, split_shuffle=False).double()
        x = torch.randn(1, 2, 2, 2, dtype=torch.float64, requires_grad=True)
        still = torch.randn(1, 2, 2, 2, dtype=torch.float64)
        self.assertTrue(torch.autograd.gradcheck(lambda x: shuffle(x, still), (x,)))
        halves = ChannelShuffle(4).double()
        both = (x, still.requires_grad_())
        self.assertTrue(torch.autograd.gradgradcheck(halves, both))

    def test_goes_with_its_model_and_not_into_its_weights(self):
        model = torch.nn.Sequential(ChannelShuffle(4)).npu()
        self.assertEqual(dict(model.state_dict()), {})
        self.assertEqual({buffer.device.type for buffer in model.buffers()}, {"npu"})
        self.assertEqual(
            repr(model[0]), "ChannelShuffle(in_channels=4, groups=2, split_shuffle=True)"
        )

    def test_refuses_channels_that_cannot_be_shuffled(self):
        with self.assertRaisesRegex(ValueError, "7 channels cannot be shuffled among 2 groups"):
            ChannelShuffle(7)
        with self.assertRaisesRegex(ValueError, "9 channels cannot be split in halves"):
            ChannelShuffle(9, groups=3)
        with self.assertRaisesRegex(ValueError, "inputs have 2 and 1 channels, .* shuffles 4"):
            ChannelShuffle(4)(torch.ones(1, 2, 1, 1), torch.ones(1, 1, 1, 1))


class TestPreLoader(NpuTestCase):
    def loader(self, count=7, pinned=True):
        torch.manual_seed(0)
        images = torch.randint(256, (count, 3, 4, 4), dtype=torch.uint8)
        data = TensorDataset(images, torch.arange(count))
        return DataLoader(data, batch_size=2, pin_memory=pinned)

    def test_gives_the_batches_of_the_loader_on_the_device_in_every_pass(self):
        for pinned in (True, False):
            preloader = PreLoader(self.loader(pinned=pinned), device="npu:0")
            self.assertEqual(len(preloader), 4)
            for _ in range(2):
                batches = list(preloader)
                self.assertEqual(len(batches), 4)
                for (images, target), (want, labels) in zip(batches, self.loader()):
                    self.assert_same(images, want)
                    self.assert_same(target, labels)

    def test_normalises_images_and_only_them(self):
        mean, std = [120.0, 110.0, 100.0], [50.0, 60.0, 70.0]
        by_channel = [torch.tensor(numbers).view(1, 3, 1, 1) for numbers in (mean, std)]
        preloader = PreLoader(self.loader(), "npu", mean=mean, std=std)
        for (images, target), (want, labels) in zip(preloader, self.loader()):
            self.assert_same(images, (want.float() - by_channel[0]) / by_channel[1])
            self.assert_same(target, labels)

    def test_a_batch_at_a_time(self):
        preloader = PreLoader(self.loader(count=3), "npu")
        for _ in range(2):
            seen = []
            images, target = preloader.next()
            while images is not None:
                seen.extend(target.tolist())
                images, target = preloader.next()
            self.assertEqual(seen, [0, 1, 2])

    def test_reads_one_batch_ahead_and_no_more(self):
        read = []

        def source():
            for at in range(4):
                read.append(at)
                yield torch.full((2,), at)

        batches = iter(PreLoader(source(), "npu"))
        self.assertEqual(read, [])
        next(batches)
        self.assertEqual(read, [0, 1])
        self.assertEqual([batch.tolist() for batch in batches], [[1, 1], [2, 2], [3, 3]])

    def test_what_batches_may_be(self):
        pair = collections.namedtuple("pair", ["x", "name"])
        given = [
            torch.ones(2),
            {"x": torch.ones(2), "names": ["a", "b"]},
            pair(torch.ones(2), "n"),
            [None, 3],
        ]
        alone, named, both, plain = PreLoader(given, "npu")
        self.assertEqual(alone.device.type, "npu")
        self.assertEqual((named["x"].device.type, named["names"]), ("npu", ["a", "b"]))
        self.assertEqual((type(both), both.x.device.type, both.name), (pair, "npu", "n"))
        self.assertEqual(plain, [None, 3])
        self.assertEqual(list(PreLoader([], "npu")), [])

    def test_on_the_cpu_too(self):
        preloader = PreLoader(self.loader(pinned=False), "cpu", mean=[0.0] * 3, std=[2.0] * 3)
        images = preloader.next()[0]
        self.assertEqual(images.device.type, "cpu")
        self.assertTrue(torch.equal(images, next(iter(self.loader()))[0].float() / 2))

    def test_refuses_statistics_that_make_no_sense(self):
        with self.assertRaisesRegex(ValueError, "mean is given without std"):
            PreLoader([], mean=[1.0])
        with self.assertRaisesRegex(ValueError, "std is given without mean"):
            PreLoader([], std=[1.0])
        for std in ([1.0], [1.0, 0.0]):
            with self.assertRaisesRegex(ValueError, r"mean is \[1.0, 2.0\] and std is"):
                PreLoader([], mean=[1.0, 2.0], std=std)
        with self.assertRaisesRegex(ValueError, r"shape \(3, 4\), but with 2 means they have to"):
            list(PreLoader([torch.ones(3, 4)], "cpu", mean=[1.0, 2.0], std=[1.0, 2.0]))


if __name__ == "__main__":
    run_tests()
