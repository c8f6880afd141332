"""What makes an official PyTorch know the device "npu"; one built with it needs none of this."""

from __future__ import annotations

import importlib
import types

NAME = "npu"


def register(
    torch: types.ModuleType,
    npu: types.ModuleType,
    contrib: types.ModuleType,
    modules: dict[str, types.ModuleType],
) -> None:
    """Name the device type, make ``torch.npu``, and add the methods of tensors and modules.

    `contrib` gets the name it has in a PyTorch built with it: ``torch.contrib.npu``.

    Harmless when it was done before.
    """
    if getattr(torch, NAME, None) is not None:
        return
    torch.utils.rename_privateuse1_backend(NAME)
    torch._register_device_module(NAME, npu)
    # `import torch.npu.amp` finds the modules that `torch_npu.npu.amp` has made.
    _name(modules, npu.__name__, "torch." + NAME)
    _name(modules, contrib.__name__, "torch.contrib." + NAME)
    setattr(importlib.import_module("torch.contrib"), NAME, contrib)
    torch.utils.generate_methods_for_privateuse1_backend(
        for_tensor=True, for_module=True, for_packed_sequence=True, for_storage=True
    )
    npu._install_methods()


def _name(modules: dict[str, types.ModuleType], own: str, other: str) -> None:
    """Let a package and what is in it be found by another name, too."""
    for name, module in list(modules.items()):
        if name == own or name.startswith(own + "."):
            modules[other + name[len(own) :]] = module
