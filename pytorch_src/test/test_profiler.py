"""Profiling: torch.autograd.profiler with use_npu, torch.profiler, and torch.npu.profile."""

import json
import tempfile
import time
from pathlib import Path

import torch
from npu_testing import NpuTestCase, needs, on_npu, run_tests

COLUMNS = (
    "Name",
    "Self CPU %",
    "Self CPU",
    "CPU total %",
    "CPU total",
    "CPU time avg",
    "Self NPU",
    "Self NPU %",
    "NPU total",
    "NPU time avg",
    "# of Calls",
)


def work(there):
    """Some operators, one within another."""
    return ((there @ there) + there).mul(2)


def with_folder(test):
    folder = tempfile.TemporaryDirectory()
    test.addCleanup(folder.cleanup)
    return Path(folder.name)


class TestAutogradProfiler(NpuTestCase):
    def setUp(self):
        self.there = torch.randn(256, 256).npu()
        work(self.there)
        torch.npu.synchronize()

    def test_the_columns(self):
        with torch.autograd.profiler.profile(use_npu=True) as prof:
            work(self.there)
        table = str(prof)
        for column in COLUMNS:
            self.assertIn(column, table)
        for name in ("aten::mm", "aten::add", "aten::mul"):
            self.assertIn(name, table)

    def test_npu_time_is_seen(self):
        before = time.perf_counter()
        with torch.autograd.profiler.profile(use_npu=True) as prof:
            for _ in range(4):
                work(self.there)
        wall = (time.perf_counter() - before) * 1e6
        rows = {row.key: row for row in prof.key_averages()}
        product = rows["aten::mm"]
        self.assertEqual(product.count, 4)
        self.assertGreater(on_npu(product, "device_time_total"), 0)
        self.assertLess(on_npu(product, "device_time_total"), wall)
        self.assertGreater(
            sum(on_npu(row, "self_device_time_total") for row in rows.values()),
            on_npu(product, "self_device_time_total"),
        )

    def test_off_means_no_npu_columns(self):
        with torch.autograd.profiler.profile() as prof:
            work(self.there)
        self.assertNotIn("NPU", str(prof).replace("npu", ""))
        with torch.autograd.profiler.profile(use_npu=False, record_shapes=True) as prof:
            work(self.there)
        self.assertIn("aten::mm", str(prof))

    def test_shapes(self):
        with torch.autograd.profiler.profile(use_npu=True, record_shapes=True) as prof:
            work(self.there)
        self.assertIn("Input Shape", str(prof))
        self.assertIn("[256, 256]", str(prof))

    def test_memory(self):
        with torch.autograd.profiler.profile(use_npu=True, profile_memory=True) as prof:
            kept = work(self.there)
        for column in ("CPU Mem", "Self CPU Mem", "NPU Mem", "Self NPU Mem"):
            self.assertIn(column, str(prof))
        self.assertEqual(kept.device.type, "npu")
        taken = sum(on_npu(row, "self_device_memory_usage") for row in prof.key_averages())
        self.assertGreaterEqual(taken, 256 * 256 * 4)

    def test_chrome_trace(self):
        path = with_folder(self) / "trace.json"
        with torch.autograd.profiler.profile(use_npu=True) as prof:
            work(self.there)
        prof.export_chrome_trace(str(path))
        read = json.loads(path.read_text(encoding="utf-8"))
        # PyTorch 1.8 writes the events alone.
        events = read["traceEvents"] if isinstance(read, dict) else read
        self.assertIn("aten::mm", {event.get("name") for event in events})

    def test_simple_has_the_bottom_only(self):
        path = with_folder(self) / "trace.json"
        with torch.autograd.profiler.profile(use_npu=True, use_npu_simple=True) as prof:
            torch.nn.functional.linear(self.there, self.there).add_(1)
        prof.export_chrome_trace(str(path))
        events = json.loads(path.read_text(encoding="utf-8"))
        self.assertEqual({event["name"] for event in events}, {"aten::mm", "aten::add_"})
        parents = {event.name for event in prof.function_events if event.cpu_children}
        self.assertLessEqual({"aten::linear", "aten::matmul"}, parents)

    @needs("torch.profiler.ProfilerActivity.NPU")
    def test_torch_profiler(self):
        activities = [torch.profiler.ProfilerActivity.CPU, torch.profiler.ProfilerActivity.NPU]
        for chosen in (activities, activities[1:]):
            with torch.profiler.profile(activities=chosen) as prof:
                work(self.there)
            rows = {row.key: row for row in prof.key_averages()}
            self.assertGreater(rows["aten::mm"].device_time_total, 0)
            self.assertIn("Self NPU", prof.key_averages().table(sort_by="self_device_time_total"))

    def test_backward_is_seen(self):
        leaf = torch.randn(64, 64).npu().requires_grad_()
        with torch.autograd.profiler.profile(use_npu=True) as prof:
            work(leaf).sum().backward()
        self.assertIn("MmBackward", str(prof))

    def test_faults(self):
        with self.assertRaisesRegex(ValueError, "use_npu_simple=True needs use_npu=True"):
            torch.autograd.profiler.profile(use_npu_simple=True)
        with self.assertRaisesRegex(ValueError, "exclude"):
            torch.autograd.profiler.profile(use_npu=True, use_cuda=True)
        with self.assertRaisesRegex(TypeError, "use_apu"):
            torch.autograd.profiler.profile(use_apu=True)


