"""The version of this package, and the PyTorch it was built for."""

try:
    from . import version as _written
except ImportError:
    # A source tree: the build writes the file.
    _written = None  # type: ignore[assignment]

#: "0+unknown" in a source tree.
__version__ = getattr(_written, "__version__", "0+unknown")
#: The version of PyTorch it was built for; empty in a source tree.
torch_version = getattr(_written, "torch_version", "")
