#include "capture.h"

#include <cstring>

#include "attrs.h"
#include "core/memory.h"
#include "core/refusal.h"
#include "tensor_desc.h"
#include "types.h"

namespace ascend_emu {

namespace {

/* Far above what operators take: a larger count is a mistake, and would be read as addresses. */
constexpr int kMostOperands = 65536;

size_t checked_count(int count, const void *descs, const char *which) {
  if (count < 0 || count > kMostOperands) {
    refuse(ACL_ERROR_INVALID_PARAM, "%d %ss: 0 to %d are allowed", count, which, kMostOperands);
  }
  if (count > 0 && descs == nullptr) {
    refuse(ACL_ERROR_INVALID_PARAM, "the array of %s descriptors is null, but there are %d %ss",
           which, count, which);
  }
  return static_cast<size_t>(count);
}

/* The object behind a handle of an operand; a refusal names the operand. */
template <class T>
std::shared_ptr<T> operand_object(const Handles<T> &table, const void *handle, OpCall &call,
                                  size_t i) {
  std::shared_ptr<T> found = table.find(handle);
  if (found) return found;
  if (call.operand_name(i) == nullptr) call.set_name(i, "");
  try {
    return table.get(handle, ACL_ERROR_INVALID_PARAM);
  } catch (const Refusal &refusal) {
    refuse(refusal.code(), "%s: %s%s", call.operand_name(i), refusal.what(),
           handle == nullptr ? " (an optional operand that is not given has a descriptor of "
                               "ACL_DT_UNDEFINED and an empty buffer)"
                             : "");
  }
}

/* Dynamic inputs are numbered, as CANN names them: x0, x1, ... */
class DynamicNames {
 public:
  void name(const TensorDesc &desc, OpCall &call, size_t i) {
    if (!desc.name.empty() || desc.dynamic_input.empty()) {
      call.set_name(i, desc.name.c_str());
      return;
    }
    number_ = desc.dynamic_input == last_ ? number_ + 1 : 0;
    last_ = desc.dynamic_input;
    call.set_name(i, (last_ + std::to_string(number_)).c_str());
  }

