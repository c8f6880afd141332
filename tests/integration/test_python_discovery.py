"""Finding an interpreter to build for: real ones, and programs that only look like one."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from ascendtorch.errors import ToolError
from ascendtorch.toolchain.places import candidates
from ascendtorch.toolchain.python import find_first, find_python, probe_python

SHORT = f"{sys.version_info[0]}.{sys.version_info[1]}"
FULL = f"{SHORT}.{sys.version_info[2]}"
BASE = Path(sys.executable).resolve()


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def shim(path: Path) -> Path:
    """What pyenv puts on PATH for a version that is installed and not chosen."""
    said = f"pyenv: {path.name}: command not found"
    return program(path, f"echo '{said}' >&2\necho 'exists in these versions:' >&2\nexit 127")


def wrapper(path: Path) -> Path:
    """A program that starts the real interpreter, as a shim that works does."""
    return program(path, f'exec "{BASE}" "$@"')


def environ(*folders: Path, **more: str) -> dict[str, str]:
    """An environment in which only these folders hold programs (and a shell its own)."""
    return {"PATH": ":".join(map(str, folders)), "HOME": "/nonexistent", **more}


def test_the_running_interpreter() -> None:
    info = find_python(sys.executable, os.environ)
    assert (info.version, info.short) == (FULL, SHORT)
    digits = SHORT.replace(".", "")
    assert info.tag == f"cp{digits}-cp{digits}{sys.abiflags}"
    assert info.has_headers == (info.include / "Python.h").is_file()


def test_a_broken_shim_is_passed_over(tmp_path: Path) -> None:
    broken = shim(tmp_path / "shims" / f"python{SHORT}")
    wrapper(tmp_path / "good" / f"python{SHORT}")
    info = find_python(SHORT, environ(broken.parent, tmp_path / "good"), tmp_path)
    # Named by what really runs: a shim may choose another one in another folder.
    assert info.executable.resolve() == BASE
    assert info.version == FULL


def test_pyenv_versions_are_found_behind_a_broken_shim(tmp_path: Path) -> None:
    root = tmp_path / "my pyenv"
    broken = shim(root / "shims" / f"python{SHORT}")
    real = wrapper(root / "versions" / FULL / "bin" / f"python{SHORT}")
    env = environ(broken.parent, PYENV_ROOT=str(root))
    assert candidates(SHORT, env, tmp_path) == (broken, real)
    assert find_python(SHORT, env, tmp_path).version == FULL


def test_newest_pyenv_version_first(tmp_path: Path) -> None:
    for version in ("3.9.2", "3.9.18", "3.90.1"):
        wrapper(tmp_path / "versions" / version / "bin" / "python3.9")
    found = candidates("3.9", environ(PYENV_ROOT=str(tmp_path)), tmp_path)
    assert [path.parent.parent.name for path in found] == ["3.9.18", "3.9.2"]


def test_a_folder_under_two_names_is_asked_once(tmp_path: Path) -> None:
    # /bin is often a link to /usr/bin, and both are on PATH.
    path = wrapper(tmp_path / "usr" / "bin" / "python3.9")
    (tmp_path / "bin").symlink_to("usr/bin")
    assert candidates("3.9", environ(path.parent, tmp_path / "bin"), tmp_path / "no") == (path,)


def test_places_of_the_system(tmp_path: Path) -> None:
    places = (
        "opt/python/cp37-cp37m/bin/python3.7",
        "usr/local/bin/python3.7",
        "usr/bin/python3.7",
        "usr/local/python3.7.5/bin/python3.7",
    )
    for place in (*places, "opt/conda/envs/old/bin/python3.7", "home/.conda/envs/e/bin/python3.7"):
        wrapper(tmp_path / place)
    found = candidates("3.7", environ(HOME=str(tmp_path / "home")), tmp_path)
    names = [path.relative_to(tmp_path).as_posix() for path in found]
    assert names == [
        "home/.conda/envs/e/bin/python3.7",
        "opt/conda/envs/old/bin/python3.7",
        *places,
    ]


def test_a_missing_version_names_all_that_was_looked_at(tmp_path: Path) -> None:
    broken = shim(tmp_path / "a" / "python3.99")
    other = wrapper(tmp_path / "b" / "python3")
    with pytest.raises(ToolError) as caught:
        find_python("3.99", environ(broken.parent, other.parent), tmp_path)
    error = caught.value
    assert error.stage == "build"
    assert f"{broken}: it does not start (exit code 127): pyenv: python3.99: command" in error.cause
    assert f"{other}: it is {FULL}" in error.cause
    assert error.remedy is not None
    for way in (
        "python3.99-dev python3.99-venv",
        "deadsnakes",
        "pyenv install 3.99",
        "conda",
        "yum",
    ):
        assert way in error.remedy


def test_an_exact_version_is_not_replaced_by_a_near_one(tmp_path: Path) -> None:
    wrapper(tmp_path / f"python{SHORT}")
    assert find_python(FULL, environ(tmp_path), tmp_path).version == FULL
    with pytest.raises(ToolError, match=f"it is {FULL}"):
        find_python(f"{SHORT}.99", environ(tmp_path), tmp_path)


def test_a_folder_with_a_space(tmp_path: Path) -> None:
    path = wrapper(tmp_path / "my pythons" / f"python{SHORT}")
    assert find_python(str(path), environ(), tmp_path).version == FULL
    assert find_python(SHORT, environ(path.parent), tmp_path).version == FULL


def test_a_path_may_name_an_environment_or_begin_at_home(tmp_path: Path) -> None:
    wrapper(tmp_path / "env" / "bin" / "python")
    env = environ(HOME=str(tmp_path))
    assert find_python(str(tmp_path / "env"), env, tmp_path).version == FULL
    assert find_python("~/env/bin/python", env, tmp_path).version == FULL


@pytest.mark.parametrize("wanted", ["2.7", "38", "/nonexistent/python", "", "3.8;id"])
def test_what_cannot_be_an_interpreter(wanted: str, tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="cannot be used") as caught:
        find_python(wanted, environ(tmp_path), tmp_path)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("echo hello", "does not answer as a Python does"),
        ("kill -SEGV $$", "signal SIGSEGV"),
        (
            "echo 'Traceback (most recent call last):' >&2; echo 'Broken: x' >&2; exit 1",
            "Broken: x",
        ),
    ],
)
def test_why_a_program_is_refused(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=said):
        probe_python(program(tmp_path / "python", text), environ())


def test_a_file_of_another_machine_is_refused(tmp_path: Path) -> None:
    foreign = tmp_path / "python"
    foreign.write_bytes(b"\x7fELF and then nothing of use")
    foreign.chmod(0o755)
    with pytest.raises(ValueError, match="does not start: Exec format error"):
        probe_python(foreign, environ())


def test_variables_of_the_caller_do_not_break_the_probe(tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('shadowed')")
    env = environ(PYTHONPATH=str(tmp_path), PYTHONHOME="/nonexistent")
    assert probe_python(BASE, env).version == FULL


def answering(path: Path, version: str, **changes: str) -> Path:
    """A program that says it is a Python with all parts, or without some."""
    parts = {"has_headers": "true", "has_venv": "true", "lacks": "[]", **changes}
    more = ", ".join(f'"{name}": {value}' for name, value in parts.items())
    return program(
        path,
        f"""echo '{{"executable": "{path}", "version": "{version}", "abiflags": "", "bits": 64,
 "implementation": "CPython", "include": "/i", {more}}}' | tr '\\n' ' '""",
    )


