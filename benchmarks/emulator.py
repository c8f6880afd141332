"""What AscendCL's seam costs on the emulator: a small operator, a large copy, a matmul.

Ratios come from one process (``seam_bench``), which times the seam and its baseline in turn.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import running

SOURCE = running.ROOT / "pytorch_src" / "npu" / "emulator"


@dataclass(frozen=True)
class Measure:
    """One line of the table: a value of every round against a limit."""

    name: str
    unit: str
    goal: float
    at_most: bool
    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The median over the rounds."""
        return statistics.median(self.values)

    @property
    def met(self) -> bool:
        """Whether the median meets the goal."""
        return self.median <= self.goal if self.at_most else self.median >= self.goal


def build(work: Path, torch_dir: Path) -> Path:
    """Configure and build the benchmark; return the program.

    Raises:
        BenchmarkError: CMake, a compiler or torch is missing, or the build fails.
    """
    folder = work / "build"
    configure = [
        "cmake",
        "-S",
        str(SOURCE),
        "-B",
        str(folder),
        "-DCMAKE_BUILD_TYPE=Release",
        "-DEMU_BENCH=ON",
        f"-DTORCH_DIR={torch_dir}",
    ]
    for command in (configure, ["cmake", "--build", str(folder), "--parallel", "2"]):
        try:
            subprocess.run(command, check=True, stdout=sys.stderr)
        except (OSError, subprocess.CalledProcessError) as error:
            raise running.BenchmarkError(f"the benchmark was not built: {error}") from error
    return folder / "bin" / "seam_bench"


def torch_folder() -> Path:
    """Return the folder of this Python's torch.

    Raises:
        BenchmarkError: there is none.
    """
    found = importlib.util.find_spec("torch")
    if found is None or found.origin is None:
        raise running.BenchmarkError(
            "this Python has no torch: use one that has, or give --torch-dir"
        )
    return Path(found.origin).parent


def one_round(program: Path, guard: bool) -> dict[str, float]:
    """Run the program once; return its times in microseconds."""
    env = {**os.environ, "ASCEND_EMU_GUARD": str(int(guard)), "ASCEND_EMU_MEMORY": "1G"}
    done = subprocess.run([str(program)], env=env, check=True, stdout=subprocess.PIPE)
    times: dict[str, float] = json.loads(done.stdout)
    return times


def measures(rounds: dict[bool, list[dict[str, float]]]) -> list[Measure]:
    """Turn the times into what the goals are about."""
    found = []
    for guard, limit in ((False, 25.0), (True, 60.0)):
        state = "on" if guard else "off"
        times = rounds[guard]
        overhead = tuple(t["small_seam_us"] - t["small_aten_us"] for t in times)
        copies = tuple(t["copy_ratio"] for t in times)
        matmuls = tuple(t["matmul_ratio"] for t in times)
        found += [
            Measure(f"small operator, overhead, guard {state}", "us", limit, True, overhead),
            Measure(f"64 MB copy, speed over memcpy's, guard {state}", "", 0.8, False, copies),
            Measure(
                f"1024x1024 matmul, speed over ATen's, guard {state}", "", 0.95, False, matmuls
            ),
        ]
    return found


def main() -> None:
    """Measure and print."""
    parser: argparse.ArgumentParser = running.parser(__doc__ or "", runs=5)
    parser.add_argument("--program", type=Path, help="a seam_bench that is already built")
    parser.add_argument("--torch-dir", type=Path, help="the folder of a torch (default: ours)")
    options = parser.parse_args()
    with running.work_folder(options.workdir) as work:
        program = options.program or build(work, options.torch_dir or torch_folder())
        rounds: dict[bool, list[dict[str, float]]] = {False: [], True: []}
        for _ in range(options.runs):
            for guard in (False, True):
                rounds[guard].append(one_round(program, guard))
    found = measures(rounds)
    table = [f"{'':52}{'goal':>10}{'median':>10}{'least':>10}{'most':>10}"]
    for m in found:
        goal = f"{'<=' if m.at_most else '>='} {m.goal:g}"
        numbers = "".join(f"{v:10.2f}" for v in (m.median, min(m.values), max(m.values)))
        table.append(f"{m.name:52}{goal:>10}{numbers}  {'met' if m.met else 'missed'} {m.unit}")
    print("\n".join(table), file=sys.stderr if options.json else sys.stdout)
    if options.json:
        print(json.dumps([{**vars(m), "median": m.median, "met": m.met} for m in found]))


if __name__ == "__main__":
    sys.exit(running.guarded(main))
