/* An operator library without torch, for the runtime's tests: a few operators on float, and some
   that misbehave. */
#include <chrono>
#include <cstdio>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "acl/acl_rt.h"
#include "emu_ops.h"

namespace {

int32_t fail(EmuText *error, int32_t code, const std::string &text) {
  std::snprintf(error->text, error->capacity, "%s", text.c_str());
  return code;
}

int64_t elements(const EmuTensor &tensor) {
  int64_t count = 1;
  for (int32_t d = 0; d < tensor.ndim; ++d) count *= tensor.dims[d];
  return count;
}

const EmuAttr *attr(const EmuCall &call, const char *name) {
  for (int32_t i = 0; i < call.num_attrs; ++i) {
    if (std::strcmp(call.attrs[i].name, name) == 0) return &call.attrs[i];
  }
  return nullptr;
}

double number(const EmuCall &call, const char *name, double fallback) {
  const EmuAttr *found = attr(call, name);
  if (found == nullptr) return fallback;
  return found->floats != nullptr ? found->floats[0] : static_cast<double>(found->ints[0]);
}

/* The i-th element in the order of the shape, through strides when there are some. */
float &at(const EmuTensor &tensor, int64_t i) {
  float *data = static_cast<float *>(tensor.data);
  if (tensor.strides == nullptr) return data[i];
  int64_t place = tensor.offset;
  for (int32_t d = tensor.ndim - 1; d >= 0; --d) {
    place += i % tensor.dims[d] * tensor.strides[d];
    i /= tensor.dims[d];
  }
  return data[place];
}

using Body = int32_t (*)(EmuCall &, EmuText *);

int32_t add(EmuCall &call, EmuText *) {
  float alpha = static_cast<float>(number(call, "alpha", 1));
  /* aclnn gives it as an operand. */
  if (call.num_inputs > 2) alpha = *static_cast<const float *>(call.inputs[2].data);
  for (int64_t i = 0; i < elements(call.outputs[0]); ++i) {
    const float other = call.inputs[1].absent != 0 ? 0 : at(call.inputs[1], i);
    at(call.outputs[0], i) = at(call.inputs[0], i) + alpha * other;
  }
  return 0;
}

int32_t fill(EmuCall &call, EmuText *) {
  for (int64_t i = 0; i < elements(call.outputs[0]); ++i) {
    at(call.outputs[0], i) = static_cast<float>(number(call, "value", 0));
  }
  return 0;
}

/* Every output gets its number. */
int32_t number_outputs(EmuCall &call, EmuText *) {
  for (int32_t n = 0; n < call.num_outputs; ++n) {
    for (int64_t i = 0; i < elements(call.outputs[n]); ++i) {
      at(call.outputs[n], i) = static_cast<float>(n);
    }
  }
  return 0;
}

int32_t slow(EmuCall &call, EmuText *error) {
  std::this_thread::sleep_for(
      std::chrono::milliseconds(static_cast<int64_t>(number(call, "milliseconds", 1))));
  return add(call, error);
}

int32_t broken(EmuCall &, EmuText *error) {
  return fail(error, ACL_ERROR_RT_AICORE_EXCEPTION, "index 7 is out of range");
}

int32_t scale(EmuCall &call, EmuText *) {
  const float factor = static_cast<float>(number(call, "factor", 1));
  for (int64_t i = 0; i < elements(call.outputs[0]); ++i) {
    at(call.outputs[0], i) = at(call.inputs[0], i) * factor;
  }
  return 0;
}

/* Host constants: the sum of all int64 values of `axes`. */
int32_t axes_sum(EmuCall &call, EmuText *error) {
  const EmuTensor &axes = call.inputs[0];
  if (axes.host == 0) return fail(error, ACL_ERROR_RT_AICORE_EXCEPTION, "axes are on the device");
  float sum = 0;
  for (int64_t i = 0; i < elements(axes); ++i) {
    sum += static_cast<float>(static_cast<const int64_t *>(axes.data)[i]);
  }
  at(call.outputs[0], 0) = sum;
  return 0;
}

/* Where a vector is not 0: the count follows from the data. */
int32_t non_zero(EmuCall &call, EmuText *) {
  int64_t *found = static_cast<int64_t *>(call.outputs[0].data);
  int64_t count = 0;
  for (int64_t i = 0; i < elements(call.inputs[0]); ++i) {
    if (at(call.inputs[0], i) != 0) found[count++] = i;
  }
  call.outputs[0].actual_ndim = 2;
  call.outputs[0].actual_dims[0] = count;
  call.outputs[0].actual_dims[1] = 1;
  return 0;
}

int32_t concat(EmuCall &call, EmuText *error) {
  int64_t place = 0;
  for (int32_t n = 0; n < call.num_inputs; ++n) {
    if (call.inputs[n].name != "x" + std::to_string(n)) {
      return fail(error, ACL_ERROR_RT_AICORE_EXCEPTION,
                  std::string("an input is called ") + call.inputs[n].name);
    }
    for (int64_t i = 0; i < elements(call.inputs[n]); ++i) {
      at(call.outputs[0], place++) = at(call.inputs[n], i);
    }
  }
  return 0;
}

std::string attr_text(const EmuAttr &attr) {
  std::string text = std::string(attr.name) + "/" + std::to_string(attr.kind) + "=";
  for (uint64_t i = 0; i < attr.count; ++i) {
    if (attr.lists != nullptr) {
      text += "(";
      for (uint64_t j = 0; j < attr.lengths[i]; ++j) text += std::to_string(attr.lists[i][j]) + ",";
      text += ")";
    } else if (attr.floats != nullptr) {
      text += std::to_string(attr.floats[i]) + ",";
    } else if (attr.strings != nullptr) {
      text += std::string(attr.strings[i]) + ",";
    } else {
      text += std::to_string(attr.ints[i]) + ",";
    }
  }
  return text + ";";
}

/* "alpha/0=0000003f;": the name, the number of dims, the bytes. */
std::string host_text(const EmuTensor &tensor) {
  std::string text = std::string(tensor.name) + "/" + std::to_string(tensor.dtype) + "/" +
                     std::to_string(tensor.ndim) + "=";
  for (uint64_t i = 0; i < tensor.bytes; ++i) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02x", static_cast<const uint8_t *>(tensor.data)[i]);
    text += digits;
  }
  return text + ";";
}

