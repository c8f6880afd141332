"""Templates: strict, sandboxed, quoted for the shell, and published all or none."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any, Callable

import pytest

from ascendtorch.errors import CodegenError
from ascendtorch.report.reporter import QuietReporter
from ascendtorch.spec.version import VersionSpec
from ascendtorch.stages.codegen import codegen
from ascendtorch.stages.render import Renderer, shell_quoted
from ascendtorch.stages.results import FetchedTree, OverlaidTree, PatchedTree


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "templates"
    made.mkdir()
    return made


def _render(folder: Path, text: str, **values: Any) -> str:
    (folder / "t.j2").write_text(text, "utf-8")
    return Renderer(folder).render("t.j2", values).decode()


def _refused(folder: Path, text: str, **values: Any) -> CodegenError:
    with pytest.raises(CodegenError) as caught:
        _render(folder, text, **values)
    assert caught.value.stage == "codegen"
    assert caught.value.remedy
    return caught.value


def test_text_comes_out_as_written(folder: Path) -> None:
    text = "a\n{% if on %}\n  {{ x }} 中 <b>\n{% endif %}\n\n"
    assert _render(folder, text, on=True, x="é & 'y'") == "a\n  é & 'y' 中 <b>\n\n"


@pytest.mark.parametrize(
    "text",
    [
        "one\n{{ nothing }}",
        "one\n{{ nothing | sh }}",
        "one\n{{ known.nothing }}",
        "one\n{{ nothing.inner }}",
        "one\n{% if nothing %}x{% endif %}",
        "one\n{% for x in nothing %}x{% endfor %}",
        "one\n{{ 'x' if nothing == 'y' else 'z' }}",
    ],
)
def test_undefined_names(folder: Path, text: str) -> None:
    """faults.md 39: Jinja alone renders nothing in their place."""
    error = _refused(folder, text, known="x", version="1.8.1")
    assert "nothing" in error.cause
    assert error.path == f"{folder / 't.j2'}:2"
    assert "known values: known, version" in (error.remedy or "")


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__ }}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ ''['__class__'] }}",
        "{{ (''|attr('__class__')).__subclasses__() }}",
        "{{ self.__init__.__globals__ }}",
        "{{ cycler.__init__.__globals__.os.system('id') }}",
        "{{ joiner.__init__.__globals__ }}",
        "{{ '{0.__class__}'.format('') }}",
        "{{ known.__class__ }}",
        "{% for x in ().__class__.__base__.__subclasses__() %}{% endfor %}",
        "{{ range(10000000) | list }}",
    ],
)
def test_the_sandbox(folder: Path, text: str) -> None:
    """faults.md, Security: no template reaches Python's classes."""
    error = _refused(folder, text, known="x")
    assert (error.path or "").startswith(str(folder / "t.j2"))


@pytest.mark.parametrize("value", ["{{ 7 * 7 }}", "{% raw %}", "{# x #}", "{{ ''.__class__ }}"])
def test_a_value_is_never_a_template(folder: Path, value: str) -> None:
    """faults.md, Security."""
    assert _render(folder, "{{ x }}|{{ x | upper | lower }}", x=value).split("|")[0] == value


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\n{{ x", 2),
        ("a\nb\n{% if x %}", 3),
        ("{% endif %}", 1),
        ("a\n{{ x | no_such_filter }}", 2),
        ("a\n{% nonsense %}", 2),
    ],
)
def test_syntax_errors(folder: Path, text: str, line: int) -> None:
    """faults.md 40: with file and line."""
    assert _refused(folder, text, x="x").path == f"{folder / 't.j2'}:{line}"


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("a\n{{ 1 // 0 }}", "by zero"),
        ("a\n{{ x + 1 }}", "str"),
        ("a\n{{ '%d' | format(x) }}", "%d format"),
        ("a\n{{ {}[x] }}", "no attribute 'x'"),
    ],
)
def test_errors_in_expressions(folder: Path, text: str, cause: str) -> None:
    """faults.md 40: with file and line."""
    error = _refused(folder, text, x="x")
    assert cause in error.cause
    assert error.path == f"{folder / 't.j2'}:2"


