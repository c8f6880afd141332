"""Importing: both names, twice, by PyTorch itself, and where there is no AscendCL at all."""

import ast
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import torch
from npu_testing import IMPORT, IN_TREE

if not IN_TREE:
    import torch_npu
IS_EMULATOR = torch.npu.get_device_properties(0).is_emulator
#: The Python sources of ours.
SOURCES = Path(torch.__file__).parent / "npu" if IN_TREE else Path(torch_npu.__file__).parent
#: Set where a process or its parent has said that the emulator is used.
ANNOUNCED = "ASCENDTORCH_EMULATOR_ANNOUNCED"


def run(code, **environment):
    """Run code in a process of its own, where nothing is imported yet."""
    # The announcement of the emulator is checked where it is wanted.
    known = {name: text for name, text in os.environ.items() if name != ANNOUNCED}
    settings = {**known, **environment}
    return subprocess.run(
        [sys.executable, "-c", code], env=settings, capture_output=True, text=True, check=False
    )


class ImportTestCase(unittest.TestCase):
    def passes(self, code, **environment):
        done = run(code, **environment)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done


@unittest.skipIf(IN_TREE, "this PyTorch was built with the NPU and needs no torch_npu")
class TestPlugin(ImportTestCase):
    def test_both_names_in_any_order_and_twice(self):
        self.passes(
            "import torch_npu, torch_npu.npu, torch\n"
            "assert torch.npu is torch_npu.npu\n"
            "assert torch.npu.is_available()\n"
            "import torch.npu\n"
            "import torch.npu.amp, torch.npu.random\n"
            "from torch.npu.amp import GradScaler\n"
            "import importlib; importlib.reload(torch_npu)\n"
            "assert torch.npu.amp.GradScaler is GradScaler is torch_npu.npu.amp.GradScaler\n"
            "assert torch.ones(2).npu().is_npu"
        )

    def test_pytorch_loads_it_by_itself(self):
        with tempfile.TemporaryDirectory() as folder:
            made = Path(folder) / "npu_entry-1.dist-info"
            made.mkdir()
            (made / "METADATA").write_text("Metadata-Version: 2.1\nName: npu-entry\nVersion: 1\n")
            (made / "entry_points.txt").write_text("[torch.backends]\nx = torch_npu:_autoload\n")
            path = os.pathsep.join([folder, *filter(None, sys.path)])
            for order in ("torch_npu", "torch.npu"):
                self.passes(
                    f"import {order}\nimport torch\nassert torch.npu.is_available()",
                    PYTHONPATH=path,
                    TORCH_DEVICE_BACKEND_AUTOLOAD="1",
                )

    def test_another_pytorch_is_refused(self):
        done = run(
            "import sys, types\n"
            "written = types.ModuleType('torch_npu.version')\n"
            "written.__version__, written.torch_version = '7.0', '1.0.0'\n"
            "sys.modules['torch_npu.version'] = written\n"
            "import torch_npu"
        )
        self.assertNotEqual(done.returncode, 0)
        self.assertRegex(
            done.stderr, r"ImportError: torch_npu 7\.0 was built for PyTorch 1\.0\.0, but"
        )

    def test_the_version(self):
        self.assertRegex(torch_npu.__version__, r"^\d")


@unittest.skipUnless(IN_TREE, "this PyTorch knows the NPU by the package torch_npu")
class TestInTree(ImportTestCase):
    def test_it_comes_with_torch(self):
        self.passes(
            "import torch\n"
            "assert torch.npu.is_available()\n"
            "assert torch.ones(2).npu().is_npu\n"
            "from torch.npu.amp import GradScaler"
        )

    def test_by_its_own_name_first(self):
        self.passes("import torch.npu\nassert torch.npu.is_available()")

    def test_every_class_of_storages_that_is_known_can_be_made(self):
        """Programs make one of each, also where there is no NPU."""
        self.passes(
            "import torch\n"
            "for kind in torch._storage_classes:\n"
            "    if not kind.is_cuda: kind(2)\n"
            "assert not torch.npu.is_available()",
            ASCEND_EMU_DEVICES="0",
        )
        self.passes(
            "import torch\n"
            "storage = torch.ones(2, device='npu').storage()\n"
            "assert torch.is_storage(storage)\n"
            "assert type(storage) in torch._storage_classes"
        )


class TestImport(ImportTestCase):
    def test_the_import_initialises_nothing_so_that_children_can(self):
        done = self.passes(
            f"{IMPORT}\nimport os\n"
            "torch.manual_seed(1); torch.npu.manual_seed_all(2)\n"
            "assert torch.npu.device_count() > 0\n"
            "assert not torch.npu.is_initialized()\n"
            "child = os.fork()\n"
            "if child == 0:\n"
            "    os.close(2)\n"
            "    os._exit(0 if torch.ones(2, device='npu').sum().item() == 2 else 3)\n"
            "assert os.waitpid(child, 0)[1] == 0\n"
            "assert not torch.npu.is_initialized()"
        )
        self.assertEqual(done.stderr, "")

    def test_without_ascendcl(self):
        done = self.passes(
            f"{IMPORT}\n"
            "assert not torch.npu.is_available()\n"
            "assert torch.npu.device_count() == 0\n"
            "torch.manual_seed(1)\n"
            "for use in (lambda: torch.ones(2, device='npu'), lambda: torch.ones(2).npu(),\n"
            "            torch.npu.synchronize, lambda: torch.npu.set_device(0),\n"
            "            torch.npu.Stream, torch.npu.get_device_name, torch.npu.init):\n"
            "    try:\n"
            "        use()\n"
            "    except RuntimeError as error:\n"
            "        print(str(error).splitlines()[0])\n"
            "    else:\n"
            "        raise SystemExit('no error')\n"
            "assert (torch.ones(2) + 1).sum() == 4",
            ASCENDTORCH_ACL="/no/such/libascendcl.so",
        )
        lines = done.stdout.splitlines()
        self.assertEqual(len(lines), 7)
        for line in lines:
            self.assertIn("/no/such/libascendcl.so", line)

    @unittest.skipUnless(IS_EMULATOR, "an NPU is used, and nothing is announced")
    def test_the_emulator_is_announced_once_by_its_real_path(self):
        use = f"{IMPORT}\ntorch.ones(2).npu()\ntorch.npu.synchronize()\n"
        said = self.passes(use).stderr
        found = re.fullmatch(r"torch\.npu: no NPU is used; (.+) emulates one on the CPU\n", said)
        self.assertIsNotNone(found, said)
        path = Path(found.group(1))
        self.assertEqual(path, path.resolve())
        detour = path.parent / ".." / path.parent.name / path.name
        self.assertEqual(self.passes(use, ASCENDTORCH_ACL=str(detour)).stderr, said)
        self.assertEqual(self.passes(use, **{ANNOUNCED: "1"}).stderr, "")

    def test_the_sources_are_python_3_7(self):
        sources = sorted(SOURCES.rglob("*.py"))
        self.assertGreater(len(sources), 10)
        for source in sources:
            with self.subTest(source=source.name):
                ast.parse(source.read_text(encoding="utf-8"), feature_version=(3, 7))


if __name__ == "__main__":
    unittest.main()
