"""A program that nobody here wrote: the official torch-npu, unchanged, on the emulator."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from support.emulator import ANNOUNCED, Emulated, unknown_lines

pytestmark = [pytest.mark.network, pytest.mark.timeout(300)]

START = "import json, torch, torch_npu\n"


def said(done: subprocess.CompletedProcess[str]) -> str:
    return f"exit code {done.returncode}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"


def run(emulated: Emulated, code: str, *options: str, **env: str) -> Any:
    """Run a program that ends by printing JSON; it must end well and say nothing else."""
    done = emulated.run(START + code, *options, env=env)
    assert done.returncode == 0, said(done)
    assert unknown_lines(done.stderr) == [], said(done)
    return json.loads(done.stdout.splitlines()[-1])


def test_import(emulated: Emulated) -> None:
    found = run(
        emulated,
        "print(json.dumps([torch_npu.__version__, torch.npu.is_available(),"
        " torch.npu.device_count(), torch.npu.current_device()]))",
    )
    assert found == ["2.13.0", True, 2, 0]


def test_it_is_announced_once(emulated: Emulated) -> None:
    done = emulated.run(START + "torch.ones(1).npu(); print('ok')")
    assert len(re.findall(ANNOUNCED, done.stderr)) == 1, said(done)
    assert done.stdout == "ok\n"


def test_options_are_honoured(emulated: Emulated) -> None:
    found = run(
        emulated,
        "p = torch.npu.get_device_properties(3)\n"
        "print(json.dumps([torch.npu.device_count(), p.name, p.total_memory,"
        " torch.npu.get_device_name(0)]))",
        "--devices=4",
        "--memory=0.5",
        "--soc=Ascend910B3",
    )
    assert found == [4, "Ascend910B3", 512 << 20, "Ascend910B3"]


def test_variables_of_the_environment_are_honoured(emulated: Emulated) -> None:
    code = (
        "torch.npu.set_device(0)\n"
        "print(json.dumps([torch.npu.device_count(), torch.npu.mem_get_info(0)[1]]))"
    )
    variables = {"ASCEND_EMU_DEVICES": "3", "ASCEND_EMU_MEMORY": "256M"}
    assert run(emulated, code, **variables) == [3, 256 << 20]
    # The command line is nearer to the user.
    assert run(emulated, code, "--devices=1", **variables) == [1, 256 << 20]


DTYPES = ("float32", "float64", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8",
          "bool", "complex64")  # fmt: skip


def test_tensors_go_to_the_device_and_back(emulated: Emulated) -> None:
    found = run(
        emulated,
        f"""
def trip(name):
    for shape in ((), (0,), (7,), (3, 5), (129, 257)):
        x = (torch.rand(shape) * 100).to(getattr(torch, name))
        d = x.to("npu")
        assert d.device == torch.device("npu:0") and d.is_npu, d.device
        if not torch.equal(d.cpu(), x):
            return f"{{shape}} differs"
    return "ok"
print(json.dumps({{name: trip(name) for name in {DTYPES!r}}}))
""",
    )
    assert found == dict.fromkeys(DTYPES, "ok")


def test_asynchronous_and_pinned_copies(emulated: Emulated) -> None:
    found = run(
        emulated,
        """
x = torch.randn(1000, 1000)
p = x.pin_memory()
d = p.to("npu", non_blocking=True)
q = torch.empty_like(x).pin_memory()
q.copy_(d, non_blocking=True)
torch.npu.synchronize()
plain = x.to("npu", non_blocking=True).cpu()
print(json.dumps([p.is_pinned(), x.is_pinned(), torch.equal(q, x), torch.equal(plain, x)]))
""",
    )
    assert found == [True, False, True, True]


def test_copies_between_devices(emulated: Emulated) -> None:
    found = run(
        emulated,
        """
