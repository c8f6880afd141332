#include "kernels/support.h"

namespace npu {
namespace kernels {

at::ScalarType TypeRule::compute_type(at::ScalarType type) const {
  if (taken & bit(type)) return type;
  for (const Widened& pair : widened) {
    // Unused places hold the same type twice.
    if (pair.from == type && pair.from != pair.to) return pair.to;
  }
  return at::ScalarType::Undefined;
}

at::ScalarType result_type_of(ResultType rule, at::ScalarType common) {
  switch (rule) {
    case ResultType::kFloat:
      return is_integral(common) ? c10::typeMetaToScalarType(c10::get_default_dtype()) : common;
    case ResultType::kSum: return is_integral(common) ? at::kLong : common;
    case ResultType::kBool: return at::kBool;
    case ResultType::kSame: break;
  }
  return common;
}

Elementwise& Elementwise::operand(const at::Tensor& tensor) {
  TORCH_CHECK(tensor.defined(), name_, ": a tensor that it needs is not given");
  operands_.push_back({tensor, at::Scalar(), false});
  return *this;
}

Elementwise& Elementwise::operand(const at::Scalar& number) {
  operands_.push_back({at::Tensor(), number, false});
  return *this;
}

Elementwise& Elementwise::into(at::Tensor& out) {
  out_ = out;
  place_ = Place::kOut;
  return *this;
}

Elementwise& Elementwise::in_place(at::Tensor& self) {
  out_ = self;
  place_ = Place::kInPlace;
  return *this;
}

at::ScalarType Elementwise::dtype() const {
  // Numbers and 0-dim tensors matter only where their kind (bool, integer, ...) is the higher one.
  at::ScalarType with_dims = at::ScalarType::Undefined;
  at::ScalarType without_dims = at::ScalarType::Undefined;
  at::ScalarType numbers = at::ScalarType::Undefined;
  const auto join = [](at::ScalarType& into, at::ScalarType type) {
    into = into == at::ScalarType::Undefined ? type : c10::promoteTypes(into, type);
  };
  const auto number_type = [](at::ScalarType type) {
    const at::ScalarType floating = c10::typeMetaToScalarType(c10::get_default_dtype());
    if (c10::isComplexType(type)) return c10::toComplexType(floating);
    return c10::isFloatingType(type) ? floating : type;
  };
  for (const Operand& operand : operands_) {
    if (operand.absent) continue;
    if (!operand.tensor.defined()) {
      join(numbers, number_type(operand.number.type()));
    } else if (operand.tensor.unsafeGetTensorImpl()->is_wrapped_number()) {
      join(numbers, number_type(operand.tensor.scalar_type()));
    } else {
      join(operand.tensor.dim() > 0 ? with_dims : without_dims, operand.tensor.scalar_type());
    }
  }
  const auto kind = [](at::ScalarType type) {
    if (type == at::ScalarType::Undefined) return 0;
    if (type == at::kBool) return 1;
    if (c10::isIntegralType(type, false)) return 2;
    return c10::isComplexType(type) ? 4 : 3;
  };
  const auto combine = [&](at::ScalarType higher, at::ScalarType lower) {
    if (higher == at::ScalarType::Undefined) return lower;
    return kind(higher) >= kind(lower) ? higher : c10::promoteTypes(higher, lower);
  };
  return combine(with_dims, combine(without_dims, numbers));
}

const at::Tensor& Elementwise::device_tensor() const {
  for (const Operand& operand : operands_) {
    if (operand.tensor.defined() && is_npu(operand.tensor)) return operand.tensor;
  }
  TORCH_CHECK(out_.defined(), name_, ": no tensor of an NPU is given");
  return out_;
}

void Elementwise::check_place(at::ScalarType result) const {
  TORCH_CHECK(c10::canCast(result, out_.scalar_type()), "result type ", result,
              " can't be cast to the desired output type ", out_.scalar_type());
}

bool Elementwise::plan(const TypeRule& rule, ResultType result, at::ScalarType operands_as) {
  at::ScalarType common = dtype();
  if (operands_as != at::ScalarType::Undefined) {
    common = operands_as;
  } else if (result == ResultType::kFloat || result == ResultType::kSum) {
    common = result_type_of(result, common);
  }
  compute_ = rule.compute_type(common);
  if (compute_ == at::ScalarType::Undefined) return false;
  result_ = result_type_of(result, common);

  const at::Tensor& first = device_tensor();
  std::vector<int64_t> sizes;
  bool is_set = false;
  for (const Operand& operand : operands_) {
    const at::Tensor& tensor = operand.tensor;
    if (!tensor.defined()) continue;
    if (tensor.device() != first.device() && !(tensor.dim() == 0 && tensor.device().is_cpu())) {
      check_devices(name_, {first, tensor});
    }
    sizes = is_set ? broadcast_sizes(sizes, tensor.sizes()) : tensor.sizes().vec();
    is_set = true;
  }
  const at::ScalarType written = result == ResultType::kBool ? at::kBool : compute_;
  if (place_ == Place::kNew) {
    to_ = empty_like_sizes(sizes, first, written);
    return true;
  }
  check_devices(name_, {first, out_});
  check_place(result_);
  if (place_ == Place::kInPlace) {
    TORCH_CHECK(out_.sizes() == at::IntArrayRef(sizes), "output with shape ", out_.sizes(),
                " doesn't match the broadcast shape ", at::IntArrayRef(sizes));
  } else {
    resize_output(out_, sizes);
  }
  to_ = out_.scalar_type() == written ? out_ : empty_like_sizes(sizes, first, written);
  return true;
}

void Elementwise::input(OpCommand& command, size_t number) const {
  const Operand& operand = operands_[number];
  if (!operand.tensor.defined()) {
    command.host_scalar(operand.number, compute_);
  } else if (!is_npu(operand.tensor)) {
    command.host_scalar(operand.tensor.item(), compute_);
  } else if (operand.tensor.scalar_type() == compute_) {
    command.input(operand.tensor);
  } else {
    command.input(cast(operand.tensor, compute_));
  }
}

void Elementwise::number(OpCommand& command, const at::Scalar& value) const {
  command.host_scalar(value, compute_);
}

at::Tensor Elementwise::finish() {
  if (place_ == Place::kNew) return to_.scalar_type() == result_ ? to_ : cast(to_, result_);
  if (!to_.is_same(out_)) npu::copy_(out_, to_, true);
  return out_;
}

at::Tensor Elementwise::assign(const at::Tensor& result) {
  if (place_ == Place::kNew) return result;
  check_place(result.scalar_type());
  if (place_ == Place::kInPlace) {
    TORCH_CHECK(out_.sizes() == result.sizes(), "output with shape ", out_.sizes(),
                " doesn't match the broadcast shape ", result.sizes());
  } else {
    resize_output(out_, result.sizes());
  }
  npu::copy_(out_, result, true);
  return out_;
}

at::Tensor as_tensor(const at::Scalar& value) {
  const at::Tensor made = at::scalar_tensor(value, at::TensorOptions().dtype(value.type()));
  made.unsafeGetTensorImpl()->set_wrapped_number(true);
  return made;
}

void check_cpu_allowed(const char* name, at::ScalarType type, Types taken) {
  if (fallback_mode() != FallbackMode::kError) return;
  std::string known;
  for (int i = 0; i < 32; ++i) {
    if (!(taken & (Types(1) << i))) continue;
    known += (known.empty() ? "" : ", ");
    known += c10::toString(static_cast<at::ScalarType>(i));
  }
  TORCH_CHECK(false, name, " does not take ", c10::toString(type), " on an NPU; it takes ",
              known.empty() ? "other arguments" : known, ". Convert the tensor, or allow the CPU "
              "with ASCENDTORCH_FALLBACK=warn");
}

}  // namespace kernels
}  // namespace npu
