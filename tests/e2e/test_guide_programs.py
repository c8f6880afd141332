"""The guide's programs with a built PyTorch: they run on npu:0 and give the CPU's results.

ASCENDTORCH_TORCH_PYTHON names the Python of an environment with the wheel and torchvision, such as
one that has `torch-1.8.1+ascend*.whl`, `pillow` and `torchvision==0.9.1` (with `--no-deps`).
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

PROGRAMS = Path(__file__).parent / "programs"
pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(3600)]

#: Draws a data set of 64 images; each class has a colour of its own, so that it can be learnt.
DRAW = """
import random, sys
from pathlib import Path
from PIL import Image
random.seed(1)
for part, count in (("train", 6), ("val", 2)):
    for label in range(8):
        folder = Path(sys.argv[1]) / part / f"class{label}"
        folder.mkdir(parents=True)
        tint = Image.new("RGB", (96, 80), (label * 30, 255 - label * 30, 128))
        for number in range(count):
            noise = Image.frombytes("RGB", (24, 20), bytes(random.choices(range(256), k=1440)))
            image = Image.blend(noise.resize((96, 80), Image.BICUBIC), tint, 0.3)
            image.save(folder / f"{number}.png")
"""


@pytest.fixture(scope="module")
def python() -> str:
    """The Python of the environment with the wheel."""
    named = os.environ.get("ASCENDTORCH_TORCH_PYTHON")
    if not named:
        pytest.skip("ASCENDTORCH_TORCH_PYTHON names no Python with a built PyTorch")
    return named


@pytest.fixture(scope="module")
def images(python: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in the layout of ImageNet with 64 images."""
    folder = tmp_path_factory.mktemp("images")
    run([python, "-c", DRAW, str(folder)], folder)
    assert len(list(folder.rglob("*.png"))) == 64
    return folder


def run(command: list[str], folder: Path) -> str:
    """Run a program to its end, on operators of the NPU alone; return what it printed."""
    env = {**os.environ, "ASCENDTORCH_FALLBACK": "error"}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def both(python: str, program: str, folder: Path, *arguments: str) -> tuple[dict, dict]:
    """Run a program on the CPU and on the NPU; return the logs of both."""
    logs = []
    for device in ("cpu", "npu:0"):
        log = folder / f"{device[:3]}.json"
        command = [python, str(PROGRAMS / program), *arguments]
        run([*command, "--device", device, "--log", str(log)], folder)
        logs.append(json.loads(log.read_text()))
    return logs[0], logs[1]


def test_training_on_one_device(python: str, images: Path, tmp_path: Path) -> None:
    # Where an activation is nearly zero, its sign is a matter of rounding, and one that turns
    # changes gradients by 1e-3 on either device: a small step keeps that out of the next loss.
    settings = "--arch resnet18 --epochs 1 --batch-size 16 --lr 0.001 --workers 0 --seed 3"
    cpu, npu = both(python, "imagenet_main.py", tmp_path, str(images), *settings.split())
    (wanted,), (found,) = cpu["train"], npu["train"]
    assert len(found) == 3
    assert found == pytest.approx(wanted, rel=1e-4)
    assert npu["validate"][0]["loss"] == pytest.approx(cpu["validate"][0]["loss"], rel=1e-2)
    # It goes on from its checkpoint, on the device.
    more = "--arch resnet18 --epochs 2 --batch-size 16 --lr 0.001 --workers 2 --resume"
    program = [python, str(PROGRAMS / "imagenet_main.py"), str(images), *more.split()]
    assert "(epoch 1)" in run([*program, "checkpoint.pth.tar"], tmp_path)


def test_inference(python: str, images: Path, tmp_path: Path) -> None:
    save = (
        "import torch, torchvision; torch.manual_seed(5); "
        "m = torchvision.models.resnet50(); "
        "torch.save({'epoch': 90, 'state_dict': m.state_dict()}, 'checkpoint.pth.tar')"
    )
    run([python, "-c", save], tmp_path)
    settings = f"--data {images} --resume checkpoint.pth.tar --batch_size 8 --workers 2"
    cpu, npu = both(python, "resnet50_infer.py", tmp_path, *settings.split())
    assert len(npu["outputs"]) == 16
    for found, wanted in zip(npu["outputs"], cpu["outputs"]):
        assert found == pytest.approx(wanted, rel=1e-3, abs=1e-3)
    assert (npu["best"], npu["five"]) == (cpu["best"], cpu["five"])
    settings += " --device npu:0 --amp --log half.json"
    run([python, str(PROGRAMS / "resnet50_infer.py"), *settings.split()], tmp_path)
    half = json.loads((tmp_path / "half.json").read_text())
    for found, wanted in zip(half["outputs"], cpu["outputs"]):
        # Fifty layers in float16: of small outputs only the digits that large ones have are right.
        assert found == pytest.approx(wanted, rel=0, abs=2e-2 * max(map(abs, wanted)))


def test_shufflenet_rewritten(python: str, tmp_path: Path) -> None:
    printed = run([python, str(PROGRAMS / "shufflenet_rewritten.py")], tmp_path)
    apart = json.loads(printed.splitlines()[-1])
    wanted, found = apart["loss"]
    assert found == pytest.approx(wanted, rel=1e-4)
    assert apart["output"] < 1e-3
    assert apart["gradients"] > 100
    assert apart["gradient"] < 1e-2
