#include "call.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>

#include "core/refusal.h"
#include "ops/float16.h"
#include "ops/types.h"

namespace ascend_emu {

namespace {

std::string names_of(const std::vector<OperandRule> &rules) {
  std::string all;
  for (const OperandRule &rule : rules) {
    if (!all.empty()) all += ", ";
    all += rule.name;
    if (rule.variadic) all += "...";
    if (rule.optional) all += " (optional)";
  }
  return all;
}

uint64_t elements(const EmuTensor &tensor) {
  uint64_t count = 0;
  count_elements(tensor.dims, static_cast<size_t>(tensor.ndim), &count);
  return count;
}

template <class T, class To>
std::vector<To> read(const EmuTensor &tensor) {
  std::vector<To> values(elements(tensor));
  const char *bytes = static_cast<const char *>(tensor.data);
  for (size_t i = 0; i < values.size(); ++i) {
    T value;
    std::memcpy(&value, bytes + i * sizeof(T), sizeof(T));
    values[i] = static_cast<To>(value);
  }
  return values;
}

std::vector<double> read_halves(const EmuTensor &tensor, bool brain) {
  std::vector<double> values;
  for (const uint16_t bits : read<uint16_t, uint16_t>(tensor)) {
    float value;
    if (brain) {
      const uint32_t wide = static_cast<uint32_t>(bits) << 16;
      std::memcpy(&value, &wide, sizeof value);
    } else {
      value = half_to_float(bits);
    }
    values.push_back(value);
  }
  return values;
}

template <class To>
bool read_integers(const EmuTensor &tensor, std::vector<To> *values) {
  switch (tensor.dtype) {
    case ACL_INT8: *values = read<int8_t, To>(tensor); return true;
    case ACL_UINT8: *values = read<uint8_t, To>(tensor); return true;
    case ACL_INT16: *values = read<int16_t, To>(tensor); return true;
    case ACL_UINT16: *values = read<uint16_t, To>(tensor); return true;
    case ACL_INT32: *values = read<int32_t, To>(tensor); return true;
    case ACL_UINT32: *values = read<uint32_t, To>(tensor); return true;
    case ACL_INT64: *values = read<int64_t, To>(tensor); return true;
    case ACL_UINT64: *values = read<uint64_t, To>(tensor); return true;
    case ACL_BOOL: *values = read<uint8_t, To>(tensor); return true;
    default: return false;
  }
}

}  // namespace

std::string dims_text(const Dims &dims) { return dims_text(dims.data(), dims.size()); }

bool any_unknown(const Dims &dims) {
  return std::any_of(dims.begin(), dims.end(), [](int64_t dim) { return dim < 0; });
}

void record_dims(EmuTensor &output, const Dims &dims) {
  if (dims.size() > EMU_OPS_MAX_DIMS) {
    ascend_emu::refuse(ACL_ERROR_RT_AICORE_EXCEPTION,
                       "a result of %zu dims; at most %d are allowed", dims.size(),
                       EMU_OPS_MAX_DIMS);
  }
  output.actual_ndim = static_cast<int32_t>(dims.size());
  std::copy(dims.begin(), dims.end(), output.actual_dims);
}

Call::Call(const Prototype &prototype, EmuCall &call)
    : prototype_(prototype),
      call_(call),
      inputs_(resolve(prototype.inputs, call.inputs, call.num_inputs, "input",
                      ACL_ERROR_OP_INPUT_NOT_MATCH)),
      outputs_(resolve(prototype.outputs, call.outputs, call.num_outputs, "output",
                       ACL_ERROR_OP_OUTPUT_NOT_MATCH)) {}

std::vector<Call::Span> Call::resolve(const std::vector<OperandRule> &rules,
                                      const EmuTensor *tensors, int given, const char *which,
                                      int32_t code) const {
  int most = 0, least = 0, variadic = 0;
  for (size_t r = 0; r < rules.size(); ++r) {
    if (rules[r].variadic) {
      ++variadic;
      continue;
    }
    ++most;
    /* Optional operands at the end may be left out altogether. */
    if (!rules[r].optional) least = most;
  }
  if (given < least + variadic || (variadic == 0 && given > most)) {
    const std::string at_least =
        variadic != 0 ? "at least " : least != most ? std::to_string(least) + " to " : "";
    const int named = variadic != 0 ? least + variadic : most;
    refuse(code, "%s%d %s%s expected (%s), %d given", at_least.c_str(), named, which,
           named == 1 ? "" : "s", names_of(rules).c_str(), given);
  }
  std::vector<Span> spans;
  spans.reserve(rules.size());
  int next = 0;
  for (const OperandRule &rule : rules) {
    if (rule.variadic) {
      const int others = given > most + 1 ? most : least;
      spans.push_back({next, given - others});
      next += given - others;
      continue;
    }
    const bool there = next < given && tensors[next].absent == 0;
    if (!there && !rule.optional) {
      refuse(code, "%s %s is required, but it was not given", which, rule.name.c_str());
    }
    spans.push_back({next, there ? 1 : 0});
    ++next;
  }
  return spans;
}

bool Call::has(int input) const { return inputs_[static_cast<size_t>(input)].count != 0; }

bool Call::has_output(int output) const { return outputs_[static_cast<size_t>(output)].count != 0; }

const EmuTensor &Call::input(int i, int k) const {
  return call_.inputs[inputs_[static_cast<size_t>(i)].first + k];
}

EmuTensor &Call::output(int i, int k) const {
  return call_.outputs[outputs_[static_cast<size_t>(i)].first + k];
}

std::string Call::input_name(int i, int k) const {
  const OperandRule &operand = prototype_.inputs[static_cast<size_t>(i)];
  return operand.variadic ? operand.name + "[" + std::to_string(k) + "]" : operand.name;
}

std::string Call::output_name(int i, int k) const {
  const OperandRule &operand = prototype_.outputs[static_cast<size_t>(i)];
  return operand.variadic ? operand.name + "[" + std::to_string(k) + "]" : operand.name;
}

Dims Call::plain_dims(const EmuTensor &tensor) {
  const bool origin = tensor.origin_ndim >= 0;
  const int64_t *dims = origin ? tensor.origin_dims : tensor.dims;
  return Dims(dims, dims + (origin ? tensor.origin_ndim : tensor.ndim));
}

int32_t Call::plain_format(const EmuTensor &tensor) {
  return tensor.origin_format >= 0 ? tensor.origin_format : tensor.format;
}

const EmuAttr *Call::find(const char *attr) const {
  for (int32_t i = 0; i < call_.num_attrs; ++i) {
    if (std::strcmp(call_.attrs[i].name, attr) == 0) return &call_.attrs[i];
  }
  return nullptr;
}

const AttrRule &Call::rule(const char *attr) const {
  const AttrRule *rule = prototype_.attr(attr);
  if (rule == nullptr) refuse(ACL_ERROR_INTERNAL_ERROR, "its body asks for attribute [%s]", attr);
  return *rule;
}

bool Call::given(const char *attr) const { return find(attr) != nullptr; }

int64_t Call::i(const char *attr) const {
  const EmuAttr *given = find(attr);
  return given != nullptr ? given->ints[0] : rule(attr).ints.at(0);
}

bool Call::b(const char *attr) const { return i(attr) != 0; }

int32_t Call::type(const char *attr) const { return static_cast<int32_t>(i(attr)); }

double Call::f(const char *attr) const {
  const EmuAttr *given = find(attr);
  return given != nullptr ? given->floats[0] : rule(attr).floats.at(0);
}

std::string Call::s(const char *attr) const {
  const EmuAttr *given = find(attr);
  return given != nullptr ? std::string(given->strings[0]) : rule(attr).strings.at(0);
}

Ints Call::ints(const char *attr) const {
  const EmuAttr *given = find(attr);
  return given != nullptr ? Ints(given->ints, given->ints + given->count) : rule(attr).ints;
}

std::vector<double> Call::floats(const char *attr) const {
  const EmuAttr *given = find(attr);
  return given != nullptr ? std::vector<double>(given->floats, given->floats + given->count)
                          : rule(attr).floats;
}

std::vector<Ints> Call::lists(const char *attr) const {
  const EmuAttr *given = find(attr);
  if (given == nullptr) return rule(attr).lists;
  std::vector<Ints> all;
  for (uint64_t i = 0; i < given->count; ++i) {
    all.emplace_back(given->lists[i], given->lists[i] + given->lengths[i]);
  }
  return all;
}

bool Call::value_known(int i) const {
  return has(i) && (input(i).data != nullptr || elements(input(i)) == 0);
}

Ints Call::host_ints(int i) const {
  Ints values;
  if (!read_integers(input(i), &values)) {
    refuse(ACL_ERROR_UNSUPPORTED_DATA_TYPE, "input %s has data type %s; integers are expected",
           input_name(i).c_str(), type_name(input(i).dtype).c_str());
  }
  return values;
}

std::vector<double> Call::host_floats(int i) const {
  const EmuTensor &tensor = input(i);
  std::vector<double> values;
  if (read_integers(tensor, &values)) return values;
  switch (tensor.dtype) {
    case ACL_FLOAT: return read<float, double>(tensor);
    case ACL_DOUBLE: return read<double, double>(tensor);
    case ACL_FLOAT16: return read_halves(tensor, false);
    case ACL_BF16: return read_halves(tensor, true);
    default:
      refuse(ACL_ERROR_UNSUPPORTED_DATA_TYPE, "input %s has data type %s; numbers are expected",
             input_name(i).c_str(), type_name(tensor.dtype).c_str());
  }
}

void Call::refuse(int32_t code, const char *format, ...) const {
  char text[1024];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  ascend_emu::refuse(code, "Op [%s]: %s", prototype_.name.c_str(), text);
}

}  // namespace ascend_emu
