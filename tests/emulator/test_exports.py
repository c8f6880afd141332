"""The built libraries: what they export, what they need, and that the docs say what is in them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from ascendtorch.emulator import table
from ascendtorch.emulator.refusals import unsupported_functions
from support.emulator import ROOT

#: libopapi.so calls the runtime through these; see runtime/ops/emu_aclnn.h.
OWN = {"ascend_emu_aclnn_launch", "ascend_emu_aclnn_prepare"}
COMPATIBLE = (
    "acl_op_compiler",
    "acl_tdt_channel",
    "ascend_hal",
    "ge_runner",
    "graph",
    "hccl",
    "msprofiler",
)


def exported(library: Path) -> set[str]:
    """Return the symbols that a library defines for others."""
    with library.open("rb") as stream:
        symbols = ELFFile(stream).get_section_by_name(".dynsym")
        assert isinstance(symbols, SymbolTableSection)
        return {s.name for s in symbols.iter_symbols() if s["st_shndx"] != "SHN_UNDEF" and s.name}


def tags(library: Path, kind: str) -> list[str]:
    """Return the texts of one kind of tag of the dynamic section."""
    with library.open("rb") as stream:
        dynamic = ELFFile(stream).get_section_by_name(".dynamic")
        assert isinstance(dynamic, DynamicSection)
        field = kind[len("DT_") :].lower()
        return [getattr(tag, field) for tag in dynamic.iter_tags() if tag.entry.d_tag == kind]


def test_canns_functions_and_nothing_else(emulator_build: Path) -> None:
    """Each function that is declared or refused, and none besides: no C++, no helpers."""
    declared = {name for names in table.declared_functions(ROOT).values() for name in names}
    wanted = declared | set(unsupported_functions(ROOT)) | OWN
    found = exported(emulator_build / "lib" / "libascendcl.so")
    assert wanted - found == set()
    assert found - wanted == set()


@pytest.mark.parametrize("name", COMPATIBLE)
def test_other_names_lead_to_the_one_library(emulator_build: Path, name: str) -> None:
    """A function looked up in any of them is found, as CANN's programs do it."""
    library = emulator_build / "lib" / f"lib{name}.so"
    assert tags(library, "DT_SONAME") == [library.name]
    assert "libascendcl.so" in tags(library, "DT_NEEDED")
    assert tags(library, "DT_RUNPATH") + tags(library, "DT_RPATH") == ["$ORIGIN"]
    code = "import ctypes, sys; print(ctypes.CDLL(sys.argv[1]).aclrtGetRunMode(None))"
    done = subprocess.run(
        [sys.executable, "-c", code, str(library)], capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "100000", done.stderr


def test_the_operators_in_the_docs(emulator_build: Path) -> None:
    """The table of operators is what the built library describes."""
    library = emulator_build / "lib" / "libascend_emu_ops.so"
    if not library.is_file():
        pytest.skip("built without torch: there are no operators")
    code = (
        "import json, sys; from pathlib import Path; from ascendtorch.emulator import table;"
        "print(json.dumps(table.describe(Path(sys.argv[1]))))"
    )
    # In a process of its own: torch stays out of this one.
    done = subprocess.run(
        [sys.executable, "-c", code, str(library)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    operators = json.loads(done.stdout)
    assert len(operators) >= 150
    assert table.render(ROOT, operators) == (ROOT / table.DOCUMENT).read_text("utf-8"), (
        f"python -m ascendtorch.emulator.table --library {library} writes it anew"
    )
