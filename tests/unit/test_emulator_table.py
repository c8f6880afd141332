"""The tables of docs/emulator.md: what they say follows from the sources."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from ascendtorch.emulator import table
from ascendtorch.emulator.refusals import FILE, unsupported_functions
from ascendtorch.errors import SpecError

ROOT = Path(__file__).resolve().parents[2]
API = ROOT / "pytorch_src/npu/emulator/runtime/api"


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A copy of what the API table is made from."""
    shutil.copytree(ROOT / table.INCLUDE, tmp_path / table.INCLUDE)
    (tmp_path / table.PARTIAL).parent.mkdir(parents=True)
    shutil.copy(ROOT / table.PARTIAL, tmp_path / table.PARTIAL)
    shutil.copy(ROOT / FILE, tmp_path / FILE)
    return tmp_path


def test_the_document_is_up_to_date() -> None:
    document = (ROOT / table.DOCUMENT).read_text("utf-8")
    assert table.render(ROOT, None) == document, (
        "python -m ascendtorch.emulator.table --library .../libascend_emu_ops.so writes it anew"
    )


def test_every_function_stands_in_the_table_once() -> None:
    text = table.api_table(ROOT)
    names = {name for names in table.declared_functions(ROOT).values() for name in names}
    assert len(names) > 230
    for name in names | set(unsupported_functions(ROOT)):
        assert text.count(f"`{name}`") == 1, name
    total = sum(int(count) for count in re.findall(r"(\d+) [a-z ]+[,.]", text.splitlines()[0]))
    assert total == len(names | set(unsupported_functions(ROOT)))


def test_what_refuses_in_its_source_is_listed() -> None:
    """A function that calls not_supported() is in partial.def, whichever way."""
    limits = table.read_limits(ROOT)
    listed = {*limits.partial, *limits.refused}
    found = set()
    for path in sorted(API.glob("acl*.cpp")):
        if path.name == "acl_unsupported.cpp":
            continue
        function = ""
        for line in path.read_text("utf-8").splitlines():
            head = re.match(r"[\w ]+?[ *](acl\w+)\(", line)
            function = head[1] if head else function
            if "not_supported(" in line:
                found.add(function)
    assert len(found) >= 4
    assert found <= listed


def test_a_changed_list_changes_the_document(sources: Path) -> None:
    before = table.api_table(sources)
    path = sources / table.PARTIAL
    path.write_text(
        path.read_text("utf-8") + 'PARTIAL(aclrtFree, "frees \\"later\\" | or never")\n'
    )
    after = table.api_table(sources)
    assert before != after
    assert '| `aclrtFree` | in part | frees "later" \\| or never |' in after


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("PARTIAL(aclrtFree)", "no entry: PARTIAL"),
        ('PARTIAL(aclNoSuch, "x")', "aclNoSuch"),
        ('REFUSED(aclrtMalloc, "x")', "aclrtMalloc is listed twice"),
    ],
)
def test_a_wrong_list_is_refused(sources: Path, line: str, message: str) -> None:
    path = sources / table.PARTIAL
    path.write_text(path.read_text("utf-8") + line + "\n")
    with pytest.raises(SpecError, match=re.escape(message)):
        table.api_table(sources)


def test_operators() -> None:
    text = table.operator_table(
        [
            {
                "name": "Concat",
                "inputs": [
                    {"name": "x", "dtypes": ["DT_FLOAT", "DT_INT4"], "variadic": True},
                    {"name": "axis", "dtypes": ["DT_INT32"], "optional": True, "formats": ["ND"]},
                ],
                "outputs": [{"name": "y", "same_as": "x"}, {"name": "z", "dtype_from": "dst"}],
                "attributes": [
                    {"name": "N", "kind": "int", "required": True},
                    {"name": "mode", "kind": "string", "default": "a", "allowed": ["a", "b"]},
                ],
                "layouts": "private",
            },
            {"name": "Add", "inputs": [], "outputs": [], "attributes": [], "layouts": "raw"},
        ]
    )
    assert text.startswith("2 operators.")
    assert text.splitlines()[-2:] == [
        "| `Add` |  |  |  | as given |",
        "| `Concat` | x...: f32 DT_INT4<br>axis?: i32 (ND) | y: as x<br>z: as dst says |"
        ' N: int<br>mode: string = "a" (a, b) | plain, private |',
    ]


def test_markers_are_needed() -> None:
    with pytest.raises(SpecError, match="begin: api"):
        table.replace_part("no markers", "api", "x")
    with pytest.raises(SpecError, match="begin: api"):
        table.replace_part("<!-- end: api --> <!-- begin: api -->", "api", "x")
    document = "a\n<!-- begin: api -->\nold\n<!-- end: api -->\nb\n"
    assert table.replace_part(document, "api", "new") == document.replace("old", "new")
