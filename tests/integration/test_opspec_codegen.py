"""Operators read from a source tree by its own ``tools.codegen``, here by a small one like it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ascendtorch.errors import CodegenError
from ascendtorch.opspec.render import render
from ascendtorch.opspec.schema import CodegenSource, load_schema

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "templates"
REGISTERED = "register_some.cpp"

#: Functions by name, arguments as `type name=default`, result, dispatch keys.
FUNCTIONS = json.dumps(
    [
        ["gelu", ["Tensor self"], "Tensor", ["CPU", "CUDA"]],
        [
            "add_.Scalar",
            ["Tensor& self", "Scalar other", "Scalar alpha=1"],
            "Tensor &",
            ["DefaultBackend"],
        ],
        [
            "norm.out",
            ["Tensor self", "Scalar? p", "IntArrayRef dim", "Tensor& out"],
            "Tensor &",
            ["CPU"],
        ],
        ["split", ["Tensor self", "ArrayRef<double> sizes"], "std::tuple<Tensor,Tensor>", ["Math"]],
        ["layer", ["Tensor input", "Tensor? weight"], "Tensor", ["CPU", "CUDA", "Math"]],
    ]
)
GEN = """
import json
from types import SimpleNamespace as Made


class Name:
    def __init__(self, text):
        base, _, self.overload_name = text.partition(".")
        self.name = Base(base)

    def __str__(self):
        return ".".join(filter(None, [str(self.name), self.overload_name]))


class Base:
    def __init__(self, text):
        self.base, self.text = text.rstrip("_"), text

    def __str__(self):
        return self.text


class Function:
    def __init__(self, name, arguments, returns, dispatch):
        self.name, self.arguments, self.returns = Name(name), arguments, returns
        kinds = {"add_": "inplace", "norm": "out"}
        self.kind = lambda: Made(name=kinds.get(name.split(".")[0], "functional"))

    def __str__(self):
        return f"{self.name}({', '.join(self.arguments)}) -> {self.returns}"


def parse_native_yaml(path):
    with open(path) as stream:
        return [
            Made(func=Function(*entry), dispatch=dict.fromkeys(entry[3]), structured=False)
            for entry in json.load(stream)
        ]
"""
TYPES = """
from types import SimpleNamespace as Made
KINDS = {"Tensor": "const Tensor &", "Tensor&": "Tensor &",
         "Tensor?": "const c10::optional<Tensor> &", "Scalar?": "c10::optional<Scalar>"}


class DispatcherSignature:
    def __init__(self, func):
        self.func = func

    from_schema = classmethod(lambda cls, func: cls(func))

    def arguments(self):
        for text in self.func.arguments:
            kind, _, rest = text.partition(" ")
            name, _, default = rest.partition("=")
            yield Made(name=name, type=KINDS.get(kind, kind),
                       argument=Made(type=kind.rstrip("&"), default=default or None))

    def returns_type(self):
        return self.func.returns
"""
CONTEXT = """
import contextlib


@contextlib.contextmanager
def native_function_manager(function):
    yield
"""
SPEC = """schema: 1
operators:
  - op: gelu
    category: handwritten
    source: kernels/some.cpp
    overloads: [gelu, gelu_]
    versions: {1.8.1: {without: [gelu_]}}
  - op: norm
    category: handwritten
    source: kernels/some.cpp
    overloads: [norm.out]
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    files = {
        "aten/src/ATen/native/native_functions.yaml": FUNCTIONS,
        "tools/__init__.py": "",
        "tools/codegen/__init__.py": "",
        "tools/codegen/gen.py": GEN,
        "tools/codegen/context.py": CONTEXT,
        "tools/codegen/api/__init__.py": "",
        "tools/codegen/api/types.py": TYPES,
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, "utf-8")
    return root


def test_signatures_are_the_dispatchers(tree: Path) -> None:
    found = load_schema(CodegenSource(tree), "1.8.1").overloads
    assert found["gelu"].parameters == "const at::Tensor & self"
    assert found["add_.Scalar"].ident == "add__Scalar"
    assert found["add_.Scalar"].parameters == (
        "at::Tensor & self, at::Scalar other, at::Scalar alpha"
    )
    assert found["norm.out"].parameters == (
        "const at::Tensor & self, c10::optional<at::Scalar> p, at::IntArrayRef dim, "
        "at::Tensor & out"
    )
    assert found["split"].returns == "std::tuple<at::Tensor, at::Tensor>"
    assert found["split"].arguments[1].cpp == "at::ArrayRef<double>"
    assert found["layer"].arguments[1].cpp == "const c10::optional<at::Tensor> &"
    assert found["layer"].arguments[1].type == "Tensor?"
    assert found["add_.Scalar"].arguments[2].default == "1"
    assert [found[name].kind for name in ("gelu", "add_.Scalar", "norm.out")] == [
        "functional",
        "inplace",
        "out",
    ]


