"""The environment in which a program runs on the emulator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ascendtorch.errors import HostError

STAGE = "emulate"


@dataclass(frozen=True)
class Choices:
    """What the command line says; None leaves the variable as the caller's environment has it.

    Attributes:
        devices: how many NPUs there are.
        memory: of each, in GiB.
        soc: which NPU is emulated, such as ``Ascend910B1``.
        trace: the file for a Chrome trace.
        guard: whether the host is kept from touching device memory.
    """

    devices: int | None = None
    memory: float | None = None
    soc: str | None = None
    trace: Path | None = None
    guard: bool | None = None


def child_environment(
    environ: Mapping[str, str], lib: Path, home: Path, choices: Choices
) -> dict[str, str]:
    """Return `environ` with what a program needs to find the emulator in CANN's place.

    Args:
        lib: the folder of the emulator's libraries, first on ``LD_LIBRARY_PATH``.
        home: the folder that stands for a CANN installation (see `home`).

    Raises:
        HostError: the folder cannot be written in ``LD_LIBRARY_PATH``.
    """
    if any(mark in str(lib) for mark in ":;"):
        raise HostError(
            "the dynamic linker cannot search a folder with `:` or `;` in its path",
            stage=STAGE,
            path=lib,
            remedy="move the sources to a folder without them",
        )
    # An empty element would mean the current folder.
    rest = [part for part in environ.get("LD_LIBRARY_PATH", "").split(":") if part]
    chosen = {
        "ASCEND_EMU_DEVICES": None if choices.devices is None else str(choices.devices),
        "ASCEND_EMU_MEMORY": None if choices.memory is None else str(int(choices.memory * 2**30)),
        "ASCEND_EMU_SOC": choices.soc,
        "ASCEND_EMU_TRACE": None if choices.trace is None else str(choices.trace.absolute()),
        "ASCEND_EMU_GUARD": None if choices.guard is None else str(int(choices.guard)),
    }
    return {
        **environ,
        "LD_LIBRARY_PATH": ":".join([str(lib), *(part for part in rest if part != str(lib))]),
        **cann_variables(home),
        # The tool has said that no NPU is used; torch.npu need not say it again.
        "ASCENDTORCH_EMULATOR_ANNOUNCED": "1",
        **{name: value for name, value in chosen.items() if value is not None},
    }


def cann_variables(home: Path) -> dict[str, str]:
    """Return the variables by which programs look for CANN, all naming the folder `home`."""
    return {
        "ASCEND_HOME_PATH": str(home),
        "ASCEND_TOOLKIT_HOME": str(home),
        "ASCEND_OPP_PATH": str(home / "opp"),
        "ASCEND_AICPU_PATH": str(home),
    }


def describe(environ: Mapping[str, str], *, operators: bool) -> str:
    """Return the line that says that this is no NPU."""
    devices = environ.get("ASCEND_EMU_DEVICES") or "2"
    soc = environ.get("ASCEND_EMU_SOC") or "Ascend910B1"
    plural = "" if devices == "1" else "s"
    text = f"AscendCL emulator: {devices} device{plural} of kind {soc} on the CPU, no NPU is used"
    return text if operators else f"{text}; operators are missing (built without torch)"
