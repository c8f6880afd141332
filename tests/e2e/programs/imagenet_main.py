"""Training a torchvision model on a folder of images, ported to an NPU as the guide says.

It is the shape of PyTorch's ImageNet example on one device: a model by name, SGD whose rate falls
every 30 epochs, training and validation with the accuracy of the best and the best five, and a
checkpoint. What the port changes: `torch.npu` is imported, model, loss and batches go to
`CALCULATE_DEVICE`, targets become int32 on an NPU, and the device is set at the start. Beyond that
``--device cpu`` runs the same program on the CPU, and ``--log`` writes losses and accuracies.
"""

import argparse
import json
import random
import time
from pathlib import Path

import torch
import torch.npu
from torch import nn
from torchvision import datasets, models, transforms

CALCULATE_DEVICE = "npu:0"


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", help="a folder with train/CLASS/IMAGE and val/CLASS/IMAGE")
    parser.add_argument("-a", "--arch", default="resnet18")
    parser.add_argument("-j", "--workers", default=4, type=int)
    parser.add_argument("--epochs", default=90, type=int)
    parser.add_argument("-b", "--batch-size", default=256, type=int)
    parser.add_argument("--lr", default=0.1, type=float)
    parser.add_argument("--momentum", default=0.9, type=float)
    parser.add_argument("--weight-decay", default=1e-4, type=float)
    parser.add_argument("--seed", default=None, type=int)
    parser.add_argument("--resume", default="", help="a checkpoint to go on from")
    parser.add_argument("--checkpoint", default="checkpoint.pth.tar")
    parser.add_argument("--device", default=CALCULATE_DEVICE)
    parser.add_argument("--log", default="", help="a JSON file for losses and accuracies")
    return parser.parse_args()


def loaders(arguments):
    normalize = transforms.Normalize(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225])
    train = datasets.ImageFolder(
        Path(arguments.data) / "train",
        transforms.Compose(
            [
                transforms.RandomResizedCrop(224),
                transforms.RandomHorizontalFlip(),
                transforms.ToTensor(),
                normalize,
            ]
        ),
    )
    validation = datasets.ImageFolder(
        Path(arguments.data) / "val",
        transforms.Compose(
            [
                transforms.Resize(256),
                transforms.CenterCrop(224),
                transforms.ToTensor(),
                normalize,
            ]
        ),
    )
    common = {
        "batch_size": arguments.batch_size,
        "num_workers": arguments.workers,
        "pin_memory": "npu" in CALCULATE_DEVICE,
    }
    return (
        torch.utils.data.DataLoader(train, shuffle=True, **common),
        torch.utils.data.DataLoader(validation, shuffle=False, **common),
    )


def to_device(images, target):
    """Bring a batch to the device; an NPU works faster with targets of 32 bits."""
    if "npu" in CALCULATE_DEVICE:
        target = target.to(torch.int32)
    return (
        images.to(CALCULATE_DEVICE, non_blocking=True),
        target.to(CALCULATE_DEVICE, non_blocking=True),
    )


def accuracy(output, target, topk=(1, 5)):
    """Return in percent how often the target is among the k best."""
    with torch.no_grad():
        _, found = output.topk(max(topk), 1, True, True)
        found = found.t()
        correct = found.eq(target.view(1, -1).expand_as(found))
        return [
            correct[:k].reshape(-1).float().sum(0, keepdim=True).mul_(100.0 / target.size(0)).item()
            for k in topk
        ]


def train(loader, model, criterion, optimizer, epoch):
    """Train one epoch, and return the loss of every step."""
    model.train()
    losses = []
    end = time.time()
    for number, batch in enumerate(loader):
        images, target = to_device(*batch)
        output = model(images)
        loss = criterion(output, target)
        best, five = accuracy(output, target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        print(
            f"Epoch: [{epoch}][{number}/{len(loader)}] Time {time.time() - end:.3f} "
            f"Loss {losses[-1]:.4e} Acc@1 {best:.2f} Acc@5 {five:.2f}",
            flush=True,
        )
        end = time.time()
    return losses


def validate(loader, model, criterion):
    """Return the mean loss and the accuracies over all images."""
    model.eval()
    sums, count = [0.0, 0.0, 0.0], 0
    with torch.no_grad():
        for batch in loader:
            images, target = to_device(*batch)
            output = model(images)
            numbers = [criterion(output, target).item(), *accuracy(output, target)]
            sums = [total + number * len(target) for total, number in zip(sums, numbers)]
            count += len(target)
    loss, best, five = (total / count for total in sums)
    print(f" * Loss {loss:.4e} Acc@1 {best:.3f} Acc@5 {five:.3f}", flush=True)
    return {"loss": loss, "best": best, "five": five}


def main(arguments):
    if arguments.seed is not None:
        random.seed(arguments.seed)
        torch.manual_seed(arguments.seed)
    print(f"=> creating model '{arguments.arch}'")
    model = models.__dict__[arguments.arch]()
    model = model.to(CALCULATE_DEVICE)
    criterion = nn.CrossEntropyLoss().to(CALCULATE_DEVICE)
    optimizer = torch.optim.SGD(
        model.parameters(),
        arguments.lr,
        momentum=arguments.momentum,
        weight_decay=arguments.weight_decay,
    )
    start = 0
    if arguments.resume:
        checkpoint = torch.load(arguments.resume, map_location=CALCULATE_DEVICE)
        start = checkpoint["epoch"]
        model.load_state_dict(checkpoint["state_dict"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        print(f"=> loaded checkpoint '{arguments.resume}' (epoch {start})")
    training, validation = loaders(arguments)
    log = {"train": [], "validate": []}
    for epoch in range(start, arguments.epochs):
        for group in optimizer.param_groups:
            group["lr"] = arguments.lr * 0.1 ** (epoch // 30)
        log["train"].append(train(training, model, criterion, optimizer, epoch))
        log["validate"].append(validate(validation, model, criterion))
        torch.save(
            {
                "epoch": epoch + 1,
                "arch": arguments.arch,
                "state_dict": model.state_dict(),
                "optimizer": optimizer.state_dict(),
            },
            arguments.checkpoint,
        )
    if arguments.log:
        Path(arguments.log).write_text(json.dumps(log), encoding="utf-8")


if __name__ == "__main__":
    given = parse_arguments()
    CALCULATE_DEVICE = given.device
    if "npu" in CALCULATE_DEVICE:
        torch.npu.set_device(CALCULATE_DEVICE)
    main(given)