x = torch.randn(300, 70)
a = x.to("npu:0")
b = a.to("npu:1")
c = torch.empty(300, 70, device="npu:0")
c.copy_(b)
print(json.dumps([str(b.device), torch.equal(b.cpu(), x), torch.equal(c.cpu(), x)]))
""",
    )
    assert found == ["npu:1", True, True]


def test_streams_and_events(emulated: Emulated) -> None:
    found = run(
        emulated,
        """
import time
x = torch.randn(2000, 2000).pin_memory()
s, t = torch.npu.Stream(), torch.npu.Stream()
start, mid, end = (torch.npu.Event(enable_timing=True) for _ in range(3))
before = time.perf_counter()
with torch.npu.stream(s):
    start.record()
    d = x.to("npu", non_blocking=True)
    mid.record()
with torch.npu.stream(t):
    t.wait_event(mid)
    y = torch.empty_like(x).pin_memory()
    y.copy_(d, non_blocking=True)
    end.record()
end.synchronize()
wall = (time.perf_counter() - before) * 1000
first, both = start.elapsed_time(mid), start.elapsed_time(end)
s.synchronize()
print(json.dumps([torch.equal(x, y), first, both, wall, end.query(), s.query(), s == t,
                  torch.npu.current_stream() == torch.npu.default_stream()]))
""",
    )
    equal, first, both, wall, *rest = found
    assert equal
    assert 0 < first < both <= wall
    assert rest == [True, True, False, True]


def test_an_event_that_was_not_recorded_has_no_time(emulated: Emulated) -> None:
    found = run(
        emulated,
        """
a, b = (torch.npu.Event(enable_timing=True) for _ in range(2))
a.record()
torch.npu.synchronize()
try:
    print(json.dumps(a.elapsed_time(b)))
except RuntimeError as error:
    print(json.dumps("refused"))
""",
    )
    assert found == "refused"


def test_memory_statistics(emulated: Emulated) -> None:
    found = run(
        emulated,
        """
def used():
    torch.npu.synchronize()
    return torch.npu.memory_allocated()
seen = [used()]
x = torch.empty(4 << 20, dtype=torch.uint8, device="npu")
seen.append(used())
y = torch.empty(8 << 20, dtype=torch.uint8, device="npu:1")
seen += [used(), torch.npu.memory_allocated(1)]
free, total = torch.npu.mem_get_info(0)
del x, y
torch.npu.empty_cache()
seen += [used(), torch.npu.memory_reserved(), torch.npu.max_memory_allocated()]
later, _ = torch.npu.mem_get_info(0)
print(json.dumps([seen, total, later - free >= 4 << 20, later == total]))
""",
        "--memory=1",
    )
    seen, total, freed, all_free = found
    # torch-npu asks for up to 512 bytes more than the tensor has.
    assert seen[0] == seen[4] == seen[5] == 0
    assert seen[1] == seen[2] == seen[6]
    assert 4 << 20 <= seen[1] <= (4 << 20) + 512
    assert 8 << 20 <= seen[3] <= (8 << 20) + 512
    assert (total, freed, all_free) == (1 << 30, True, True)


def test_out_of_memory(emulated: Emulated) -> None:
    done = emulated.run(
        START
        + """
keep = torch.ones(1 << 20).to("npu")
try:
    torch.empty(1 << 30, dtype=torch.uint8, device="npu")
except torch.OutOfMemoryError as error:
    print(error)
# And what is left is of use.
print(keep.cpu().eq(1).all().item(), torch.ones(3, device="cpu").npu().cpu().tolist())
""",
        "--memory=0.25",
    )
    assert done.returncode == 0, said(done)
    text = "NPU out of memory. Tried to allocate 1.00 GiB (NPU 0; 256.00 MiB total capacity"
    assert text in done.stdout
    assert done.stdout.splitlines()[-1] == "True [1.0, 1.0, 1.0]"


def test_matmul(emulated: Emulated) -> None:
    found = run(
        emulated,
        """
