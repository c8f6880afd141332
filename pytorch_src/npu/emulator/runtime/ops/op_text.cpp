#include "op_text.h"

#include "attrs.h"
#include "core/refusal.h"
#include "types.h"

namespace ascend_emu {

namespace {

std::string shape_text(const EmuTensor &tensor) {
  return dims_text(tensor.dims, static_cast<size_t>(tensor.ndim));
}

std::string log_operand(const EmuTensor &tensor) {
  if (tensor.absent != 0) return "(absent)";
  std::string text = "(";
  if (*tensor.name != '\0') text += std::string("Name: ") + tensor.name + ", ";
  text += "DataType: " + type_name(tensor.dtype) + ", Format: " + format_name(tensor.format) +
          ", Shape: " + shape_text(tensor);
  if (tensor.origin_ndim >= 0) {
    text += ", OriginFormat: " + format_name(tensor.origin_format) + ", OriginShape: " +
            dims_text(tensor.origin_dims, static_cast<size_t>(tensor.origin_ndim));
  }
  return text + (tensor.host != 0 ? ", Host: true)" : ")");
}

/* Operator and attribute names come from the program: they may hold anything. */
std::string json_string(const std::string &text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      quoted += format("\\u%04x", static_cast<unsigned>(c));
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

template <class Text>
std::string list(const OpCall &call, size_t first, size_t last, Text &&text) {
  std::string all = "[";
  for (size_t i = first; i < last; ++i) {
    if (i != first) all += ", ";
    all += text(call.tensor(i));
  }
  return all + "]";
}

std::string trace_operand(const EmuTensor &tensor) {
  if (tensor.absent != 0) return "null";
  return json_string(type_name(tensor.dtype) + " " + format_name(tensor.format) + " " +
                     shape_text(tensor));
}

}  // namespace

std::string with_op(const char *op, const std::string &text) {
  if (text.compare(0, 4, "Op [") == 0) return text;
  return std::string("Op [") + op + "]: " + text;
}

std::string log_text(const OpCall &call) {
  return std::string("aclopCompile::aclOp = [OpType: ") + call.op() +
         ", InputDesc: " + list(call, 0, call.inputs(), log_operand) +
         ", OutputDesc: " + list(call, call.inputs(), call.operands(), log_operand) +
         ", Attr: " + attrs_text(call.emu().attrs, call.emu().num_attrs) + "]";
}

std::string trace_details(const OpCall &call) {
  return "\"op\": " + json_string(call.op()) +
         ", \"inputs\": " + list(call, 0, call.inputs(), trace_operand) +
         ", \"outputs\": " + list(call, call.inputs(), call.operands(), trace_operand) +
         ", \"attributes\": " + json_string(attrs_text(call.emu().attrs, call.emu().num_attrs));
}

}  // namespace ascend_emu
