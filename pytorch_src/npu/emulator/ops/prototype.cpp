#include "prototype.h"

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <unordered_map>

#include "ops/types.h"

namespace ascend_emu {

namespace {

using Registry = std::unordered_map<std::string, std::unique_ptr<Prototype>>;

Registry &registry() {
  static Registry *all = new Registry; /* outlives every static that uses it */
  return *all;
}

size_t edit_distance(const std::string &a, const std::string &b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t above = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace

std::string DtypeSet::text() const {
  std::string all;
  for (int32_t type = 0; type < 64; ++type) {
    if (!has(type)) continue;
    if (!all.empty()) all += ", ";
    all += type_name(type);
  }
  return all;
}

TypeRule same_as(const char *input) {
  TypeRule rule{DtypeSet()};
  rule.same_as = input;
  return rule;
}

TypeRule type_from(const char *attr) {
  TypeRule rule{DtypeSet()};
  rule.from_attr = attr;
  return rule;
}

int Prototype::input_index(const std::string &input) const {
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].name == input) return static_cast<int>(i);
  }
  return -1;
}

const AttrRule *Prototype::attr(const char *attr_name) const {
  for (const AttrRule &rule : attrs) {
    if (rule.name == attr_name) return &rule;
  }
  return nullptr;
}

const Prototype *find_prototype(const char *op) {
  const auto found = registry().find(op);
  return found == registry().end() ? nullptr : found->second.get();
}

std::vector<const Prototype *> all_prototypes() {
  std::vector<const Prototype *> all;
  all.reserve(registry().size());
  for (const auto &entry : registry()) all.push_back(entry.second.get());
  std::sort(all.begin(), all.end(),
            [](const Prototype *a, const Prototype *b) { return a->name < b->name; });
  return all;
}

std::string nearest_operator(const std::string &op) {
  std::string best;
  /* A name as wrong as a third of its letters is another name. */
  size_t least = std::max<size_t>(op.size() / 3, 2) + 1;
  for (const Prototype *known : all_prototypes()) {
    const size_t distance = edit_distance(op, known->name);
    if (distance < least) {
      least = distance;
      best = known->name;
    }
  }
  return best;
}

const char *attr_kind_name(int32_t kind) {
  switch (kind) {
    case EMU_ATTR_BOOL: return "bool";
    case EMU_ATTR_INT: return "int";
    case EMU_ATTR_FLOAT: return "float";
    case EMU_ATTR_STRING: return "string";
    case EMU_ATTR_DTYPE: return "data type";
    case EMU_ATTR_LIST_BOOL: return "list of bool";
    case EMU_ATTR_LIST_INT: return "list of int";
    case EMU_ATTR_LIST_FLOAT: return "list of float";
    case EMU_ATTR_LIST_STRING: return "list of string";
    case EMU_ATTR_LIST_DTYPE: return "list of data type";
    case EMU_ATTR_LIST_LIST_INT: return "list of lists of int";
    default: return "unknown kind";
  }
}

Define::Define(const char *op) {
  std::unique_ptr<Prototype> &place = registry()[op];
  if (place) throw std::logic_error(std::string("operator defined twice: ") + op);
  place.reset(new Prototype);
  place->name = op;
  prototype_ = place.get();
}

OperandRule &Define::add_operand(std::vector<OperandRule> &rules, const char *name,
                                 TypeRule type) {
  rules.emplace_back(name, std::move(type));
  last_operand_ = &rules.back();
  return rules.back();
}

Define &&Define::input(const char *name, TypeRule type) && {
  add_operand(prototype_->inputs, name, std::move(type));
  return std::move(*this);
}

Define &&Define::optional_input(const char *name, TypeRule type) && {
  add_operand(prototype_->inputs, name, std::move(type)).optional = true;
  return std::move(*this);
}

Define &&Define::variadic_input(const char *name, TypeRule type) && {
  add_operand(prototype_->inputs, name, std::move(type)).variadic = true;
  return std::move(*this);
}

Define &&Define::output(const char *name, TypeRule type) && {
  add_operand(prototype_->outputs, name, std::move(type));
  return std::move(*this);
}

Define &&Define::optional_output(const char *name, TypeRule type) && {
  add_operand(prototype_->outputs, name, std::move(type)).optional = true;
  return std::move(*this);
}

Define &&Define::variadic_output(const char *name, TypeRule type) && {
  add_operand(prototype_->outputs, name, std::move(type)).variadic = true;
  return std::move(*this);
}

Define &&Define::data_dependent_output(const char *name, TypeRule type) && {
  add_operand(prototype_->outputs, name, std::move(type)).data_dependent = true;
  return std::move(*this);
}

AttrRule &Define::add_attr(const char *name, EmuAttrKind kind, bool required) {
  prototype_->attrs.emplace_back();
  AttrRule &rule = prototype_->attrs.back();
  rule.name = name;
  rule.kind = kind;
  rule.required = required;
  return rule;
}

Define &&Define::attr(const char *name, bool value) && {
  add_attr(name, EMU_ATTR_BOOL, false).ints = {value ? 1 : 0};
  return std::move(*this);
}

Define &&Define::attr(const char *name, int value) && {
  return std::move(*this).attr(name, static_cast<int64_t>(value));
}

Define &&Define::attr(const char *name, int64_t value) && {
  add_attr(name, EMU_ATTR_INT, false).ints = {value};
  return std::move(*this);
}

Define &&Define::attr(const char *name, double value) && {
  add_attr(name, EMU_ATTR_FLOAT, false).floats = {value};
  return std::move(*this);
}

Define &&Define::attr(const char *name, const char *value) && {
  add_attr(name, EMU_ATTR_STRING, false).strings = {value};
  return std::move(*this);
}

Define &&Define::attr(const char *name, aclDataType value) && {
  add_attr(name, EMU_ATTR_DTYPE, false).ints = {static_cast<int64_t>(value)};
  return std::move(*this);
}

Define &&Define::attr(const char *name, Ints value) && {
  add_attr(name, EMU_ATTR_LIST_INT, false).ints = std::move(value);
  return std::move(*this);
}

Define &&Define::attr(const char *name, std::vector<double> value) && {
  add_attr(name, EMU_ATTR_LIST_FLOAT, false).floats = std::move(value);
  return std::move(*this);
}

Define &&Define::attr(const char *name, std::vector<bool> value) && {
  add_attr(name, EMU_ATTR_LIST_BOOL, false).ints.assign(value.begin(), value.end());
  return std::move(*this);
}

Define &&Define::attr(const char *name, std::vector<Ints> value) && {
  add_attr(name, EMU_ATTR_LIST_LIST_INT, false).lists = std::move(value);
  return std::move(*this);
}

Define &&Define::required_attr(const char *name, EmuAttrKind kind) && {
  add_attr(name, kind, true);
  return std::move(*this);
}

Define &&Define::one_of(std::vector<std::string> allowed) && {
  prototype_->attrs.back().allowed = std::move(allowed);
  return std::move(*this);
}

Define &&Define::formats(std::vector<aclFormat> allowed) && {
  last_operand_->formats = std::move(allowed);
  return std::move(*this);
}

Define &&Define::layouts(Layouts layouts) && {
  prototype_->layouts = layouts;
  return std::move(*this);
}

Define &&Define::in_float() && {
  prototype_->halves_as_float = true;
  return std::move(*this);
}

Define &&Define::shapes(ShapeRule rule) && {
  prototype_->shape_rules.push_back(std::move(rule));
  return std::move(*this);
}

Defined Define::body(Body body) && {
  prototype_->body = std::move(body);
  return Defined{};
}

}  // namespace ascend_emu
