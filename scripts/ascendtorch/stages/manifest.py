"""The manifest inside a wheel of ours: what it was made from, read strictly."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from installer.exceptions import InstallerError
from installer.sources import WheelFile as WheelSource

from ascendtorch.errors import WheelError
from ascendtorch.spec.release import IN_TREE, PLUGIN

STAGE = "wheel"
SCHEMA = 1
#: The file in ``.dist-info``.
NAME = "ascendtorch.json"

_Kind = type[Any]
_COMMON: Mapping[str, _Kind] = {
    "made_by": str,
    "version": str,
    "upstream": dict,
    "templates": dict,
    "generated": dict,
    "build": dict,
}
_OF_LAYOUT: Mapping[str, Mapping[str, _Kind]] = {
    IN_TREE: {
        "submodules": dict,
        "patches": list,
        "patched_commit": str,
        "overlay": dict,
    },
    PLUGIN: {"sources": dict, "emulator": str},
}
#: What the first wheels of a layout were written without, and what that means.
_LATER: Mapping[str, Mapping[str, Any]] = {
    IN_TREE: {"patched_tree": "", "patched_submodules": {}, "kernels": {}, "edited": []},
    PLUGIN: {},
}
_UPSTREAM = {IN_TREE: ("url", "tag", "commit"), PLUGIN: ("name", "version", "file", "sha256")}


def read_manifest(path: Path) -> dict[str, Any]:
    """Return the manifest inside a wheel.

    Raises:
        WheelError: not a wheel, not one of ours, of a newer tool, or with a damaged manifest.
    """
    try:
        with WheelSource.open(path) as source:
            text = source.read_dist_info(NAME)
    except KeyError as error:
        raise _foreign(
            path, "it carries no manifest, and so was not built by ascendtorch"
        ) from error
    except (OSError, zipfile.BadZipFile, ValueError, InstallerError) as error:
        raise _foreign(path, f"it cannot be read as a wheel ({error})") from error
    try:
        value = json.loads(text)
    except ValueError as error:
        raise _damaged(path, str(error)) from error
    if not isinstance(value, dict) or not isinstance(value.get("schema"), int):
        raise _damaged(path, "it is not a manifest")
    if value["schema"] > SCHEMA:
        raise WheelError(
            f"its manifest is of a newer ascendtorch (schema {value['schema']}, this one knows "
            f"{SCHEMA})",
            stage=STAGE,
            path=path,
            remedy="update ascendtorch",
        )
    layout = value.get("layout")
    if not isinstance(layout, str) or layout not in _OF_LAYOUT:
        raise _damaged(path, f"its layout is {layout!r}")
    value = {**_LATER[layout], **value}
    _check(path, value, layout)
    return value


def _check(path: Path, value: Mapping[str, Any], layout: str) -> None:
    later = {name: type(default) for name, default in _LATER[layout].items()}
    for name, kind in {**_COMMON, **_OF_LAYOUT[layout], **later}.items():
        part = value.get(name)
        if not isinstance(part, kind):
            raise _damaged(path, f"it has no {name} of the right kind")
        if kind is dict and not all(isinstance(item, str) for item in part.values()):
            raise _damaged(path, f"its {name} is not a map of texts")
    for name in _UPSTREAM[layout]:
        if name not in value["upstream"]:
            raise _damaged(path, f"its upstream lacks {name}")
    for item in value.get("patches", ()):
        fields = item if isinstance(item, dict) else {}
        if not all(isinstance(fields.get(name), str) for name in ("name", "sha256")):
            raise _damaged(path, "a patch lacks name or sha256")
    if not all(isinstance(line, str) for line in value.get("edited", ())):
        raise _damaged(path, "its edited is not a list of texts")


def _foreign(path: Path, cause: str) -> WheelError:
    return WheelError(
        cause, stage=STAGE, path=path, remedy="name a wheel that ascendtorch built (dist/*.whl)"
    )


def _damaged(path: Path, cause: str) -> WheelError:
    return WheelError(
        f"its manifest is damaged: {cause}", stage=STAGE, path=path, remedy="build the wheel again"
    )
