#include "attrs.h"

#include "core/refusal.h"
#include "types.h"

namespace ascend_emu {

void OpAttrs::set(Attr attr) {
  for (Attr &known : all) {
    if (known.name == attr.name) {
      known = std::move(attr);
      return;
    }
  }
  all.push_back(std::move(attr));
}

namespace {

std::string int_text(int32_t kind, int64_t value) {
  switch (kind) {
    case EMU_ATTR_BOOL:
    case EMU_ATTR_LIST_BOOL:
      return value != 0 ? "true" : "false";
    case EMU_ATTR_DTYPE:
    case EMU_ATTR_LIST_DTYPE:
      return type_name(static_cast<int32_t>(value));
    default:
      return std::to_string(value);
  }
}

std::string item_text(const EmuAttr &attr, uint64_t i) {
  switch (attr.kind) {
    case EMU_ATTR_FLOAT:
    case EMU_ATTR_LIST_FLOAT:
      return format("%g", attr.floats[i]);
    case EMU_ATTR_STRING:
    case EMU_ATTR_LIST_STRING:
      return attr.strings[i];
    case EMU_ATTR_LIST_LIST_INT:
      return dims_text(attr.lists[i], attr.lengths[i]);
    default:
      return int_text(attr.kind, attr.ints[i]);
  }
}

}  // namespace

std::string attrs_text(const EmuAttr *attrs, int32_t count) {
  std::string text = "{";
  for (int32_t i = 0; i < count; ++i) {
    const EmuAttr &attr = attrs[i];
    const bool list = attr.kind >= EMU_ATTR_LIST_BOOL;
    if (i != 0) text += ", ";
    text += attr.name;
    text += list ? ": [" : ": ";
    for (uint64_t item = 0; item < attr.count; ++item) {
      if (item != 0) text += ", ";
      text += item_text(attr, item);
    }
    if (list) text += "]";
  }
  return text + "}";
}

Handles<OpAttrs> &op_attrs() {
  static auto *const all = new Handles<OpAttrs>(HandleKind::kOpAttr, "set of operator attributes");
  return *all;
}

}  // namespace ascend_emu
