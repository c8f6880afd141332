"""Loading the extension module, with an error that says what is wrong."""

import importlib
import types

import torch

from ._version import __version__, torch_version


def load_extension() -> types.ModuleType:
    """Import ``torch_npu._C``.

    Raises:
        ImportError: The extension is not there, or was built for another PyTorch.
    """
    built_for = torch_version.split("+")[0]
    here = torch.__version__.split("+")[0]
    if built_for and built_for != here:
        raise ImportError(_wrong_torch(built_for))
    try:
        return importlib.import_module("torch_npu._C")
    except ModuleNotFoundError as error:
        if error.name != "torch_npu._C":
            raise
        raise ImportError(
            "torch_npu has no compiled extension (torch_npu._C) for this Python: build the wheel "
            "with build.sh and install it, instead of importing the source tree"
        ) from error
    except ImportError as error:
        if "undefined symbol" in str(error):
            raise ImportError(_wrong_torch(built_for or "another version")) from error
        raise


def _wrong_torch(built_for: str) -> str:
    return (
        f"torch_npu {__version__} was built for PyTorch {built_for}, but PyTorch "
        f"{torch.__version__} is installed. Install that PyTorch, or the torch_npu built for "
        "this one"
    )
