"""Wheel: exactly one, checked, with the manifest inside, put into the dist folder whole."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from email.parser import Parser
from pathlib import Path
from typing import Any

from installer.exceptions import InstallerError
from installer.sources import WheelFile as WheelSource
from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import Version

from ascendtorch.edge import files
from ascendtorch.edge.files import host_errors, sha256_file
from ascendtorch.errors import WheelError
from ascendtorch.report.reporter import Reporter
from ascendtorch.spec.release import WheelSpec
from ascendtorch.stages import manifest as manifests
from ascendtorch.stages.results import BuiltWheel, FinishedWheel
from ascendtorch.stages.wheelwriter import WheelWriter

STAGE = "wheel"


def finish(
    built: BuiltWheel,
    *,
    expected: WheelSpec,
    python_tag: str,
    dist: Path,
    reporter: Reporter,
    contents: Mapping[str, Path] | None = None,
    facts: Mapping[str, Any] | None = None,
) -> FinishedWheel:
    """Check the wheel, add the manifest, and move it into `dist` in one rename.

    Args:
        contents: what upstream's build knows nothing of, by its place in site-packages.
        facts: what the manifest says besides what the tree is made of.

    Raises:
        WheelError: name, version, tags, metadata or RECORD are not what they should be.
    """
    with host_errors(STAGE, dist):
        check_name(built.wheel, expected, python_tag)
        check_content(built.wheel, expected)
        manifest = {**json.loads(built.generated.manifest.read_bytes()), **(facts or {})}
        manifest["build"] = _without_places(built.fingerprint)
        target = dist / built.wheel.name
        # Finished elsewhere first: a kill must not leave a part of a wheel in the dist folder.
        scratch = built.wheel.parent.with_name("finished")
        files.remove_tree(scratch)
        scratch.mkdir(parents=True)
        add_manifest(built.wheel, scratch / target.name, manifest, contents or {})
        check_content(scratch / target.name, expected)
        # What a run left that was killed while it copied from another file system.
        files.sweep([dist])
        files.move_into_place(scratch / target.name, target)
    result = FinishedWheel(target, sha256_file(target), target.stat().st_size, up_to_date=False)
    reporter.say(STAGE, f"{target.name}: {result.size / 1e6:.1f} MB, sha256 {result.sha256}")
    return result


def _without_places(parts: Mapping[str, str]) -> dict[str, str]:
    """Drop from a fingerprint what says where on this machine things lie."""
    kept = {name: value for name, value in parts.items() if name != "place"}
    return {**kept, "python": kept["python"].partition(" ")[0]}


def check_name(path: Path, expected: WheelSpec, python_tag: str) -> None:
    """Check distribution, version and Python tag in a wheel's file name."""
    try:
        name, version, _, tags = parse_wheel_filename(path.name)
    except InvalidWheelFilename as error:
        raise _wrong(path, str(error)) from error
    if name != expected.name.replace("_", "-").lower():
        raise _wrong(path, f"the distribution is {name}, and should be {expected.name}")
    if version != Version(expected.full_version):
        raise _wrong(path, f"the version is {version}, and should be {expected.full_version}")
    wanted = set(python_tag.split("-"))
    if not any(
        {tag.interpreter, tag.abi} == wanted or f"{tag.interpreter}-{tag.abi}" == python_tag
        for tag in tags
    ):
        raise _wrong(path, f"the tags do not fit {python_tag}")


def check_content(path: Path, expected: WheelSpec) -> None:
    """Check a wheel's metadata, and every file against RECORD by hash and size."""
    try:
        with WheelSource.open(path) as source:
            metadata = Parser().parsestr(source.read_dist_info("METADATA"))
            source.validate_record()
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise _wrong(path, f"damaged: {error}") from error
    except InstallerError as error:
        raise _wrong(path, str(error)) from error
    if Version(metadata["Version"]) != Version(expected.full_version):
        raise _wrong(path, f"its metadata has the version {metadata['Version']}")


def add_manifest(
    source: Path, target: Path, manifest: Mapping[str, Any], contents: Mapping[str, Path]
) -> None:
    """Copy a wheel, adding files, and the manifest to its ``.dist-info``; RECORD is made anew."""
    data = json.dumps(manifest, indent=1, sort_keys=True) + "\n"
    with zipfile.ZipFile(source) as old:
        newest = max(info.date_time for info in old.infolist())
        with WheelWriter(target, newest) as new:
            for info in old.infolist():
                if info.filename != new.record_path:
                    new.writestr(info, old.read(info))
            for name, path in sorted(contents.items()):
                new.add(name, path.read_bytes(), executable=True)
            new.add(f"{new.dist_info_path}/{manifests.NAME}", data.encode())


def _wrong(path: Path, cause: str) -> WheelError:
    return WheelError(
        cause, stage=STAGE, path=path, remedy="build again with --clean; if it stays, report it"
    )


def unchanged(
    receipt: Mapping[str, Any] | None, parts: Mapping[str, str], dist: Path
) -> FinishedWheel | None:
    """Return the wheel of an earlier run when nothing that shaped it has changed since."""
    if receipt is None or dict(receipt["parts"]) != dict(parts):
        return None
    path = dist / receipt["wheel"]
    if not path.is_file() or path.stat().st_size != receipt["size"]:
        return None
    if files.sha256_file(path) != receipt["sha256"]:
        return None
    return FinishedWheel(path, receipt["sha256"], receipt["size"], up_to_date=True)
