"""Comparing the NPU with the CPU, for the tests beside this file."""

from __future__ import annotations

import contextlib
import re
import unittest
from pathlib import Path

import torch

#: Whether this PyTorch was built with the NPU; otherwise the package torch_npu brings it.
IN_TREE = (Path(torch.__file__).parent / "npu").is_dir()
#: The statement that brings ``torch.npu``, for programs that tests start.
IMPORT = "import torch" if IN_TREE else "import torch, torch_npu"
if not IN_TREE:
    import torch_npu  # noqa: F401

#: Relative and absolute tolerance for each type; others are compared exactly.
TOLERANCES = {
    torch.float16: 1e-3,
    torch.bfloat16: 1.6e-2,
    torch.float32: 1e-4,
    torch.float64: 1e-8,
    torch.complex64: 1e-4,
}
NARROW = (torch.float16, torch.bfloat16)
#: How the CPU says that it has no kernel for one of them.
NO_NARROW = re.compile(r"(implemented|supported).* for '?(Half|BFloat16)")


#: Whether this is PyTorch 1.8, where some operators have rules of their own.
OLD = not hasattr(torch, "UntypedStorage")


def has(name):
    """Say whether this PyTorch has a name, such as ``torch.nn.functional.mish``."""
    found = torch
    for part in name.split(".")[1:]:
        if not hasattr(found, part):
            return False
        found = getattr(found, part)
    return True


def needs(*names):
    """Skip a test, or a class of tests, where PyTorch lacks a name that it cannot do without."""
    missing = ", ".join(name for name in names if not has(name))
    return unittest.skipIf(missing, f"PyTorch {torch.__version__} has no {missing}")


def accepts(call):
    """Say whether a call, of something on the CPU, is one that this PyTorch understands."""
    try:
        call()
    except TypeError:
        return False
    return True


def needs_form(form, call):
    """Skip a test where PyTorch does not understand a call, such as ``sort(stable=True)``."""
    return unittest.skipUnless(accepts(call), f"PyTorch {torch.__version__} has no {form}")


@contextlib.contextmanager
def fallback_mode(mode):
    """Run with ``ASCENDTORCH_FALLBACK`` as if it were `mode`: error, warn or silent."""
    before = torch.npu.get_fallback_mode()
    torch.npu.set_fallback_mode(mode)
    try:
        yield
    finally:
        torch.npu.set_fallback_mode(before)


def storage_bytes(tensor):
    """Return how many bytes the storage of a tensor takes."""
    storage = storage_of(tensor)
    return len(storage) * storage.element_size()


def storage_of(tensor):
    """Return the storage of a tensor, untyped where PyTorch has such ones."""
    return tensor.storage() if OLD else tensor.untyped_storage()


def on_npu(row, name):
    """Return a number of a row about the device, which PyTorch 1.8 calls by the device's name."""
    return getattr(row, name if hasattr(row, name) else name.replace("device", "npu"))


def to_npu(value, device="npu:0"):
    """Copy tensors inside lists, tuples and dictionaries to the device; leaves stay leaves."""
    if isinstance(value, torch.Tensor):
        return value.detach().to(device).requires_grad_(value.requires_grad)
    if isinstance(value, (list, tuple)):
        return type(value)(to_npu(item, device) for item in value)
    if isinstance(value, dict):
        return {name: to_npu(item, device) for name, item in value.items()}
    return value


def clone(value):
    """Copy tensors on the CPU, so that an in-place function does not touch the test's own."""
    if isinstance(value, torch.Tensor):
        copy = torch.empty_strided(value.shape, value.stride(), dtype=value.dtype)
        return copy.copy_(value.detach()).requires_grad_(value.requires_grad)
    if isinstance(value, (list, tuple)):
        return type(value)(clone(item) for item in value)
    if isinstance(value, dict):
        return {name: clone(item) for name, item in value.items()}
    return value