def test_an_error_in_an_included_template_names_that_one(folder: Path) -> None:
    """faults.md 40."""
    (folder / "inner.j2").write_text("one\ntwo\n{{ nothing }}")
    assert _refused(folder, "{% include 'inner.j2' %}").path == f"{folder / 'inner.j2'}:3"
    (folder / "inner.j2").write_text("one\n{% if %}")
    assert _refused(folder, "\n\n{% include 'inner.j2' %}").path == f"{folder / 'inner.j2'}:2"


@pytest.mark.parametrize("name", ["gone.j2", "../outside.j2", "/etc/passwd", "a/../../outside.j2"])
def test_templates_that_are_not_there(folder: Path, name: str) -> None:
    """faults.md, Security: only what lies in the folder is a template."""
    (folder.parent / "outside.j2").write_text("outside")
    for call in (lambda: Renderer(folder).render(name, {}),
                 lambda: _render(folder, "{% include '" + name + "' %}")):  # fmt: skip
        with pytest.raises(CodegenError, match="no such template"):
            call()


def test_a_template_that_is_not_utf8(folder: Path) -> None:
    (folder / "t.j2").write_bytes(b"caf\xe9 x")
    with pytest.raises(
        CodegenError, match="not UTF-8: invalid continuation byte at byte 3"
    ) as caught:
        Renderer(folder).render("t.j2", {})
    assert caught.value.path == str(folder / "t.j2")


def test_any_name_can_be_a_value(folder: Path) -> None:
    assert _render(folder, "{{ name }}", name="x") == "x"
    (folder / "t.j2").write_text("{{ folder }}")
    assert Renderer(folder).render("t.j2", {"folder": "x", "self": "y"}) == b"x"


SHELL = ["", "x", "a b", "it's", '"', "$HOME", "`id`", "$(id)", "\\", ";rm", "*", "~", "-n", "é中"]


@pytest.mark.parametrize("value", [*SHELL, "a\tb", "{{ x }}", "'; id; '", "!x", "#", 7, True])
def test_shell_values(folder: Path, value: object) -> None:
    """faults.md 46 and Security: a shell reads back what was given."""
    assert shlex.split(shell_quoted(value)) == [str(value)]
    assert shlex.split(_render(folder, "export X={{ x | sh }}", x=value)) == [
        "export",
        f"X={value}",
    ]


@pytest.mark.parametrize("value", ["a\nb", "\n", "a\r", "a\0b"])
def test_line_breaks_in_shell_values(folder: Path, value: str) -> None:
    """faults.md 46 and Security."""
    with pytest.raises(ValueError, match="a line break in a value for the shell"):
        shell_quoted(value)
    error = _refused(folder, "a\nb\nexport X={{ x | sh }}", x=value)
    assert "a line break in a value for the shell" in error.cause
    assert error.path == f"{folder / 't.j2'}:3"


def test_an_error_in_one_template_publishes_none(
    folder: Path, tmp_path: Path, make_spec: Callable[..., VersionSpec]
) -> None:
    """faults.md 40."""

    def change(data: dict[str, Any]) -> None:
        data["templates"] = [
            {"template": "a.j2", "output": "a"},
            {"template": "b.j2", "output": "b"},
        ]

    fetched = FetchedTree(make_spec(change), tmp_path / "tree", {})
    overlaid = OverlaidTree(PatchedTree(fetched, {}, "0" * 40, {}), {})
    out, current = tmp_path / "build" / "1.8.1", tmp_path / "build" / "current"

    def run() -> None:
        codegen(
            overlaid,
            None,
            templates=folder,
            folder=out,
            current=current,
            force=False,
            reporter=QuietReporter(),
        )

    (folder / "a.j2").write_text("a of {{ version }}\n")
    (folder / "b.j2").write_text("{{ nothing }}\n")
    with pytest.raises(CodegenError):
        run()
    assert not out.exists()
    assert not current.exists()

    (folder / "b.j2").write_text("b of {{ layout }}\n")
    run()
    assert (out / "a").read_text() == "a of 1.8.1\n"
    assert current.read_text() == "1.8.1\n"
    before = {path: path.stat().st_mtime_ns for path in out.iterdir()}
    run()
    (folder / "a.j2").write_text("changed\n")
    (folder / "b.j2").write_text("{{ nothing }}\n")
    with pytest.raises(CodegenError):
        run()
    assert {path: path.stat().st_mtime_ns for path in out.iterdir()} == before
