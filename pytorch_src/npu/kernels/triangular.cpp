// Triangles and diagonals of matrices.
#include "kernels/index_support.h"

namespace npu {
namespace kernels {

namespace {

constexpr Types kMatrices = kReals | bit(at::kComplexFloat) | bit(at::kComplexDouble);

at::Tensor triangle(const char* name, const at::Tensor& self, int64_t diagonal) {
  TORCH_CHECK(self.dim() >= 2, name, ": the tensor has ", self.dim(),
              " dims; at least two are expected");
  const at::Tensor out = empty_like_sizes(self.sizes(), self);
  OpCommand(name)
      .input(as_bits(name, self, kMatrices))
      .output(as_bits(name, out, kMatrices))
      .attr("diagonal", diagonal)
      .run();
  return out;
}

// The places of a triangle, row by row.
at::Tensor places(const char* name, int64_t rows, int64_t columns, int64_t offset,
                  at::ScalarType type, const c10::optional<at::Device>& device) {
  TORCH_CHECK(rows >= 0 && columns >= 0, "the sizes of a triangle are ", rows, " and ", columns,
              "; they cannot be negative");
  TORCH_CHECK(type == at::kLong || type == at::kInt, "the places of a triangle are of int32 or "
              "int64; ", type, " was asked for");
  const at::TensorOptions options =
      at::TensorOptions().dtype(at::kByte).device(device.has_value() ? *device : npu::device(-1));
  const at::Tensor ones = at::ones({rows, columns}, options);
  return triangle(name, ones, offset).nonzero().t().contiguous().to(type);
}

}  // namespace

at::Tensor tril(const at::Tensor& self, int64_t diagonal) {
  return triangle("Tril", self, diagonal);
}

at::Tensor& tril_out(const at::Tensor& self, int64_t diagonal, at::Tensor& out) {
  give("tril", triangle("Tril", self, diagonal), out);
  return out;
}

at::Tensor& tril_(at::Tensor& self, int64_t diagonal) {
  return npu::copy_(self, triangle("Tril", self, diagonal), true);
}

at::Tensor triu(const at::Tensor& self, int64_t diagonal) {
  return triangle("Triu", self, diagonal);
}

at::Tensor& triu_out(const at::Tensor& self, int64_t diagonal, at::Tensor& out) {
  give("triu", triangle("Triu", self, diagonal), out);
  return out;
}

at::Tensor& triu_(at::Tensor& self, int64_t diagonal) {
  return npu::copy_(self, triangle("Triu", self, diagonal), true);
}

at::Tensor tril_indices(int64_t row, int64_t col, int64_t offset,
                        c10::optional<at::ScalarType> dtype, c10::optional<at::Layout>,
                        c10::optional<at::Device> device, c10::optional<bool>) {
  return places("Tril", row, col, offset, dtype.value_or(at::kLong), device);
}

at::Tensor triu_indices(int64_t row, int64_t col, int64_t offset,
                        c10::optional<at::ScalarType> dtype, c10::optional<at::Layout>,
                        c10::optional<at::Device> device, c10::optional<bool>) {
  return places("Triu", row, col, offset, dtype.value_or(at::kLong), device);
}

at::Tensor trace(const at::Tensor& self) {
  TORCH_CHECK(self.dim() == 2, "trace: expected a matrix, but got a tensor with dim ", self.dim());
  const at::ScalarType type = self.scalar_type();
  const at::ScalarType result = at::isIntegralType(type, true) ? at::kLong : type;
  const at::Tensor out = empty_like_sizes({}, self, result);
  OpCommand("Trace").input(self).output(out).run();
  return out;
}

}  // namespace kernels
}  // namespace npu
