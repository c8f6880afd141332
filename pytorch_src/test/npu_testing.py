"""Comparing the NPU with the CPU, for the tests beside this file."""

from __future__ import annotations

import contextlib
import unittest

import torch
import torch_npu

#: Relative and absolute tolerance for each type; others are compared exactly.
TOLERANCES = {
    torch.float16: 1e-3,
    torch.bfloat16: 1.6e-2,
    torch.float32: 1e-4,
    torch.float64: 1e-8,
    torch.complex64: 1e-4,
}


@contextlib.contextmanager
def fallback_mode(mode):
    """Run with ``ASCENDTORCH_FALLBACK`` as if it were `mode`: error, warn or silent."""
    before = torch_npu.npu.get_fallback_mode()
    torch_npu.npu.set_fallback_mode(mode)
    try:
        yield
    finally:
        torch_npu.npu.set_fallback_mode(before)


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


class NpuTestCase(unittest.TestCase):
    """A test that compares both devices."""

    def assert_same(self, npu, cpu, tolerance=None):
        """Compare one tensor of the NPU with one of the CPU: device, type, shape and values."""
        self.assertEqual(npu.device.type, "npu")
        self.assertEqual(npu.dtype, cpu.dtype)
        self.assertEqual(tuple(npu.shape), tuple(cpu.shape))
        within = tolerance if tolerance is not None else TOLERANCES.get(cpu.dtype, 0)
        torch.testing.assert_close(
            npu.detach().cpu(), cpu.detach(), rtol=within, atol=within, equal_nan=True
        )

    def check(self, fn, *args, grad=True, fallback=False, tolerance=None, **kwargs):
        """Call `fn` with the arguments on the CPU and with copies of them on the NPU.

        Outputs, arguments (which an in-place function changes) and, where an argument requires a
        gradient, gradients must agree. Operators of the NPU must be native unless `fallback`.

        Returns:
            What `fn` returned on the NPU.
        """
        on_cpu, on_npu = clone(args), to_npu(clone(args))
        named_cpu, named_npu = clone(kwargs), to_npu(clone(kwargs))
        want = fn(*on_cpu, **named_cpu)
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
