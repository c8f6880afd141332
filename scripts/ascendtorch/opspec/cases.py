"""The cases of an entry: under which condition which operator of AscendCL computes it, and how."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ascendtorch.opspec.dtypes import EXACT, TYPES
from ascendtorch.opspec.expressions import (
    BOOL,
    DTYPE,
    FLOAT,
    INT,
    INTS,
    SCALAR,
    TENSOR,
    TEXT,
    Compiler,
    Expression,
)
from ascendtorch.opspec.kernel import Known, dtype_list
from ascendtorch.opspec.operators import Operator
from ascendtorch.opspec.schema import Overload
from ascendtorch.spec.reader import Value
from ascendtorch.spec.suggest import did_you_mean

#: What a case may say; an entry of one case says it itself.
KEYS = ("when", "acl", "inputs", "attrs", "value", "dtypes", "widen", "result")
#: Rules of a result's type, and their names in C++ (`ResultType`).
RESULTS = {"same": "kSame", "float": "kFloat", "bool": "kBool", "sum": "kSum"}
_ATTRIBUTES = {
    "float": ("to_double({})", (FLOAT, INT, SCALAR)),
    "int": ("to_int({})", (INT, SCALAR)),
    "bool": ("{}", (BOOL,)),
    "string": ("{}", (TEXT,)),
    "data type": ("{}", (DTYPE,)),
    "list of int": ("{}", (INTS,)),
}


@dataclass(frozen=True)
class Case:
    """One way to compute an overload.

    Attributes:
        when: its condition in C++; empty for none.
        acl: the operator; empty where `value` computes it by other ATen operators.
        inputs: the operator's, each an operand by its number or a number in C++.
        attrs: names and values in C++.
        dtypes: of torch, what it takes.
        widen: types that it takes by computing in another.
        result: the rule of its result's type, where it differs from the entry's.
        names: the arguments that are mentioned.
    """

    when: str
    acl: str
    inputs: tuple[tuple[int, str], ...]
    attrs: tuple[tuple[str, str], ...]
    value: str
    dtypes: tuple[str, ...]
    widen: tuple[tuple[str, str], ...]
    names: frozenset[str] = field(default_factory=frozenset)
    result: str = ""

    @property
    def rule(self) -> str:
        """Its `TypeRule` in C++."""
        taken = " | ".join(f"bit({TYPES[name]})" for name in self.dtypes)
        pairs = ", ".join(f"{{{TYPES[a]}, {TYPES[b]}}}" for a, b in self.widen)
        return f"{{{taken}, {{{pairs}}}}}"


class CaseReader:
    """Reads the cases of one overload.

    Args:
        operands: the arguments that are operands, in their order.
        fixed_inputs: inputs that the category itself gives after them.
        fixed_attrs: attributes likewise.
    """

    def __init__(
        self,
        overload: Overload,
        known: Known,
        operands: Sequence[str],
        fixed_inputs: int = 0,
        fixed_attrs: Sequence[str] = (),
    ) -> None:
        self._known = known
        self._operands = list(operands)
        self._fixed_inputs = fixed_inputs
        self._fixed_attrs = fixed_attrs
        self._plain = Compiler(overload)
        self._calls = Compiler(overload, known.schema)

    def read(self, value: Value, fields: dict[str, Value]) -> Case:
        """Read one case.

        Raises:
            SpecError: a fault, with file, line and remedy.
        """
        when = self._condition(fields["when"]) if "when" in fields else None
        if ("acl" in fields) == ("value" in fields):
            value.fail(
                "must say `acl` or `value`, and not both",
                "name AscendCL's operator, or give an expression of ATen's functions",
            )
        if "value" in fields:
            return self._composed(fields, when)
        operator = self._known.operator(fields["acl"])
        inputs, names = self._inputs(value, fields, operator)
        attrs, more = self._attrs(value, fields, operator)
        dtypes = self._dtypes(fields, operator)
        return Case(
            when=when.cpp if when else "",
            acl=operator.name,
            inputs=inputs,
            attrs=attrs,
            value="",
            dtypes=dtypes,
            widen=self._widen(fields, dtypes),
            names=names | more | (when.names if when else frozenset()),
            result=RESULTS[fields["result"].one_of(*RESULTS)] if "result" in fields else "",
        )

    def _composed(self, fields: dict[str, Value], when: Expression | None) -> Case:
        for key in ("inputs", "attrs", "widen", "result"):
            if key in fields:
                fields[key].fail("stands beside `value`", "remove it")
        result = self._calls.compile(fields["value"])
        if result.kind != TENSOR:
            fields["value"].fail(f"gives a {result.kind}", "call a function of ATen")
        dtypes = dtype_list(fields["dtypes"]) if "dtypes" in fields else tuple(TYPES)
        names = result.names | (when.names if when else frozenset())
        return Case(when.cpp if when else "", "", (), (), result.cpp, dtypes, (), names)

    def _condition(self, value: Value) -> Expression:
        found = self._plain.compile(value)
        if found.kind != BOOL:
            value.fail(f"gives a {found.kind}", "write a condition")
        return found

    def _inputs(
        self, value: Value, fields: dict[str, Value], operator: Operator
    ) -> tuple[tuple[tuple[int, str], ...], frozenset[str]]:
        inputs: list[tuple[int, str]] = []
        names: set[str] = set()
        if "inputs" not in fields:
            inputs = [(number, "") for number in range(len(self._operands))]
            names = set(self._operands)
        else:
            for item in fields["inputs"].items():
                text = item.plain()
                if text in self._operands:
                    inputs.append((self._operands.index(text), ""))
                    names.add(text)
                    continue
                found = self._plain.compile(item)
                if found.kind not in (FLOAT, INT, SCALAR, f"{SCALAR}?"):
                    item.fail(
                        f"is a {found.kind}, and no operand",
                        "name an operand, or write a number: " + ", ".join(self._operands),
                    )
                unpacked = found.kind.endswith("?")
                inputs.append((-1, f"to_scalar({found.cpp})" if unpacked else found.cpp))
                names |= found.names
        given = len(inputs) + self._fixed_inputs
        least = sum(not parameter.optional for parameter in operator.inputs)
        if not least <= given <= len(operator.inputs):
            place = fields.get("inputs", value)
            takes = ", ".join(p.name + ("?" if p.optional else "") for p in operator.inputs)
            place.fail(
                f"gives {operator.name} {given} inputs, and it takes {takes}",
                "write `inputs` in the operator's order",
            )
        return tuple(inputs), frozenset(names)

    def _attrs(
        self, value: Value, fields: dict[str, Value], operator: Operator
    ) -> tuple[tuple[tuple[str, str], ...], frozenset[str]]:
        written = fields["attrs"].mapping() if "attrs" in fields else {}
        attrs = []
        names: set[str] = set()
        for name, item in written.items():
            if name not in operator.attributes:
                known = did_you_mean(name, list(operator.attributes))
                item.fail(f"is no attribute of {operator.name}{known}", "correct or remove it")
            kind = operator.attributes[name][0]
            wrap, kinds = _ATTRIBUTES.get(kind, ("", ()))
            found = self._plain.compile(item)
            if found.kind not in kinds:
                item.fail(
                    f"is a {found.kind}; the attribute of {operator.name} is a {kind}",
                    "write an expression of that kind",
                )
            attrs.append((name, wrap.format(found.cpp)))
            names |= found.names
        for name, (_, needed) in operator.attributes.items():
            if needed and name not in written and name not in self._fixed_attrs:
                value.fail(f"lacks {operator.name}'s attribute `{name}`", "add it to `attrs`")
        return tuple(attrs), frozenset(names)

    def _dtypes(self, fields: dict[str, Value], operator: Operator) -> tuple[str, ...]:
        takes = tuple(name for name in TYPES if name in operator.inputs[0].types)
        if "dtypes" not in fields:
            return takes
        chosen = dtype_list(fields["dtypes"])
        for item, name in zip(fields["dtypes"].items(), chosen):
            if name not in takes:
                item.fail(
                    f"is {name}, which {operator.name} does not take; it takes {', '.join(takes)}",
                    "remove it, or compute it in another type with `widen`",
                )
        return chosen

    def _widen(
        self, fields: dict[str, Value], dtypes: Sequence[str]
    ) -> tuple[tuple[str, str], ...]:
        if "widen" not in fields:
            return ()
        pairs = []
        for name, item in fields["widen"].mapping().items():
            target = item.text()
            if target not in EXACT.get(name, ()):
                item.fail(
                    f"says to compute {name} in {target}, which does not hold it exactly",
                    f"choose one of {', '.join(EXACT.get(name, ())) or 'no type: there is none'}",
                )
            if target not in dtypes or name in dtypes:
                item.fail(
                    f"says to compute {name} in {target}; the operator takes {', '.join(dtypes)}",
                    "widen a type that it does not take to one that it takes",
                )
            pairs.append((name, target))
        return tuple(pairs)


def read_cases(
    reader: CaseReader, entry_value: Value, fields: dict[str, Value]
) -> tuple[Case, ...]:
    """Read ``cases``, or the one case that an entry says itself."""
    # An entry's `result` holds for all its cases.
    own = {key: fields[key] for key in KEYS if key in fields and key != "result"}
    if "cases" not in fields:
        return (reader.read(entry_value, own),)
    if own:
        first = next(iter(own.values()))
        first.fail("stands beside `cases`", "move it into a case")
    return tuple(reader.read(item, item.fields(optional=KEYS)) for item in fields["cases"].items())
