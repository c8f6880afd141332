"""ShuffleNet V2 of torchvision, its shuffles rewritten for an NPU as the guide says.

`channel_shuffle(torch.cat(...))` and the `chunk` of the next unit become one ChannelShuffle of the
affinity library, which hands halves from unit to unit. The same weights are used in both models;
the one of torchvision computes on the CPU, the rewritten one on ``--device``. Outputs and the
gradients of all parameters are compared, and what they differ by is printed as JSON.
"""

import argparse
import json

import torch
import torch.npu
from torch import nn
from torch.contrib.npu.optimized_lib import ChannelShuffle
from torchvision.models import shufflenetv2


class RewrittenUnit(nn.Module):
    """A unit that takes and gives halves, built from one of torchvision with its weights."""

    def __init__(self, unit, split_shuffle):
        super().__init__()
        # A unit of stride 1 passes its first half on; others compute both from the whole.
        self.passes_on = len(unit.branch1) == 0
        self.branch1, self.branch2 = unit.branch1, unit.branch2
        features = [layer for layer in unit.branch2 if isinstance(layer, nn.BatchNorm2d)][-1]
        self.shuffle = ChannelShuffle(2 * features.num_features, split_shuffle=split_shuffle)

    def forward(self, x):
        if self.passes_on:
            x1, x2 = x
            return self.shuffle(x1, self.branch2(x2))
        return self.shuffle(self.branch1(x), self.branch2(x))


def rewrite(model):
    """Replace the units of a torchvision model; the last of a stage gives the whole again."""
    for name in ("stage2", "stage3", "stage4"):
        units = list(getattr(model, name))
        split = [unit is not units[-1] for unit in units]
        rewritten = [RewrittenUnit(unit, halves) for unit, halves in zip(units, split)]
        setattr(model, name, nn.Sequential(*rewritten))
    return model


def run(model, images, target, device):
    """Return output, loss and gradients of one step, on the CPU."""
    model = model.to(device).train()
    output = model(images.to(device))
    loss = nn.functional.cross_entropy(output, target.to(device))
    loss.backward()
    gradients = [parameter.grad.cpu() for parameter in model.parameters()]
    return output.detach().cpu(), loss.item(), gradients


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="npu:0")
    parser.add_argument("--size", default=64, type=int, help="edge of the images")
    arguments = parser.parse_args()
    if "npu" in arguments.device:
        torch.npu.set_device(arguments.device)
    torch.manual_seed(0)
    plain = shufflenetv2.shufflenet_v2_x0_5(num_classes=10)
    rewritten = shufflenetv2.shufflenet_v2_x0_5(num_classes=10)
    rewritten.load_state_dict(plain.state_dict())
    rewritten = rewrite(rewritten)
    images, target = torch.randn(4, 3, arguments.size, arguments.size), torch.tensor([1, 2, 3, 4])
    output, loss, gradients = run(plain, images, target, "cpu")
    found_output, found_loss, found_gradients = run(rewritten, images, target, arguments.device)
    # Many gradients in front of a batch normalisation are zero but for rounding, so that all are
    # measured by the largest one.
    largest = max(float(wanted.norm()) for wanted in gradients)
    apart = [
        float((found - wanted).norm()) / largest
        for found, wanted in zip(found_gradients, gradients)
    ]
    print(
        json.dumps(
            {
                "loss": [loss, found_loss],
                "output": float((found_output - output).abs().max()),
                "gradients": len(apart),
                "gradient": max(apart),
            }
        )
    )


if __name__ == "__main__":
    main()
