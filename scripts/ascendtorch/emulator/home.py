"""The folder that stands for a CANN installation.

Programs look for more than libraries. What is here, and for whom:

- ``opp/``, ``runtime/``, ``compiler/``: torch-npu refuses to be imported where one is missing.
- ``lib64``, a link to the libraries: torch-npu looks there for more of ``libopapi_*.so``.
- ``ascend_toolkit_install.info``: torch-npu reads the version of CANN from it.
"""

from __future__ import annotations

from pathlib import Path

from ascendtorch.edge.files import write_if_changed

#: The version that `aclsysGetVersionStr` of the emulator says too.
VERSION = "9.0.0"
FOLDERS = ("opp", "runtime", "compiler")


def make(folder: Path) -> None:
    """Make it at `folder`, beside the ``lib`` of the same build; what is there already stays."""
    for name in FOLDERS:
        (folder / name).mkdir(parents=True, exist_ok=True)
    if not (folder / "lib64").is_symlink():
        (folder / "lib64").symlink_to("../lib")
    text = f"package_name=AscendCL emulator\nversion={VERSION}\n"
    write_if_changed(folder / "ascend_toolkit_install.info", text.encode())
