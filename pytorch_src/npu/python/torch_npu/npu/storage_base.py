"""What the storage types of an NPU stand on: PyTorch's own, which goes by device and type."""

from __future__ import annotations

import torch

StorageBase = torch.storage._LegacyStorage
