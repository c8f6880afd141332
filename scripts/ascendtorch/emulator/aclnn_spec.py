"""``templates/emulator/aclnn.yaml``: the aclnn functions that the emulator has, as data."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from ascendtorch.emulator.aclnn_kinds import KINDS, OPTIONAL_KINDS, TYPES, Kind
from ascendtorch.spec.reader import Value, check_schema
from ascendtorch.spec.suggest import did_you_mean

SCHEMA = 1
_MAYBE_SCALAR = "c10::optional<at::Scalar>"
_IDENTIFIER = r"[A-Za-z_][A-Za-z0-9_]*"
#: Every C identifier that the rendered functions use beside the parameters' names.
_TAKEN = ("a", "arguments", "executor", "result", "stream", "workspace", "workspaceSize")


@dataclass(frozen=True)
class Parameter:
    """One parameter of a function, in the order of its C prototype.

    `variable` is what the expression calls it; `name` what CANN does.
    """

    name: str
    variable: str
    kind: Kind
    types: str
    optional: bool
    dynamic: bool

    @property
    def slots(self) -> str:
        """The values of EmuAclnnArgument's last three fields: handle, integer, real."""
        given = f"static_cast<int64_t>({self.name})" if self.kind.field == "integer" else self.name
        empty = {"handle": "nullptr", "integer": "0", "real": "0"}
        return ", ".join((empty | {self.kind.field: given}).values())


@dataclass(frozen=True)
class Function:
    """One pair of C functions, and the ATen expression that computes it."""

    name: str
    parameters: tuple[Parameter, ...]
    shape: str | None
    expression: str

    @property
    def inputs(self) -> tuple[Parameter, ...]:
        """What the operator sees as inputs, in order."""
        return tuple(p for p in self.parameters if p.kind.is_input)

    @property
    def outputs(self) -> tuple[Parameter, ...]:
        """What the operator writes, in order."""
        return tuple(p for p in self.parameters if p.kind.is_output)

    @property
    def attributes(self) -> tuple[Parameter, ...]:
        """What the operator sees as attributes."""
        return tuple(p for p in self.parameters if p.kind.attr)

    @property
    def variables(self) -> tuple[tuple[str, str, str], ...]:
        """Type, name and value of the variables that the expression mentions."""
        return tuple(
            self._variable(parameter)
            for parameter in self.parameters
            if parameter.kind.variable and self.mentions(parameter.variable)
        )

    def _variable(self, parameter: Parameter) -> tuple[str, str, str]:
        kind = parameter.kind
        place = self.inputs.index(parameter) if kind.is_input else -1
        c_type, value = kind.variable, kind.value.format(i=place, name=parameter.name)
        if parameter.optional and kind is KINDS["tensor"]:
            value = f"a.in_or_none({place})"
        elif parameter.optional and kind is KINDS["scalar"]:
            c_type = f"const {_MAYBE_SCALAR}"
            value = f"a.has({place}) ? {_MAYBE_SCALAR}({value}) : c10::nullopt"
        return c_type, parameter.variable, value

    @property
    def writes(self) -> bool:
        """Whether the expression itself writes to the output (``at::mm_out(out, ...)``)."""
        return len(self.outputs) == 1 and (
            self.outputs[0].kind is KINDS["out"] and self.mentions(self.outputs[0].variable)
        )

    @property
    def shape_rule(self) -> str | None:
        """The C++ expression for the rule, if there is one."""
        if self.shape is not None and self.shape.startswith("like "):
            names = [parameter.variable for parameter in self.inputs]
            return f"like({names.index(self.shape[len('like ') :])})"
        return self.shape

    def mentions(self, name: str) -> bool:
        """Whether the expression uses a name."""
        return re.search(rf"\b{name}\b", self.expression) is not None


@dataclass(frozen=True)
class Spec:
    """All functions by name, and the named sets of data types (names of ACL's enumerators)."""

    types: dict[str, tuple[str, ...]]
    functions: tuple[Function, ...]


def load_spec(path: Path) -> Spec:
    """Read the file.

    Raises:
        SpecError: with file and line of the first thing that is wrong.
    """
    root = Value.load(path, stage="codegen")
    fields = root.fields("schema", "types", "functions")
    check_schema(fields["schema"], SCHEMA)
    named = fields["types"].mapping()
    types = {name: _types(name, value) for name, value in named.items()}
    found: dict[str, tuple[Function, int]] = {}
    for family in fields["functions"]:
        for function, line in _family(family, types):
            if function.name in found:
                family.fail(
                    f"has {function.name} a second time (first at line {found[function.name][1]})",
                    "keep one of the two",
                )
            found[function.name] = (function, line)
    functions = tuple(found[name][0] for name in sorted(found))
    used = {parameter.types for function in functions for parameter in function.parameters}
    for name, value in named.items():
        if name not in used:
            value.fail("is used by no function", "remove it")
    return Spec(types, functions)