def test_gradients_flow_through_what_only_other_operators_compute(tree: Path) -> None:
    found = load_schema(CodegenSource(tree), "1.8.1").overloads
    assert {name for name, one in found.items() if one.implicit} == {"split"}
    assert {name for name, one in found.items() if one.composite} == {
        "split",
        "layer",
        "add_.Scalar",
    }


def test_rendered_for_that_release(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "ops").mkdir()
    (tmp_path / "ops" / "some.yaml").write_text(SPEC, "utf-8")
    schema = load_schema(CodegenSource(tree), "1.8.1", tmp_path / "cache")
    text = render(tmp_path / "ops", TEMPLATES / "kernels", schema)[REGISTERED].decode()
    assert "at::Tensor gelu(const at::Tensor & self);" in text
    assert 'm.impl("norm.out", TORCH_FN(npu::kernels::norm_out));' in text
    assert "gelu_" not in text.replace("gelu(", "")


def test_what_was_read_is_kept_until_the_tree_changes(tree: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    load_schema(CodegenSource(tree), "1.8.1", cache)
    load_schema(CodegenSource(tree, Path("no-python")), "1.8.1", cache)
    assert not list(tree.rglob("__pycache__"))
    functions = tree / "aten/src/ATen/native/native_functions.yaml"
    functions.write_text(FUNCTIONS.replace("gelu", "celu"), "utf-8")
    assert "celu" in load_schema(CodegenSource(tree), "1.8.1", cache).overloads
    assert len(list(cache.iterdir())) == 2


def test_a_tree_without_its_generator(tree: Path, tmp_path: Path) -> None:
    (tree / "tools/codegen/gen.py").write_text("import no_such_module\n", "utf-8")
    with pytest.raises(CodegenError, match=r"no_such_module"):
        load_schema(CodegenSource(tree), "1.8.1", tmp_path / "cache")
    (tree / "aten/src/ATen/native/native_functions.yaml").unlink()
    with pytest.raises(CodegenError, match=r"cannot be read") as caught:
        load_schema(CodegenSource(tree), "1.8.1", tmp_path / "cache")
    assert "ascendtorch gen" in str(caught.value.remedy)


def test_ops_of_a_version_that_is_not_generated(tmp_path: Path) -> None:
    environ = {**os.environ, "ASCENDTORCH_CACHE": str(tmp_path / "cache")}
    environ["ASCENDTORCH_ROOT"] = str(tmp_path / "checkout")
    (tmp_path / "checkout").mkdir()
    for name in ("patch", "templates"):
        (tmp_path / "checkout" / name).symlink_to(ROOT / name)
    argv = [sys.executable, "-m", "ascendtorch", "ops", "coverage", "-v", "1.8.1"]
    done = subprocess.run(argv, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "not generated yet" in done.stderr
    assert "ascendtorch gen -v 1.8.1" in done.stderr


def test_ops_of_a_generated_tree(tree: Path, tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    (checkout / "templates" / "ops").mkdir(parents=True)
    (checkout / "templates" / "ops" / "some.yaml").write_text(SPEC, "utf-8")
    (checkout / "templates" / "kernels").symlink_to(TEMPLATES / "kernels")
    (checkout / "patch").symlink_to(ROOT / "patch")
    tree.rename(checkout / "pytorch")
    state = checkout / "pytorch" / ".git" / "ascendtorch"
    state.mkdir(parents=True)
    pin = "56b43f4fec1f76953f15a627694d4bba34588969"
    fetched = {"schema": 1, "version": "1.8.1", "base": pin, "modules": {}}
    (state / "fetch.json").write_text(json.dumps(fetched), "utf-8")
    patched = {"schema": 1, "bases": {}, "links": []}
    (state / "patch.json").write_text(json.dumps(patched), "utf-8")
    environ = {**os.environ, "ASCENDTORCH_CACHE": str(tmp_path / "cache")}
    environ["ASCENDTORCH_ROOT"] = str(checkout)
    argv = [sys.executable, "-m", "ascendtorch", "ops", "coverage", "-v", "1.8.1", "--json"]
    done = subprocess.run(argv, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    counts = json.loads(done.stdout)["counts"]
    assert counts == {"native": 2, "composite": 3, "fallback": 0, "missing": 0}
