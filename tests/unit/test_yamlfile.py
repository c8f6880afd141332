"""Reading YAML strictly: what is refused before any value is looked at."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from ascendtorch.errors import SpecError
from ascendtorch.spec import yamlfile
from ascendtorch.spec.yamlfile import MAX_BYTES, MAX_DEPTH, load_node

REFUSED = {
    "a tab": (b"a:\n\tb: 1\n", ":2: not valid YAML"),
    "an open bracket": (b"a: [1, 2\nb: 3\n", ":2: not valid YAML"),
    "two values": (b"a: b: c\n", ":1: not valid YAML: mapping values"),
    "Latin-1": (b"a: \xe9\n", ": not UTF-8: invalid continuation byte at byte 3"),
    "UTF-16": ("a: b\n".encode("utf-16"), ": not UTF-8: invalid start byte at byte 0"),
    "a NUL": (b"a: \0\n", "special characters|control characters"),
    "nothing": (b"", ": the file is empty"),
    "a comment only": (b"# nothing\n", ": the file is empty"),
    "two documents": (b"a: 1\n---\nb: 2\n", "expected a single document"),
    "an alias": (b"a: &x [1]\nb: *x\n", r":2: an alias \(\*name\) is not allowed"),
    "a merged alias": (b"a: &x {b: 1}\nc:\n  <<: *x\n", ":3: an alias"),
}


@pytest.fixture(params=["CSafeLoader", "SafeLoader"], autouse=True)
def _loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """PyYAML with and without libyaml, which is not everywhere."""
    if not hasattr(yaml, request.param):
        pytest.skip("PyYAML was built without libyaml")
    monkeypatch.setattr(yamlfile, "_Loader", getattr(yaml, request.param))


@pytest.mark.parametrize(("raw", "cause"), REFUSED.values(), ids=REFUSED)
def test_refused(tmp_path: Path, raw: bytes, cause: str) -> None:
    """faults.md, Security: what YAML would let pass or turn into something else."""
    path = tmp_path / "data.yaml"
    path.write_bytes(raw)
    with pytest.raises(SpecError, match=cause) as caught:
        load_node(path, stage="fetch")
    assert str(path) in str(caught.value)
    assert caught.value.stage == "fetch"
    assert caught.value.remedy


def test_a_bomb_of_aliases_is_refused_before_it_grows(tmp_path: Path) -> None:
    """faults.md, Security: 9 ** 9 items in 300 bytes."""
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    path = tmp_path / "bomb.yaml"
    path.write_text("\n".join(levels))
    with pytest.raises(SpecError, match=":2: an alias"):
        load_node(path)


def test_the_size_is_capped(tmp_path: Path) -> None:
    """faults.md, Security."""
    path = tmp_path / "large.yaml"
    path.write_bytes(b"#" * (MAX_BYTES + 1))
    with pytest.raises(SpecError, match=f"{MAX_BYTES + 1} bytes; at most {MAX_BYTES}"):
        load_node(path)


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ("{a: ", "}"), ("- ", "")])
def test_the_depth_is_capped(tmp_path: Path, opening: str, closing: str) -> None:
    """faults.md, Security: libyaml's recursion ends the whole process at some thousand levels."""
    path = tmp_path / "deep.yaml"
    path.write_text(f"{opening * MAX_DEPTH}x{closing * MAX_DEPTH}")
    assert load_node(path) is not None
    path.write_text(f"{opening * 20000}x{closing * 20000}")
    with pytest.raises(SpecError, match=f"nested more than {MAX_DEPTH} levels deep"):
        load_node(path)


@pytest.mark.parametrize("name", ["absent.yaml", "."])
def test_a_file_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    with pytest.raises(SpecError, match="cannot be read") as caught:
        load_node(tmp_path / name)
    assert caught.value.path == str(tmp_path / name)


def test_a_byte_order_mark_is_no_matter(tmp_path: Path) -> None:
    path = tmp_path / "bom.yaml"
    path.write_bytes(b"\xef\xbb\xbfkey: value\n")
    node = load_node(path)
    assert isinstance(node, yaml.MappingNode)
    assert node.value[0][0].value == "key"
