"""torch.utils.dumper: what operators were called with and returned, and calls with that again."""

import contextlib
import copy
import io
import json
import os
import sys
import tempfile
import threading
import unittest
from pathlib import Path
from unittest import mock

import torch
from npu_testing import OLD, NpuTestCase, run_tests

try:
    import h5py
except ImportError:
    h5py = None

BUILT = OLD and hasattr(torch.utils, "dumper")


def model():
    """Make the same small network each time."""
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3),
        torch.nn.BatchNorm2d(4),
        torch.nn.ReLU(inplace=True),
        torch.nn.MaxPool2d(2),
        torch.nn.Flatten(),
        torch.nn.Linear(36, 8),
        torch.nn.LayerNorm(8),
        torch.nn.GELU(),
        torch.nn.Linear(8, 5),
    )


def step(network, device, shift=0.0):
    """Go forward and backward once; `shift` is added to the input and all parameters."""
    network = copy.deepcopy(network).to(device)
    data = torch.linspace(-1, 1, 2 * 3 * 8 * 8).reshape(2, 3, 8, 8).to(device)
    with torch.no_grad():
        data.add_(shift)
        for parameter in network.parameters():
            parameter.add_(shift)
    target = torch.tensor([1, 2]).to(device)
    return network, lambda: torch.nn.functional.cross_entropy(network(data), target).backward()


class Failed(Exception):
    """What a test raises inside a dump."""


class NotThere(torch.utils.data.Dataset):
    """Items that are computed in the process that asks for them."""

    def __len__(self):
        return 4

    def __getitem__(self, index):
        return torch.full((2,), float(index)).exp2()


