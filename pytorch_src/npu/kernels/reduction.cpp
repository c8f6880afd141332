#include "kernels/reduction.h"

#include <ATen/WrapDimUtils.h>

namespace npu {
namespace kernels {

Reduction& Reduction::over(at::IntArrayRef dims) {
  axes_ = dims.vec();
  return *this;
}

Reduction& Reduction::along(int64_t dim) {
  axes_ = {dim};
  scans_ = true;
  return *this;
}

Reduction& Reduction::into(at::Tensor& out) {
  out_ = out;
  return *this;
}

Reduction& Reduction::in_place(at::Tensor& self) {
  out_ = self;
  is_in_place_ = true;
  return *this;
}

at::ScalarType Reduction::result_type(ReduceType kind) const {
  const at::ScalarType type = self_.scalar_type();
  switch (kind) {
    case ReduceType::kFlag: return type == at::kByte ? at::kByte : at::kBool;
    case ReduceType::kIndex: return at::kLong;
    default: break;
  }
  if (wanted_.has_value()) return *wanted_;
  if (kind == ReduceType::kSum && out_.defined()) return out_.scalar_type();
  return kind == ReduceType::kSum && is_integral(type) ? at::kLong : type;
}

// Wraps the axes; all of them where none is given. A 0-dim tensor is reduced as one of 1 element.
void Reduction::choose_axes() {
  const int64_t dims = self_.dim();
  std::vector<bool> seen(static_cast<size_t>(dims) + 1, false);
  for (int64_t& axis : axes_) {
    axis = at::maybe_wrap_dim(axis, dims);
    TORCH_CHECK(!seen[static_cast<size_t>(axis)], name_, ": dim ", axis,
                " appears multiple times in the list of dims");
    seen[static_cast<size_t>(axis)] = true;
  }
  if (axes_.empty()) {
    for (int64_t axis = 0; axis < std::max<int64_t>(dims, 1); ++axis) axes_.push_back(axis);
  }
}

bool Reduction::plan(const TypeRule& rule, ReduceType kind, bool keeps) {
  result_ = result_type(kind);
  if (kind == ReduceType::kFloat && is_integral(result_)) return false;
  at::ScalarType from = result_;
  if (kind == ReduceType::kFlag) from = at::kBool;
  if (kind == ReduceType::kIndex) from = self_.scalar_type();
  compute_ = rule.compute_type(from);
  if (compute_ == at::ScalarType::Undefined) return false;

  // An index over all dimensions is one into the flattened tensor.
  const bool flat = kind == ReduceType::kIndex && axes_.empty();
  if (flat) self_ = self_.reshape({-1});
  // PyTorch 1.8.1 keeps no dimensions of it.
  if (flat && NPU_TORCH_VERSION < 20000) keepdim_ = false;
#if NPU_TORCH_VERSION < 20000
  if (flat) keepdim_ = false;  // without `dim` these releases keep none
#endif
  choose_axes();
  std::vector<int64_t> without;
  sizes_.clear();
  for (int64_t dim = 0; dim < self_.dim(); ++dim) {
    const bool reduced = !scans_ && std::find(axes_.begin(), axes_.end(), dim) != axes_.end();
    if (!reduced) without.push_back(self_.size(dim));
    if (!reduced || keepdim_) sizes_.push_back(reduced ? 1 : self_.size(dim));
  }
  if (flat && keepdim_) sizes_.assign(static_cast<size_t>(dims_before_), 1);
  const at::ScalarType written = kind == ReduceType::kIndex ? at::kLong : compute_;
  std::vector<int64_t> made = keeps || !keepdim_ ? sizes_ : without;
  if (scans_ && made.empty()) made.push_back(1);  // a 0-dim tensor is scanned as one of 1 element
  if (out_.defined()) {
    check_devices(name_, {self_, out_});
    TORCH_CHECK(c10::canCast(result_, out_.scalar_type()), "result type ", result_,
                " can't be cast to the desired output type ", out_.scalar_type());
    if (!is_in_place_) resize_output(out_, sizes_);
  }
  const bool direct =
      out_.defined() && out_.scalar_type() == written && made == sizes_ && !out_.is_same(self_);
  to_ = direct ? out_ : empty_like_sizes(made, self_, written);
  return true;
}

void Reduction::input(OpCommand& command) const {
  const at::Tensor given = cast(self_, compute_);
  command.input(given.dim() == 0 ? given.reshape({1}) : given);
}

at::Tensor Reduction::finish() {
  if (to_.is_same(out_)) return out_;
  const at::Tensor shaped = to_.sizes() == at::IntArrayRef(sizes_) ? to_ : to_.view(sizes_);
  if (!out_.defined()) return shaped.scalar_type() == result_ ? shaped : cast(shaped, result_);
  npu::copy_(out_, shaped, true);
  return out_;
}

at::Tensor Reduction::fill(const at::Scalar& value) {
  to_.fill_(value);
  return finish();
}

}  // namespace kernels
}  // namespace npu
