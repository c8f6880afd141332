"""Whole models trained on the NPU, beside the CPU: losses agree, and nothing falls back.

Models come from public packages: pytorchcv (ResNet-50, ShuffleNetV2) and transformers (BERT), with
random weights. A test whose package is not installed is skipped.
"""

from __future__ import annotations

import copy
import unittest

import torch
import torch.nn.functional as F
from npu_testing import fallback_mode

#: How far losses of CPU and NPU may be apart, relative to the CPU's.
CLOSE = 1e-4


def package(name):
    """Import a module of a public package, or skip the test."""
    try:
        return __import__(name, fromlist=["_"])
    except ImportError as error:
        raise unittest.SkipTest(f"{name} is not installed: {error}") from error


def losses(model, device, batch, loss_of, steps, rate):
    """Train a copy of `model` with SGD on one device, and return the loss of every step."""
    model = copy.deepcopy(model).to(device).train()
    batch = [tensor.to(device) for tensor in batch]
    optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9)
    found = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = loss_of(model, *batch)
        loss.backward()
        optimizer.step()
        found.append(loss.item())
    return found


def classify(model, images, labels):
    """Loss of a model that gives a number for each class."""
    return F.cross_entropy(model(images), labels)


class TestModels(unittest.TestCase):
    """Loss curves of both devices."""

    def setUp(self):
        torch.manual_seed(0)

    def check(self, name, model, batch, loss_of=classify, steps=10, rate=1e-2):
        """Train on both devices, and print and compare what came of it."""
        on_cpu = losses(model, "cpu", batch, loss_of, steps, rate)
        torch.npu.reset_fallback_counts()
        with fallback_mode("silent"):
            on_npu = losses(model, "npu", batch, loss_of, steps, rate)
        fallen = torch.npu.fallback_counts()
        apart = max(abs(npu - cpu) / abs(cpu) for npu, cpu in zip(on_npu, on_cpu))
        print(f"\n{name}: CPU {[round(loss, 5) for loss in on_cpu]}")
        print(f"{name}: NPU {[round(loss, 5) for loss in on_npu]}")
        print(f"{name}: at most {apart:.1e} apart; {len(fallen)} operators fell back {fallen}")
        self.assertLess(apart, CLOSE)
        self.assertLess(on_npu[-1], on_npu[0], "nothing was learnt")
        self.assertEqual(fallen, {})

    def test_resnet50(self):
        model = package("pytorchcv.models.resnet").resnet50(num_classes=10)
        # As usual for training: at first each block passes on its input. It also keeps rounding
        # errors from growing with depth, on the CPU as well.
        for name, value in model.named_parameters():
            if name.endswith("body.conv3.bn.weight"):
                torch.nn.init.zeros_(value)
        self.check("ResNet-50", model, (torch.randn(2, 3, 224, 224), torch.tensor([3, 7])))

    def test_shufflenet_v2(self):
        model = package("pytorchcv.models.shufflenetv2").shufflenetv2_wd2(num_classes=10)
        batch = torch.randn(4, 3, 224, 224), torch.tensor([3, 7, 1, 0])
        # A small rate: at larger ones rounding errors grow from step to step in this net.
        self.check("ShuffleNetV2", model, batch, steps=5, rate=1e-4)

    def test_bert(self):
        transformers = package("transformers")
        config = transformers.BertConfig(
            num_hidden_layers=2,
            vocab_size=1000,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
        )
        model = transformers.BertForSequenceClassification(config)
        words = torch.randint(0, 1000, (2, 32))
        mask = torch.ones(2, 32, dtype=torch.long)
        mask[1, 20:] = 0

        def loss_of(model, words, mask, labels):
            return model(input_ids=words, attention_mask=mask, labels=labels).loss

        self.check("BERT, 2 layers", model, (words, mask, torch.tensor([0, 1])), loss_of)

    def test_encoder(self):
        layer = torch.nn.TransformerEncoderLayer(256, 4, 512, dropout=0.0)
        model = torch.nn.TransformerEncoder(layer, 2)

        def loss_of(model, x, y):
            return F.mse_loss(model(x), y)

        batch = torch.randn(2, 16, 256), torch.randn(2, 16, 256)
        self.check("Transformer encoder, 2 layers", model, batch, loss_of)

    def test_lstm(self):
        model = torch.nn.LSTM(16, 32, num_layers=2, batch_first=True)

        def loss_of(model, x, y):
            return F.mse_loss(model(x)[0], y)

        batch = torch.randn(4, 7, 16), torch.randn(4, 7, 32)
        self.check("LSTM, 2 layers", model, batch, loss_of, rate=0.1)

    def test_mixed_precision_with_loss_scaling(self):
        model = torch.nn.Sequential(
            torch.nn.Conv2d(3, 8, 3, padding=1),
            torch.nn.BatchNorm2d(8),
            torch.nn.ReLU(),
            torch.nn.MaxPool2d(2),
            torch.nn.Flatten(),
            torch.nn.Linear(8 * 8 * 8, 10),
        )
        images, labels = torch.randn(8, 3, 16, 16), torch.arange(8)
        wanted = losses(model, "cpu", (images, labels), classify, 10, 0.01)
        model, images, labels = model.npu().train(), images.npu(), labels.npu()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
        scaler = torch.npu.amp.GradScaler(init_scale=1024.0)
        found = []
        torch.npu.reset_fallback_counts()
        with fallback_mode("silent"):
            for _ in range(10):
                optimizer.zero_grad()
                with torch.npu.amp.autocast():
                    output = model(images)
                    loss = F.cross_entropy(output, labels)
                self.assertEqual(output.dtype, torch.float16)
                scaler.scale(loss).backward()
                scaler.step(optimizer)
                scaler.update()
                found.append(loss.item())
        fallen = torch.npu.fallback_counts()
        print(f"\nmixed precision: CPU in float32 {[round(loss, 4) for loss in wanted]}")
        print(f"mixed precision: NPU in float16 {[round(loss, 4) for loss in found]}; {fallen}")
        for npu, cpu in zip(found, wanted):
            self.assertAlmostEqual(npu, cpu, delta=0.02)
        self.assertEqual(fallen, {})


if __name__ == "__main__":
    unittest.main()
