"""Random numbers: one generator for each device, and their states."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch

from ._release import runtime
from ._utils import Device, _get_device_index, checked_index


def _default_generator(device: Device = None) -> torch.Generator:
    return runtime.default_generator(_get_device_index(device, optional=True))


def _default_generators() -> list[torch.Generator]:
    return [_default_generator(index) for index in range(runtime.device_count())]


def manual_seed(seed: int) -> None:
    """Seed the generator of the current device. Nothing where there is no device."""
    if runtime.device_count() > 0:
        _default_generator().manual_seed(int(seed))


def manual_seed_all(seed: int) -> None:
    """Seed the generators of all devices."""
    for generator in _default_generators():
        generator.manual_seed(int(seed))


def seed() -> int:
    """Seed the generator of the current device with a random number, and return it.

    Raises:
        RuntimeError: There is no device.
    """
    return int(_default_generator(checked_index(None)).seed())


def seed_all() -> None:
    """Seed the generators of all devices with one random number."""
    generators = _default_generators()
    if generators:
        manual_seed_all(generators[0].seed())


def initial_seed() -> int:
    """Return the seed of the current device's generator.

    Raises:
        RuntimeError: There is no device.
    """
    return int(_default_generator(checked_index(None)).initial_seed())


def get_rng_state(device: Device = "npu") -> torch.Tensor:
    """Return the state of a device's generator, a tensor of bytes on the CPU.

    Raises:
        RuntimeError: There is no such device.
    """
    return _default_generator(checked_index(device)).get_state()


def get_rng_state_all() -> list[torch.Tensor]:
    """Return the states of all devices' generators."""
    return [generator.get_state() for generator in _default_generators()]


def set_rng_state(new_state: torch.Tensor, device: Device = "npu") -> None:
    """Give a device's generator a state that get_rng_state returned.

    Raises:
        RuntimeError: There is no such device, or it is no such state.
    """
    _default_generator(checked_index(device)).set_state(new_state)


def set_rng_state_all(new_states: Iterable[torch.Tensor]) -> None:
    """Give all devices' generators the states that get_rng_state_all returned."""
    for index, state in enumerate(new_states):
        set_rng_state(state, index)


def __getattr__(name: str) -> Any:
    if name == "default_generators":
        return tuple(_default_generators())
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
