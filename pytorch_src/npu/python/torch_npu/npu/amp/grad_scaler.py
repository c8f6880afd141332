"""Loss scaling for the NPU."""

from .._release import GradScalerBase


class GradScaler(GradScalerBase):
    """Scales the loss, and skips steps whose gradients are infinite or not a number.

    Args:
        init_scale: The scale at first.
        growth_factor: What the scale is multiplied with after `growth_interval` good steps.
        backoff_factor: What it is multiplied with after a skipped step.
        growth_interval: See growth_factor.
        enabled: False does nothing at all.
    """

    def __init__(
        self,
        init_scale: float = 2.0**16,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ) -> None:
        super().__init__(
            init_scale=init_scale,
            growth_factor=growth_factor,
            backoff_factor=backoff_factor,
            growth_interval=growth_interval,
            enabled=enabled,
        )
