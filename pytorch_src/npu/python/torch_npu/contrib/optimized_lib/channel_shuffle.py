"""The shuffle of channels in ShuffleNet, as a choice of channels by index."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn


class _Shuffle(torch.autograd.Function):
    """Joins two tensors along their channels and takes the channels in another order."""

    @staticmethod
    def forward(
        ctx: Any,
        x1: torch.Tensor,
        x2: torch.Tensor,
        order: torch.Tensor,
        back1: torch.Tensor,
        back2: torch.Tensor,
    ) -> torch.Tensor:
        ctx.save_for_backward(back1, back2)
        return torch.cat((x1, x2), dim=1).index_select(1, order)

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[Any, ...]:
        # Every channel comes from one, so this is a choice again, and nothing has to be added up.
        back1, back2 = ctx.saved_tensors
        return (*_both(grad, back1, back2, ctx.needs_input_grad), None, None, None)


class _SplitShuffle(torch.autograd.Function):
    """As `_Shuffle`, giving the two halves of the result: without the copies of a chunk."""

    @staticmethod
    def forward(
        ctx: Any,
        x1: torch.Tensor,
        x2: torch.Tensor,
        order1: torch.Tensor,
        order2: torch.Tensor,
        back1: torch.Tensor,
        back2: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        ctx.save_for_backward(back1, back2)
        joined = torch.cat((x1, x2), dim=1)
        return joined.index_select(1, order1), joined.index_select(1, order2)

    @staticmethod
    def backward(ctx: Any, grad1: torch.Tensor, grad2: torch.Tensor) -> tuple[Any, ...]:
        back1, back2 = ctx.saved_tensors
        grad = torch.cat((grad1, grad2), dim=1)
        return (*_both(grad, back1, back2, ctx.needs_input_grad), None, None, None, None)


def _both(grad: torch.Tensor, back1: torch.Tensor, back2: torch.Tensor, needed: Any) -> Any:
    first = grad.index_select(1, back1) if needed[0] else None
    return first, grad.index_select(1, back2) if needed[1] else None


class ChannelShuffle(nn.Module):
    """Replaces ``channel_shuffle(torch.cat((x1, x2), dim=1), groups)`` of ShuffleNet V2.

    The shuffle by view, transpose and copy leaves tensors that are not contiguous. This takes the
    channels by index instead, and so does its backward, with the inverse order. The orders are
    buffers that go to the device with the module; they are not in its ``state_dict``, so weights of
    the model without this module fit.

    With `split_shuffle` the result comes in two halves, as the next unit of ShuffleNet V2 would
    split it; that unit then takes a pair and needs no ``chunk``.
    """

    def __init__(self, in_channels: int, groups: int = 2, split_shuffle: bool = True):
        """Make the order of the channels.

        Args:
            in_channels: Channels of both inputs together, C.
            groups: How many groups the channels are shuffled among; divides `in_channels`.
            split_shuffle: Whether the result comes in two halves; needs an even `in_channels`.

        Raises:
            ValueError: The channels cannot be divided so.
        """
        super().__init__()
        if groups < 1 or in_channels < 1 or in_channels % groups != 0:
            raise ValueError(
                f"{in_channels} channels cannot be shuffled among {groups} groups: groups have to "
                "be at least 1 and divide the channels"
            )
        if split_shuffle and in_channels % 2 != 0:
            raise ValueError(
                f"{in_channels} channels cannot be split in halves: give an even number, or "
                "split_shuffle=False"
            )
        self.in_channels = in_channels
        self.groups = groups
        self.split_shuffle = split_shuffle
        order = torch.arange(in_channels).view(groups, -1).t().reshape(-1)
        # 32 bits are what an NPU indexes with.
        self.register_buffer("order", order.to(torch.int32), persistent=False)
        self.register_buffer("back", order.argsort().to(torch.int32), persistent=False)

    def extra_repr(self) -> str:
        """Show the arguments."""
        return (
            f"in_channels={self.in_channels}, groups={self.groups}, "
            f"split_shuffle={self.split_shuffle}"
        )

    def forward(
        self, x1: torch.Tensor, x2: torch.Tensor
    ) -> torch.Tensor | tuple[torch.Tensor, torch.Tensor]:
        """Join and shuffle.

        Args:
            x1: (N, C1, H, W), on the module's device.
            x2: (N, C2, H, W), where C1 + C2 = C.

        Returns:
            (N, C, H, W), or with `split_shuffle` a pair of (N, C / 2, H, W).

        Raises:
            ValueError: The inputs have another number of channels.
        """
        first = x1.shape[1]
        if first + x2.shape[1] != self.in_channels:
            raise ValueError(
                f"the inputs have {first} and {x2.shape[1]} channels, but this module shuffles "
                f"{self.in_channels}: make it with in_channels={first + x2.shape[1]}"
            )
        back1, back2 = self.back[:first], self.back[first:]
        if not self.split_shuffle:
            return _Shuffle.apply(x1, x2, self.order, back1, back2)
        half = self.in_channels // 2
        return _SplitShuffle.apply(x1, x2, self.order[:half], self.order[half:], back1, back2)
