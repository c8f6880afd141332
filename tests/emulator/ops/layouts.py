"""Private layouts, element by element from their definition: the reference for TransData."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch

ROWS = 16


def channels_of_block(tensor: torch.Tensor) -> int:
    return 32 if tensor.element_size() == 1 else 16


def up(a: int, b: int) -> int:
    return -(-a // b)


def pack(tensor: torch.Tensor, layout: str, plain: str, groups: int = 1) -> torch.Tensor:
    """`tensor`, with axes as `plain` names them, laid out as `layout`."""
    c0 = channels_of_block(tensor)
    if layout == "FRACTAL_NZ":
        *batch, rows, columns = tensor.shape
        packed = tensor.new_zeros([*batch, up(columns, c0), up(rows, ROWS), ROWS, c0])
        for *b, r, c in itertools.product(*map(range, tensor.shape)):
            packed[(*b, c // c0, r // ROWS, r % ROWS, c % c0)] = tensor[(*b, r, c)]
        return packed
    size = dict(zip(plain, tensor.shape))
    if layout in ("NC1HWC0", "NDC1HWC0"):
        depth = [size["D"]] if "D" in size else []
        packed = tensor.new_zeros([size["N"], *depth, up(size["C"], c0), size["H"], size["W"], c0])
        for at in itertools.product(*map(range, tensor.shape)):
            i = dict(zip(plain, at))
            d = [i["D"]] if "D" in i else []
            packed[(i["N"], *d, i["C"] // c0, i["H"], i["W"], i["C"] % c0)] = tensor[at]
        return packed
    return pack_filter(tensor, plain, groups, c0)


def pack_filter(tensor: torch.Tensor, plain: str, groups: int, c0: int) -> torch.Tensor:
    size = {"D": 1, **dict(zip(plain, tensor.shape))}
    filters, channels = size["N"] // groups, size["C"]
    together = min(
        math.lcm(math.lcm(channels, c0) // channels, math.lcm(filters, ROWS) // filters), groups
    ) if groups > 1 else 1  # fmt: skip
    blocks = up(groups, together)
    c1, n1 = up(together * channels, c0), up(together * filters, ROWS)
    depth, height, width = size["D"], size["H"], size["W"]
    packed = tensor.new_zeros([blocks * depth * c1 * height * width, n1, ROWS, c0])
    for at in itertools.product(*map(range, tensor.shape)):
        i = {"D": 0, **dict(zip(plain, at))}
        group, n = divmod(i["N"], filters)
        block, place = divmod(group, together)
        c, n = place * channels + i["C"], place * filters + n
        row = (((block * depth + i["D"]) * c1 + c // c0) * height + i["H"]) * width + i["W"]
        packed[row, n // ROWS, n % ROWS, c % c0] = tensor[at]
    return packed


def numbered(shape: Sequence[int], dtype: torch.dtype) -> torch.Tensor:
    """1, 2, 3, ... so that no element looks like another or like filling (as far as it goes)."""
    import torch

    count = math.prod(shape)
    values = torch.arange(1, count + 1)
    if dtype is torch.bool:
        return (values % 3 == 1).reshape(shape)
    return (values % 127 + 1 if dtype.itemsize == 1 else values % 2039 + 1).to(dtype).reshape(shape)
