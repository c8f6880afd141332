#include "runtime/cpu_fallback.h"

#include <algorithm>
#include <map>

#include "runtime/copy.h"
#include "runtime/device.h"

namespace npu {

namespace {

using torch::jit::Stack;

// The tensors of one argument, in order; what is no tensor gives none.
std::vector<at::Tensor> tensors_of(const c10::IValue& value) {
  std::vector<at::Tensor> found;
  if (value.isTensor()) {
    found.push_back(value.toTensor());
  } else if (value.isTensorList()) {
    found = value.toTensorVector();
  }
  return found;
}

// One call: copies of the arguments on the CPU, which keep being one where they were one.
class Call {
 public:
  Call(const c10::OperatorHandle& op, Stack* stack)
      : op_(op),
        schema_(op.schema()),
        stack_(stack),
        arguments_(stack->end() - static_cast<std::ptrdiff_t>(schema_.arguments().size()),
                   stack->end()) {}

  void run() {
    const auto arguments = stack_->end() - static_cast<std::ptrdiff_t>(arguments_.size());
    std::transform(arguments, stack_->end(), arguments,
                   [this](const c10::IValue& argument) { return to_cpu(argument); });
    op_.callBoxed(stack_);
    write_back();
    const std::vector<c10::Argument>& returns = schema_.returns();
    const auto results = stack_->end() - static_cast<std::ptrdiff_t>(returns.size());
    std::transform(returns.begin(), returns.end(), results, results,
                   [this](const c10::Argument& declared, const c10::IValue& result) {
                     return to_npu(declared, result);
                   });
  }

 private:
  at::Tensor to_cpu(const at::Tensor& tensor) {
    if (!tensor.defined() || !is_npu(tensor)) return tensor;
    device_ = tensor.device();
    const auto known = copies_.find(tensor.unsafeGetTensorImpl());
    if (known != copies_.end()) return known->second;
    const at::Tensor copy = tensor.to(at::kCPU);
    copies_.emplace(tensor.unsafeGetTensorImpl(), copy);
    return copy;
  }

  c10::IValue to_cpu(const c10::IValue& value) {
    if (value.isTensor()) return to_cpu(value.toTensor());
    if (value.isTensorList()) {
      c10::List<at::Tensor> copies;
      for (const at::Tensor& tensor : value.toTensorVector()) copies.push_back(to_cpu(tensor));
      return copies;
    }
    if (value.isList()) {
      // Of optional tensors, such as indices.
      c10::List<c10::IValue> copies = value.toList().copy();
      for (size_t i = 0; i < copies.size(); ++i) copies.set(i, to_cpu(copies.get(i)));
      return c10::IValue(std::move(copies));
    }
    if (value.isDevice() && value.toDevice().type() == kDeviceType) {
      device_ = value.toDevice().has_index() ? value.toDevice() : device(current_device());
      return c10::Device(c10::DeviceType::CPU);
    }
    TORCH_CHECK(!value.isGenerator() || value.toGenerator().device().is_cpu(),
                schema_.operator_name(), " has no kernel for an NPU, and on the CPU it cannot take "
                "numbers of an NPU's generator; pass generator=None, or a generator of the CPU");
    return value;
  }

  void write_back() {
    for (size_t i = 0; i < arguments_.size(); ++i) {
      const c10::AliasInfo* alias = alias_of(schema_.arguments()[i]);
      if (alias == nullptr || !alias->isWrite()) continue;
      for (at::Tensor& written : tensors_of(arguments_[i])) {
        const auto copy = copies_.find(written.unsafeGetTensorImpl());
        if (copy == copies_.end()) continue;
        // Where the operator gave its output other sizes.
        if (written.sizes() != copy->second.sizes()) written.resize_(copy->second.sizes());
        written.copy_(copy->second);
      }
    }
  }

  // What is an argument stays that argument.
  c10::IValue to_npu(const c10::Argument& declared, const c10::IValue& result) {
    const c10::AliasInfo* alias = alias_of(declared);
    if (alias != nullptr && alias->isWrite()) {
      for (size_t i = 0; i < arguments_.size(); ++i) {
        const c10::AliasInfo* given = alias_of(schema_.arguments()[i]);
        if (given != nullptr && *given == *alias) return arguments_[i];
      }
    }
    if (alias != nullptr && !alias->isWrite()) {
      TORCH_WARN(schema_.operator_name(), " gives a view, and has no kernel for an NPU: what the "
                 "CPU computes is a copy, and writing to it does not write to the tensor it was "
                 "made of");
    }
    const c10::Device on = device_.has_value() ? *device_ : device(current_device());
    const auto moved = [&on](const at::Tensor& tensor) {
      return tensor.defined() ? tensor.to(on) : tensor;
    };
    if (result.isTensor()) return moved(result.toTensor());
    if (result.isTensorList()) {
      c10::List<at::Tensor> copies;
      for (const at::Tensor& tensor : result.toTensorVector()) copies.push_back(moved(tensor));
      return copies;
    }
    return result;
  }

  static const c10::AliasInfo* alias_of(const c10::Argument& argument) {
    return argument.alias_info().has_value() ? &*argument.alias_info() : nullptr;
  }

  const c10::OperatorHandle& op_;
  const c10::FunctionSchema& schema_;
  Stack* stack_;
  const std::vector<c10::IValue> arguments_;
  std::map<const c10::TensorImpl*, at::Tensor> copies_;
  c10::optional<c10::Device> device_;
};

}  // namespace

void compute_on_cpu(const c10::OperatorHandle& op, Stack* stack) { Call(op, stack).run(); }

}  // namespace npu
