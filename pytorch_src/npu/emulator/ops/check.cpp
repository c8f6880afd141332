#include "check.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "core/refusal.h"
#include "layout_dims.h"
#include "ops/types.h"
#include "shapes.h"

namespace ascend_emu {

namespace {

template <class Items, class Text>
std::string joined(const Items &items, Text &&text) {
  std::string all;
  for (const auto &item : items) {
    if (!all.empty()) all += ", ";
    all += text(item);
  }
  return all.empty() ? "none" : all;
}

std::string article(const char *kind) {
  return std::string(std::strchr("aeiou", *kind) != nullptr ? "an " : "a ") + kind;
}

/* Does `visit(rule, position, k, is_output, tensor)` for every operand that was given. */
template <class Visit>
void each_operand(const Call &call, Visit &&visit) {
  const Prototype &prototype = call.prototype();
  for (size_t r = 0; r < prototype.inputs.size(); ++r) {
    const int i = static_cast<int>(r);
    for (int k = 0; k < call.count(i); ++k) {
      visit(prototype.inputs[r], i, k, false, call.input(i, k));
    }
  }
  for (size_t r = 0; r < prototype.outputs.size(); ++r) {
    const int o = static_cast<int>(r);
    for (int k = 0; k < call.output_count(o); ++k) {
      visit(prototype.outputs[r], o, k, true, call.output(o, k));
    }
  }
}

std::string operand_text(const Call &call, int position, int k, bool output) {
  return output ? "output " + call.output_name(position, k)
                : "input " + call.input_name(position, k);
}

/* What a rule other than a set says, and who says it; false when it says nothing here. */
bool derived_type(const Call &call, const OperandRule &rule, int position, int k, bool output,
                  int32_t *type, std::string *source) {
  if (!rule.type.same_as.empty()) {
    const int other = call.prototype().input_index(rule.type.same_as);
    if (other < 0 || !call.has(other)) return false;
    *type = call.dtype(other);
    *source = "input " + call.input_name(other) + " has " + type_name(*type);
    return true;
  }
  if (!rule.type.from_attr.empty()) {
    *type = call.type(rule.type.from_attr.c_str());
    *source = "attribute [" + rule.type.from_attr + "] says " + type_name(*type);
    return true;
  }
  if (k == 0) return false; /* the first of a variadic operand is as the set allows */
  *type = output ? call.output_dtype(position) : call.dtype(position);
  *source = (output ? call.output_name(position) : call.input_name(position)) + " has " +
            type_name(*type);
  return true;
}

void check_types(const Call &call) {
  each_operand(call, [&](const OperandRule &rule, int position, int k, bool output,
                         const EmuTensor &tensor) {
    if (!rule.type.types.empty() && !rule.type.types.has(tensor.dtype)) {
      call.refuse(ACL_ERROR_UNSUPPORTED_DATA_TYPE, "%s has data type %s; allowed are %s",
                  operand_text(call, position, k, output).c_str(),
                  type_name(tensor.dtype).c_str(), rule.type.types.text().c_str());
    }
    int32_t type = ACL_DT_UNDEFINED;
    std::string source;
    if (!derived_type(call, rule, position, k, output, &type, &source) || type == tensor.dtype) {
      return;
    }
    call.refuse(output ? ACL_ERROR_OP_OUTPUT_NOT_MATCH : ACL_ERROR_OP_INPUT_NOT_MATCH,
                "%s has data type %s, but %s; they must be the same",
                operand_text(call, position, k, output).c_str(), type_name(tensor.dtype).c_str(),
                source.c_str());
  });
}

void check_attr(const Call &call, const EmuAttr &attr) {
  const AttrRule *rule = call.prototype().attr(attr.name);
  if (rule == nullptr) {
    /* CANN's own attributes, which every operator takes. */
    if (attr.name[0] == '_') return;
    call.refuse(ACL_ERROR_OP_ATTR_NOT_MATCH, "attribute [%s] is not one of: %s", attr.name,
                joined(call.prototype().attrs, [](const AttrRule &known) { return known.name; })
                    .c_str());
  }
  if (attr.kind != rule->kind) {
    call.refuse(ACL_ERROR_OP_ATTR_NOT_MATCH, "attribute [%s] is %s, %s was given", attr.name,
                article(attr_kind_name(rule->kind)).c_str(),
                article(attr_kind_name(attr.kind)).c_str());
  }
  if (rule->allowed.empty()) return;
  const std::string value = attr.strings[0];
  if (std::find(rule->allowed.begin(), rule->allowed.end(), value) == rule->allowed.end()) {
    call.refuse(ACL_ERROR_OP_ATTR_NOT_MATCH, "attribute [%s] is \"%s\"; allowed are %s", attr.name,
                value.c_str(),
                joined(rule->allowed, [](const std::string &text) { return '"' + text + '"'; })
                    .c_str());
  }
}

void check_attrs(const Call &call, const EmuCall &emu) {
  for (int32_t i = 0; i < emu.num_attrs; ++i) check_attr(call, emu.attrs[i]);
  for (const AttrRule &rule : call.prototype().attrs) {
    if (!rule.required || call.given(rule.name.c_str())) continue;
    call.refuse(ACL_ERROR_OP_ATTR_NOT_MATCH,
                "attribute [%s] (%s) is required, but it was not given", rule.name.c_str(),
                attr_kind_name(rule.kind));
  }
}

/* A private layout's own dims must be those that hold the original shape. */
void check_private(const Call &call, const EmuTensor &tensor, const std::string &operand) {
  const std::string name = format_name(tensor.format);
  if (tensor.origin_ndim < 0 || tensor.origin_format < 0) {
    call.refuse(ACL_ERROR_FORMAT_NOT_MATCH,
                "%s has format %s; its original shape and format are needed "
                "(aclSetTensorOriginShape, aclSetTensorOriginFormat)",
                operand.c_str(), name.c_str());
  }
  const Dims origin(tensor.origin_dims, tensor.origin_dims + tensor.origin_ndim);
  const Dims given(tensor.dims, tensor.dims + tensor.ndim);
  if (any_unknown(origin) || any_unknown(given)) return;
  const bool grouped =
      call.prototype().attr("groups") != nullptr &&
      (tensor.format == ACL_FORMAT_FRACTAL_Z || tensor.format == ACL_FRACTAL_Z_3D);
  Dims packed;
  std::string why;
  if (!packed_dims(tensor.format, tensor.origin_format, origin, tensor.dtype,
                   grouped ? call.i("groups") : 1, &packed, &why)) {
    call.refuse(ACL_ERROR_FORMAT_NOT_MATCH, "%s of shape %s in %s cannot be laid out as %s: %s",
                operand.c_str(), dims_text(origin).c_str(),
                format_name(tensor.origin_format).c_str(), name.c_str(), why.c_str());
  }
  if (packed == given) return;
  call.refuse(ACL_ERROR_FORMAT_NOT_MATCH,
              "%s has shape %s in %s; the original shape %s in %s needs %s", operand.c_str(),
              dims_text(given).c_str(), name.c_str(), dims_text(origin).c_str(),
              format_name(tensor.origin_format).c_str(), dims_text(packed).c_str());
}

void check_formats(const Call &call) {
  const Layouts layouts = call.prototype().layouts;
  if (layouts == Layouts::kRaw) return;
  each_operand(call, [&](const OperandRule &rule, int position, int k, bool output,
                         const EmuTensor &tensor) {
    const std::string &name = rule.name;
    if (is_private(tensor.format)) {
      const std::string operand = operand_text(call, position, k, output);
      if (layouts != Layouts::kPrivate) {
        call.refuse(ACL_ERROR_FORMAT_NOT_MATCH,
                    "%s has format %s; only plain formats are allowed (ND, NCHW, NHWC, ...): "
                    "convert it by TransData",
                    operand.c_str(), format_name(tensor.format).c_str());
      }
      check_private(call, tensor, operand);
    }
    const int32_t plain = output ? call.output_format(position, k) : call.format(position, k);
    if (rule.formats.empty() ||
        std::find(rule.formats.begin(), rule.formats.end(), plain) != rule.formats.end()) {
      return;
    }
    call.refuse(ACL_ERROR_FORMAT_NOT_MATCH, "%s %s has format %s; allowed are %s",
                output ? "output" : "input", name.c_str(), format_name(plain).c_str(),
                joined(rule.formats, [](aclFormat format) { return format_name(format); })
                    .c_str());
  });
}

void check_output_dims(const Shapes &shapes) {
  const auto &rules = shapes.prototype().outputs;
  for (size_t r = 0; r < rules.size(); ++r) {
    if (rules[r].data_dependent) continue;
    const int o = static_cast<int>(r);
    for (int k = 0; k < shapes.output_count(o); ++k) {
      if (!shapes.known(o, k)) continue;
      const Dims given = shapes.output_dims(o, k);
      if (any_unknown(given) || given == shapes.found(o, k)) continue;
      shapes.refuse(ACL_ERROR_OP_OUTPUT_NOT_MATCH,
                    "output %s has shape %s; from the inputs follows %s",
                    shapes.output_name(o, k).c_str(), dims_text(given).c_str(),
                    dims_text(shapes.found(o, k)).c_str());
    }
  }
}

void apply_rules(Shapes &shapes) {
  for (const ShapeRule &rule : shapes.prototype().shape_rules) rule(shapes);
}

}  // namespace

const Prototype &require_prototype(const char *op) {
  const Prototype *found = find_prototype(op);
  if (found != nullptr) return *found;
  const std::string nearest = nearest_operator(op);
  if (nearest.empty()) refuse(ACL_ERROR_OP_NOT_FOUND, "Op [%s] is not known to the emulator", op);
  refuse(ACL_ERROR_OP_NOT_FOUND, "Op [%s] is not known to the emulator; did you mean [%s]?", op,
         nearest.c_str());
}

void check_call(const Prototype &prototype, EmuCall &call) {
  Shapes shapes(prototype, call);
  check_attrs(shapes, call);
  check_types(shapes);
  check_formats(shapes);
  apply_rules(shapes);
  check_output_dims(shapes);
}

void infer_call(const Prototype &prototype, EmuCall &call) {
  Shapes shapes(prototype, call);
  check_attrs(shapes, call);
  apply_rules(shapes);
  for (size_t r = 0; r < prototype.outputs.size(); ++r) {
    const int o = static_cast<int>(r);
    for (int k = 0; k < shapes.output_count(o); ++k) {
      if (!shapes.known(o, k)) {
        shapes.refuse(ACL_ERROR_OP_UNSUPPORTED_DYNAMIC,
                      "the shape of output %s is known only after it has been computed",
                      shapes.output_name(o, k).c_str());
      }
      record_dims(shapes.output(o, k), shapes.found(o, k));
    }
  }
}

}  // namespace ascend_emu