def _types(name: str, value: Value) -> tuple[str, ...]:
    if re.fullmatch(r"[a-z][a-z0-9_]*", name) is None:
        value.fail(f"is not a name for a set: {name!r}", "write small letters, digits and _")
    return tuple(TYPES[item.one_of(*TYPES)] for item in value)


def _family(value: Value, types: dict[str, tuple[str, ...]]) -> list[tuple[Function, int]]:
    """Functions with one list of parameters; with `inplace`, each also without `out`."""
    fields = value.fields("parameters", "compute", optional=("types", "shape", "inplace"))
    common = fields["types"].one_of(*types) if "types" in fields else None
    parameters = [_parameter(item, common, types) for item in fields["parameters"]]
    _check_names(fields["parameters"], parameters)
    shape = _shape(fields["shape"], parameters) if "shape" in fields else None
    inplace = "inplace" in fields and fields["inplace"].boolean()
    if inplace and (parameters[0].kind is not KINDS["tensor"] or parameters[-1].name != "out"):
        fields["inplace"].fail(
            "needs a tensor as the first parameter and `out` as the last", "remove it"
        )
    found = []
    for name, entry in fields["compute"].mapping().items():
        if re.fullmatch(r"[A-Z][A-Za-z0-9]*", name) is None:
            entry.fail(f"is not a function's name: {name!r}", "write it without aclnn, as in Add")
        text = entry.text().strip()
        if not text:
            entry.fail("is empty", "write an ATen expression such as at::exp(self)")
        function = Function("aclnn" + name, tuple(parameters), shape, text)
        found.append((function, entry.line))
        if inplace:
            found.append((_inplace(function, name), entry.line))
    if not found:
        fields["compute"].fail("is empty", "name at least one function")
    return found


def _inplace(function: Function, name: str) -> Function:
    """The variant that writes its first tensor, which CANN then calls selfRef."""
    first = replace(function.parameters[0], name="selfRef", kind=KINDS["inout"])
    rest = function.parameters[1:-1]
    return replace(function, name="aclnnInplace" + name, parameters=(first, *rest))


def _parameter(value: Value, common: str | None, types: dict[str, tuple[str, ...]]) -> Parameter:
    fields = value.fields("name", "kind", optional=("types", "optional", "dynamic"))
    name = fields["name"].matching(_IDENTIFIER, "a C identifier")
    kind_name = fields["kind"].one_of(*KINDS)
    kind = KINDS[kind_name]
    chosen = ""
    if kind.is_input or kind.is_output:
        chosen = fields["types"].one_of(*types) if "types" in fields else common or ""
        if kind_name == "scalar" and "types" not in fields:
            chosen = "scalar"
        if chosen not in types:
            value.fail("has no types" + did_you_mean(chosen, list(types)), "add `types`")
    elif "types" in fields:
        fields["types"].fail(f"does not go with the kind `{kind_name}`", "remove it")
    optional = "optional" in fields and fields["optional"].boolean()
    if optional and kind_name not in OPTIONAL_KINDS:
        fields["optional"].fail(
            f"does not go with the kind `{kind_name}`",
            f"only these can be left out: {', '.join(OPTIONAL_KINDS)}",
        )
    dynamic = "dynamic" in fields and fields["dynamic"].boolean()
    if dynamic and kind_name != "out":
        fields["dynamic"].fail("is for outputs", "remove it")
    return Parameter(name, name, kind, chosen, optional, dynamic)


def _check_names(value: Value, parameters: list[Parameter]) -> None:
    outputs = [parameter for parameter in parameters if parameter.kind.is_output]
    if not outputs:
        value.fail("has no output", "add a parameter of kind `out`, `outs` or `inout`")
    if len(outputs) > 1 and any(parameter.kind.is_list for parameter in outputs):
        value.fail("has more outputs than its list", "leave `outs` alone")
    if sum(parameter.kind.is_input and parameter.kind.is_list for parameter in parameters) > 1:
        value.fail("has two lists of inputs", "the operator library can tell one apart, not more")
    names = [parameter.name for parameter in parameters]
    for name in names:
        if names.count(name) > 1:
            value.fail(f"has `{name}` twice", "rename one of the two")
        if name in _TAKEN:
            value.fail(f"has `{name}`, which the rendered code uses itself", "rename it")


def _shape(value: Value, parameters: list[Parameter]) -> str:
    """``broadcast``, ``like NAME``, or a rule of aclnn_shapes.h, which may take names."""
    rule = rf'{_IDENTIFIER}(\("{_IDENTIFIER}"(, "{_IDENTIFIER}")*\))?'
    text = value.matching(rf"like {_IDENTIFIER}|{rule}", "`like NAME` or the name of a rule")
    inputs = [parameter.name for parameter in parameters if parameter.kind.is_input]
    if text.startswith("like ") and text[len("like ") :] not in inputs:
        value.fail(f"is {text!r}" + did_you_mean(text[len("like ") :], inputs), "name an input")
    return text