 private:
  std::string last_;
  size_t number_ = 0;
};

void describe(const TensorDesc &desc, EmuTensor &tensor, Arena &arena) {
  const Dims &dims = desc.laid_out_dims();
  tensor.absent = desc.absent() ? 1 : 0;
  tensor.dtype = desc.type;
  tensor.format = desc.laid_out_format();
  tensor.ndim = static_cast<int32_t>(dims.size());
  tensor.dims = arena.copy(dims.data(), dims.size());
  /* What aclCreateTensorDesc was given is the original shape once the layout was set apart. */
  const bool apart = desc.has_storage_dims || desc.has_storage_format;
  if (desc.has_origin_format || apart) {
    tensor.origin_format = desc.has_origin_format ? desc.origin_format : desc.format;
  }
  if (desc.has_origin_dims || apart) {
    const Dims &origin = desc.has_origin_dims ? desc.origin_dims : desc.dims;
    tensor.origin_ndim = static_cast<int32_t>(origin.size());
    tensor.origin_dims = arena.copy(origin.data(), origin.size());
  }
}

/* The value of an input in host memory. */
void set_host_data(EmuTensor &tensor, const void *data, uint64_t bytes, Arena &arena) {
  tensor.host = 1;
  tensor.bytes = bytes;
  tensor.data = const_cast<char *>(arena.copy(static_cast<const char *>(data), bytes));
}

/* How much of a buffer belongs to its tensor. A shape that only the result tells may use all. */
uint64_t used_bytes(const TensorDesc &desc, const DataBuffer &buffer, const OpCall &call,
                    size_t i) {
  if (has_unknown_dims(desc.laid_out_dims())) {
    if (i >= call.inputs()) return buffer.bytes;
    refuse(ACL_ERROR_INVALID_PARAM, "%s has the shape %s: every dim of an input must be known",
           call.operand_name(i),
           dims_text(desc.laid_out_dims().data(), desc.laid_out_dims().size()).c_str());
  }
  const uint64_t needed = laid_out_bytes(desc);
  if (buffer.bytes < needed) {
    refuse(ACL_ERROR_INVALID_PARAM,
           "%s: its data buffer has %zu bytes, but a tensor of shape %s and type %s needs %llu",
           call.operand_name(i), buffer.bytes,
           dims_text(desc.laid_out_dims().data(), desc.laid_out_dims().size()).c_str(),
           type_name(desc.type).c_str(), static_cast<unsigned long long>(needed));
  }
  return needed;
}

void set_data(const TensorDesc &desc, const DataBuffer &buffer, OpCall &call, size_t i,
              CaptureFor purpose, const DeviceMemory &memory) {
  EmuTensor &tensor = call.tensor(i);
  if (desc.placement != ACL_MEMTYPE_DEVICE && i >= call.inputs()) {
    refuse(ACL_ERROR_INVALID_PARAM, "%s is placed in host memory: only inputs can be",
           call.operand_name(i));
  }
  const uint64_t bytes = used_bytes(desc, buffer, call, i);
  const bool host = desc.placement != ACL_MEMTYPE_DEVICE ||
                    (purpose == CaptureFor::kInfer && memory.device_of(buffer.data) < 0);
  if (host) {
    if (memory.device_of(buffer.data) >= 0) {
      refuse(ACL_ERROR_INVALID_PARAM, "%s is placed in host memory, but %p is device memory",
             call.operand_name(i), buffer.data);
    }
    set_host_data(tensor, buffer.data, bytes, call.arena());
    return;
  }
  tensor.bytes = bytes;
  if (bytes != 0) call.operand(i) = Operand{buffer.data, bytes};
}

void set_constant(const TensorDesc &desc, OpCall &call, size_t i) {
  /* The shape may have been changed since aclSetTensorConst. */
  if (i >= call.inputs() || desc.constant.size() < laid_out_bytes(desc)) {
    refuse(ACL_ERROR_INVALID_PARAM,
           i >= call.inputs() ? "%s is a constant: only inputs can be"
                              : "%s: its constant has fewer bytes than its shape needs",
           call.operand_name(i));
  }
  set_host_data(call.tensor(i), desc.constant.data(), desc.constant.size(), call.arena());
}

void add_operand(const aclTensorDesc *handle, const aclDataBuffer *const *buffer, OpCall &call,
                 size_t i, CaptureFor purpose, const DeviceMemory &memory, DynamicNames &names) {
  const auto desc = operand_object(tensor_descs(), handle, call, i);
  names.name(*desc, call, i);
  describe(*desc, call.tensor(i), call.arena());
  std::shared_ptr<DataBuffer> data;
  if (buffer != nullptr) data = operand_object(data_buffers(), *buffer, call, i);
  if (desc->absent()) return;
  if (desc->is_const) {
    set_constant(*desc, call, i);
  } else if (data) {
    set_data(*desc, *data, call, i, purpose, memory);
  }
}

const char *const *copy_texts(const std::vector<std::string> &texts, Arena &arena) {
  const char **copies = arena.array<const char *>(texts.size());
  for (size_t i = 0; i < texts.size(); ++i) copies[i] = arena.text(texts[i].c_str());
  return copies;
}

void add_attr(const Attr &attr, OpCall &call) {
  Arena &arena = call.arena();
  const size_t count =
      attr.ints.size() + attr.floats.size() + attr.strings.size() + attr.lists.size();
  EmuAttr &made = call.add_attr(attr.name.c_str(), attr.kind, count);
  made.ints = arena.copy(attr.ints.data(), attr.ints.size());
  made.floats = arena.copy(attr.floats.data(), attr.floats.size());
  made.strings = copy_texts(attr.strings, arena);
  const int64_t **lists = arena.array<const int64_t *>(attr.lists.size());
  uint64_t *lengths = arena.array<uint64_t>(attr.lists.size());
  for (size_t i = 0; i < attr.lists.size(); ++i) {
    lists[i] = arena.copy(attr.lists[i].data(), attr.lists[i].size());
    lengths[i] = attr.lists[i].size();
  }
  made.lists = lists;
  made.lengths = lengths;
}

}  // namespace

std::shared_ptr<OpCall> capture(const OpArguments &arguments, CaptureFor purpose,
                                const DeviceMemory &memory) {
  const size_t inputs = checked_count(arguments.num_inputs, arguments.input_descs, "input");
  const size_t outputs = checked_count(arguments.num_outputs, arguments.output_descs, "output");
  if (purpose == CaptureFor::kRun && ((inputs != 0 && arguments.inputs == nullptr) ||
                                      (outputs != 0 && arguments.outputs == nullptr))) {
    refuse(ACL_ERROR_INVALID_PARAM, "the array of %s buffers is null",
           inputs != 0 && arguments.inputs == nullptr ? "input" : "output");
  }
  std::shared_ptr<OpAttrs> attrs;
  if (arguments.attrs != nullptr) attrs = op_attrs().get(arguments.attrs, ACL_ERROR_INVALID_PARAM);
  auto call = std::make_shared<OpCall>(arguments.op_type, inputs, outputs,
                                       attrs ? attrs->all.size() : 0);
  DynamicNames input_names, output_names;
  for (size_t i = 0; i < inputs; ++i) {
    add_operand(arguments.input_descs[i],
                arguments.inputs == nullptr ? nullptr : &arguments.inputs[i], *call, i, purpose,
                memory, input_names);
  }
  for (size_t i = 0; i < outputs; ++i) {
    add_operand(arguments.output_descs[i],
                arguments.outputs == nullptr ? nullptr : &arguments.outputs[i], *call, inputs + i,
                purpose, memory, output_names);
  }
  if (attrs) {
    for (const Attr &attr : attrs->all) add_attr(attr, *call);
  }
  return call;
}

}  // namespace ascend_emu
