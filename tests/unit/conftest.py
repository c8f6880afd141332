"""What all unit tests share: no processes, no network, and specs made from small changes."""

from __future__ import annotations

import copy
import json
import os
import socket
import subprocess
from pathlib import Path
from typing import Any, Callable, NoReturn

import pytest

from ascendtorch.spec.version import VersionSpec, load_version

COMMIT = "56b43f4fec1f76953f15a627694d4bba34588969"

Change = Callable[[dict[str, Any]], object]

_VERSION: dict[str, Any] = {
    "schema": 1,
    "version": "1.8.1",
    "layout": "in-tree",
    "upstream": {"url": "https://example.org/torch.git", "tag": "v1.8.1", "commit": COMMIT},
    "pythons": ["3.8", "3.9"],
    "tools": {"gcc": {"min": "7.3"}, "cmake": {"min": "3.12", "below": "4", "why": "too new"}},
    "flags": {"USE_CUDA": "0", "USE_DISTRIBUTED": "1"},
    "upstream_flags": {"USE_TBB": "0", "USE_XNNPACK": "1"},
    "arch_flags": {"aarch64": {"USE_XNNPACK": "0"}},
    "profiles": {"full": {}, "lean": {"USE_DISTRIBUTED": "0"}},
    "wheel": {"name": "torch", "version": "1.8.1+ascend", "build_number": "1"},
    "requirements": {"3.8": ["numpy==1.23.5"], "3.9": ["numpy==1.23.5", "PyYAML==6.0.1"]},
    "submodules": {
        "third_party/fmt": {
            "url": "https://example.org/fmt.git",
            "commit": COMMIT,
            "needed": "always",
        },
        "third_party/pipe": {
            "url": "https://example.org/pipe.git",
            "commit": COMMIT,
            "needed": "never",
        },
        "third_party/pipe/third_party/uv": {
            "url": "https://example.org/uv.git",
            "commit": COMMIT,
            "needed": ["USE_DISTRIBUTED", "USE_TBB"],
        },
        "third_party/tbb": {
            "url": "https://example.org/tbb.git",
            "commit": COMMIT,
            "needed": "USE_TBB",
        },
    },
    "overlay": [{"from": "npu", "to": "torch/npu"}],
    "templates": [{"template": "env.sh.j2", "output": "env.sh", "values": {"queue": "1"}}],
}


def _refuse(what: str) -> Callable[..., NoReturn]:
    def refused(*args: object, **kwargs: object) -> NoReturn:
        # `fail` raises what no `except Exception` catches, so that no code can hide the call.
        pytest.fail(f"unit tests may not {what}: move this test to tests/integration")

    return refused


@pytest.fixture(autouse=True)
def _no_processes_and_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess.Popen, "__init__", _refuse("start a process"))
    for name in ("fork", "forkpty", "posix_spawn", "posix_spawnp", "system"):
        monkeypatch.setattr(os, name, _refuse("start a process"))
    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, _refuse("open a connection"))


@pytest.fixture
def version_folder(tmp_path: Path) -> Callable[..., Path]:
    """A function that writes a valid ``version.yaml``, changed as asked, and returns its folder."""

    def write(change: Change = lambda data: None) -> Path:
        data = copy.deepcopy(_VERSION)
        change(data)
        folder = tmp_path / "patch" / "1.8.1"
        folder.mkdir(parents=True, exist_ok=True)
        # JSON is YAML, with every string in quotes and never an alias.
        (folder / "version.yaml").write_text(json.dumps(data, indent=1), "utf-8")
        return folder

    return write


@pytest.fixture
def make_spec(version_folder: Callable[..., Path]) -> Callable[..., VersionSpec]:
    """A function that returns a valid `VersionSpec`, changed as asked."""

    def make(change: Change = lambda data: None) -> VersionSpec:
        return load_version(version_folder(change))

    return make
