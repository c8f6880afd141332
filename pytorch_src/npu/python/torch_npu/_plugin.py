"""What makes an official PyTorch know the device "npu"; one built with it needs none of this."""

from __future__ import annotations

import types

NAME = "npu"


def register(
    torch: types.ModuleType, npu: types.ModuleType, modules: dict[str, types.ModuleType]
) -> None:
    """Name the device type, make ``torch.npu``, and add the methods of tensors and modules.

    Harmless when it was done before.
    """
    if getattr(torch, NAME, None) is not None:
        return
    torch.utils.rename_privateuse1_backend(NAME)
    torch._register_device_module(NAME, npu)
    # `import torch.npu.amp` finds the modules that `torch_npu.npu.amp` has made.
    own = npu.__name__ + "."
    for name, module in list(modules.items()):
        if name.startswith(own):
            modules["torch." + NAME + "." + name[len(own) :]] = module
    torch.utils.generate_methods_for_privateuse1_backend(
        for_tensor=True, for_module=True, for_packed_sequence=True, for_storage=True
    )
    npu._install_methods()
