"""Dumps of operators, and options of the operator compiler."""

import json
import tempfile
from pathlib import Path

import numpy
import torch
from npu_testing import NpuTestCase, run_tests


class TestDump(NpuTestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.output = self.folder / "out"
        self.output.mkdir()

    def config(self, **fields):
        """Write a configuration, and return its path."""
        dump = {"dump_list": [], "dump_path": str(self.output), "dump_op_switch": "on", **fields}
        path = self.folder / "dump.json"
        path.write_text(json.dumps({"dump": dump}), encoding="utf-8")
        return path

    def files(self):
        return sorted(path for path in self.output.rglob("*") if path.is_file())

    def dump(self, **fields):
        """Dump one addition, and return the files."""
        path = self.config(**fields)
        there = torch.tensor([2.0, 2.0]).npu()
        torch.npu.synchronize()
        torch.npu.init_dump()
        try:
            torch.npu.set_dump(path)
            there.add_(1)
        finally:
            torch.npu.finalize_dump()
        self.assertEqual(there.cpu().tolist(), [3, 3])
        return self.files()

    def test_inputs_and_outputs(self):
        found = self.dump(dump_mode="all")
        self.assertTrue(any(".input." in path.name for path in found))
        written = [path for path in found if ".output." in path.name]
        self.assertTrue(written)
        values = [numpy.load(path).tolist() for path in written if path.suffix == ".npy"]
        if torch.npu.get_device_properties().is_emulator:
            self.assertIn([3.0, 3.0], values)

    def test_the_path_says_which(self):
        path = self.dump(dump_mode="output")[0]
        time, device = path.relative_to(self.output).parts[:2]
        self.assertRegex(time, r"^\d+$")
        self.assertEqual(device, "0")
        kind, name, task, stream, stamp = path.name.split(".")[:5]
        self.assertIn("Add", kind)
        self.assertIn("Add", name)
        for number in (task, stream, stamp):
            self.assertRegex(number, r"^\d+$")

    def test_one_side_only(self):
        found = self.dump(dump_mode="output")
        self.assertTrue(found)
        self.assertFalse([path for path in found if ".input." in path.name])

    def test_only_what_ran_between(self):
        there = torch.ones(3, device="npu")
        there.mul_(2)
        before = self.dump(dump_mode="output")
        there.mul_(2)
        torch.npu.synchronize()
        self.assertEqual(self.files(), before)
        self.assertFalse([path for path in before if path.name.startswith("Mul")])

    def test_switched_off(self):
        self.assertEqual(self.dump(dump_op_switch="off"), [])

    def test_faults_of_the_configuration(self):
        torch.npu.init_dump()
        try:
            with self.assertRaisesRegex(FileNotFoundError, "no dump configuration"):
                torch.npu.set_dump(self.folder / "none.json")
            with self.assertRaisesRegex(ValueError, "dump_mode is 'some'; it can be output"):
                torch.npu.set_dump(self.config(dump_mode="some"))
            with self.assertRaisesRegex(FileNotFoundError, "is no folder; make it first"):
                torch.npu.set_dump(self.config(dump_path=str(self.folder / "none")))
            broken = self.folder / "broken.json"
            broken.write_text('{"dump":', encoding="utf-8")
            with self.assertRaisesRegex(ValueError, "is no JSON"):
                torch.npu.set_dump(broken)
            broken.write_text("[]", encoding="utf-8")
            with self.assertRaisesRegex(ValueError, 'has no "dump"'):
                torch.npu.set_dump(str(broken))
        finally:
            torch.npu.finalize_dump()
        self.assertTrue(self.dump(dump_mode="all"))

    def test_the_order_of_calls(self):
        first = r"torch\.npu\.init_dump\(\) comes before"
        with self.assertRaisesRegex(RuntimeError, first):
            torch.npu.finalize_dump()
        with self.assertRaisesRegex(RuntimeError, first):
            torch.npu.set_dump(self.config())
        torch.npu.init_dump()
        with self.assertRaisesRegex(RuntimeError, r"finalize_dump\(\) ends it"):
            torch.npu.init_dump()
        torch.npu.finalize_dump()
        self.assertTrue(self.dump())


class TestOptions(NpuTestCase):
    def test_every_option(self):
        with tempfile.TemporaryDirectory() as folder:
            given = {
                "ACL_OP_SELECT_IMPL_MODE": "high_performance",
                "ACL_OPTYPELIST_FOR_IMPLMODE": "SoftmaxV2",
                "ACL_OP_DEBUG_LEVEL": 0,
                "ACL_DEBUG_DIR": folder,
                "ACL_OP_COMPILER_CACHE_MODE": "enable",
                "ACL_OP_COMPILER_CACHE_DIR": Path(folder),
            }
            torch.npu.set_option(given)
            for name, value in given.items():
                self.assertEqual(torch.npu.get_option(name), str(value))
            self.check(lambda t: t + 1, torch.randn(3))
            torch.npu.set_option(
                {
                    "ACL_OP_COMPILER_CACHE_MODE": "disable",
                    "ACL_OP_SELECT_IMPL_MODE": "high_precision",
                }
            )

    def test_faults(self):
        torch.npu.set_option({"ACL_OP_DEBUG_LEVEL": 3})
        cases = [
            (ValueError, "no option 'ACL_OP'.*ACL_OP_DEBUG_LEVEL", {"ACL_OP": "1"}),
            (ValueError, "it can be 0, 1, 2, 3, 4", {"ACL_OP_DEBUG_LEVEL": 5}),
            (ValueError, "high_precision, high_performance", {"ACL_OP_SELECT_IMPL_MODE": "fast"}),
            (ValueError, "enable, disable, force", {"ACL_OP_COMPILER_CACHE_MODE": "on"}),
            (FileNotFoundError, "no such folder", {"ACL_DEBUG_DIR": "/no/such/folder"}),
            (FileNotFoundError, "no such folder", {"ACL_OP_COMPILER_CACHE_DIR": "/no/such"}),
            (TypeError, "takes text; NoneType", {"ACL_OP_DEBUG_LEVEL": None}),
            (ValueError, "is empty", {"ACL_OPTYPELIST_FOR_IMPLMODE": ""}),
        ]
        for kind, text, option in cases:
            with self.subTest(option=option), self.assertRaisesRegex(kind, text):
                # Nothing is set where one is wrong.
                torch.npu.set_option({"ACL_OP_DEBUG_LEVEL": 1, **option})
        with self.assertRaisesRegex(TypeError, "options are a dictionary"):
            torch.npu.set_option("ACL_OP_DEBUG_LEVEL")
        self.assertEqual(torch.npu.get_option("ACL_OP_DEBUG_LEVEL"), "3")
        torch.npu.set_option({"ACL_OP_DEBUG_LEVEL": 0})


if __name__ == "__main__":
    run_tests()
