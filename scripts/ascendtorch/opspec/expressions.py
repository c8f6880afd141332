"""The expressions of the spec over an overload's arguments, checked and turned into C++.

Numbers, texts, true and false, the names of arguments and of data types, ``dtype`` (the common type
of the operands), ``+ - * /``, comparisons, ``and or not``, ``a if condition else b``, the functions
of `FUNCTIONS`, and, where values are computed, ATen's functions.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Callable, NoReturn

from ascendtorch.opspec.dtypes import TYPES
from ascendtorch.opspec.schema import Overload, Schema
from ascendtorch.spec.reader import Value
from ascendtorch.spec.suggest import did_you_mean

BOOL, INT, FLOAT, TEXT, SCALAR, DTYPE, INTS, TENSOR = (
    "bool", "int", "float", "text", "number", "data type", "list of int", "tensor",
)  # fmt: skip
_NUMBERS = (INT, FLOAT, SCALAR)
_OPERATORS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_COMPARISONS = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
}  # fmt: skip

#: Functions of kernels/support.h: the kinds they take (None is any) and the kind they give.
FUNCTIONS: Mapping[str, tuple[tuple[str, ...] | None, str, str]] = {
    "given": (None, BOOL, "is_given"),
    "integral": ((DTYPE,), BOOL, "is_integral"),
    "floating": ((DTYPE,), BOOL, "is_floating"),
    "fraction": ((SCALAR,), BOOL, "is_fraction"),
    "number": ((SCALAR, INT, FLOAT, f"{SCALAR}?", f"{INT}?", f"{FLOAT}?"), FLOAT, "to_double"),
}


@dataclass(frozen=True)
class Expression:
    """An expression in C++.

    Attributes:
        kind: what it gives; an optional argument's ends with ``?``.
        names: the arguments it mentions.
    """

    cpp: str
    kind: str
    names: frozenset[str]


def kind_of_argument(written: str) -> str:
    """Return the kind of an argument by its type in the schema."""
    optional = "?" if written.endswith("?") else ""
    base = written.rstrip("?")
    kinds = {
        "bool": BOOL,
        "int": INT,
        "SymInt": INT,
        "float": FLOAT,
        "str": TEXT,
        "Scalar": SCALAR,
        "ScalarType": DTYPE,
        "Tensor": TENSOR,
    }
    if re.fullmatch(r"(Sym)?[iI]nt\[\d*\]", base):
        return INTS + optional
    return kinds.get(re.sub(r"\(.*\)", "", base), written) + optional


class Compiler:
    """Compiles the expressions of one overload.

    Args:
        owner: what names and messages refer to.
        schema: where ATen's functions are looked up; None where none may be called.
    """

    def __init__(self, owner: Overload, schema: Schema | None = None) -> None:
        self._owner = owner
        self._schema = schema
        self._kinds = {a.name: kind_of_argument(a.type) for a in owner.arguments}
        self._names: set[str] = set()

    def compile(self, value: Value) -> Expression:
        """Compile what stands at `value`, which may also be a plain number or truth value.

        Raises:
            SpecError: it does not compile, with the reason.
        """
        text = value.plain()
        self._names = set()
        try:
            tree = ast.parse(text, mode="eval")
            cpp, kind = self._visit(tree.body)
        except SyntaxError as error:
            value.fail(f"is {text!r}, which is no expression: {error.msg}", _REMEDY)
        except _Refused as refused:
            value.fail(f"is {text!r}: {refused}", _REMEDY)
        return Expression(cpp, kind, frozenset(self._names))

    def _visit(self, node: ast.expr) -> tuple[str, str]:
        visitors: tuple[tuple[type[ast.expr], Callable[[Any], tuple[str, str]]], ...] = (
            (ast.Constant, self._constant),
            (ast.Name, self._name),
            (ast.UnaryOp, self._unary),
            (ast.BinOp, self._arithmetic),
            (ast.BoolOp, self._logic),
            (ast.Compare, self._comparison),
            (ast.IfExp, self._choice),
            (ast.Call, self._call),
        )
        for kind, visit in visitors:
            if isinstance(node, kind):
                return visit(node)
        _refuse(f"`{ast.unparse(node)}` is of a kind that is not allowed")

    def _arithmetic(self, node: ast.BinOp) -> tuple[str, str]:
        if type(node.op) not in _OPERATORS:
            _refuse(f"`{ast.unparse(node)}` is not allowed; + - * / are")
        left, right = self._number(node.left), self._number(node.right)
        if isinstance(node.op, ast.Div):
            return f"(static_cast<double>({left[0]}) / {right[0]})", FLOAT
        kind = INT if left[1] == right[1] == INT else FLOAT
        return f"({left[0]} {_OPERATORS[type(node.op)]} {right[0]})", kind

    def _logic(self, node: ast.BoolOp) -> tuple[str, str]:
        word = " && " if isinstance(node.op, ast.And) else " || "
        return "(" + word.join(self._truth(part) for part in node.values) + ")", BOOL

    def _choice(self, node: ast.IfExp) -> tuple[str, str]:
        chosen, other = self._visit(node.body), self._visit(node.orelse)
        if chosen[1] != other[1]:
            _refuse(f"one branch is a {chosen[1]}, the other a {other[1]}")
        return f"({self._truth(node.test)} ? {chosen[0]} : {other[0]})", chosen[1]

    def _constant(self, node: ast.Constant) -> tuple[str, str]:
        value = node.value
        if isinstance(value, bool):
            return ("true" if value else "false"), BOOL
        if isinstance(value, int):
            return str(value), INT
        if isinstance(value, float):
            return repr(value), FLOAT
        if isinstance(value, str) and re.fullmatch(r"[\w ,.>:+-]*", value):
            return f'"{value}"', TEXT
        if value is None:
            return "c10::nullopt", "nothing"
        _refuse(f"`{ast.unparse(node)}` is no constant that is allowed")

    def _name(self, node: ast.Name) -> tuple[str, str]:
        name = node.id
        if name in self._kinds:
            self._names.add(name)
            return name, self._kinds[name]
        if name in ("true", "false"):
            return name, BOOL
        if name == "dtype":
            return "e.dtype()", DTYPE
        if name in TYPES:
            return TYPES[name], DTYPE
        near = did_you_mean(name, [*self._kinds, "dtype", "true", "false"])
        _refuse(f"{self._owner.name} has no argument `{name}`{near}")

    def _unary(self, node: ast.UnaryOp) -> tuple[str, str]:
        if isinstance(node.op, ast.Not):
            return f"!{self._truth(node.operand)}", BOOL
        if isinstance(node.op, ast.USub):
            cpp, kind = self._number(node.operand)
            return f"-{cpp}", kind
        _refuse(f"`{ast.unparse(node)}` is not allowed")

    def _number(self, node: ast.expr) -> tuple[str, str]:
        cpp, kind = self._visit(node)
        if kind not in _NUMBERS:
            _refuse(f"`{ast.unparse(node)}` is a {kind}, not a number")
        return (f"to_double({cpp})", FLOAT) if kind == SCALAR else (cpp, kind)

    def _truth(self, node: ast.expr) -> str:
        cpp, kind = self._visit(node)
        if kind != BOOL:
            _refuse(f"`{ast.unparse(node)}` is a {kind}, not true or false")
        return cpp

    def _comparison(self, node: ast.Compare) -> tuple[str, str]:
        if len(node.ops) != 1 or type(node.ops[0]) not in _COMPARISONS:
            _refuse(f"`{ast.unparse(node)}` is no comparison of two values")
        left, right = self._visit(node.left), self._visit(node.comparators[0])
        sign = _COMPARISONS[type(node.ops[0])]
        equality = sign in ("==", "!=")
        negate = "!" if sign == "!=" else ""
        if left[1].rstrip("?") == right[1] == TEXT and equality:
            return f"{negate}is_text({left[0]}, {right[0]})", BOOL
        if SCALAR in (left[1], right[1]) and equality:
            return f"{negate}equals({left[0]}, {right[0]})", BOOL
        if left[1] in _NUMBERS and right[1] in _NUMBERS:
            pair = [f"to_double({c})" if k == SCALAR else c for c, k in (left, right)]
            return f"({pair[0]} {sign} {pair[1]})", BOOL
        if left[1] == right[1] and left[1] in (BOOL, DTYPE) and equality:
            return f"({left[0]} {sign} {right[0]})", BOOL
        _refuse(f"`{ast.unparse(node)}` compares a {left[1]} with a {right[1]}")

    def _call(self, node: ast.Call) -> tuple[str, str]:
        if not isinstance(node.func, ast.Name) or node.keywords:
            _refuse(f"`{ast.unparse(node)}` is no call that is allowed")
        name = node.func.id
        given = [self._visit(argument) for argument in node.args]
        if name in FUNCTIONS:
            kinds, gives, cpp = FUNCTIONS[name]
            if len(given) != 1 or (kinds is not None and given[0][1] not in kinds):
                _refuse(f"`{name}` takes one {' or '.join(kinds or ('argument',))}")
            unpacked = name == "number" and given[0][1].endswith("?")
            return f"{cpp}({'*' if unpacked else ''}{given[0][0]})", gives
        if self._schema is None:
            _refuse(f"there is no function `{name}`{did_you_mean(name, list(FUNCTIONS))}")
        if not self._schema.named(name):
            _refuse(f"PyTorch {self._schema.version} has no function `{name}`")
        unpack = {f"{SCALAR}?": "to_scalar({})", f"{TENSOR}?": "*{}"}
        parts = [unpack.get(kind, "{}").format(cpp) for cpp, kind in given]
        if given and given[0][1] == SCALAR:
            parts[0] = f"as_tensor({parts[0]})"
        return f"at::{name}({', '.join(parts)})", TENSOR


class _Refused(Exception):
    """Why an expression does not compile."""


def _refuse(why: str) -> NoReturn:
    raise _Refused(why)


_REMEDY = "see the grammar in docs/operators.md"
