#include "describe.h"

#include <cmath>
#include <limits>
#include <sstream>

#include "ops/types.h"
#include "prototype.h"

namespace ascend_emu {

namespace {

/* Only names and values of our own prototypes come here: nothing to escape but quotes. */
std::string quoted(const std::string &text) {
  std::string all = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') all += '\\';
    all += c;
  }
  return all + '"';
}

template <class Items, class Text>
std::string list(const Items &items, Text &&text) {
  std::string all = "[";
  for (const auto &item : items) {
    if (all.size() > 1) all += ", ";
    all += text(item);
  }
  return all + "]";
}

std::string number(double value) {
  /* JSON has no infinities. */
  if (!std::isfinite(value)) return quoted(std::isnan(value) ? "nan" : value < 0 ? "-inf" : "inf");
  std::ostringstream text;
  text.precision(std::numeric_limits<double>::max_digits10 - 2);
  text << value;
  return text.str();
}

std::string operand(const OperandRule &rule) {
  std::string text = "{\"name\": " + quoted(rule.name);
  std::vector<std::string> types;
  for (int32_t type = 0; type < 64; ++type) {
    if (rule.type.types.has(type)) types.push_back(type_name(type));
  }
  if (!types.empty()) text += ", \"dtypes\": " + list(types, quoted);
  if (!rule.type.same_as.empty()) text += ", \"same_as\": " + quoted(rule.type.same_as);
  if (!rule.type.from_attr.empty()) text += ", \"dtype_from\": " + quoted(rule.type.from_attr);
  if (rule.optional) text += ", \"optional\": true";
  if (rule.variadic) text += ", \"variadic\": true";
  if (rule.data_dependent) text += ", \"data_dependent\": true";
  if (!rule.formats.empty()) {
    text += ", \"formats\": " +
            list(rule.formats, [](aclFormat format) { return quoted(format_name(format)); });
  }
  return text + "}";
}

std::string default_of(const AttrRule &rule) {
  const auto whole = [](int64_t value) { return std::to_string(value); };
  const auto truth = [](int64_t value) { return std::string(value != 0 ? "true" : "false"); };
  const auto dtype = [](int64_t value) { return quoted(type_name(static_cast<int32_t>(value))); };
  switch (rule.kind) {
    case EMU_ATTR_BOOL: return truth(rule.ints[0]);
    case EMU_ATTR_INT: return whole(rule.ints[0]);
    case EMU_ATTR_FLOAT: return number(rule.floats[0]);
    case EMU_ATTR_STRING: return quoted(rule.strings[0]);
    case EMU_ATTR_DTYPE: return dtype(rule.ints[0]);
    case EMU_ATTR_LIST_BOOL: return list(rule.ints, truth);
    case EMU_ATTR_LIST_INT: return list(rule.ints, whole);
    case EMU_ATTR_LIST_FLOAT: return list(rule.floats, number);
    case EMU_ATTR_LIST_STRING: return list(rule.strings, quoted);
    case EMU_ATTR_LIST_DTYPE: return list(rule.ints, dtype);
    case EMU_ATTR_LIST_LIST_INT:
      return list(rule.lists, [&](const Ints &inner) { return list(inner, whole); });
  }
  return "null";
}

std::string attribute(const AttrRule &rule) {
  std::string text =
      "{\"name\": " + quoted(rule.name) + ", \"kind\": " + quoted(attr_kind_name(rule.kind));
  text += rule.required ? ", \"required\": true" : ", \"default\": " + default_of(rule);
  if (!rule.allowed.empty()) text += ", \"allowed\": " + list(rule.allowed, quoted);
  return text + "}";
}

std::string describe(const Prototype *prototype) {
  const char *layouts = prototype->layouts == Layouts::kPlain     ? "plain"
                        : prototype->layouts == Layouts::kPrivate ? "private"
                                                                  : "raw";
  return "{\"name\": " + quoted(prototype->name) +
         ", \"inputs\": " + list(prototype->inputs, operand) +
         ", \"outputs\": " + list(prototype->outputs, operand) +
         ", \"attributes\": " + list(prototype->attrs, attribute) +
         ", \"layouts\": " + quoted(layouts) + "}";
}

}  // namespace

std::string describe_all() { return list(all_prototypes(), describe); }

}  // namespace ascend_emu