/* Writes what it was given, as text, for the tests of attributes and layouts to look at. */
int32_t tell(EmuCall &call, EmuText *) {
  std::string text;
  for (int32_t i = 0; i < call.num_attrs; ++i) text += attr_text(call.attrs[i]);
  for (int32_t i = 0; i < call.num_inputs; ++i) {
    const EmuTensor &input = call.inputs[i];
    if (input.host != 0) {
      text += host_text(input);
      continue;
    }
    text += "in format " + std::to_string(input.format) + " ndim " + std::to_string(input.ndim) +
            " origin " + std::to_string(input.origin_format) + " " +
            std::to_string(input.origin_ndim) + ";";
  }
  std::strncpy(static_cast<char *>(call.outputs[0].data), text.c_str(), call.outputs[0].bytes);
  return 0;
}

const struct {
  const char *name;
  int32_t inputs; /* -1: any number */
  bool shape_from_data;
  Body body;
} kOps[] = {
    {"Add", 2, false, add},          {"Fill", 0, false, fill},
    {"Slow", 2, false, slow},        {"Broken", 0, false, broken},
    {"Scale", 1, false, scale},      {"AxesSum", 1, false, axes_sum},
    {"NonZero", 1, true, non_zero},  {"Concat", -1, false, concat},
    {"Tell", -1, false, tell},       {"aclnnAdd", 3, false, add},
    {"aclnnCat", -1, false, concat}, {"aclnnTell", -1, false, tell},
    {"aclnnNumber", 0, false, number_outputs},
};

const auto *find(const char *name) {
  for (const auto &op : kOps) {
    if (std::strcmp(op.name, name) == 0) return &op;
  }
  return static_cast<decltype(&kOps[0])>(nullptr);
}

int32_t check(const EmuCall *call, EmuText *error) {
  const auto *op = find(call->op);
  if (op == nullptr) {
    return fail(error, ACL_ERROR_OP_NOT_FOUND, std::string("Op [") + call->op + "] is not known");
  }
  if (op->inputs >= 0 && call->num_inputs != op->inputs) {
    return fail(error, ACL_ERROR_OP_INPUT_NOT_MATCH,
                std::to_string(op->inputs) + " inputs expected, " +
                    std::to_string(call->num_inputs) + " given");
  }
  for (int32_t i = 0; i < call->num_inputs; ++i) {
    const EmuTensor &input = call->inputs[i];
    if (input.data != nullptr && input.host == 0) {
      return fail(error, ACL_ERROR_INTERNAL_ERROR, "check was given device data");
    }
    if (op->body == add && input.absent == 0 && input.dtype != ACL_FLOAT) {
      return fail(error, ACL_ERROR_UNSUPPORTED_DATA_TYPE,
                  std::string("input ") + input.name + " is not DT_FLOAT");
    }
  }
  return 0;
}

int32_t run(EmuCall *call, EmuText *error) {
  return find(call->op)->body(*call, error);
}

int32_t infer(EmuCall *call, EmuText *error) {
  const auto *op = find(call->op);
  if (op->shape_from_data) return fail(error, ACL_ERROR_OP_UNSUPPORTED_DYNAMIC, "data");
  if (call->num_inputs == 0 || call->num_outputs == 0) return 0;
  EmuTensor &output = call->outputs[0];
  const EmuTensor &input = call->inputs[0];
  if (op->body == axes_sum && input.data == nullptr) {
    return fail(error, ACL_ERROR_OP_UNSUPPORTED_DYNAMIC, "axes");
  }
  output.actual_ndim = input.ndim;
  for (int32_t d = 0; d < input.ndim; ++d) output.actual_dims[d] = input.dims[d];
  return 0;
}

const char *describe() { return "[]"; }

const EmuOps kLibrary = {EMU_OPS_ABI, check, run, infer, describe};

}  // namespace

extern "C" const EmuOps *ascend_emu_ops(uint32_t abi) {
  return abi == EMU_OPS_ABI ? &kLibrary : nullptr;
}