torch.manual_seed(0)
x, y = torch.randn(64, 48), torch.randn(48, 80)
print(json.dumps(torch.equal((x.npu() @ y.npu()).cpu(), x @ y)))
""",
    )
    assert found is True


#: Operator, as torch spells it on tensors `x`, `y` (6 x 5), `z` (5 x 4) and rows `i`.
OPERATORS = {
    "add": "x + y",
    "add with alpha": "torch.add(x, y, alpha=2)",
    "add a number": "x + 3",
    "sub": "x - y",
    "sub a number": "x - 3",
    "mul": "x * y",
    "mul by a number": "x * 3",
    "div": "x / y",
    "div by a number": "x / 4",
    "matmul": "x @ z",
    "relu": "torch.relu(x)",
    "softmax": "torch.softmax(x, 1)",
    "sum": "x.sum()",
    "sum over a dimension": "x.sum(1, keepdim=True)",
    "mean": "x.mean()",
    "mean over a dimension": "x.mean(0)",
    "cast": "x.to(torch.float32)",
    "cast to integers": "x.to(torch.int64)",
    "fill": "torch.empty_like(x).fill_(7)",
    "zeros": "torch.zeros_like(x)",
    "ones": "torch.ones_like(x)",
    "copy": "torch.empty_like(x).copy_(y)",
    "copy with broadcast": "torch.empty_like(x).copy_(y[:1])",
    "cat": "torch.cat([x, y, x], 1)",
    "eq": "x == x",
    "eq a number": "x == 2",
    "gt": "x > y",
    "gt a number": "x > 2",
    "exp": "torch.exp(x)",
    "sqrt": "torch.sqrt(y)",
    "neg": "-x",
    "transpose by copy": "x.t().contiguous()",
    "embedding": "torch.nn.functional.embedding(i, x)",
}
FLOATS_ONLY = {"div", "div by a number", "matmul", "softmax", "mean", "mean over a dimension",
               "exp", "sqrt"}  # fmt: skip
RUN_OPERATORS = """
import sys
def compare(code, dtype):
    torch.manual_seed(0)
    here = {
        "x": (torch.randn(6, 5) * 4).to(dtype),
        "y": (torch.rand(6, 5) * 4 + 1).to(dtype),
        "z": (torch.randn(5, 4) * 4).to(dtype),
        "i": torch.tensor([[0, 5], [3, 3]]),
    }
    there = {name: value.npu() for name, value in here.items()}
    wanted = eval(code, {"torch": torch}, here)
    got = eval(code, {"torch": torch}, there)
    if not got.is_npu:
        return f"the result is on {got.device}"
    got = got.cpu()
    if (got.dtype, got.shape) != (wanted.dtype, wanted.shape):
        return f"{got.dtype} {tuple(got.shape)}, not {wanted.dtype} {tuple(wanted.shape)}"
    close = torch.allclose(got, wanted, rtol=1e-3 if dtype == torch.float16 else 1e-6, atol=1e-6)
    return "ok" if close else f"{got} is not {wanted}"
results = {}
for name, dtype, code in json.loads(sys.argv[1]):
    try:
        results[f"{name}, {dtype}"] = compare(code, getattr(torch, dtype))
    except Exception as error:
        results[f"{name}, {dtype}"] = f"{type(error).__name__}: {error}"
