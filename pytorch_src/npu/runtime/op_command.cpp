#include "runtime/op_command.h"

#include "runtime/copy.h"
#include "runtime/device.h"
#include "runtime/op_call.h"
#include "runtime/task_queue.h"

namespace npu {

aclDataType to_acl_type(at::ScalarType type) {
  switch (type) {
    case at::kFloat: return ACL_FLOAT;
    case at::kHalf: return ACL_FLOAT16;
    case at::kBFloat16: return ACL_BF16;
    case at::kDouble: return ACL_DOUBLE;
    case at::kByte: return ACL_UINT8;
    case at::kChar: return ACL_INT8;
    case at::kShort: return ACL_INT16;
    case at::kInt: return ACL_INT32;
    case at::kLong: return ACL_INT64;
    case at::kBool: return ACL_BOOL;
    case at::kComplexFloat: return ACL_COMPLEX64;
    case at::kComplexDouble: return ACL_COMPLEX128;
    default: break;
  }
  TORCH_CHECK(false, "AscendCL has no data type for ", c10::toString(type));
}

// What run() needs besides the call itself: the tensors' device, temporaries, and where they go.
struct OpCommand::Call {
  explicit Call(const char* name) : op(std::make_shared<OpCall>(name)) {}

  std::shared_ptr<OpCall> op;
  c10::DeviceIndex device = -1;
  // Non-contiguous outputs and what the operator writes instead.
  std::vector<std::pair<at::Tensor, at::Tensor>> moved_out;
  // Inputs until the launch: a temporary's memory would go to the next temporary otherwise.
  std::vector<at::Tensor> kept;

  void on(const at::Tensor& tensor, const char* role) {
    TORCH_CHECK(is_npu(tensor), op->name, ": ", role, " is on ", tensor.device(),
                ", and the operator runs on an NPU; move it with .npu() first");
    if (device < 0) device = tensor.device().index();
    TORCH_CHECK(tensor.device().index() == device, op->name, ": ", role, " is on ", tensor.device(),
                ", and an operand before it on npu:", static_cast<int>(device),
                "; all must be on one device");
  }
};

namespace {

Operand operand_of(const at::Tensor& tensor) {
  Operand operand;
  operand.type = to_acl_type(tensor.scalar_type());
  const Layout layout = layout_of(tensor);
  operand.format = layout.format;
  operand.origin = layout.origin;
  operand.dims.assign(tensor.sizes().begin(), tensor.sizes().end());
  operand.storage_dims = layout.storage_sizes;
  operand.data = tensor.data_ptr();
  operand.bytes = layout.storage_sizes.empty() ? tensor.nbytes() : tensor.storage().nbytes();
  return operand;
}

template <typename T>
void put(Operand& operand, T value) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(&value);
  operand.host.insert(operand.host.end(), bytes, bytes + sizeof(T));
}

Operand host_operand(at::ScalarType type, const at::Scalar& value) {
  Operand operand;
  operand.type = to_acl_type(type);
  operand.placed_on_host = true;
  const at::Tensor number = at::scalar_tensor(value, at::TensorOptions().dtype(type));
  const auto* bytes = static_cast<const unsigned char*>(number.data_ptr());
  operand.host.assign(bytes, bytes + number.nbytes());
  return operand;
}

}  // namespace

OpCommand::OpCommand(const char* name) : call_(new Call(name)) {}
OpCommand::~OpCommand() = default;
OpCommand::OpCommand(OpCommand&&) noexcept = default;

OpCommand& OpCommand::input(const at::Tensor& tensor) {
  if (tensor.defined() && tensor.device().is_cpu() && tensor.numel() == 1 && tensor.dim() == 0) {
    return host_scalar(tensor.item(), tensor.scalar_type());
  }
  TORCH_CHECK(tensor.defined(), call_->op->name, ": a tensor that it needs is not given");
  call_->on(tensor, "an input");
  const at::Tensor given = contiguous(tensor);
  call_->op->inputs.push_back(operand_of(given));
  call_->kept.push_back(given);
  return *this;
}

OpCommand& OpCommand::input_as_is(const at::Tensor& tensor) {
  if (!tensor.defined() || !is_private(tensor)) return input(tensor);
  call_->on(tensor, "an input");
  call_->op->inputs.push_back(operand_of(tensor));
  call_->kept.push_back(tensor);
  return *this;
}

OpCommand& OpCommand::inputs(at::TensorList tensors, const char* name) {
  for (size_t i = 0; i < tensors.size(); ++i) {
    input(tensors[i]);
    call_->op->inputs.back().name = name + std::to_string(i);
  }
  return *this;
}

OpCommand& OpCommand::no_input() {
  call_->op->inputs.emplace_back();
  call_->op->inputs.back().absent = true;
  return *this;
}

