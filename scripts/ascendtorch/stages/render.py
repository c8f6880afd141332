"""Rendering templates: strict about undefined names, and quoting for the shell."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
import jinja2.sandbox
from jinja2.exceptions import SecurityError

from ascendtorch.errors import CodegenError

STAGE = "codegen"


def shell_quoted(value: object) -> str:
    """Quote a value for a POSIX shell; line breaks and NUL are refused."""
    text = str(value)
    if any(mark in text for mark in "\n\r\0"):
        raise ValueError(f"a line break in a value for the shell: {text!r}")
    return shlex.quote(text)


class Renderer:
    """Renders the templates of one folder. Values are data: none is ever taken as a template."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._environment = jinja2.sandbox.SandboxedEnvironment(
            loader=jinja2.FileSystemLoader(str(folder), encoding="utf-8"),
            undefined=jinja2.StrictUndefined,
            autoescape=False,
            keep_trailing_newline=True,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters["sh"] = shell_quoted

    def render(self, template: str, values: Mapping[str, Any]) -> bytes:
        """Render one template.

        Raises:
            CodegenError: missing template, syntax error, undefined name, or a value that must not
                go where it is used; with the template's file and line.
        """
        try:
            return self._environment.get_template(template).render(**values).encode()
        except jinja2.TemplateNotFound as error:
            raise CodegenError(
                "no such template",
                stage=STAGE,
                path=self.folder / str(error),
                remedy="restore it, or correct `templates` in version.yaml",
            ) from error
        except jinja2.TemplateSyntaxError as error:
            raise CodegenError(
                error.message or "syntax error",
                stage=STAGE,
                path=f"{self.folder / template}:{error.lineno}",
                remedy="correct the template",
            ) from error
        except (
            jinja2.UndefinedError,
            SecurityError,
            ValueError,
            TypeError,
        ) as error:
            raise CodegenError(
                str(error),
                stage=STAGE,
                path=f"{self.folder / template}:{_line(error, template)}",
                remedy=f"known values: {', '.join(sorted(values))}",
            ) from error


def _line(error: BaseException, template: str) -> int:
    """Return the template's line in a traceback, where Jinja puts it."""
    line = 0
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename.endswith(template):
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
