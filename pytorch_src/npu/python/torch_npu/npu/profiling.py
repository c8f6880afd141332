"""Profiling by AscendCL: what the devices did, in a folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ._release import runtime
from ._utils import _described, optional_type

# What is collected, as acl_prof.h numbers it.
_TYPES = {
    "ACL_PROF_ACL_API": 0x01,
    "ACL_PROF_TASK_TIME": 0x02,
    "ACL_PROF_AICORE_METRICS": 0x04,
    "ACL_PROF_AICPU": 0x08,
    "ACL_PROF_L2CACHE": 0x10,
    "ACL_PROF_HCCL_TRACE": 0x20,
    "ACL_PROF_TRAINING_TRACE": 0x40,
}
_METRICS = {
    0: "arithmetic utilisation",
    1: "pipe utilisation",
    2: "memory bandwidth",
    3: "L0B and width",
    4: "resource conflict ratio",
    0xFF: "none",
}


class profileConfig:
    """What torch.npu.profile collects. An emulator has no metrics of the hardware.

    Args:
        ACL_PROF_ACL_API: Calls of AscendCL.
        ACL_PROF_TASK_TIME: Times of operators.
        ACL_PROF_AICORE_METRICS: Metrics of the AI cores, chosen by aiCoreMetricsType.
        ACL_PROF_AICPU: Tasks of the AI CPU.
        ACL_PROF_L2CACHE: The L2 cache.
        ACL_PROF_HCCL_TRACE: Collective communication.
        ACL_PROF_TRAINING_TRACE: Iterations.
        aiCoreMetricsType: 0 arithmetic utilisation, 1 pipe utilisation, 2 memory bandwidth, 3 L0B
            and width, 4 resource conflict ratio, 0xFF none.

    Raises:
        TypeError: A switch is no bool.
        ValueError: An unknown aiCoreMetricsType.
    """

    def __init__(
        self,
        ACL_PROF_ACL_API: bool = True,
        ACL_PROF_TASK_TIME: bool = True,
        ACL_PROF_AICORE_METRICS: bool = True,
        ACL_PROF_AICPU: bool = True,
        ACL_PROF_L2CACHE: bool = True,
        ACL_PROF_HCCL_TRACE: bool = True,
        ACL_PROF_TRAINING_TRACE: bool = True,
        aiCoreMetricsType: int = 0,
    ) -> None:
        switches = {
            "ACL_PROF_ACL_API": ACL_PROF_ACL_API,
            "ACL_PROF_TASK_TIME": ACL_PROF_TASK_TIME,
            "ACL_PROF_AICORE_METRICS": ACL_PROF_AICORE_METRICS,
            "ACL_PROF_AICPU": ACL_PROF_AICPU,
            "ACL_PROF_L2CACHE": ACL_PROF_L2CACHE,
            "ACL_PROF_HCCL_TRACE": ACL_PROF_HCCL_TRACE,
            "ACL_PROF_TRAINING_TRACE": ACL_PROF_TRAINING_TRACE,
        }
        for name, value in switches.items():
            if not isinstance(value, bool):
                raise TypeError(f"{name} is True or False; {_described(value)} was given")
        if aiCoreMetricsType not in _METRICS:
            known = ", ".join(f"{number} {what}" for number, what in _METRICS.items())
            raise ValueError(f"aiCoreMetricsType is {aiCoreMetricsType!r}; it can be {known}")
        self.types = sum(_TYPES[name] for name, value in switches.items() if value)
        self.metrics = int(aiCoreMetricsType)


class profile:
    """A context in which AscendCL collects what the devices do, and writes it into a folder.

    Args:
        profiler_result_path: A folder that exists.
        use_e2e_profiler: Each operator of PyTorch leaves its range in the trace too.
        config: None collects everything.

    Raises:
        FileNotFoundError: There is no such folder.
        RuntimeError: On entering: another run is going on, or AscendCL refuses.
        TypeError: `config` is no profileConfig.
    """

    def __init__(
        self,
        profiler_result_path: str | os.PathLike[str] = "./",
        use_e2e_profiler: bool = False,
        config: profileConfig | None = None,
    ) -> None:
        self.folder = Path(profiler_result_path)
        if not self.folder.is_dir():
            raise FileNotFoundError(
                f"there is no folder {str(self.folder)!r} for the profile; make it first"
            )
        self.config = optional_type(config, profileConfig, "config") or profileConfig()
        self.use_e2e_profiler = bool(use_e2e_profiler)

    def __enter__(self) -> profile:
        runtime.start_profiling(
            str(self.folder.resolve()),
            self.config.types,
            self.config.metrics,
            self.use_e2e_profiler,
        )
        return self

    def __exit__(self, kind: Any, *_error: object) -> None:
        try:
            runtime.stop_profiling()
        except RuntimeError:
            # The error that left the block is the one to tell.
            if kind is None:
                raise
