// Slices and elements that one index names, written: index_add, index_copy, index_fill and put_.
#include "kernels/index_support.h"

namespace npu {
namespace kernels {

namespace {

struct Slices {
  at::Tensor self;   // with at least one dim
  at::Tensor index;  // 1-D
  int64_t axis;
};

Slices slices_of(const char* op, const at::Tensor& self, int64_t dim, const at::Tensor& index) {
  check_index_type(op, index);
  TORCH_CHECK_INDEX(index.dim() <= 1, op, ": the index has ", index.dim(),
                    " dims; at most one is allowed. Flatten it first");
  check_devices(op, {self, index});
  return {at_least_1d(self), at_least_1d(index), c10::maybe_wrap_dim(dim, self.dim())};
}

at::Tensor source_of(const char* op, const Slices& to, const at::Tensor& source) {
  TORCH_CHECK(source.scalar_type() == to.self.scalar_type(), op, ": the source is of ",
              source.scalar_type(), " and the tensor of ", to.self.scalar_type(),
              "; both must be of one type");
  std::vector<int64_t> wanted = to.self.sizes().vec();
  wanted[to.axis] = to.index.numel();
  const at::Tensor from = at_least_1d(source);
  TORCH_CHECK(from.sizes() == at::IntArrayRef(wanted), op, ": the source has shape ",
              source.sizes(), "; ", at::IntArrayRef(wanted), " is expected, the tensor's with ",
              to.index.numel(), " at dim ", to.axis);
  return from;
}

void add(const at::Tensor& self, int64_t dim, const at::Tensor& index, const at::Tensor& source,
         const at::Scalar& alpha) {
  const at::ScalarType known[] = {at::kFloat, at::kHalf,  at::kBFloat16, at::kDouble, at::kByte,
                                  at::kChar,  at::kShort, at::kInt,      at::kLong,   at::kBool};
  check_type("index_add", self.scalar_type(), known);
  const Slices to = slices_of("index_add", self, dim, index);
  const at::Tensor from = source_of("index_add", to, source);
  if (from.numel() == 0) return;
  write_in_place(to.self, [&](const at::Tensor& work) {
    OpCommand command("InplaceIndexAdd");
    command.input(work).input(to.index).input(from);
    if (equals(alpha, 1)) {
      command.no_input();
    } else {
      command.input(number_beside(alpha, self, self.scalar_type()).reshape({1}));
    }
    command.output(work).attr("axis", to.axis).run();
  });
}

// Slices along `axis` become rows, since the operator writes rows. It knows no negative numbers;
// neither does index_copy.
void update_rows(const Slices& to, const at::Tensor& from, const at::Tensor& index) {
  if (from.numel() == 0) return;
  write_in_place(to.self.transpose(0, to.axis), [&](const at::Tensor& work) {
    OpCommand("ScatterNdUpdate")
        .input(work)
        .input(index.unsqueeze(-1))
        .input(from.transpose(0, to.axis))
        .output(work)
        .run();
  });
}

void copy_slices(const at::Tensor& self, int64_t dim, const at::Tensor& index,
                 const at::Tensor& source) {
  const Slices to = slices_of("index_copy", self, dim, index);
  update_rows(to, source_of("index_copy", to, source), to.index);
}

}  // namespace

#if NPU_TORCH_VERSION < 20000
at::Tensor& index_add_(at::Tensor& self, int64_t dim, const at::Tensor& index,
                       const at::Tensor& source) {
  add(self, dim, index, source, 1);
  return self;
}
#else
at::Tensor& index_add_(at::Tensor& self, int64_t dim, const at::Tensor& index,
                       const at::Tensor& source, const at::Scalar& alpha) {
  add(self, dim, index, source, alpha);
  return self;
}

at::Tensor index_add(const at::Tensor& self, int64_t dim, const at::Tensor& index,
                     const at::Tensor& source, const at::Scalar& alpha) {
  const at::Tensor result = self.clone(at::MemoryFormat::Contiguous);
  add(result, dim, index, source, alpha);
  return result;
}

at::Tensor& index_add_out(const at::Tensor& self, int64_t dim, const at::Tensor& index,
                          const at::Tensor& source, const at::Scalar& alpha, at::Tensor& out) {
  give("index_add", kernels::index_add(self, dim, index, source, alpha), out);
  return out;
}
#endif

at::Tensor& index_copy_(at::Tensor& self, int64_t dim, const at::Tensor& index,
                        const at::Tensor& source) {
  copy_slices(self, dim, index, source);
  return self;
}

#if NPU_TORCH_VERSION >= 20000
at::Tensor index_copy(const at::Tensor& self, int64_t dim, const at::Tensor& index,
                      const at::Tensor& source) {
  const at::Tensor result = self.clone(at::MemoryFormat::Contiguous);
  copy_slices(result, dim, index, source);
  return result;
}

at::Tensor& index_copy_out(const at::Tensor& self, int64_t dim, const at::Tensor& index,
                           const at::Tensor& source, at::Tensor& out) {
  give("index_copy", kernels::index_copy(self, dim, index, source), out);
  return out;
}
#endif

at::Tensor& index_fill__int_Tensor(at::Tensor& self, int64_t dim, const at::Tensor& index,
                                   const at::Tensor& value) {
  TORCH_CHECK(value.dim() == 0, "index_fill_: the value has ", value.dim(),
              " dims; a number or a tensor of 0 dims is expected");
  const Slices to = slices_of("index_fill_", self, dim, index);
  std::vector<int64_t> sizes = to.self.sizes().vec();
  sizes[to.axis] = to.index.numel();
  const int64_t size = to.self.size(to.axis);
  const at::Tensor place = at::where(to.index.lt(0), to.index.add(size), to.index);
  update_rows(to, value.to(self.device(), self.scalar_type()).expand(sizes), place);
  return self;
}

at::Tensor& index_fill__int_Scalar(at::Tensor& self, int64_t dim, const at::Tensor& index,
                                   ScalarArg value) {
  return index_fill__int_Tensor(self, dim, index, number_beside(value, self, self.scalar_type()));
}

at::Tensor& put_(at::Tensor& self, const at::Tensor& index, const at::Tensor& source,
                 bool accumulate) {
  TORCH_CHECK_INDEX(index.numel() == source.numel(), "put_: the index has ", index.numel(),
                    " elements and the source ", source.numel(), "; as many are expected");
  TORCH_CHECK_INDEX(self.numel() > 0 || index.numel() == 0,
                    "put_: the tensor is empty, so that no index is in range");
  check_index_type("put_", index);
  write_in_place(self, [&](const at::Tensor& work) {
    at::Tensor flat = work.view({-1});
    flat.index_put_({index.reshape({-1})}, source.reshape({-1}), accumulate);
  });
  return self;
}

}  // namespace kernels
}  // namespace npu