def tensors_in(value):
    """Yield the tensors inside lists, tuples and dictionaries."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from tensors_in(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from tensors_in(item)


def mapped(change, value):
    """Apply to the tensors inside lists, tuples and dictionaries."""
    if isinstance(value, torch.Tensor):
        return change(value)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(mapped(change, item) for item in value))
    if isinstance(value, (list, tuple)):
        return type(value)([mapped(change, item) for item in value])
    if isinstance(value, dict):
        return {name: mapped(change, item) for name, item in value.items()}
    return value


def in_float32(fn):
    """Let the CPU compute narrow numbers in float32: older releases have few operators for them."""

    def widened(*args, **kwargs):
        narrow = [t.dtype for t in tensors_in((args, kwargs)) if t.dtype in NARROW]
        wide = mapped(lambda t: t.float() if t.dtype in NARROW else t, (args, kwargs))
        result = fn(*wide[0], **wide[1])
        with torch.no_grad():
            for given, used in zip(tensors_in((args, kwargs)), tensors_in(wide)):
                if given is not used and not given.requires_grad:
                    given.copy_(used)
        if not narrow:
            return result
        return mapped(lambda t: t.to(narrow[0]) if t.dtype == torch.float32 else t, result)

    return widened


def assert_close(found, wanted, rtol, atol):
    """Compare values, of which NaN is as NaN; PyTorch 1.8 has it by another name."""
    if has("torch.testing.assert_close"):
        torch.testing.assert_close(found, wanted, rtol=rtol, atol=atol, equal_nan=True)
    else:
        torch.testing.assert_allclose(found, wanted, rtol=rtol, atol=atol)


class NpuTestCase(unittest.TestCase):
    """A test that compares both devices."""

    def assert_same(self, npu, cpu, tolerance=None):
        """Compare one tensor of the NPU with one of the CPU: device, type, shape and values."""
        self.assertEqual(npu.device.type, "npu")
        self.assertEqual(npu.dtype, cpu.dtype)
        self.assertEqual(tuple(npu.shape), tuple(cpu.shape))
        within = tolerance if tolerance is not None else TOLERANCES.get(cpu.dtype, 0)
        assert_close(npu.detach().cpu(), cpu.detach(), rtol=within, atol=within)

    def check(self, fn, *args, grad=True, fallback=False, tolerance=None, wide=False, **kwargs):
        """Call `fn` with the arguments on the CPU and with copies of them on the NPU.

        Outputs, arguments (which an in-place function changes) and, where an argument requires a
        gradient, gradients must agree. Operators of the NPU must be native unless `fallback`. With
        `wide` the CPU computes in float32, as it does where it has no kernel for a narrow type.

        Returns:
            What `fn` returned on the NPU.
        """
        try:
            return self._check(fn, args, kwargs, grad, fallback, tolerance, wide)
        except RuntimeError as error:
            if wide or not NO_NARROW.search(str(error)):
                raise
        return self._check(fn, args, kwargs, grad, fallback, tolerance, wide=True)

    def check_newer(self, form, fn, *args, **settings):
        """As `check`, for a form of an operator that PyTorch 1.8 lacks; skipped where it does."""
        with self.subTest(form=form):
            try:
                fn(*clone(args))
            except (AttributeError, IndexError, NotImplementedError, RuntimeError, TypeError) as e:
                if not NO_NARROW.search(str(e)):
                    self.skipTest(f"PyTorch {torch.__version__} has no {form}: {e}")
            self.check(fn, *args, **settings)

    def _check(self, fn, args, kwargs, grad, fallback, tolerance, wide):
        on_cpu, on_npu = clone(args), to_npu(clone(args))
        named_cpu, named_npu = clone(kwargs), to_npu(clone(kwargs))
        want = (in_float32(fn) if wide else fn)(*on_cpu, **named_cpu)
        with fallback_mode("silent" if fallback else "error"):
            got = fn(*on_npu, **named_npu)
            wanted, found = list(tensors_in(want)), list(tensors_in(got))
            self.assertEqual(len(found), len(wanted))
            for npu, cpu in zip(found, wanted):
                self.assert_same(npu, cpu, tolerance)
            inputs = list(zip(tensors_in((on_npu, named_npu)), tensors_in((on_cpu, named_cpu))))
            for npu, cpu in inputs:
                self.assert_same(npu, cpu, tolerance)
            if grad and any(cpu.requires_grad for _, cpu in inputs):
                self._check_gradients(found, wanted, inputs, tolerance)
        return got

    def _check_gradients(self, found, wanted, inputs, tolerance):
        """Push the same numbers back through both, and compare what arrives."""
        pairs = [(n, c) for n, c in zip(found, wanted) if c.requires_grad]
        self.assertTrue(pairs, "no output requires a gradient")
        seeds = [torch.randn_like(cpu) for _, cpu in pairs]
        leaves = [(n, c) for n, c in inputs if c.is_leaf and c.requires_grad]
        on_cpu = torch.autograd.grad(
            [cpu for _, cpu in pairs], [c for _, c in leaves], seeds, allow_unused=True
        )
        on_npu = torch.autograd.grad(
            [npu for npu, _ in pairs],
            [n for n, _ in leaves],
            [seed.to(npu.device) for seed, (npu, _) in zip(seeds, pairs)],
            allow_unused=True,
        )
        for npu, cpu in zip(on_npu, on_cpu):
            self.assertEqual(npu is None, cpu is None)
            if cpu is not None:
                self.assert_same(npu, cpu, tolerance)


run_tests = unittest.main
