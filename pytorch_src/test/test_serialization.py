"""Saving and loading, copies of objects, and what cannot be handed to other libraries."""

import copy
import io
import pickle
import tempfile
from pathlib import Path

import numpy
import torch
from npu_testing import NpuTestCase, accepts, has, needs, run_tests, storage_of

#: What lets torch.load read files of any objects; PyTorch 1.8 always does.
ANY = {"weights_only": False} if has("torch.serialization.add_safe_globals") else {}
TYPES = [
    torch.float32, torch.float16, torch.bfloat16, torch.float64, torch.int8, torch.uint8,
    torch.int16, torch.int32, torch.int64, torch.bool, torch.complex64,
]  # fmt: skip


def saved(value, **options):
    """Return a file that holds the value."""
    file = io.BytesIO()
    torch.save(value, file, **options)
    file.seek(0)
    return file


def model():
    """Return a module with parameters, a buffer, and one parameter in two places."""
    torch.manual_seed(3)
    net = torch.nn.Sequential(torch.nn.Linear(4, 5), torch.nn.BatchNorm1d(5), torch.nn.Linear(5, 4))
    net.register_parameter("tied", net[0].weight)
    return net


class TestTensors(NpuTestCase):
    """torch.save and torch.load of tensors."""

    def test_every_type(self):
        for dtype in TYPES:
            with self.subTest(dtype=dtype):
                x = torch.randint(0, 2, (3, 4)).to(dtype)
                self.assert_same(torch.load(saved(x.npu())), x)

    def test_both_file_formats_and_a_real_file(self):
        x = torch.randn(5)
        self.assert_same(torch.load(saved(x.npu(), _use_new_zipfile_serialization=False)), x)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "x.pt"
            torch.save(x.npu(), path)
            self.assert_same(torch.load(path), x)
            self.assertTrue(torch.equal(torch.load(path, map_location="cpu"), x))

    @needs("torch.serialization.add_safe_globals")
    def test_weights_only(self):
        x = torch.randn(5)
        self.assert_same(torch.load(saved(x.npu()), weights_only=True), x)
        self.assert_same(torch.load(saved({"a": [x.npu()]}), **ANY)["a"][0], x)

    def test_device_is_kept(self):
        x = torch.randn(5)
        self.assertEqual(torch.load(saved(x.to("npu:1"))).device, torch.device("npu:1"))

    def test_map_location(self):
        x = torch.randn(2, 3)
        for source, where, device in (
            ("npu:0", "cpu", "cpu"),
            ("npu:0", torch.device("cpu"), "cpu"),
            ("cpu", "npu", "npu:0"),
            ("cpu", "npu:1", "npu:1"),
            ("cpu", torch.device("npu:1"), "npu:1"),
            ("npu:0", "npu:1", "npu:1"),
            ("npu:0", {"npu:0": "npu:1"}, "npu:1"),
            ("npu:1", {"npu:0": "cpu"}, "npu:1"),
            ("npu:0", {"npu:0": "cpu"}, "cpu"),
            ("npu:0", lambda storage, _: storage, "cpu"),
            ("npu:1", lambda storage, _: storage.npu(0), "npu:0"),
            ("npu:1", lambda _, location: None, "npu:1"),
        ):
            with self.subTest(source=source, where=where):
                y = torch.load(saved(x.to(source)), map_location=where)
                self.assertEqual(y.device, torch.device(device))
                self.assertTrue(torch.equal(y.cpu(), x))

    def test_current_device_decides(self):
        with torch.npu.device(1):
            y = torch.load(saved(torch.ones(2)), map_location="npu")
        self.assertEqual(y.device, torch.device("npu:1"))

    def test_device_that_is_not_there(self):
        file = saved(torch.ones(2))
        with self.assertRaisesRegex(RuntimeError, "NPU device 99.*map_location"):
            torch.load(file, map_location="npu:99")
        file.seek(0)
        self.assertEqual(torch.load(file, map_location="npu").tolist(), [1.0, 1.0])

    def test_views_share_after_loading(self):
        x = torch.arange(6.0).npu()
        whole, part = torch.load(saved([x, x[2:4]]))
        self.assertEqual(whole.data_ptr() + 8, part.data_ptr())
        part.fill_(9)
        self.assertEqual(whole.tolist(), [0, 1, 9, 9, 4, 5])

    def test_strides_and_gradients(self):
        x = torch.randn(3, 4).npu().t().requires_grad_()
        y = torch.load(saved(x))
        self.assertEqual(y.stride(), (1, 4))
        self.assertTrue(y.requires_grad)
        self.assertEqual(torch.load(saved(torch.empty(0, 3).npu())).shape, (0, 3))

    def test_storage(self):
        x = torch.arange(5, dtype=torch.int32).npu()
        storage = torch.load(saved(storage_of(x)), **ANY)
        self.assertEqual(storage.device, torch.device("npu:0"))
        self.assertEqual(list(storage.cpu()), list(storage_of(x.cpu())))


