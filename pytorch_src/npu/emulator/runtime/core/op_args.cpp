#include "op_args.h"

#include <cstdio>

#include "json.h"
#include "ops/types.h"
#include "refusal.h"

namespace ascend_emu {

namespace {

std::string shape_text(int32_t ndim, const int64_t *dims) {
  return dims_text(dims, static_cast<size_t>(ndim < 0 ? 0 : ndim));
}

std::string operand(const EmuTensor &tensor) {
  if (tensor.absent != 0) return "null";
  return "{\"name\": " + json_quote(tensor.name) +
         ", \"dtype\": " + json_quote(type_name(tensor.dtype)) +
         ", \"format\": " + json_quote(format_name(tensor.format)) +
         ", \"shape\": " + shape_text(tensor.ndim, tensor.dims) + "}";
}

std::string operands(int32_t count, const EmuTensor *tensors) {
  std::string out;
  for (int32_t i = 0; i < count; ++i) out += (i == 0 ? "" : ", ") + operand(tensors[i]);
  return "[" + out + "]";
}

/* JSON has no inf and nan. */
std::string number(double value) {
  const std::string text = format("%.9g", value);
  const bool plain = text.find_first_not_of("+-0123456789.e") == std::string::npos;
  return plain ? text : json_quote(text);
}

std::string element(const EmuAttr &attr, uint64_t i) {
  switch (attr.kind) {
    case EMU_ATTR_BOOL:
    case EMU_ATTR_LIST_BOOL: return attr.ints[i] != 0 ? "true" : "false";
    case EMU_ATTR_FLOAT:
    case EMU_ATTR_LIST_FLOAT: return number(attr.floats[i]);
    case EMU_ATTR_STRING:
    case EMU_ATTR_LIST_STRING: return json_quote(attr.strings[i]);
    case EMU_ATTR_DTYPE:
    case EMU_ATTR_LIST_DTYPE: return json_quote(type_name(static_cast<int32_t>(attr.ints[i])));
    case EMU_ATTR_LIST_LIST_INT:
      return dims_text(attr.lists[i], static_cast<size_t>(attr.lengths[i]));
    default: return std::to_string(attr.ints[i]);
  }
}

std::string value(const EmuAttr &attr) {
  if (attr.kind < EMU_ATTR_LIST_BOOL) return element(attr, 0);
  std::string out;
  for (uint64_t i = 0; i < attr.count; ++i) out += (i == 0 ? "" : ", ") + element(attr, i);
  return "[" + out + "]";
}

}  // namespace

std::string op_signature(const EmuCall &call) {
  std::string attrs;
  for (int32_t i = 0; i < call.num_attrs; ++i) {
    attrs += (i == 0 ? "" : ", ") + json_quote(call.attrs[i].name) + ": " + value(call.attrs[i]);
  }
  return "{\"op\": " + json_quote(call.op) +
         ",\n \"inputs\": " + operands(call.num_inputs, call.inputs) +
         ",\n \"outputs\": " + operands(call.num_outputs, call.outputs) +
         ",\n \"attributes\": {" + attrs + "}}\n";
}

}  // namespace ascend_emu