@unittest.skipUnless(BUILT, "this PyTorch was built without USE_DUMP=1")
@unittest.skipIf(h5py is None, "h5py is not installed")
class DumperTestCase(NpuTestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        before = Path.cwd()
        os.chdir(str(self.folder))
        self.addCleanup(os.chdir, str(before))

    def calls(self, name):
        """Return the tensors of a file by operator, call, side and name."""
        found = {}

        def keep(path, item):
            if isinstance(item, h5py.Dataset):
                found[path] = torch.tensor(item[...])

        with h5py.File(name, "r") as file:
            file.visititems(keep)
        return found

    def operators(self, name):
        with h5py.File(name, "r") as file:
            return set(file)


class TestDumps(DumperTestCase):
    def test_forward_and_backward(self):
        for device in ("cpu", "npu"):
            with self.subTest(device=device):
                network, run = step(model(), device)
                with torch.utils.dumper(use_dump=True, dump_path="a.h5"):
                    run()
                found = self.calls("a.h5")
                forward = {"conv2d", "batch_norm", "relu_", "linear", "gelu", "nll_loss"}
                backward = {"nll_loss_backward", "mm", "native_batch_norm_backward"}
                self.assertLessEqual(forward | backward, self.operators("a.h5"))
                self.assertEqual(found["linear/2/input/weight"].shape, (5, 8))
                # Backward, the second layer comes first.
                want = network[8].weight.grad
                self.assertTrue(
                    any(torch.equal(found[f"mm/{n}/output/0"], want.cpu()) for n in (1, 2))
                )

    def test_what_a_call_has(self):
        first, second = torch.arange(6.0).reshape(2, 3), torch.ones(2, 3)
        with torch.utils.dumper(use_dump=True, dump_path="a.h5") as dump:
            self.assertIsInstance(dump, torch.utils.dumper)
            for device in ("cpu", "npu"):
                one, two = first.clone().to(device), second.clone().to(device)
                one.add_(two, alpha=2)
                torch.cat([one, two], dim=1)
                one.bfloat16().gt(2)
                self.assertEqual(one.T.shape, (3, 2))
                self.assertEqual(one[[0], 1:1].shape, (1, 0))
                torch.add(one, 2.5, out=two)
        with h5py.File("a.h5", "r") as file:
            for call, device in enumerate(("cpu", "npu:0"), 1):
                added = file[f"add_/{call}"]
                self.assertEqual(added["input"].attrs["alpha"], 2)
                self.assertEqual(added["input/self"][()].tolist(), first.tolist())
                self.assertEqual(added["output/0"][()].tolist(), (first + 2).tolist())
                self.assertEqual(added["input/self"].attrs["device"], device)
                self.assertEqual(added["input/self"].attrs["dtype"], "torch.float32")
                self.assertEqual(added["input/self"].attrs["shape"].tolist(), [2, 3])
                self.assertTrue(added.attrs["schema"].startswith("aten::add_.Tensor("))
                self.assertEqual(list(file[f"cat/{call}/input/tensors"]), ["0", "1"])
                self.assertEqual(file[f"cat/{call}/output/0"].shape, (2, 6))
                self.assertEqual(file[f"numpy_T/{call}/output/0"].shape, (3, 2))
                compared = file[f"gt/{call}"]
                self.assertEqual(compared["input/self"].attrs["dtype"], "torch.bfloat16")
                self.assertEqual(compared["input"].attrs["other"], 2)
                self.assertEqual(compared["output/0"].dtype, bool)
                self.assertEqual(file[f"index/{call}/output/0"].shape, (1, 0))
                with_out = file[f"add/{call}"]
                self.assertEqual(list(with_out["input"]), ["self"])
                self.assertEqual(with_out["input"].attrs["other"], 2.5)

    def test_only_inside(self):
        torch.ones(2).exp()
        with torch.utils.dumper(use_dump=True, dump_path="a.h5"):
            torch.ones(2).exp()
            outside = threading.Thread(target=lambda: torch.ones(2).log())
            outside.start()
            outside.join()
        torch.ones(2).exp()
        self.assertEqual(
            set(self.calls("a.h5")) & {"exp/1/output/0", "exp/2/output/0"}, {"exp/1/output/0"}
        )
        self.assertNotIn("log", self.operators("a.h5"))

    def test_nothing_of_what_an_operator_is_made_of(self):
        with torch.utils.dumper(use_dump=True, dump_path="a.h5"):
            torch.nn.functional.linear(torch.ones(2, 3), torch.ones(4, 3), torch.ones(4))
        self.assertEqual(self.operators("a.h5"), {"ones", "linear"})

    def test_workers_are_not_seen(self):
        with torch.utils.dumper(use_dump=True, dump_path="a.h5"):
            loaded = list(torch.utils.data.DataLoader(NotThere(), num_workers=2))
            torch.ones(2).exp()
        self.assertEqual([row[0, 0].item() for row in loaded], [1, 2, 4, 8])
        self.assertNotIn("exp2", self.operators("a.h5"))
        self.assertIn("exp/1/output/0", self.calls("a.h5"))

    def test_an_exception_leaves_a_file(self):
        with self.assertRaises(Failed), torch.utils.dumper(use_dump=True, dump_path="a.h5"):
            torch.ones(2).exp()
            raise Failed
        self.assertIn("exp/1/output/0", self.calls("a.h5"))
        wrong = self.assertRaisesRegex(RuntimeError, "mat1")
        with wrong, torch.utils.dumper(use_dump=True, dump_path="a.h5"):
            torch.mm(torch.ones(2, 3), torch.ones(2, 3))
        self.assertEqual(
            {path for path in self.calls("a.h5") if path.startswith("mm")},
            {"mm/1/input/self", "mm/1/input/mat2"},
        )

    def test_an_older_file_is_replaced(self):
        for function in (torch.exp, torch.log):
            with torch.utils.dumper(use_dump=True, dump_path=Path("a.h5")):
                function(torch.ones(2))
        self.assertEqual(self.operators("a.h5"), {"ones", "log"})

    def test_one_at_a_time(self):
        with torch.utils.dumper(use_dump=True, dump_path="a.h5"):
            inner = torch.utils.dumper(use_dump=True, dump_path="b.h5")
            with self.assertRaisesRegex(RuntimeError, "cannot be nested"):
                inner.__enter__()
            torch.ones(2).exp()
        self.assertFalse(Path("b.h5").exists())
        self.assertIn("exp", self.operators("a.h5"))

    def test_nothing_asked_for(self):
        with torch.utils.dumper(check_overflow=False, dump_path="out", load_file_path=""):
            torch.ones(2).exp()
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_faults(self):
        Path("folder").mkdir()
        Path("text.h5").write_text("no HDF5", encoding="utf-8")
        cases = [
            (ValueError, "needs dump_path", {"use_dump": True}),
            (ValueError, "is a folder", {"use_dump": True, "dump_path": "folder"}),
            (ValueError, "needs load_file_path", {"use_load": True}),
            (ValueError, "needs use_load=True", {"load_with_acl_dump": True}),
            (
                ValueError,
                "dump to another",
                {"use_dump": True, "dump_path": "a.h5", "load_file_path": "./a.h5"},
            ),
            (OSError, "its folder must be there", {"use_dump": True, "dump_path": "no/a.h5"}),
            (FileNotFoundError, "no dump 'a.h5'", {"use_load": True, "load_file_path": "a.h5"}),
            (ValueError, "is no HDF5 file", {"use_load": True, "load_file_path": "text.h5"}),
            (
                FileNotFoundError,
                "reads acl.json",
                {"use_load": True, "load_file_path": "a.h5", "load_with_acl_dump": True},
            ),
        ]
        for kind, text, settings in cases:
            with self.subTest(text=text), self.assertRaisesRegex(kind, text):
                torch.utils.dumper(**settings).__enter__()
        missing = mock.patch.dict(sys.modules, h5py=None)
        with missing, self.assertRaisesRegex(ImportError, "pip install h5py"):
            torch.utils.dumper(use_dump=True, dump_path="a.h5").__enter__()
        with torch.utils.dumper(use_dump=True, dump_path="a.h5"):
            torch.ones(2)


class TestLoads(DumperTestCase):
    def dump(self, run, path="first.h5", **settings):
        with torch.utils.dumper(use_dump=True, dump_path=path, **settings):
            run()
        return self.calls(path)

    def test_the_inputs_of_the_cpu_on_the_npu_and_back(self):
        for first, second in (("cpu", "npu"), ("npu", "cpu"), ("cpu", "cpu"), ("npu", "npu")):
            with self.subTest(first=first, second=second):
                one, run = step(model(), first)
                want = self.dump(run)
                other, again = step(model(), second, shift=0.25)
                got = self.dump(again, "second.h5", load_file_path="first.h5")
                both = [path for path in want if path in got]
                # How a convolution goes backward differs; few operators do.
                self.assertGreater(len(both), 0.8 * len(want))
                for path in both:
                    self.assertTrue(torch.allclose(got[path], want[path], atol=1e-4), path)
                for theirs, ours in zip(other.parameters(), one.parameters()):
                    self.assertTrue(torch.allclose(theirs.grad.cpu(), ours.grad.cpu(), atol=1e-4))
                for theirs, ours in zip(other.buffers(), one.buffers()):
                    self.assertTrue(torch.allclose(theirs.cpu(), ours.cpu(), atol=1e-4))

    def test_the_program_keeps_its_own_tensors(self):
        self.dump(lambda: torch.arange(4.0).view(2, 2).mul_(3))
        for device in ("cpu", "npu"):
            mine = torch.zeros(4, device=device)
            with torch.utils.dumper(use_load=True, load_file_path="first.h5"):
                seen = mine.view(2, 2)
                seen.mul_(3)
            self.assertEqual(seen.data_ptr(), mine.data_ptr())
            self.assertEqual(mine.tolist(), [0, 3, 6, 9])

    def test_lists_types_and_what_the_file_has_not(self):
        self.dump(lambda: torch.stack([torch.tensor(1.5), torch.tensor(2.5)]))
        for device in ("cpu", "npu"):
            none = [torch.zeros((), dtype=torch.half, device=device) for _ in range(2)]
            with torch.utils.dumper(use_load=True, load_file_path="first.h5"):
                first, second = torch.stack(none), torch.stack(none)
            self.assertEqual(first.tolist(), [1.5, 2.5])
            self.assertEqual((first.dtype, first.device.type), (torch.half, device))
            self.assertEqual(second.tolist(), [0, 0])

    def test_the_layout_in_memory_stays(self):
        given = torch.arange(24.0).reshape(4, 6)
        want = given.t()[::2] * 2
        self.dump(lambda: given.t()[::2] * 2)
        for device in ("cpu", "npu"):
            own = torch.zeros(4, 6, device=device)
            with torch.utils.dumper(use_load=True, load_file_path="first.h5"):
                doubled = own.t()[::2] * 2
            self.assertEqual(doubled.tolist(), want.tolist())
            self.assertEqual(doubled.stride(), (own.t()[::2] * 2).stride())

    def test_numbers_that_repeat(self):
        yes, no = torch.tensor(True), torch.tensor(False)
        self.dump(lambda: torch.ones(1).expand(3).index_fill_(0, torch.tensor([0]), 2).add(yes))
        own = torch.zeros(1)
        with torch.utils.dumper(use_load=True, load_file_path="first.h5"):
            own.expand(3).index_fill_(0, torch.tensor([1]), 5)
            self.assertEqual(torch.zeros(1).expand(3).add(no).tolist(), [3, 3, 3])
        self.assertEqual(own.tolist(), [5])

    def test_another_program(self):
        self.dump(lambda: torch.exp(torch.zeros(2, 3)))
        dumper = torch.utils.dumper(use_load=True, load_file_path="first.h5")
        wrong = self.assertRaisesRegex(ValueError, r"/exp/1/input/self.*\(2, 3\).*\(4,\)")
        with dumper, wrong:
            torch.exp(torch.zeros(4))
        self.dump(lambda: torch.zeros(2) * 2)
        with dumper, self.assertRaisesRegex(ValueError, "has no /mul/1/input/other"):
            torch.mul(torch.zeros(2), torch.zeros(2))

    def test_a_fault_in_a_backward_pass(self):
        self.dump(lambda: torch.zeros(2, requires_grad=True).exp().sum().backward())
        for device in ("cpu", "npu"):
            leaf = torch.zeros(3, device=device, requires_grad=True)
            result = leaf.exp().sum()
            dumper = torch.utils.dumper(use_load=True, load_file_path="first.h5")
            with dumper, self.assertRaisesRegex(ValueError, r"\(2,\).*\(3,\)"):
                result.backward()

    def test_dumps_of_acl_around_what_is_loaded(self):
        Path("out").mkdir()
        fields = {"dump_list": [], "dump_path": "./out", "dump_mode": "all", "dump_op_switch": "on"}
        Path("acl.json").write_text(json.dumps({"dump": fields}), encoding="utf-8")
        self.dump(lambda: (torch.zeros(3) + torch.ones(3)) * torch.ones(3))
        with h5py.File("first.h5", "r") as whole, h5py.File("part.h5", "w") as part:
            whole.copy("/add/1", part.create_group("add"))
        with torch.utils.dumper(
            use_load=True, dump_path="./", load_file_path="part.h5", load_with_acl_dump=True
        ):
            first = torch.ones(3).npu()
            (first + first) * first
        files = [path.name for path in Path("out").rglob("*") if path.is_file()]
        self.assertTrue([name for name in files if name.startswith("Add")], files)
        self.assertFalse([name for name in files if name.startswith("Mul")], files)


class TestOverflow(DumperTestCase):
    def printed(self, run, **settings):
        dumper = torch.utils.dumper(check_overflow=True, **settings)
        with contextlib.redirect_stdout(io.StringIO()) as text, dumper:
            run()
        return text.getvalue()

    def test_the_name_is_printed(self):
        for device in ("cpu", "npu"):
            large = torch.full((2,), 3e38, device=device)
            self.assertEqual(
                self.printed(lambda large=large: (large + 0) * large),
                "torch.utils.dumper: overflow in aten::mul, call 1, output 0\n",
            )
            half = torch.full((2,), 6e4, device=device).half()
            self.assertIn("aten::add,", self.printed(lambda half=half: half + half))
            self.assertIn("aten::add_", self.printed(lambda half=half: half.add_(half)))

    def test_no_overflow(self):
        for device in ("cpu", "npu"):
            there = torch.ones(2, device=device)
            infinite = there / 0
            self.assertEqual(self.printed(lambda t=there: t.exp()), "")
            self.assertEqual(self.printed(lambda t=infinite: t + 1), "")
            self.assertEqual(self.printed(lambda t=infinite: t.clone().mul_(2)), "")
            self.assertEqual(self.printed(lambda t=there: t.masked_fill(t > 0, -float("inf"))), "")
            self.assertEqual(self.printed(lambda d=device: torch.empty(999, device=d)), "")
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_the_backward_pass(self):
        for device in ("cpu", "npu"):
            leaf = torch.zeros(2, device=device, requires_grad=True)
            result = leaf.sqrt().sum()
            self.assertIn("aten::div", self.printed(result.backward))

    def test_a_file_that_can_be_loaded(self):
        for device in ("cpu", "npu"):
            large = torch.full((2,), 3e38, device=device)
            for _ in range(2):
                text = self.printed(
                    lambda large=large: (large.clone() + 0).mul_(large), dump_path="out/there"
                )
                self.assertIn("aten::mul_,", text)
        names = sorted(path.name for path in Path("out/there").iterdir())
        self.assertEqual(names, [f"overflow_{number}.h5" for number in range(4)])
        for name in names:
            found = self.calls(f"out/there/{name}")
            self.assertEqual(
                set(found), {"mul_/1/input/self", "mul_/1/input/other", "mul_/1/output/0"}
            )
            self.assertEqual(found["mul_/1/input/self"].tolist(), torch.full((2,), 3e38).tolist())
            own = torch.ones(2)
            with torch.utils.dumper(use_load=True, load_file_path=f"out/there/{name}"):
                own.mul_(torch.ones(2))
            self.assertEqual(own.tolist(), [float("inf")] * 2)


@unittest.skipUnless(OLD, "torch.utils.dumper is of PyTorch 1.8")
@unittest.skipIf(BUILT, "this PyTorch has it")
class TestWithoutDumper(NpuTestCase):
    def test_it_is_missing_with_words(self):
        with self.assertRaisesRegex(AttributeError, "'dumper'.*built with USE_DUMP=1"):
            torch.utils.dumper(use_dump=True, dump_path="a.h5")
        with self.assertRaisesRegex(AttributeError, "no attribute 'other'$"):
            torch.utils.other()


if __name__ == "__main__":
    run_tests()