class TestModules(NpuTestCase):
    """Modules, their state, and optimizers."""

    def test_state_dict_both_ways(self):
        net = model()
        for source, target in (("npu", "cpu"), ("cpu", "npu"), ("npu:0", "npu:1")):
            with self.subTest(source=source, target=target):
                state = torch.load(saved(copy.deepcopy(net).to(source).state_dict()))
                other = model().to(target)
                for parameter in other.parameters():
                    torch.nn.init.zeros_(parameter)
                self.assertEqual(
                    str(other.load_state_dict(state)), "<All keys matched successfully>"
                )
                for name, value in other.state_dict().items():
                    self.assertEqual(value.device.type, torch.device(target).type)
                    self.assertTrue(torch.equal(value.cpu(), net.state_dict()[name]), name)

    def test_whole_module(self):
        net = model()
        loaded = torch.load(saved(model().npu()), **ANY)
        self.assertIs(loaded.tied, loaded[0].weight)
        for name, value in loaded.state_dict().items():
            self.assert_same(value, net.state_dict()[name])
        on_cpu = torch.load(saved(model().npu()), **ANY, map_location="cpu")
        self.assertEqual({p.device.type for p in on_cpu.parameters()}, {"cpu"})

    def test_optimizer_state(self):
        net = torch.nn.Linear(3, 2).npu()
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
        for parameter in net.parameters():
            parameter.grad = torch.ones_like(parameter)
        optimizer.step()
        state = torch.load(saved(optimizer.state_dict()), map_location="cpu")
        other = torch.optim.SGD(torch.nn.Linear(3, 2).npu().parameters(), lr=0.5, momentum=0.1)
        other.load_state_dict(state)
        self.assertEqual(other.param_groups[0]["lr"], 0.1)
        for entry in other.state.values():
            self.assertEqual(entry["momentum_buffer"].device.type, "npu")
            self.assertEqual(float(entry["momentum_buffer"].cpu().mean()), 1.0)

    def test_parameters_stay_the_same_objects(self):
        net = torch.nn.Linear(3, 2)
        net.tied = net.weight
        before = list(net.parameters())
        net.weight.grad = torch.ones_like(net.weight)
        for device in ("npu", "cpu", "npu:1", "npu:0"):
            net.to(device)
            self.assertTrue(all(a is b for a, b in zip(net.parameters(), before)))
            self.assertIs(net.tied, net.weight)
            self.assertEqual(net.weight.grad.device.type, torch.device(device).type)


class TestObjects(NpuTestCase):
    """copy.deepcopy and pickle."""

    def test_deepcopy(self):
        x = torch.randn(3).npu()
        parameter = torch.nn.Parameter(x)
        same, other = copy.deepcopy([x, x])
        self.assertIs(same, other)
        self.assertNotEqual(same.data_ptr(), x.data_ptr())
        self.assert_same(same, x.cpu())
        twin = copy.deepcopy(parameter)
        self.assertIsInstance(twin, torch.nn.Parameter)
        x.zero_()
        self.assertNotEqual(twin.tolist(), parameter.tolist())
        net = copy.deepcopy(model().npu())
        self.assertIs(net.tied, net[0].weight)

    def test_pickle(self):
        x = torch.randn(3, 2)
        y = pickle.loads(pickle.dumps({"x": x.npu()}))["x"]  # noqa: S301
        self.assert_same(y, x)
        device = pickle.loads(pickle.dumps(torch.device("npu:1")))  # noqa: S301
        self.assertEqual(device, torch.device("npu:1"))


class TestOtherLibraries(NpuTestCase):
    """What reads memory from the host is refused, and the CPU goes on as before."""

    def test_dlpack(self):
        x = torch.randn(3).npu()
        calls = [("to_dlpack", lambda: torch.utils.dlpack.to_dlpack(x))]
        if has("torch.Tensor.__dlpack__"):
            calls += [
                ("torch.to_dlpack", lambda: torch.to_dlpack(x)),
                ("from_dlpack", lambda: torch.from_dlpack(x)),
                ("__dlpack__", x.__dlpack__),
                ("__dlpack_device__", x.__dlpack_device__),
                ("numpy", lambda: numpy.from_dlpack(x)),
            ]
        for name, call in calls:
            with self.subTest(name=name), self.assertRaisesRegex(BufferError, r"tensor\.cpu\(\)"):
                call()
        if has("torch.Tensor.__dlpack__"):
            y = torch.randn(3)
            self.assertEqual(torch.from_dlpack(y).data_ptr(), y.data_ptr())
            self.assertEqual(numpy.from_dlpack(y).tolist(), y.tolist())
        capsule = torch.utils.dlpack.to_dlpack(x.cpu())
        self.assertTrue(torch.equal(torch.utils.dlpack.from_dlpack(capsule), x.cpu()))

    def test_numpy(self):
        x = torch.randn(3).npu()
        for call in (x.numpy, lambda: numpy.asarray(x)):
            with self.assertRaisesRegex(TypeError, r"Use Tensor\.cpu\(\)"):
                call()
        self.assertEqual(x.cpu().numpy().tolist(), x.tolist())
        if accepts(lambda: torch.ones(1).numpy(force=True)):
            self.assertEqual(x.numpy(force=True).tolist(), x.tolist())


if __name__ == "__main__":
    run_tests()
