// Numbers in place of those that are none. Upstream's other forms are made of this one.
#include <limits>

#include "kernels/index_support.h"

namespace npu {
namespace kernels {

namespace {

constexpr Types kTypes = kReals | bit(at::kBool);

// The largest number of a floating type.
double largest(at::ScalarType type) {
  switch (type) {
    case at::kHalf: return std::numeric_limits<at::Half>::max();
    case at::kBFloat16: return std::numeric_limits<at::BFloat16>::max();
    case at::kDouble: return std::numeric_limits<double>::max();
    default: return std::numeric_limits<float>::max();
  }
}

}  // namespace

at::Tensor& nan_to_num_out(const at::Tensor& self, c10::optional<double> nan,
                           c10::optional<double> posinf, c10::optional<double> neginf,
                           at::Tensor& out) {
  TORCH_CHECK(self.scalar_type() == out.scalar_type(), "nan_to_num: the tensor is of ",
              self.scalar_type(), " and out= of ", out.scalar_type(), "; both must be of one type");
  if (self.is_complex()) {
    check_cpu_allowed("nan_to_num", self.scalar_type(), kTypes);
    give("nan_to_num", on_cpu("aten::nan_to_num", "", self, nan, posinf, neginf)[0].toTensor(),
         out);
    return out;
  }
  at::Tensor result = self.clone();
  if (is_floating(self.scalar_type())) {
    const double infinity = std::numeric_limits<double>::infinity();
    const double most = largest(self.scalar_type());
    result.masked_fill_(self.eq(infinity), posinf.value_or(most));
    result.masked_fill_(self.eq(-infinity), neginf.value_or(-most));
    result.masked_fill_(self.ne(self), nan.value_or(0));
  }
  give("nan_to_num", result, out);
  return out;
}

}  // namespace kernels
}  // namespace npu
