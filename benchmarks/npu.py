"""What torch.npu costs on the emulator: a small operator, and a training step of ResNet-50.

Each round is a process of its own, which times the NPU and the CPU in turn. It needs a Python that
has torch, torch_npu and, for ResNet-50, pytorchcv. The network is that package's with random
weights, in float32; the input is random too: by default 4 images of 3 x 224 x 224, which its last
pool asks for, and a label each, one step of SGD with momentum.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any, Callable

import running

#: Calls of the small operator between two synchronisations.
CALLS = 2000


@dataclass(frozen=True)
class Measure:
    """One line of the table: a value of every round, and a limit where there is a goal."""

    name: str
    unit: str
    goal: float | None
    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The median over the rounds."""
        return statistics.median(self.values)

    @property
    def met(self) -> bool | None:
        """Whether the median meets the goal; None where there is none."""
        return None if self.goal is None else self.median <= self.goal


def operator_times(torch: Any) -> dict[str, float]:
    """Return microseconds of one small addition, on both devices: the best of some loops."""

    def loop(a: Any, b: Any) -> float:
        begin = time.perf_counter()
        for _ in range(CALLS):
            torch.add(a, b)
        torch.npu.synchronize()
        return (time.perf_counter() - begin) / CALLS * 1e6

    on_cpu = torch.ones(16, 16), torch.ones(16, 16)
    on_npu = tuple(part.npu() for part in on_cpu)
    # In turn, so that what else the machine does slows both down.
    pairs = [(loop(*on_cpu), loop(*on_npu)) for _ in range(7)]
    return {
        "cpu_us": min(cpu for cpu, _ in pairs),
        "npu_us": min(npu for _, npu in pairs),
    }


def training_step(
    torch: Any, models: Any, device: str, batch: int, size: int
) -> Callable[[], float]:
    """Return a function that trains ResNet-50 one step on a device and returns the loss."""
    torch.manual_seed(0)
    net = models.resnet50().to(device).train()
    images = torch.randn(batch, 3, size, size).to(device)
    labels = torch.randint(0, 1000, (batch,)).to(device)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)

    def step() -> float:
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(net(images), labels)
        loss.backward()
        optimizer.step()
        return float(loss.detach())

    return step


def network_times(torch: Any, batch: int, size: int) -> dict[str, float]:
    """Return seconds of one training step on both devices, and how many operators fell back.

    Raises:
        BenchmarkError: pytorchcv is missing, or both devices do not compute the same.
    """
    try:
        models = importlib.import_module("pytorchcv.models.resnet")
    except ImportError as error:
        raise running.BenchmarkError(
            "ResNet-50 comes from pytorchcv: pip install pytorchcv==0.0.67, or use --only operator "
            f"({error})"
        ) from error
    steps = {name: training_step(torch, models, name, batch, size) for name in ("cpu", "npu")}
    torch.npu.reset_fallback_counts()
    losses = {name: step() for name, step in steps.items()}  # untimed: compiles and allocates
    if abs(losses["npu"] - losses["cpu"]) > 1e-3 * abs(losses["cpu"]):
        raise running.BenchmarkError(f"both devices do not compute the same: {losses}")
    times: dict[str, list[float]] = {"cpu": [], "npu": []}
    for _ in range(3):
        for name, step in steps.items():
            begin = time.perf_counter()
            step()
            torch.npu.synchronize()
            times[name].append(time.perf_counter() - begin)
    return {
        "cpu_s": min(times["cpu"]),
        "npu_s": min(times["npu"]),
        "fell_back": sum(torch.npu.fallback_counts().values()),
    }


def worker(options: argparse.Namespace) -> None:
    """Measure in this process, and print JSON.

    Raises:
        BenchmarkError: torch or torch_npu is missing, or there is no NPU.
    """
    try:
        torch = importlib.import_module("torch")
        importlib.import_module("torch_npu")
    except ImportError as error:
        raise running.BenchmarkError(
            f"this Python has no torch with torch_npu ({error}): install the wheels of dist/"
        ) from error
    if not torch.npu.is_available():
        raise running.BenchmarkError("there is no NPU and no emulator: source env.sh")
    found = {}
    if options.only != "network":
        found.update(operator_times(torch))
    if options.only != "operator":
        found.update(network_times(torch, options.batch, options.size))
    print(json.dumps(found))


def one_round(options: argparse.Namespace, *, guard: bool, queue: bool, only: str) -> Any:
    """Run this program as the worker of one round; return its times.

    Raises:
        BenchmarkError: it failed; it has said why.
    """
    env = {
        **os.environ,
        "ASCEND_EMU_GUARD": str(int(guard)),
        "TASK_QUEUE_ENABLE": str(int(queue)),
    }
    command = [sys.executable, __file__, "--worker", "--only", only]
    command += ["--batch", str(options.batch), "--size", str(options.size)]
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, check=False)
    if done.returncode != 0:
        raise running.BenchmarkError("a round failed; see above")
    # Packages that are imported may print, too.
    return json.loads(done.stdout.splitlines()[-1])


def operator_measures(options: argparse.Namespace) -> list[Measure]:
    """Return what a small operator costs over the CPU's, for each kind of emulator and queue."""
    found = []
    for guard, queue, goal in ((False, False, 40.0), (False, True, None), (True, False, None)):
        rounds = [
            one_round(options, guard=guard, queue=queue, only="operator")
            for _ in range(options.runs)
        ]
        name = f"small operator, overhead, guard {'on' if guard else 'off'}"
        name += ", task queue" if queue else ""
        values = tuple(times["npu_us"] - times["cpu_us"] for times in rounds)
        found.append(Measure(name, "us", goal, values))
    return found


def network_measures(options: argparse.Namespace) -> list[Measure]:
    """Return what a training step takes over the CPU's."""
    rounds = [
        one_round(options, guard=False, queue=False, only="network") for _ in range(options.runs)
    ]
    name = f"ResNet-50 step, {options.batch} x 3 x {options.size} x {options.size}, over the CPU's"
    ratios = tuple(times["npu_s"] / times["cpu_s"] for times in rounds)
    fell_back = tuple(float(times["fell_back"]) for times in rounds)
    seconds = tuple(times["cpu_s"] for times in rounds)
    return [
        Measure(name, "", 1.3, ratios),
        Measure("the CPU's step", "s", None, seconds),
        Measure("operators of the steps that fell back", "", 0.0, fell_back),
    ]


def main() -> None:
    """Measure and print."""
    parser: argparse.ArgumentParser = running.parser(__doc__ or "", runs=3)
    parser.add_argument("--only", choices=["operator", "network"], help="default: both")
    parser.add_argument("--batch", type=int, default=4, help="images of a step (default: 4)")
    parser.add_argument("--size", type=int, default=224, help="their sides (default: 224)")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        worker(options)
        return
    found = []
    if options.only != "network":
        found += operator_measures(options)
    if options.only != "operator":
        found += network_measures(options)
    table = [f"{'':52}{'goal':>10}{'median':>10}{'least':>10}{'most':>10}"]
    for m in found:
        goal = "" if m.goal is None else f"<= {m.goal:g}"
        numbers = "".join(f"{v:10.2f}" for v in (m.median, min(m.values), max(m.values)))
        state = {None: "", True: "met", False: "missed"}[m.met]
        table.append(f"{m.name:52}{goal:>10}{numbers}  {state} {m.unit}".rstrip())
    print("\n".join(table), file=sys.stderr if options.json else sys.stdout)
    if options.json:
        print(json.dumps([{**vars(m), "median": m.median, "met": m.met} for m in found]))


if __name__ == "__main__":
    sys.exit(running.guarded(main))
