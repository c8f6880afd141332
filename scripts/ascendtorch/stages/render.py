"""Rendering templates: strict about undefined names, and quoting for the shell."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
import jinja2.sandbox

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
            return self._environment.get_template(template).render(dict(values)).encode()
        except jinja2.TemplateNotFound as error:
            raise CodegenError(
                "no such template",
                stage=STAGE,
                path=self.folder / (error.name or template),
                remedy="restore it, or correct `templates` in version.yaml",
            ) from error
        except jinja2.TemplateSyntaxError as error:
            raise CodegenError(
                error.message or "syntax error",
                stage=STAGE,
                path=f"{error.filename or self.folder / template}:{error.lineno}",
                remedy="correct the template",
            ) from error
        except UnicodeDecodeError as error:
            raise CodegenError(
                f"not UTF-8: {error.reason} at byte {error.start}",
                stage=STAGE,
                path=self.folder / template,
                remedy="save the template as UTF-8",
            ) from error
        # What a template's own expressions raise, besides Jinja's errors.
        except (jinja2.TemplateError, ValueError, TypeError, LookupError, ArithmeticError) as error:
            raise CodegenError(
                str(error),
                stage=STAGE,
                path=self._place(error, template),
                remedy=f"correct that line; known values: {', '.join(sorted(values))}",
            ) from error

    def _place(self, error: BaseException, template: str) -> str:
        """Return the innermost template and line of a traceback, where Jinja puts them."""
        place = str(self.folder / template)
        trace = error.__traceback__
        while trace is not None:
            file = trace.tb_frame.f_code.co_filename
            if file.startswith(f"{self.folder}/"):
                place = f"{file}:{trace.tb_lineno}"
            trace = trace.tb_next
        return place
