"""The catalogue, and what is said of a version that cannot be had."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable

import pytest

from ascendtorch.errors import SpecError, VersionError
from ascendtorch.spec.catalog import Catalog, load_catalog

_KNOWN = {
    "layout": "in-tree",
    "pythons": ["3.7"],
    "gcc": "7.3",
    "cmake": "3.12",
    "wheel": "torch-{version}",
}


def _release(pytorch: str, base: str) -> dict[str, Any]:
    fields = {"ascend": "3.0.0", "cann": "6.0.1", "branch": "b", "image": None, "note": None}
    return {**fields, "pytorch": pytorch, "base": base, "beta": False}


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """A function that writes a catalogue and empty patch sets, and returns their folder."""

    def make(*supported: str, change: Callable[[Any], object] = lambda data: None) -> Path:
        data = {
            "schema": 1,
            "default": "1.5.0",
            "releases": [_release("1.8.1.post1", "1.8.1"), _release("1.5.0.post8", "1.5.0")],
            "branches": [{"name": "v3", "status": "EOL", "launched": "2021-07-29", "next": None}],
            "phases": [{"name": "Plan", "duration": "1-3 months"}],
            "versions": {name: dict(_KNOWN) for name in ("1.5.0", "1.11.0", "1.8.1")},
        }
        change(data)
        (tmp_path / "catalog.yaml").write_text(json.dumps(data, indent=1), "utf-8")
        for version in supported:
            (tmp_path / version).mkdir()
            (tmp_path / version / "version.yaml").touch()
        return tmp_path

    return make


def _refusal(catalog: Catalog, version: str) -> VersionError:
    with pytest.raises(VersionError) as caught:
        catalog.require(version)
    assert caught.value.stage
    assert caught.value.path
    assert caught.value.remedy
    return caught.value


def test_versions_are_ordered_as_numbers(write: Callable[..., Path]) -> None:
    catalog = load_catalog(write("1.11.0", "1.8.1"))
    assert catalog.supported == ("1.8.1", "1.11.0")
    catalog.require("1.8.1")


def test_a_known_version_without_a_patch_set(write: Callable[..., Path]) -> None:
    error = _refusal(load_catalog(write("1.8.1")), "1.5.0")
    assert error.cause == (
        "PyTorch 1.5.0 is known but has no patch set yet; versions that have one: 1.8.1"
    )
    assert "-v 1.8.1" in (error.remedy or "")


def test_nothing_has_a_patch_set(write: Callable[..., Path]) -> None:
    error = _refusal(load_catalog(write()), "1.5.0")
    assert error.cause.endswith("versions that have one: none")
    assert "Adding a version" in (error.remedy or "")


def test_a_published_release_of_a_supported_version(write: Callable[..., Path]) -> None:
    error = _refusal(load_catalog(write("1.8.1")), "1.8.1.post1")
    assert error.cause == "1.8.1.post1 is a published release of 1.8.1"
    assert "-v 1.8.1" in (error.remedy or "")


def test_a_published_release_of_an_unsupported_version(write: Callable[..., Path]) -> None:
    error = _refusal(load_catalog(write("1.8.1")), "1.5.0.post8")
    assert "PyTorch 1.5.0 is known but has no patch set yet" in error.cause


@pytest.mark.parametrize(
    ("version", "hint"), [("1.8.2", "did you mean `1.8.1`"), ("", "known: 1.11.0, 1.5.0, 1.8.1")]
)
def test_an_unknown_version(write: Callable[..., Path], version: str, hint: str) -> None:
    error = _refusal(load_catalog(write("1.8.1")), version)
    assert f"unknown PyTorch version {version!r}; {hint}" in error.cause
    assert error.cause.endswith("versions with a patch set: 1.8.1")


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (lambda d: d.update(default="1.9.0"), "`default` is not among `versions`"),
        (lambda d: d["releases"].append(_release("1.9", "1.9")), "`releases[2].base` is not among"),
        (lambda d: d["versions"].update(master=_KNOWN), "`versions.master` is not a version"),
        (lambda d: d["versions"]["1.5.0"].update(layout="x"), "known: in-tree, plugin"),
        (lambda d: d["branches"][0].update(launched="29.7.21"), "which is not a date"),
        (lambda d: d["releases"][0].update(beta="no"), "must be true or false"),
        (lambda d: d["releases"][0].update(cann=6.0), "must be text, not float"),
        (lambda d: d.update(schema=9), "is 9, and this ascendtorch knows up to 1"),
        (lambda d: d.pop("phases"), "lacks the key `phases`"),
    ],
)
def test_refused(write: Callable[..., Path], change: Callable[[Any], object], cause: str) -> None:
    """faults.md 42, 43, 57."""
    folder = write(change=change)
    with pytest.raises(SpecError) as caught:
        load_catalog(folder)
    assert cause in str(caught.value)
    assert (caught.value.path or "").startswith(f"{folder / 'catalog.yaml'}:")