class TestNpuProfile(NpuTestCase):
    def traces(self, folder):
        return [path for path in folder.rglob("*") if path.is_file()]

    def names(self, folder):
        """The names of all events, where the result is the emulator's Chrome trace."""
        found = set()
        for path in folder.rglob("trace.json"):
            events = json.loads(path.read_text(encoding="utf-8"))["traceEvents"]
            found |= {event["name"] for event in events}
        return found

    def run_in(self, folder, **named):
        there = torch.randn(32, 32).npu()
        with torch.npu.profile(str(folder), **named):
            work(there)
        return self.traces(folder)

    def test_operators_are_collected(self):
        folder = with_folder(self)
        self.assertTrue(self.run_in(folder))
        if torch.npu.get_device_properties().is_emulator:
            self.assertIn("Mul", " ".join(self.names(folder)))
            self.assertNotIn("aten::mm", self.names(folder))

    def test_end_to_end_has_pytorchs_operators(self):
        folder = with_folder(self)
        self.assertTrue(self.run_in(folder, use_e2e_profiler=True))
        if torch.npu.get_device_properties().is_emulator:
            self.assertLessEqual({"aten::mm", "aten::add", "aten::mul"}, self.names(folder))

    def test_config(self):
        config = torch.npu.profileConfig(
            ACL_PROF_ACL_API=True,
            ACL_PROF_TASK_TIME=True,
            ACL_PROF_AICORE_METRICS=True,
            ACL_PROF_AICPU=True,
            ACL_PROF_L2CACHE=True,
            ACL_PROF_HCCL_TRACE=True,
            ACL_PROF_TRAINING_TRACE=True,
            aiCoreMetricsType=0,
        )
        self.assertEqual(config.types, 0x7F)
        self.assertEqual(torch.npu.profileConfig(ACL_PROF_HCCL_TRACE=False).types, 0x5F)
        for metrics in (0, 1, 2, 3, 4, 0xFF):
            config = torch.npu.profileConfig(aiCoreMetricsType=metrics)
            self.assertTrue(self.run_in(with_folder(self), config=config))

    def test_faults_and_going_on(self):
        folder = with_folder(self)
        with self.assertRaisesRegex(FileNotFoundError, "make it first"):
            torch.npu.profile(folder / "none")
        with self.assertRaisesRegex(ValueError, "0 arithmetic utilisation.*255 none"):
            torch.npu.profileConfig(aiCoreMetricsType=9)
        with self.assertRaisesRegex(TypeError, "ACL_PROF_AICPU is True or False; int 1"):
            torch.npu.profileConfig(ACL_PROF_AICPU=1)
        with self.assertRaisesRegex(TypeError, "config is a profileConfig or None; dict"):
            torch.npu.profile(folder, config={})
        going_on = "a profiling run is going on"
        with torch.npu.profile(folder), self.assertRaisesRegex(RuntimeError, going_on):
            torch.npu.profile(folder).__enter__()
        with self.assertRaisesRegex(KeyError, "inside"), torch.npu.profile(folder):
            raise KeyError("inside")
        self.assertTrue(self.run_in(with_folder(self)))


if __name__ == "__main__":
    run_tests()
