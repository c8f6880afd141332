// scatter_reduce: what is scattered to one place is added up, multiplied or averaged.
#include "kernels/index_support.h"

#if NPU_TORCH_VERSION >= 20000

namespace npu {
namespace kernels {

namespace {

// The tensor with `value` wherever something is scattered to, unless what is there counts too.
at::Tensor start(const at::Tensor& self, int64_t dim, const at::Tensor& index, double value,
                 bool include_self) {
  return include_self ? self : self.scatter(dim, index, value);
}

at::Tensor mean(const at::Tensor& self, int64_t dim, const at::Tensor& index, const at::Tensor& src,
                bool include_self) {
  const at::Tensor sum = start(self, dim, index, 0, include_self).scatter_add(dim, index, src);
  const at::Tensor ones = at::ones(self.sizes(), self.options());
  const at::Tensor count = start(ones, dim, index, 0, include_self)
                               .scatter_add(dim, index, at::ones(src.sizes(), src.options()));
  const at::Tensor divisor = count.clamp_min(1);
  if (self.is_floating_point()) return sum.div(divisor);
  return at::div(sum, divisor, "floor");
}

at::Tensor combined(const at::Tensor& self, int64_t dim, const at::Tensor& index,
                    const at::Tensor& src, c10::string_view reduce, bool include_self) {
  const bool is_known = is_text(reduce, "sum") || is_text(reduce, "prod") ||
                        is_text(reduce, "mean") || is_text(reduce, "amax") ||
                        is_text(reduce, "amin");
  TORCH_CHECK(is_known, "scatter_reduce: reduce is \"", reduce,
              "\"; sum, prod, mean, amax and amin are allowed");
  // No operator keeps the largest or smallest of what is scattered element by element.
  if (is_text(reduce, "amax") || is_text(reduce, "amin") || !takes(kReals, self.scalar_type())) {
    return on_cpu("aten::scatter_reduce", "two", self, dim, index, src, reduce, include_self)[0]
        .toTensor();
  }
  if (is_text(reduce, "sum")) {
    return start(self, dim, index, 0, include_self).scatter_add(dim, index, src);
  }
  if (is_text(reduce, "mean")) return mean(self, dim, index, src, include_self);
  return start(self, dim, index, 1, include_self).scatter(dim, index, src, "multiply");
}

}  // namespace

at::Tensor scatter_reduce_two(const at::Tensor& self, int64_t dim, const at::Tensor& index,
                              const at::Tensor& src, c10::string_view reduce, bool include_self) {
  return combined(self, dim, index, src, reduce, include_self);
}

at::Tensor& scatter_reduce__two(at::Tensor& self, int64_t dim, const at::Tensor& index,
                                const at::Tensor& src, c10::string_view reduce, bool include_self) {
  return npu::copy_(self, combined(self, dim, index, src, reduce, include_self), true);
}

at::Tensor& scatter_reduce_two_out(const at::Tensor& self, int64_t dim, const at::Tensor& index,
                                   const at::Tensor& src, c10::string_view reduce,
                                   bool include_self, at::Tensor& out) {
  give("scatter_reduce", combined(self, dim, index, src, reduce, include_self), out);
  return out;
}

}  // namespace kernels
}  // namespace npu

#endif
