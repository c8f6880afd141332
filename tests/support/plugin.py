"""A miniature official wheel, and a checkout of the plugin layout beside it."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "scripts"
VERSION = "2.13.0"
PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
TAG = f"cp{PYTHON.replace('.', '')}"
ARCH = os.uname().machine
FILE = f"torch-{VERSION}+mini-{TAG}-{TAG}-manylinux_2_28_{ARCH}.whl"
#: What the miniature's torchgen knows.
OPERATORS = ("twice", "thrice", "twice.out")

#: Stands for torchgen: as much of it as the tool asks for.
_TORCHGEN = {
    "torchgen/__init__.py": "",
    "torchgen/gen.py": """
import json
class Bag:
    def __init__(self, **values):
        self.__dict__.update(values)
class Name(Bag):
    def __str__(self):
        return self.text
    def unambiguous_name(self):
        return self.text.replace(".", "_")
class Function(Bag):
    def __str__(self):
        return f"{self.name}(Tensor self) -> Tensor"
    def kind(self):
        return Bag(name="out" if str(self.name).endswith(".out") else "functional")
def function(text):
    name = Name(text=text, name=Bag(base=text.partition(".")[0], inplace=False))
    return Bag(func=Function(name=name), has_composite_implicit_autograd_kernel=False,
               has_composite_explicit_autograd_kernel=False,
               has_composite_explicit_autograd_non_functional_kernel=False,
               structured=False, structured_delegate=None, tags=set())
def parse_native_yaml(path, tags):
    return Bag(native_functions=[function(name) for name in json.load(open(path))])
""",
    "torchgen/context.py": """
import contextlib
@contextlib.contextmanager
def native_function_manager(function):
    yield
""",
    "torchgen/api/__init__.py": "",
    "torchgen/api/types.py": """
from torchgen.gen import Bag
class Type:
    def cpp_type(self, strip_ref=False):
        return "const at::Tensor &"
class NativeSignature:
    def __init__(self, func, symint):
        self.func = func
    def arguments(self):
        source = Bag(type="Tensor", default=None)
        return [Bag(name="self", nctype=Bag(type=Type()), argument=source)]
    def returns_type(self):
        return Bag(cpp_type=lambda: "at::Tensor")
