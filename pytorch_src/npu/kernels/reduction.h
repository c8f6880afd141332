// What the rendered reductions and scans share: dimensions, types and where the result goes.
#ifndef ASCENDTORCH_NPU_KERNELS_REDUCTION_H_
#define ASCENDTORCH_NPU_KERNELS_REDUCTION_H_

#include "kernels/support.h"

namespace npu {
namespace kernels {

// The type of a reduction's result.
enum class ReduceType {
  kSame,   // the tensor's, or that which is asked for
  kFloat,  // likewise, and it must be a floating type
  kSum,    // likewise, and int64 for integers where none is asked for
  kFlag,   // bool, and uint8 for uint8; computed in bool
  kIndex,  // int64
};

class Reduction {
 public:
  Reduction(const char* name, const at::Tensor& self)
      : name_(name), self_(self), dims_before_(self.dim()) {}

  // Over all dimensions, unless one of these says over which (none in a list: all).
  Reduction& over(at::IntArrayRef dims);
  Reduction& over(int64_t dim) { return over(at::IntArrayRef(dim)); }
  template <class Optional>
  Reduction& over(const Optional& dims) {
    return dims.has_value() ? over(*dims) : *this;
  }
  Reduction& keep(bool keepdim) {
    keepdim_ = keepdim;
    return *this;
  }
  // Along one dimension, the sizes stay.
  Reduction& along(int64_t dim);
  Reduction& type(c10::optional<at::ScalarType> wanted) {
    wanted_ = wanted;
    return *this;
  }
  Reduction& into(at::Tensor& out);
  Reduction& in_place(at::Tensor& self);

  // Whether the operator takes the type; makes the result ready. `keeps` says whether the operator
  // itself can keep the reduced dimensions. Throws c10::Error for a dimension that there is not.
  bool plan(const TypeRule& rule, ReduceType kind, bool keeps);
  bool is_empty() const { return self_.numel() == 0; }

  void input(OpCommand& command) const;
  void axes(OpCommand& command) const { command.host_input(axes_); }
  void axis(OpCommand& command) const { command.host_scalar(axes_[0], at::kInt); }
  bool keeps() const { return keepdim_ && self_.dim() > 0; }
  void output(OpCommand& command) const { command.output(to_); }
  at::Tensor finish();
  // The result of a tensor without elements.
  at::Tensor fill(const at::Scalar& value);

 private:
  at::ScalarType result_type(ReduceType kind) const;
  void choose_axes();

  const char* name_;
  at::Tensor self_;
  std::vector<int64_t> axes_;
  int64_t dims_before_ = 0;  // what of a flattened tensor is kept as dimensions of size 1
  bool keepdim_ = false;
  bool scans_ = false;
  bool is_in_place_ = false;
  c10::optional<at::ScalarType> wanted_;
  at::Tensor out_;
  at::Tensor to_;
  std::vector<int64_t> sizes_;
  at::ScalarType compute_ = at::ScalarType::Undefined;
  at::ScalarType result_ = at::ScalarType::Undefined;
};

}  // namespace kernels
}  // namespace npu

#endif
