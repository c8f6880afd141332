"""torch.npu for an installed PyTorch: importing this package adds the device type "npu"."""


def _autoload() -> None:
    """Do nothing: PyTorch's entry point, for which the import of this package is enough.

    It comes before the import of torch, which calls it where this package was imported first.
    """


import sys  # noqa: E402

import torch  # noqa: E402

from ._load import load_extension  # noqa: E402

# The package beneath needs it.
_C = load_extension()

from . import contrib, npu  # noqa: E402
from ._plugin import register as _register  # noqa: E402
from ._version import __version__, torch_version  # noqa: E402
from .npu import get_npu_format, npu_format_cast, npu_format_cast_  # noqa: E402
from .npu.attention import npu_fusion_attention  # noqa: E402

__all__ = [
    "__version__",
    "contrib",
    "get_npu_format",
    "npu",
    "npu_format_cast",
    "npu_format_cast_",
    "npu_fusion_attention",
    "torch_version",
]

_register(torch, npu, contrib, sys.modules)
