"""Turn a pinned PyTorch release into an Ascend NPU build."""

__version__ = "0.1.0"
