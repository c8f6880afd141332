"""Imports point one way, processes start in one place, and importing does nothing."""

from __future__ import annotations

import ast
import builtins
import importlib
import io
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, Callable, NoReturn

import pytest

import ascendtorch

PACKAGE = Path(ascendtorch.__file__).parent

#: From the bottom up. A part may use those below it; those of one line may use each other as long
#: as no circle comes of it.
LAYERS: tuple[tuple[str, ...], ...] = (
    ("", "errors"),
    ("edge",),
    ("spec",),
    ("toolchain", "report", "series", "plan", "workspace"),
    ("stages",),
    ("opspec",),
    ("survey", "doctor", "pipeline", "emulator", "plugin"),
    ("upkeep",),
    ("cli",),
    ("__main__",),
)
RANK = {part: rank for rank, parts in enumerate(LAYERS) for part in parts}


@cache
def _modules() -> dict[str, ast.Module]:
    """Return the syntax tree of every module, by name without the package's own."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = ast.parse(path.read_text("utf-8"), str(path))
    return found


def _part(module: str) -> str:
    return module.partition(".")[0]


def _statements(tree: ast.AST, *, lazy: bool) -> Iterator[ast.AST]:
    """Walk a tree; without `lazy` neither into functions nor into ``if TYPE_CHECKING``."""
    for node in ast.iter_child_nodes(tree):
        if not lazy and isinstance(node, (ast.FunctionDef, ast.Lambda)):
            continue
        if not lazy and isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        yield node
        yield from _statements(node, lazy=lazy)


def _imports(module: str, *, lazy: bool) -> set[str]:
    """Return the modules of ours that a module imports."""
    found: set[str] = set()
    for node in _statements(_modules()[module], lazy=lazy):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative import at line {node.lineno}"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            if name == "ascendtorch" or name.startswith("ascendtorch."):
                inner = name[len("ascendtorch.") :]
                while inner not in _modules():
                    inner = inner.rpartition(".")[0]
                found.add(inner)
    return found - {module}


def test_every_part_has_its_layer() -> None:
    assert {_part(module) for module in _modules()} <= set(RANK)


@pytest.mark.parametrize("module", _modules())
def test_imports_point_one_way(module: str) -> None:
    """Also those inside functions: a lazy import upwards is still an import upwards."""
    upwards = {
        other
        for other in _imports(module, lazy=True)
        if RANK.get(_part(other), 99) > RANK.get(_part(module), 99)
    }
    assert upwards == set()


@pytest.mark.parametrize("of", ["modules", "parts"])
def test_no_circles(of: str) -> None:
    graph: dict[str, set[str]] = {}
    for module in _modules():
        if of == "modules":
            graph[module] = _imports(module, lazy=False)
        else:
            others = {_part(other) for other in _imports(module, lazy=True)} - {_part(module)}
            graph.setdefault(_part(module), set()).update(others)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"a circle of imports: {' -> '.join(error.args[1])}")


def test_processes_start_in_one_module() -> None:
    starters = {"subprocess", "pty", "multiprocessing", "asyncio"}
    users = {
        module
        for module, tree in _modules().items()
        for node in ast.walk(tree)
        if (isinstance(node, ast.Import) and starters & {_part(a.name) for a in node.names})
        or (isinstance(node, ast.ImportFrom) and _part(node.module or "") in starters)
    }
    assert users == {"edge.process"}


@pytest.mark.parametrize("module", _modules())
def test_no_module_starts_processes_through_os(module: str) -> None:
    calls = {
        ast.unparse(node.func)
        for node in ast.walk(_modules()[module])
        if isinstance(node, ast.Call)
    }
    banned = ("os.system", "os.popen", "os.fork", "os.exec", "os.spawn", "os.posix_spawn")
    found = {call for call in calls if call.startswith(banned)}
    # A program on the emulator takes the tool's place, so that signals and exit codes are its own.
    assert found == ({"os.execve"} if module == "edge.process" else set())


@pytest.mark.parametrize("module", _modules())
def test_the_top_of_a_module_only_defines(module: str) -> None:
    allowed = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign)
    guards = ("TYPE_CHECKING", "__name__ == '__main__'")
    odd = [
        f"line {node.lineno}: {ast.unparse(node)[:60]}"
        for node in _modules()[module].body
        if not isinstance(node, allowed)
        and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        and not (isinstance(node, ast.If) and ast.unparse(node.test) in guards)
    ]
    assert odd == []


def test_importing_has_no_side_effects(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [f"ascendtorch.{module}".rstrip(".") for module in _modules()]
    for name in names:
        importlib.import_module(name)  # with all libraries, whose imports are not ours to judge
    for name in [name for name in sys.modules if _part(name) == "ascendtorch"]:
        monkeypatch.delitem(sys.modules, name)
    effects: dict[Any, tuple[str, ...]] = {
        builtins: ("open",),
        io: ("open",),
        os: ("open", "mkdir", "unlink", "chdir", "putenv", "umask"),
        threading.Thread: ("start",),
    }
    with monkeypatch.context() as patching:
        for owner, calls in effects.items():
            for call in calls:
                patching.setattr(owner, call, _refuse(call))
        for name in names:
            importlib.import_module(name)
    assert capsys.readouterr() == ("", "")


def _refuse(call: str) -> Callable[..., NoReturn]:
    def refused(*args: object, **kwargs: object) -> NoReturn:
        pytest.fail(f"{call}{args} is called on import")

    return refused


def test_no_module_changes_the_loggers_or_the_path() -> None:
    for module, tree in _modules().items():
        names = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        assert not names & {"logging.basicConfig", "sys.path.insert", "sys.path.append"}, module


@pytest.mark.parametrize(
    "call",
    [
        lambda: subprocess.run([sys.executable, "-V"], check=False),
        lambda: subprocess.Popen(["true"]),
        lambda: os.system("true"),  # noqa: S605
        lambda: os.fork(),  # noqa: PLW0108
        lambda: os.posix_spawn("/bin/true", ["true"], {}),
        lambda: socket.create_connection(("127.0.0.1", 9), timeout=1),
    ],
)
def test_unit_tests_are_held_to_it(call: object) -> None:
    """The guard in conftest.py works, and no ``except Exception`` hides it."""
    assert callable(call)
    with pytest.raises(pytest.fail.Exception, match=r"move this test to tests/integration"):
        call()
