"""The tables of docs/emulator.md: each AscendCL call and each operator, from the sources.

    python -m ascendtorch.emulator.table [--library .../libascend_emu_ops.so]

writes them anew. Without a built operator library the operators stay as they are. The library is
opened in this process, so that its torch must be importable.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from ascendtorch.edge import files
from ascendtorch.emulator.refusals import unsupported_functions
from ascendtorch.errors import SpecError

DOCUMENT = "docs/emulator.md"
PARTIAL = "pytorch_src/npu/emulator/runtime/api/partial.def"
SOURCES = "pytorch_src/npu/emulator/runtime/api"
INCLUDE = "pytorch_src/npu/acl/include"
HEADERS = (
    "acl/acl_base.h",
    "acl/acl_rt.h",
    "acl/acl_op.h",
    "acl/acl_op_compiler.h",
    "acl/acl_prof.h",
    "profiling/aprof_pub.h",
    "aclnn/acl_meta.h",
)
#: Functions of CANN's other headers, which binaries link to.
UNDECLARED = "no header of ours"
EMULATED, IN_PART, NOT_SUPPORTED = "emulated", "in part", "not supported"

_ABI = 1
_STAGE = "emulator table"
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_ENTRY = re.compile(r'(PARTIAL|REFUSED)\(\s*(\w+)\s*,\s*"((?:[^"\\]|\\.)*)"\s*\)')
_FUNCTION = re.compile(r"^(?:ACL_API|MSVP_PROF_API)\s[^;()]*?(\w+)\(", re.MULTILINE)
#: NumPy's way of naming them, which everybody knows.
_TYPES = {
    "DT_FLOAT": "f32",
    "DT_FLOAT16": "f16",
    "DT_BF16": "bf16",
    "DT_DOUBLE": "f64",
    "DT_INT8": "i8",
    "DT_INT16": "i16",
    "DT_INT32": "i32",
    "DT_INT64": "i64",
    "DT_UINT8": "u8",
    "DT_UINT16": "u16",
    "DT_UINT32": "u32",
    "DT_UINT64": "u64",
    "DT_BOOL": "bool",
    "DT_COMPLEX64": "c64",
    "DT_COMPLEX128": "c128",
    "DT_COMPLEX32": "c32",
    "DT_STRING": "string",
}
_LAYOUTS = {"plain": "plain", "private": "plain, private", "raw": "as given"}


@dataclass(frozen=True)
class Limits:
    """What partial.def says, by function: what it does not do, and why it is refused."""

    partial: Mapping[str, str]
    refused: Mapping[str, str]


def declared_functions(root: Path) -> dict[str, tuple[str, ...]]:
    """Return the functions of each of our headers, in their order.

    What only a source of the emulator declares stands under `UNDECLARED`, if anything.
    """
    found = {header: _functions(root / INCLUDE / header) for header in HEADERS}
    only = [name for path in sorted((root / SOURCES).glob("*.cpp")) for name in _functions(path)]
    return {**found, UNDECLARED: tuple(only)} if only else found


def _functions(path: Path) -> tuple[str, ...]:
    return tuple(_FUNCTION.findall(_COMMENT.sub("", path.read_text("utf-8"))))


def read_limits(root: Path) -> Limits:
    """Read partial.def.

    Raises:
        SpecError: something in it is no entry, or names a function that no header declares.
    """
    path = root / PARTIAL
    text = _COMMENT.sub("", path.read_text("utf-8"))
    rest = _ENTRY.sub("", text).strip()
    if rest:
        raise SpecError(
            f"this is no entry: {rest.splitlines()[0]}",
            stage=_STAGE,
            path=path,
            remedy='write PARTIAL(name, "...") or REFUSED(name, "...")',
        )
    known = {name for names in declared_functions(root).values() for name in names}
    limits: dict[str, dict[str, str]] = {"PARTIAL": {}, "REFUSED": {}}
    for kind, name, why in _ENTRY.findall(text):
        if name not in known or name in limits["PARTIAL"] or name in limits["REFUSED"]:
            raise SpecError(
                f"{name} is listed twice, or no header of {INCLUDE} declares it",
                stage=_STAGE,
                path=path,
                remedy="keep one entry for each function that is declared",
            )
        limits[kind][name] = why.replace('\\"', '"')
    return Limits(limits["PARTIAL"], limits["REFUSED"])


def api_table(root: Path) -> str:
    """Return the Markdown of every function that is declared or refused."""
    limits = read_limits(root)
    unsupported = {**unsupported_functions(root), **limits.refused}
    rows: dict[str, list[tuple[str, str, str]]] = {}
    declared = declared_functions(root)
    for header, names in declared.items():
        for name in names:
            if name in unsupported:
                row = (name, NOT_SUPPORTED, unsupported[name])
            elif name in limits.partial:
                row = (name, IN_PART, limits.partial[name])
            else:
                row = (name, EMULATED, "")
            rows.setdefault(header, []).append(row)
    every = {name for names in declared.values() for name in names}
    for name, why in unsupported.items():
        if name not in every:
            rows.setdefault(UNDECLARED, []).append((name, NOT_SUPPORTED, why))
    counts = [
        sum(row[1] == state for part in rows.values() for row in part)
        for state in (EMULATED, IN_PART, NOT_SUPPORTED)
    ]
    lines = [f"{counts[0]} emulated, {counts[1]} in part, {counts[2]} not supported."]
    for title, part in rows.items():
        whole = [name for name, state, _ in part if state == EMULATED]
        lines += ["", "### In no header of ours" if title == UNDECLARED else f"### `{title}`"]
        if title == UNDECLARED:
            lines += ["", "Binaries made for CANN link to these."]
        if whole:
            lines += ["", "Emulated: " + ", ".join(f"`{name}`" for name in whole) + "."]
        others = [row for row in part if row[1] != EMULATED]
        if others:
            lines += ["", "| function | | what it does not do, or why |", "| --- | --- | --- |"]
            lines += [f"| `{name}` | {state} | {_cell(why)} |" for name, state, why in others]
    return "\n".join(lines)


def operator_table(operators: Sequence[Mapping[str, Any]]) -> str:
    """Return the Markdown of the operators that the library describes."""
    lines = [
        f"{len(operators)} operators. `?` marks what may be left out, `...` what may come more than"
        " once; an attribute without a default is required. Layouts: `plain` takes ND, NCHW, NHWC"
        " and the like, `private` also NC1HWC0, FRACTAL_Z and FRACTAL_NZ, `as given` looks at the"
        " bytes only.",
        "",
        "| operator | inputs | outputs | attributes | layouts |",
        "| --- | --- | --- | --- | --- |",
    ]
    for op in sorted(operators, key=lambda op: str(op["name"])):
        cells = [
            f"`{op['name']}`",
            "<br>".join(_operand(operand) for operand in op["inputs"]),
            "<br>".join(_operand(operand) for operand in op["outputs"]),
            "<br>".join(_attribute(attribute) for attribute in op["attributes"]),
            _LAYOUTS[op["layouts"]],
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _operand(operand: Mapping[str, Any]) -> str:
    mark = "..." if operand.get("variadic") else "?" if operand.get("optional") else ""
    if "same_as" in operand:
        types = f"as {operand['same_as']}"
    elif "dtype_from" in operand:
        types = f"as {operand['dtype_from']} says"
    else:
        types = " ".join(_TYPES.get(name, name) for name in operand.get("dtypes", ()))
    formats = f" ({', '.join(operand['formats'])})" if operand.get("formats") else ""
    return _cell(f"{operand['name']}{mark}: {types or 'any'}{formats}")


def _attribute(attribute: Mapping[str, Any]) -> str:
    text = f"{attribute['name']}: {attribute['kind']}"
    if "default" in attribute:
        text += f" = {json.dumps(attribute['default'])}"
    if attribute.get("allowed"):
        text += f" ({', '.join(attribute['allowed'])})"
    return _cell(text)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def replace_part(document: str, part: str, text: str) -> str:
    """Return `document` with what stands between the markers of `part` replaced.

    Raises:
        SpecError: the markers are not there.
    """
    begin, end = f"<!-- begin: {part} -->", f"<!-- end: {part} -->"
    start, stop = document.find(begin), document.find(end)
    if start < 0 or stop < start:
        raise SpecError(
            f"there is no {begin} with {end} behind it",
            stage=_STAGE,
            path=DOCUMENT,
            remedy="put both lines where the table belongs",
        )
    return f"{document[: start + len(begin)]}\n{text}\n{document[stop:]}"


class _EmuOps(ctypes.Structure):
    """EmuOps of emulator/abi/emu_ops.h."""

    _fields_ = (
        ("abi", ctypes.c_uint32),
        ("check", ctypes.c_void_p),
        ("run", ctypes.c_void_p),
        ("infer", ctypes.c_void_p),
        ("describe", ctypes.CFUNCTYPE(ctypes.c_char_p)),
    )


def describe(library: Path) -> list[dict[str, Any]]:
    """Ask a built operator library for its operators. Imports torch, whose libraries it needs."""
    importlib.import_module("torch")
    entry = ctypes.CDLL(str(library)).ascend_emu_ops
    entry.restype = ctypes.POINTER(_EmuOps)
    entry.argtypes = (ctypes.c_uint32,)
    ops = entry(_ABI)
    if not ops:
        raise SpecError(
            f"its interface is not version {_ABI}",
            stage=_STAGE,
            path=library,
            remedy="build the operator library of these sources",
        )
    operators: list[dict[str, Any]] = json.loads(ops.contents.describe())
    return operators


def render(root: Path, operators: Sequence[Mapping[str, Any]] | None) -> str:
    """Return the document as it should be; without `operators` their table stays."""
    document = (root / DOCUMENT).read_text("utf-8")
    document = replace_part(document, "api", api_table(root))
    if operators is not None:
        document = replace_part(document, "operators", operator_table(operators))
    return document


@click.command()
@click.option("--root", type=click.Path(path_type=Path), default=".", help="The repository.")
@click.option("--library", type=click.Path(path_type=Path), help="A built operator library.")
def main(root: Path, library: Path | None) -> None:
    """Write the tables of docs/emulator.md anew."""
    operators = describe(library) if library is not None else None
    files.write_if_changed(root / DOCUMENT, render(root, operators).encode())


if __name__ == "__main__":
    main()
