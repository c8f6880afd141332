// Products of matrices and vectors.
#include "kernels/support.h"

namespace npu {
namespace kernels {

namespace {

constexpr Types kTaken = bit(at::kFloat) | bit(at::kHalf) | bit(at::kBFloat16) | bit(at::kInt);

// The operators turn an operand round by themselves, so a transposed view need not be copied.
struct Matrix {
  at::Tensor tensor;
  bool turned;
};

Matrix matrix(const at::Tensor& tensor) {
  if (!tensor.is_contiguous() && tensor.transpose(-2, -1).is_contiguous()) {
    return {tensor.transpose(-2, -1), true};
  }
  return {tensor, false};
}

void check_product(const char* name, const at::Tensor& a, const at::Tensor& b, int64_t dims) {
  check_devices(name, {a, b});
  TORCH_CHECK(a.scalar_type() == b.scalar_type(), name, ": expected both matrices to have the ",
              "same dtype, but got ", a.scalar_type(), " and ", b.scalar_type());
  TORCH_CHECK(a.dim() == dims && b.dim() == dims, name, ": expected two tensors of ", dims,
              " dims, but got shapes ", a.sizes(), " and ", b.sizes());
  TORCH_CHECK(a.size(-1) == b.size(-2) && (dims == 2 || a.size(0) == b.size(0)), name, ": shapes ",
              a.sizes(), " and ", b.sizes(), " cannot be multiplied");
}

std::vector<int64_t> product_sizes(const at::Tensor& a, const at::Tensor& b) {
  std::vector<int64_t> sizes = a.sizes().vec();
  sizes.back() = b.size(-1);
  return sizes;
}

// out = a @ b, plus a row of numbers where `bias` is defined. Private layouts are multiplied as
// they lie.
void multiply(const at::Tensor& a, const at::Tensor& b, const at::Tensor& bias, at::Tensor& out) {
  if (a.size(-1) == 0) {
    out.zero_();
    return;
  }
  const bool batched = a.dim() == 3;
  const Matrix left = matrix(a);
  const Matrix right = matrix(b);
  OpCommand command(batched ? "BatchMatMulV2" : "MatMulV2");
  command.input_as_is(left.tensor).input_as_is(right.tensor);
  if (bias.defined()) command.input(bias);
  command.output(out)
      .attr(batched ? "adj_x1" : "transpose_x1", left.turned)
      .attr(batched ? "adj_x2" : "transpose_x2", right.turned)
      .run();
}

void check_out(const char* name, const at::Tensor& out, const at::Tensor& like) {
  TORCH_CHECK(out.scalar_type() == like.scalar_type(), name, ": expected out to have dtype ",
              like.scalar_type(), ", but got ", out.scalar_type());
}

// out = beta * self + alpha * (a @ b); self is ignored, NaN and all, where beta is 0.
void add_product(const char* name, const at::Tensor& self, const at::Tensor& a, const at::Tensor& b,
                 const at::Scalar& beta, const at::Scalar& alpha, at::Tensor& out) {
  const std::vector<int64_t> sizes = product_sizes(a, b);
  check_devices(name, {a, self, out});
  check_out(name, out, a);
  TORCH_CHECK(equals(beta, 0) || broadcast_sizes(self.sizes(), sizes) == sizes, name, ": self of ",
              "shape ", self.sizes(), " cannot be expanded to the product's ", sizes);
  if (!out.is_same(self)) resize_output(out, sizes);
  const bool scaled = !equals(alpha, 1);
  const bool is_row = self.dim() == 1 && self.size(0) == sizes.back();
  if (!scaled && equals(beta, 1) && is_row && a.dim() == 2 && a.size(1) > 0 &&
      self.scalar_type() == a.scalar_type()) {
    return multiply(a, b, self, out);
  }
  at::Tensor product = equals(beta, 0) ? out : empty_like_sizes(sizes, a);
  multiply(a, b, at::Tensor(), product);
  if (scaled) product.mul_(alpha);
  if (!equals(beta, 0)) at::add_out(out, product, self, beta);
}

}  // namespace

at::Tensor& mm_out(const at::Tensor& self, const at::Tensor& mat2, at::Tensor& out) {
  check_product("mm", self, mat2, 2);
  if (!(kTaken & bit(self.scalar_type()))) {
    check_cpu_allowed("mm", self.scalar_type(), kTaken);
    on_cpu("aten::mm", "out", self, mat2, out);
    return out;
  }
  check_out("mm", out, self);
  resize_output(out, product_sizes(self, mat2));
  multiply(self, mat2, at::Tensor(), out);
  return out;
}

at::Tensor mm(const at::Tensor& self, const at::Tensor& mat2) {
  check_product("mm", self, mat2, 2);
  at::Tensor out = empty_like_sizes(product_sizes(self, mat2), self);
  return mm_out(self, mat2, out);
}

at::Tensor& bmm_out(const at::Tensor& self, const at::Tensor& mat2, at::Tensor& out) {
  check_product("bmm", self, mat2, 3);
  if (!(kTaken & bit(self.scalar_type()))) {
    check_cpu_allowed("bmm", self.scalar_type(), kTaken);
    on_cpu("aten::bmm", "out", self, mat2, out);
    return out;
  }
  check_out("bmm", out, self);
  resize_output(out, product_sizes(self, mat2));
  multiply(self, mat2, at::Tensor(), out);
  return out;
}

at::Tensor bmm(const at::Tensor& self, const at::Tensor& mat2) {
  check_product("bmm", self, mat2, 3);
  at::Tensor out = empty_like_sizes(product_sizes(self, mat2), self);
  return bmm_out(self, mat2, out);
}

at::Tensor& addmm_out(const at::Tensor& self, const at::Tensor& mat1, const at::Tensor& mat2,
                      ScalarArg beta, ScalarArg alpha, at::Tensor& out) {
  check_product("addmm", mat1, mat2, 2);
  if (!(kTaken & bit(mat1.scalar_type()))) {
    check_cpu_allowed("addmm", mat1.scalar_type(), kTaken);
    on_cpu("aten::addmm", "out", self, mat1, mat2, beta, alpha, out);
    return out;
  }
  add_product("addmm", self, mat1, mat2, beta, alpha, out);
  return out;
}

at::Tensor addmm(const at::Tensor& self, const at::Tensor& mat1, const at::Tensor& mat2,
                 ScalarArg beta, ScalarArg alpha) {
  check_product("addmm", mat1, mat2, 2);
  at::Tensor out = empty_like_sizes(product_sizes(mat1, mat2), mat1);
  return addmm_out(self, mat1, mat2, beta, alpha, out);
}

at::Tensor& addmm_(at::Tensor& self, const at::Tensor& mat1, const at::Tensor& mat2, ScalarArg beta,
                   ScalarArg alpha) {
  return addmm_out(self, mat1, mat2, beta, alpha, self);
}

at::Tensor& baddbmm_out(const at::Tensor& self, const at::Tensor& batch1, const at::Tensor& batch2,
                        ScalarArg beta, ScalarArg alpha, at::Tensor& out) {
  check_product("baddbmm", batch1, batch2, 3);
  if (!(kTaken & bit(batch1.scalar_type()))) {
    check_cpu_allowed("baddbmm", batch1.scalar_type(), kTaken);
    on_cpu("aten::baddbmm", "out", self, batch1, batch2, beta, alpha, out);
    return out;
  }
  add_product("baddbmm", self, batch1, batch2, beta, alpha, out);
  return out;
}

at::Tensor baddbmm(const at::Tensor& self, const at::Tensor& batch1, const at::Tensor& batch2,
                   ScalarArg beta, ScalarArg alpha) {
  check_product("baddbmm", batch1, batch2, 3);
  at::Tensor out = empty_like_sizes(product_sizes(batch1, batch2), batch1);
  return baddbmm_out(self, batch1, batch2, beta, alpha, out);
}

at::Tensor& baddbmm_(at::Tensor& self, const at::Tensor& batch1, const at::Tensor& batch2,
                     ScalarArg beta, ScalarArg alpha) {
  return baddbmm_out(self, batch1, batch2, beta, alpha, self);
}

// The sum of the products of all batches is the product of the batches side by side.
at::Tensor& addbmm_out(const at::Tensor& self, const at::Tensor& batch1, const at::Tensor& batch2,
                       ScalarArg beta, ScalarArg alpha, at::Tensor& out) {
  check_product("addbmm", batch1, batch2, 3);
  const int64_t inner = batch1.size(0) * batch1.size(2);
  return addmm_out(self, batch1.permute({1, 0, 2}).reshape({batch1.size(1), inner}),
                   batch2.reshape({inner, batch2.size(2)}), beta, alpha, out);
}

at::Tensor addbmm(const at::Tensor& self, const at::Tensor& batch1, const at::Tensor& batch2,
                  ScalarArg beta, ScalarArg alpha) {
  check_product("addbmm", batch1, batch2, 3);
  at::Tensor out = empty_like_sizes({batch1.size(1), batch2.size(2)}, batch1);
  return addbmm_out(self, batch1, batch2, beta, alpha, out);
}

at::Tensor& addbmm_(at::Tensor& self, const at::Tensor& batch1, const at::Tensor& batch2,
                    ScalarArg beta, ScalarArg alpha) {
  return addbmm_out(self, batch1, batch2, beta, alpha, self);
}

at::Tensor& addmv_out(const at::Tensor& self, const at::Tensor& mat, const at::Tensor& vec,
                      ScalarArg beta, ScalarArg alpha, at::Tensor& out) {
  TORCH_CHECK(mat.dim() == 2 && vec.dim() == 1 && self.dim() <= 1,
              "addmv: expected a vector or number, a matrix and a vector, but got shapes ",
              self.sizes(), ", ", mat.sizes(), " and ", vec.sizes());
  if (!out.is_same(self)) resize_output(out, {mat.size(0)});
  at::Tensor column = out.unsqueeze(1);
  addmm_out(self.dim() == 1 ? self.unsqueeze(1) : self, mat, vec.unsqueeze(1), beta, alpha, column);
  return out;
}

at::Tensor dot(const at::Tensor& self, const at::Tensor& tensor) {
  check_devices("dot", {self, tensor});
  TORCH_CHECK(self.dim() == 1 && tensor.dim() == 1 && self.size(0) == tensor.size(0),
              "dot: expected two vectors of one size, but got shapes ", self.sizes(), " and ",
              tensor.sizes());
  TORCH_CHECK(self.scalar_type() == tensor.scalar_type(), "dot: expected both vectors to have the ",
              "same dtype, but got ", self.scalar_type(), " and ", tensor.scalar_type());
  constexpr Types taken = kTaken | bit(at::kChar) | bit(at::kByte);
  if (!(taken & bit(self.scalar_type()))) {
    check_cpu_allowed("dot", self.scalar_type(), taken);
    return on_cpu("aten::dot", "", self, tensor)[0].toTensor();
  }
  const at::Tensor out = empty_like_sizes({}, self);
  if (self.size(0) == 0) return out.zero_();
  OpCommand("Dot").input(self).input(tensor).output(out.view({1})).run();
  return out;
}

at::Tensor vdot(const at::Tensor& self, const at::Tensor& other) {
  if (self.is_complex()) return on_cpu("aten::vdot", "", self, other)[0].toTensor();
  return kernels::dot(self, other);
}

}  // namespace kernels
}  // namespace npu
