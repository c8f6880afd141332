// Elements written where an index says: scatter and scatter_add.
#include <cstring>

#include "kernels/index_support.h"

namespace npu {
namespace kernels {

namespace {

constexpr Types kScattered = kReals | bit(at::kComplexFloat) | bit(at::kComplexDouble);

const char* reduction_of(c10::string_view reduce) {
  if (is_text(reduce, "add")) return "add";
  TORCH_CHECK(is_text(reduce, "multiply"), "scatter: reduce is \"", reduce,
              "\"; \"add\" and \"multiply\" are allowed");
  return "mul";
}

void check_shapes(const at::Tensor& self, int64_t axis, const at::Tensor& index,
                  const at::Tensor& src) {
  TORCH_CHECK(index.dim() == self.dim() && src.dim() == self.dim(), "scatter: the index has shape ",
              index.sizes(), ", the source ", src.sizes(), " and the tensor ", self.sizes(),
              "; all must have as many dims");
  for (int64_t d = 0; d < self.dim(); ++d) {
    TORCH_CHECK((d == axis || index.size(d) <= self.size(d)) && index.size(d) <= src.size(d),
                "scatter: the index has shape ", index.sizes(), ", the source ", src.sizes(),
                " and the tensor ", self.sizes(),
                "; no dim of the index may be larger than the source's, nor, except dim ", axis,
                ", than the tensor's");
  }
}

at::Tensor scattered(const at::Tensor& self, int64_t dim, const at::Tensor& index,
                     const at::Tensor& src, const char* reduction) {
  check_index_type("scatter", index);
  const int64_t axis = c10::maybe_wrap_dim(dim, self.dim());
  TORCH_CHECK(src.scalar_type() == self.scalar_type(), "scatter: the source is of ",
              src.scalar_type(), " and the tensor of ", self.scalar_type(),
              "; both must be of one type");
  if (index.numel() == 0) return self.clone();
  const bool moves = std::strcmp(reduction, "none") == 0;
  if (!moves) {
    const at::ScalarType known[] = {at::kFloat, at::kHalf,  at::kBFloat16, at::kDouble, at::kByte,
                                    at::kChar,  at::kShort, at::kInt,      at::kLong};
    check_type("scatter with a reduction", self.scalar_type(), known);
  }
  const at::Tensor into = at_least_1d(self);
  const at::Tensor at_index = at_least_1d(index);
  at::Tensor from = at_least_1d(src);
  check_shapes(into, axis, at_index, from);
  for (int64_t d = 0; d < from.dim(); ++d) from = from.narrow(d, 0, at_index.size(d));
  const at::Tensor out = empty_like_sizes(self.sizes(), self);
  OpCommand("ScatterElements")
      .input(as_bits("scatter", into, kScattered))
      .input(at_index)
      .input(as_bits("scatter", from, kScattered))
      .output(as_bits("scatter", at_least_1d(out), kScattered))
      .attr("axis", axis)
      .attr("reduction", reduction)
      .run();
  return out;
}

at::Tensor scattered(const at::Tensor& self, int64_t dim, const at::Tensor& index,
                     const at::Scalar& value, const char* reduction) {
  const at::Tensor number = number_beside(value, self, self.scalar_type());
  return scattered(self, dim, index, number.expand(index.sizes()), reduction);
}

at::Tensor& assign(at::Tensor& self, const at::Tensor& result) {
  return npu::copy_(self, result, true);
}

}  // namespace

at::Tensor& scatter__src(at::Tensor& self, int64_t dim, const at::Tensor& index,
                         const at::Tensor& src) {
  return assign(self, scattered(self, dim, index, src, "none"));
}

at::Tensor& scatter__value(at::Tensor& self, int64_t dim, const at::Tensor& index,
                           ScalarArg value) {
  return assign(self, scattered(self, dim, index, value, "none"));
}

at::Tensor& scatter__reduce(at::Tensor& self, int64_t dim, const at::Tensor& index,
                            const at::Tensor& src, StringArg reduce) {
  return assign(self, scattered(self, dim, index, src, reduction_of(reduce)));
}

at::Tensor& scatter__value_reduce(at::Tensor& self, int64_t dim, const at::Tensor& index,
                                  ScalarArg value, StringArg reduce) {
  return assign(self, scattered(self, dim, index, value, reduction_of(reduce)));
}

at::Tensor& scatter_add_(at::Tensor& self, int64_t dim, const at::Tensor& index,
                         const at::Tensor& src) {
  return assign(self, scattered(self, dim, index, src, "add"));
}

// PyTorch 1.8.1 composes these of the ones above.
#if NPU_TORCH_VERSION >= 20000

at::Tensor scatter_src(const at::Tensor& self, int64_t dim, const at::Tensor& index,
                       const at::Tensor& src) {
  return scattered(self, dim, index, src, "none");
}

at::Tensor& scatter_src_out(const at::Tensor& self, int64_t dim, const at::Tensor& index,
                            const at::Tensor& src, at::Tensor& out) {
  give("scatter", scattered(self, dim, index, src, "none"), out);
  return out;
}

at::Tensor scatter_value(const at::Tensor& self, int64_t dim, const at::Tensor& index,
                         const at::Scalar& value) {
  return scattered(self, dim, index, value, "none");
}

at::Tensor& scatter_value_out(const at::Tensor& self, int64_t dim, const at::Tensor& index,
                              const at::Scalar& value, at::Tensor& out) {
  give("scatter", scattered(self, dim, index, value, "none"), out);
  return out;
}

at::Tensor scatter_reduce(const at::Tensor& self, int64_t dim, const at::Tensor& index,
                          const at::Tensor& src, c10::string_view reduce) {
  return scattered(self, dim, index, src, reduction_of(reduce));
}

at::Tensor& scatter_reduce_out(const at::Tensor& self, int64_t dim, const at::Tensor& index,
                               const at::Tensor& src, c10::string_view reduce, at::Tensor& out) {
  give("scatter", scattered(self, dim, index, src, reduction_of(reduce)), out);
  return out;
}

at::Tensor scatter_value_reduce(const at::Tensor& self, int64_t dim, const at::Tensor& index,
                                const at::Scalar& value, c10::string_view reduce) {
  return scattered(self, dim, index, value, reduction_of(reduce));
}

at::Tensor& scatter_value_reduce_out(const at::Tensor& self, int64_t dim, const at::Tensor& index,
                                     const at::Scalar& value, c10::string_view reduce,
                                     at::Tensor& out) {
  give("scatter", scattered(self, dim, index, value, reduction_of(reduce)), out);
  return out;
}

at::Tensor scatter_add(const at::Tensor& self, int64_t dim, const at::Tensor& index,
                       const at::Tensor& src) {
  return scattered(self, dim, index, src, "add");
}

at::Tensor& scatter_add_out(const at::Tensor& self, int64_t dim, const at::Tensor& index,
                            const at::Tensor& src, at::Tensor& out) {
  give("scatter", scattered(self, dim, index, src, "add"), out);
  return out;
}

#endif

}  // namespace kernels
}  // namespace npu