print(json.dumps(results))
"""
CASES = [
    (name, dtype, code)
    for name, code in OPERATORS.items()
    for dtype in ("float32", "float16", "int64", "int32")
    if dtype.startswith("float") or name not in FLOATS_ONLY
]


@pytest.fixture(scope="module")
def results(
    torch_python: Path, emulator_build: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """All operators in one run, for the start takes longer than they do."""
    emulated = Emulated.of(torch_python, tmp_path_factory.mktemp("operators"), emulator_build)
    program = emulated.folder / "operators.py"
    program.write_text(START + RUN_OPERATORS)
    done = emulated.start([str(emulated.python), str(program), json.dumps(CASES)])
    assert done.returncode == 0, said(done)
    assert unknown_lines(done.stderr) == [], said(done)
    found: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize(("name", "dtype"), [case[:2] for case in CASES])
def test_operators(results: dict[str, str], name: str, dtype: str) -> None:
    assert results[f"{name}, {dtype}"] == "ok"


def test_a_tensor_is_printed(emulated: Emulated) -> None:
    done = emulated.run(START + "print(torch.arange(4.).npu())")
    assert done.stdout == "tensor([0., 1., 2., 3.], device='npu:0')\n", said(done)


def test_an_operator_that_is_not_there_is_named(emulated: Emulated) -> None:
    """And, without torch-npu's queue, which ends with its first failure, the next one computes."""
    done = emulated.run(
        START
        + """
try:
    torch_npu.npu_geglu(torch.ones(2, 4).npu())
except RuntimeError as error:
    print(error)
print((torch.ones(2).npu() + 1).cpu().tolist())
""",
        env={"TASK_QUEUE_ENABLE": "0"},
    )
    assert done.returncode == 0, said(done)
    assert "aclnnGeGluV3GetWorkspaceSize not in lib" in done.stdout
    assert done.stdout.splitlines()[-1] == "[2.0, 2.0]"


def test_exit_codes_and_signals_are_the_programs(emulated: Emulated) -> None:
    assert emulated.run("raise SystemExit(37)").returncode == 37
    killed = emulated.run("import os, signal; os.kill(os.getpid(), signal.SIGTERM)")
    assert killed.returncode == -signal.SIGTERM
    failed = emulated.run(START + "torch.ones(2).npu(); raise ValueError('mine')")
    assert failed.returncode == 1
    assert failed.stderr.rstrip().endswith("ValueError: mine")


def test_the_host_may_not_touch_device_memory(emulated: Emulated) -> None:
    code = START + (
        "import ctypes\nx = torch.ones(4).npu()\ntorch.npu.synchronize()\n"
        "print(ctypes.c_float.from_address(x.data_ptr()).value)\n"
    )
    done = emulated.run(code)
    assert done.returncode == -signal.SIGSEGV, said(done)
    assert "device memory" in done.stderr
    allowed = emulated.run(code, "--no-guard")
    assert (allowed.returncode, allowed.stdout) == (0, "1.0\n"), said(allowed)


def test_a_trace_is_written(emulated: Emulated) -> None:
    run(emulated, "x = torch.ones(9).npu(); print(json.dumps((x + x).cpu().tolist()))",
        "--trace=trace.json")  # fmt: skip
    events = json.loads((emulated.folder / "trace.json").read_text())["traceEvents"]
    assert any("Add" in event["name"] for event in events)


def test_what_the_wheel_links_to_is_there(emulated: Emulated, torch_python: Path) -> None:
    package = next(torch_python.parents[1].glob("lib/python*/site-packages/torch_npu"))
    core = [*package.glob("_C.*.so")]
    core += [package / "lib" / f"lib{n}.so" for n in ("torch_npu", "npu_profiler", "tensorpipe")]
    done = emulated.check(*map(str, core))
    assert done.returncode == 0, said(done)
    found = json.loads(done.stdout)
    assert found["loads"] and found["missing_libraries"] == {}
    linked = {row["name"]: row["status"] for row in found["functions"] if row["use"] == "link"}
    assert linked["aclrtMemcpyAsync"] == "emulated"
    assert len(linked) > 70
    assert linked["rtKernelLaunch"] == "unsupported"
    assert "absent" not in linked.values()
    by_name = {row["name"]: row["status"] for row in found["functions"] if row["use"] == "lookup"}
    assert by_name["aclnnAdd"] == by_name["aclnnAddGetWorkspaceSize"] == "emulated"
    assert by_name["aclnnFlashAttentionScore"] == "absent"


def test_all_of_the_wheel_is_checked_by_default(emulated: Emulated) -> None:
    done = emulated.check()
    # Its graph mode and its ATB operators need libraries that are no part of AscendCL.
    assert done.returncode == 1, said(done)
    missing = json.loads(done.stdout)["missing_libraries"]
    assert set(missing) == {"libascend_protobuf.so", "libatb.so", "libfmk_parser.so"}
