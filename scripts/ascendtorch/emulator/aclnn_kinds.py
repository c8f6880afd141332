"""The kinds of parameters that aclnn functions have, and the data types of tensors."""

from __future__ import annotations

from dataclasses import dataclass

_INPUTS = ("EMU_ACLNN_IN", "EMU_ACLNN_INOUT", "EMU_ACLNN_IN_LIST", "EMU_ACLNN_SCALAR")


@dataclass(frozen=True)
class Kind:
    """How a parameter looks in C, to the runtime, and in the operator's prototype and body.

    `value` reads it in the body: ``{i}`` is its place among the inputs, ``{name}`` its name.
    """

    c_type: str
    argument: str
    field: str
    attr: str = ""
    empty: str = ""
    variable: str = ""
    value: str = ""

    @property
    def is_input(self) -> bool:
        """Whether the operator sees it as an input: tensors, and scalars in host memory."""
        return self.argument in _INPUTS

    @property
    def is_output(self) -> bool:
        """Whether the operator writes it."""
        return self.argument in ("EMU_ACLNN_OUT", "EMU_ACLNN_INOUT", "EMU_ACLNN_OUT_LIST")

    @property
    def is_list(self) -> bool:
        """Whether it is any number of tensors."""
        return self.argument.endswith("_LIST")


_TENSOR = ("const at::Tensor", "a.in({i})")
KINDS = {
    "tensor": Kind("const aclTensor *", "EMU_ACLNN_IN", "handle", "", "", *_TENSOR),
    "inout": Kind("aclTensor *", "EMU_ACLNN_INOUT", "handle", "", "", *_TENSOR),
    "out": Kind("aclTensor *", "EMU_ACLNN_OUT", "handle"),
    "tensors": Kind(
        "const aclTensorList *",
        "EMU_ACLNN_IN_LIST",
        "handle",
        variable="const std::vector<at::Tensor>",
        value="a.all_in({i})",
    ),
    "outs": Kind("aclTensorList *", "EMU_ACLNN_OUT_LIST", "handle"),
    "scalar": Kind(
        "const aclScalar *",
        "EMU_ACLNN_SCALAR",
        "handle",
        variable="const at::Scalar",
        value="a.in({i}).item()",
    ),
    "ints": Kind(
        "const aclIntArray *",
        "EMU_ACLNN_INTS",
        "handle",
        "EMU_ATTR_LIST_INT",
        "Ints{}",
        "const Ints",
        'a.ints("{name}")',
    ),
    "int": Kind(
        "int64_t ",
        "EMU_ACLNN_INT",
        "integer",
        "EMU_ATTR_INT",
        variable="const int64_t",
        value='a.i("{name}")',
    ),
    "uint": Kind(
        "uint64_t ",
        "EMU_ACLNN_INT",
        "integer",
        "EMU_ATTR_INT",
        variable="const int64_t",
        value='a.i("{name}")',
    ),
    "int8": Kind(
        "int8_t ",
        "EMU_ACLNN_INT",
        "integer",
        "EMU_ATTR_INT",
        variable="const int64_t",
        value='a.i("{name}")',
    ),
    "int32": Kind(
        "int ",
        "EMU_ACLNN_INT",
        "integer",
        "EMU_ATTR_INT",
        variable="const int64_t",
        value='a.i("{name}")',
    ),
    "bool": Kind(
        "bool ",
        "EMU_ACLNN_BOOL",
        "integer",
        "EMU_ATTR_BOOL",
        variable="const bool",
        value='a.b("{name}")',
    ),
    "double": Kind(
        "double ",
        "EMU_ACLNN_FLOAT",
        "real",
        "EMU_ATTR_FLOAT",
        variable="const double",
        value='a.f("{name}")',
    ),
    "dtype": Kind(
        "aclDataType ",
        "EMU_ACLNN_DTYPE",
        "integer",
        "EMU_ATTR_DTYPE",
        variable="const at::ScalarType",
        value='scalar_type(a.type("{name}"))',
    ),
}
#: What may be NULL.
OPTIONAL_KINDS = ("ints", "scalar", "tensor")
#: Names in the spec, and ACL's enumerators.
TYPES = {
    "float": "ACL_FLOAT",
    "float16": "ACL_FLOAT16",
    "bf16": "ACL_BF16",
    "double": "ACL_DOUBLE",
    "int8": "ACL_INT8",
    "int16": "ACL_INT16",
    "int32": "ACL_INT32",
    "int64": "ACL_INT64",
    "uint8": "ACL_UINT8",
    "uint16": "ACL_UINT16",
    "uint32": "ACL_UINT32",
    "uint64": "ACL_UINT64",
    "bool": "ACL_BOOL",
    "complex64": "ACL_COMPLEX64",
    "complex128": "ACL_COMPLEX128",
}
