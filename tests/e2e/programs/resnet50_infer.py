"""Online inference with ResNet-50 over a folder of images, in the way of the inference guide.

The model goes to the NPU, weights come from a checkpoint, and images are classified in `eval` mode
under `torch.no_grad`. Mixed precision is torch.npu.amp's autocast (``--amp``). ``--device cpu``
runs the same program on the CPU, and ``--log`` writes what it found.
"""

import argparse
import json
import time
from pathlib import Path

import torch
import torch.npu
from torchvision import datasets, models, transforms


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="a folder with val/CLASS/IMAGE")
    parser.add_argument("-a", "--arch", default="resnet50")
    parser.add_argument("-b", "--batch_size", default=512, type=int)
    parser.add_argument("-j", "--workers", default=32, type=int)
    parser.add_argument("--resume", default="", help="a checkpoint with the weights")
    parser.add_argument("--device", default="npu:0")
    parser.add_argument("--amp", action="store_true", help="compute in mixed precision")
    parser.add_argument("--log", default="", help="a JSON file for the results")
    return parser.parse_args()


def accuracy(output, target, topk=(1, 5)):
    """Return in percent how often the target is among the k best."""
    _, found = output.topk(max(topk), 1, True, True)
    found = found.t()
    correct = found.eq(target.view(1, -1).expand_as(found))
    return [
        correct[:k].reshape(-1).float().sum(0, keepdim=True).mul_(100.0 / target.size(0)).item()
        for k in topk
    ]


def to_device(images, target, device):
    """Bring a batch to the device; an NPU works faster with targets of 32 bits."""
    if "npu" in device:
        target = target.to(torch.int32)
    return images.to(device, non_blocking=True), target.to(device, non_blocking=True)


def validate(loader, model, arguments):
    """Classify all images; return the output for each, and the accuracies."""
    model.eval()
    outputs, sums, count = [], [0.0, 0.0], 0
    with torch.no_grad():
        end = time.time()
        for number, batch in enumerate(loader):
            images, target = to_device(*batch, arguments.device)
            with torch.npu.amp.autocast(enabled=arguments.amp):
                output = model(images)
            best, five = accuracy(output.float(), target)
            outputs += output.float().cpu().tolist()
            sums = [sums[0] + best * len(target), sums[1] + five * len(target)]
            count += len(target)
            print(
                f"Test: [{number}/{len(loader)}] Time {time.time() - end:.3f} "
                f"Acc@1 {best:.2f} Acc@5 {five:.2f}",
                flush=True,
            )
            end = time.time()
    best, five = (total / count for total in sums)
    print(f" * Acc@1 {best:.3f} Acc@5 {five:.3f}")
    return {"outputs": outputs, "best": best, "five": five}


def main(arguments):
    if "npu" in arguments.device:
        torch.npu.set_device(arguments.device)
    print("use", arguments.device)
    model = models.__dict__[arguments.arch](zero_init_residual=True)
    model = model.to(arguments.device)
    if Path(arguments.resume).is_file():
        checkpoint = torch.load(arguments.resume, map_location=arguments.device)
        model.load_state_dict(checkpoint["state_dict"])
        print(f"=> loaded checkpoint '{arguments.resume}' (epoch {checkpoint['epoch']})")
    else:
        print(f"=> no checkpoint found at '{arguments.resume}'")
    normalize = transforms.Normalize(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225])
    steps = [
        transforms.Resize(256),
        transforms.CenterCrop(224),
        transforms.ToTensor(),
        normalize,
    ]
    loader = torch.utils.data.DataLoader(
        datasets.ImageFolder(Path(arguments.data) / "val", transforms.Compose(steps)),
        batch_size=arguments.batch_size,
        # The outputs are compared one by one.
        shuffle=False,
        num_workers=arguments.workers,
        pin_memory="npu" in arguments.device,
    )
    found = validate(loader, model, arguments)
    if arguments.log:
        Path(arguments.log).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main(parse_arguments())