""",
    "torchgen/packaged/ATen/native/tags.yaml": "[]\n",
}


def make_wheel(folder: Path, file: str, contents: Mapping[str, str]) -> Path:
    """Write a wheel that pip accepts."""
    folder.mkdir(parents=True, exist_ok=True)
    name, version, *_, platform = file[: -len(".whl")].split("-")
    stem = f"{name}-{version}.dist-info"
    texts = {
        **contents,
        f"{stem}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{stem}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: false\n"
        f"Tag: {TAG}-{TAG}-{platform}\n",
    }
    record = ""
    with zipfile.ZipFile(folder / file, "w") as archive:
        for path, text in texts.items():
            data = text.encode()
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            record += f"{path},sha256={digest},{len(data)}\n"
            # One time for all, so that the same contents have the same hash.
            archive.writestr(zipfile.ZipInfo(path, (2020, 1, 1, 0, 0, 0)), data)
        record += f"{stem}/RECORD,,\n"
        archive.writestr(zipfile.ZipInfo(f"{stem}/RECORD", (2020, 1, 1, 0, 0, 0)), record)
    return folder / file


def make_official(folder: Path, operators: tuple[str, ...] = OPERATORS) -> Path:
    """Write the miniature of the official wheel."""
    functions = "torchgen/packaged/ATen/native/native_functions.yaml"
    return make_wheel(folder, FILE, {**_TORCHGEN, functions: json.dumps(operators)})


def version_data(sha256: str) -> dict[str, Any]:
    """What ``version.yaml`` says of the miniature."""
    return {
        "schema": 1,
        "version": VERSION,
        "layout": "plugin",
        "upstream": {
            "name": "torch",
            "version": VERSION,
            "wheels": {PYTHON: [{"file": FILE, "sha256": sha256}]},
        },
        "pythons": [PYTHON],
        "tools": {},
        "flags": {},
        "profiles": {"full": {}},
        "wheel": {"name": "torch_npu", "version": f"{VERSION}+ascend", "build_number": "1"},
        "requirements": {PYTHON: []},
        "test_requirements": {PYTHON: []},
        "kernels": {"spec": "ops", "templates": "kernels", "output": "kernels"},
        "templates": [{"template": "env.sh.j2", "output": "env.sh"}],
    }


@dataclass
class PluginWorkspace:
    """A checkout with a miniature op spec, beside a folder of wheels that stands for an index."""

    base: Path

    @property
    def root(self) -> Path:
        return self.base / "checkout"

    @property
    def wheels(self) -> Path:
        return self.base / "wheels"

    @property
    def cache(self) -> Path:
        return self.base / "cache"

    @property
    def build(self) -> Path:
        return self.root / "build" / VERSION

    @property
    def rendered(self) -> Path:
        return self.build / "kernels"

    def create(self) -> PluginWorkspace:
        """Write everything; nothing is generated yet."""
        official = make_official(self.wheels)
        templates = self.root / "templates"
        shutil.copytree(ROOT / "templates" / "kernels", templates / "kernels")
        (templates / "env.sh.j2").write_text("export LAYOUT={{ layout | sh }}\n")
        for name in ("twice", "thrice"):
            self.write_ops(name, [name])
        (self.root / "pytorch_src" / "test").mkdir(parents=True)
        (self.root / "patch" / VERSION).mkdir(parents=True)
        self.pin(hashlib.sha256(official.read_bytes()).hexdigest())
        shutil.copyfile(ROOT / "patch" / "catalog.yaml", self.root / "patch" / "catalog.yaml")
        (self.base / "home").mkdir()
        return self

    def pin(self, sha256: str) -> None:
        """Write ``version.yaml`` with this hash of the official wheel."""
        path = self.root / "patch" / VERSION / "version.yaml"
        path.write_text(yaml.safe_dump(version_data(sha256)), "utf-8")

    def write_ops(
        self, file: str, operators: list[str], overloads: list[str] | None = None
    ) -> None:
        """Write one file of the op spec: hand-written kernels in a source of the same name."""
        folder = self.root / "templates" / "ops"
        folder.mkdir(exist_ok=True)
        entries = [
            {
                "op": name,
                "category": "handwritten",
                "source": f"kernels/{file}.cpp",
                "overloads": overloads or [name],
            }
            for name in operators
        ]
        text = yaml.safe_dump({"schema": 1, "operators": entries})
        (folder / f"{file}.yaml").write_text(text, "utf-8")

    def run(
        self, *arguments: str, code: int | None = 0, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run the tool, which must end with this code and never with a crash."""
        done = subprocess.run(
            [sys.executable, "-m", "ascendtorch", *arguments],
            cwd=self.root,
            env=self.environment(env or {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert code is None or done.returncode == code, f"{done.returncode}\n{done.stderr}"
        assert "this is a bug" not in done.stderr
        return done

    def environment(self, extra: Mapping[str, str]) -> dict[str, str]:
        """What a run gets: a folder of wheels for pip, and no index."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.base / "home"),
            "LC_ALL": "C.UTF-8",
            "PYTHONPATH": str(PACKAGE),
            "ASCENDTORCH_ROOT": str(self.root),
            "ASCENDTORCH_CACHE": str(self.cache),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.wheels),
            **extra,
        }

    def gen(self, *arguments: str, code: int = 0, **env: str) -> subprocess.CompletedProcess[str]:
        """`ascendtorch gen` of the miniature."""
        return self.run("gen", "-v", VERSION, *arguments, code=code, env=env)

    def snapshot(self) -> dict[str, tuple[int, bytes]]:
        """Time and content of every file below the build folder but locks."""
        return {
            path.relative_to(self.build).as_posix(): (path.stat().st_mtime_ns, path.read_bytes())
            for path in sorted(self.build.rglob("*"))
            if path.is_file()
        }
