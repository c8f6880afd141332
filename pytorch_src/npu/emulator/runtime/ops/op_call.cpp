#include "op_call.h"

#include <cstring>
#include <string>

namespace ascend_emu {

OpCall::OpCall(const char *op, size_t inputs, size_t outputs, size_t attrs) {
  tensors_ = arena_.array<EmuTensor>(inputs + outputs);
  places_ = arena_.array<Operand>(inputs + outputs);
  attrs_ = arena_.array<EmuAttr>(attrs);
  labels_ = arena_.array<const char *>(inputs + outputs);
  emu_.op = arena_.text(op);
  emu_.num_inputs = static_cast<int32_t>(inputs);
  emu_.inputs = tensors_;
  emu_.num_outputs = static_cast<int32_t>(outputs);
  emu_.outputs = outputs == 0 ? nullptr : tensors_ + inputs;
  emu_.num_attrs = 0;
  emu_.attrs = attrs_;
  for (size_t i = 0; i < inputs + outputs; ++i) {
    tensors_[i].name = "";
    tensors_[i].origin_format = -1;
    tensors_[i].origin_ndim = -1;
    tensors_[i].actual_ndim = -1;
  }
}

void OpCall::forget_actual_dims() {
  for (size_t i = inputs(); i < operands(); ++i) tensors_[i].actual_ndim = -1;
}

EmuAttr &OpCall::add_attr(const char *name, EmuAttrKind kind, size_t count) {
  EmuAttr &attr = attrs_[emu_.num_attrs++];
  attr.name = arena_.text(name);
  attr.kind = kind;
  attr.count = count;
  return attr;
}

void OpCall::set_name(size_t i, const char *name) {
  const bool output = i >= inputs();
  const char *kind = output ? "output " : "input ";
  const size_t prefix = std::strlen(kind), length = std::strlen(name);
  if (length == 0) {
    labels_[i] = arena_.text((kind + std::to_string(output ? i - inputs() : i)).c_str());
    return;
  }
  char *label = arena_.array<char>(prefix + length + 1);
  std::memcpy(label, kind, prefix);
  std::memcpy(label + prefix, name, length);
  labels_[i] = label;
  tensors_[i].name = label + prefix;
}

}  // namespace ascend_emu