OpCommand& OpCommand::host_input(at::IntArrayRef values, at::ScalarType type) {
  Operand operand;
  operand.type = to_acl_type(type);
  operand.placed_on_host = true;
  operand.dims = {static_cast<int64_t>(values.size())};
  operand.host.reserve(values.size() * sizeof(int64_t));
  for (const int64_t value : values) {
    if (type == at::kInt) {
      put(operand, static_cast<int32_t>(value));
    } else {
      put(operand, value);
    }
  }
  call_->op->inputs.push_back(std::move(operand));
  return *this;
}

OpCommand& OpCommand::host_scalar(const at::Scalar& value, at::ScalarType type) {
  call_->op->inputs.push_back(host_operand(type, value));
  return *this;
}

OpCommand& OpCommand::host_unsigned(at::ArrayRef<uint64_t> values) {
  Operand operand;
  operand.type = ACL_UINT64;
  operand.placed_on_host = true;
  operand.dims = {static_cast<int64_t>(values.size())};
  for (const uint64_t value : values) put(operand, value);
  call_->op->inputs.push_back(std::move(operand));
  return *this;
}

OpCommand& OpCommand::output(const at::Tensor& tensor) {
  call_->on(tensor, "an output");
  if (tensor.is_contiguous() && !is_private(tensor)) {
    call_->op->outputs.push_back(operand_of(tensor));
    return *this;
  }
  const at::Tensor instead = empty(tensor.sizes(), tensor.options());
  call_->moved_out.emplace_back(tensor, instead);
  call_->op->outputs.push_back(operand_of(instead));
  return *this;
}

OpCommand& OpCommand::output_as_is(const at::Tensor& tensor) {
  if (!is_private(tensor)) return output(tensor);
  call_->on(tensor, "an output");
  call_->op->outputs.push_back(operand_of(tensor));
  return *this;
}

OpCommand& OpCommand::input_format(aclFormat format) {
  call_->op->inputs.back().format = call_->op->inputs.back().origin = format;
  return *this;
}

OpCommand& OpCommand::output_format(aclFormat format) {
  call_->op->outputs.back().format = call_->op->outputs.back().origin = format;
  return *this;
}

OpCommand& OpCommand::attr(const char* name, bool value) {
  call_->op->attrs.emplace_back(name, Attr::kBool);
  call_->op->attrs.back().integer = value;
  return *this;
}

OpCommand& OpCommand::attr(const char* name, int64_t value) {
  call_->op->attrs.emplace_back(name, Attr::kInt);
  call_->op->attrs.back().integer = value;
  return *this;
}

OpCommand& OpCommand::attr(const char* name, double value) {
  call_->op->attrs.emplace_back(name, Attr::kFloat);
  call_->op->attrs.back().number = value;
  return *this;
}

OpCommand& OpCommand::attr(const char* name, const char* value) {
  call_->op->attrs.emplace_back(name, Attr::kString);
  call_->op->attrs.back().text = value;
  return *this;
}

OpCommand& OpCommand::attr(const char* name, at::IntArrayRef values) {
  call_->op->attrs.emplace_back(name, Attr::kInts);
  call_->op->attrs.back().integers = values.vec();
  return *this;
}

OpCommand& OpCommand::attr(const char* name, at::ArrayRef<double> values) {
  call_->op->attrs.emplace_back(name, Attr::kFloats);
  call_->op->attrs.back().numbers.assign(values.begin(), values.end());
  return *this;
}

OpCommand& OpCommand::attr(const char* name, at::ScalarType value) {
  call_->op->attrs.emplace_back(name, Attr::kType);
  call_->op->attrs.back().integer = to_acl_type(value);
  return *this;
}

void OpCommand::run() {
  TORCH_CHECK(call_->device >= 0, call_->op->name, ": no operand is on an NPU");
  // Nothing to compute: AscendCL's operators do not all take shapes with a 0 in them.
  if (call_->op->writes_nothing()) return;
  const Stream stream = current_stream(call_->device);
  if (task_queue_enabled()) {
    const std::shared_ptr<OpCall> op = call_->op;
    launch(stream, op->name, [op](aclrtStream on) { op->execute(on); });
  } else {
    DeviceScope scope(call_->device);
    call_->op->execute(stream.handle());
  }
  for (auto& pair : call_->moved_out) copy_(pair.first, pair.second, true);
}

std::vector<std::vector<int64_t>> OpCommand::run_and_get_sizes() {
  TORCH_CHECK(call_->device >= 0, call_->op->name, ": no operand is on an NPU");
  const Stream stream = current_stream(call_->device);
  DeviceScope scope(call_->device);
  drain(stream);
  return call_->op->execute_and_get_sizes(stream.handle());
}

}  // namespace npu
