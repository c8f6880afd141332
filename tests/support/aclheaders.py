"""What our AscendCL headers declare, and a program that prints it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
INCLUDE = ROOT / "pytorch_src" / "npu" / "acl" / "include"

#: Headers with a counterpart in CANN. aclnn/acl_meta.h has none in the torch-npu wheels.
SHARED = (
    "acl/acl_base.h",
    "acl/acl_rt.h",
    "acl/acl_rt_errors.h",
    "acl/acl_op.h",
    "acl/acl_op_compiler.h",
    "acl/acl_prof.h",
    "profiling/aprof_pub.h",
)
#: Ours alone: how we declare visibility, and include guards.
_OWN_MACRO = re.compile(r"ACL_API|MSVP_PROF_API|ASCENDTORCH_\w+_H_")


@dataclass
class Declared:
    """Names that headers declare.

    Attributes:
        functions: functions.
        values: enumerators, constants and macros, all of them numbers.
        records: the fields of each struct and union.
    """

    functions: list[str] = field(default_factory=list)
    values: list[str] = field(default_factory=list)
    records: dict[str, list[str]] = field(default_factory=dict)


def declared(headers: tuple[str, ...] = SHARED) -> Declared:
    """Read our own headers, whose style is known: one declaration a statement, no conditionals."""
    found = Declared()
    for header in headers:
        text = re.sub(r"/\*.*?\*/", "", (INCLUDE / header).read_text("utf-8"), flags=re.DOTALL)
        functions = r"^(?:ACL_API|MSVP_PROF_API)\s[^;()]*?(\w+)\("
        found.functions += re.findall(functions, text, re.MULTILINE)
        macros = re.findall(r"^#define (\w+)[ ]+\S", text, re.MULTILINE)
        found.values += [name for name in macros if not _OWN_MACRO.fullmatch(name)]
        found.values += re.findall(r"^static const int (\w+) =", text, re.MULTILINE)
        for body in re.findall(r"\benum\s*\w*\s*\{(.*?)\}", text, re.DOTALL):
            found.values += re.findall(r"(\w+) =", body)
        found.records.update(_records(text))
    return found


def _records(text: str) -> dict[str, list[str]]:
    records = {}
    for tag, body, name in re.findall(
        r"(?:struct|union)\s*(\w*)\s*\{(.*?)\n\}\s*(\w*);", text, re.DOTALL
    ):
        plain = re.sub(r"^#.*$|\s=\s*\w+", "", body, flags=re.MULTILINE)
        fields = re.findall(r"(\w+)(?:\[[^]]*\])?;", plain)
        records[name or tag] = list(dict.fromkeys(fields))
    return records


def program(includes: list[str], what: Declared) -> str:
    """Return C++ that prints each type, value, size and offset, one a line, in this order."""
    lines = [f"#include <{name}>" for name in includes]
    lines += [
        "#include <cxxabi.h>",
        "#include <cstddef>",
        "#include <cstdio>",
        "#include <typeinfo>",
        "static const char *plain(const std::type_info &type) {",
        "  int status = 0;",
        "  return abi::__cxa_demangle(type.name(), nullptr, nullptr, &status);",
        "}",
        "int main() {",
    ]
    for name in what.functions:
        lines.append(f'  std::printf("{name}: %s\\n", plain(typeid(&{name})));')
    for name in what.values:
        lines.append(f'  std::printf("{name} = %lld\\n", static_cast<long long>({name}));')
    for name, fields in what.records.items():
        lines.append(
            f'  std::printf("{name}: %zu bytes, aligned to %zu\\n", sizeof({name}),'
            f" alignof({name}));"
        )
        for member in fields:
            # The field's own type with its name: an array of 16 is not an array of 8.
            lines.append(
                f'  std::printf("{name}.{member}: %s at %zu\\n",'
                f" plain(typeid((({name} *)nullptr)->{member})), offsetof({name}, {member}));"
            )
    return "\n".join([*lines, "}", ""])