def test_one_that_lacks_headers_is_the_second_choice(tmp_path: Path) -> None:
    # As on a machine with the distribution's Python, without its -dev package, and one of pyenv.
    bare = answering(tmp_path / "a" / "python3.8", "3.8.10", has_headers="false")
    whole = answering(tmp_path / "b" / "python3.8", "3.8.18")
    env = {**environ(bare.parent, whole.parent), "PATH": f"{bare.parent}:{whole.parent}:/usr/bin"}
    assert find_python("3.8", env, tmp_path).executable == whole
    whole.unlink()
    found = find_python("3.8", env, tmp_path)
    assert (found.executable, found.is_complete) == (bare, False)


def test_the_first_supported_version_that_is_here(tmp_path: Path) -> None:
    answering(tmp_path / "python3.7", "3.7.16", has_venv="false")
    answering(tmp_path / "python3.9", "3.9.18")
    env = {**environ(tmp_path), "PATH": f"{tmp_path}:/usr/bin:/bin"}
    assert find_first(("3.7", "3.97", "3.9"), env, tmp_path).short == "3.9"
    assert find_first(("3.97", "3.7"), env, tmp_path).short == "3.7"
    with pytest.raises(ToolError, match=r"no Python 3\.97(?s:.*)no Python 3\.98"):
        find_first(("3.97", "3.98"), env, tmp_path)
