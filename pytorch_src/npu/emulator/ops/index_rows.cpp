#include "index_rows.h"

#include <cstring>

#include "codes.h"

namespace ascend_emu {

namespace {

template <typename T>
struct Combined {
  Combine how;
  T operator()(T old, T update) const {
    switch (how) {
      case Combine::kAdd: return static_cast<T>(old + update);
      case Combine::kSub: return static_cast<T>(old - update);
      case Combine::kMul: return static_cast<T>(old * update);
      case Combine::kDiv: return static_cast<T>(old / update);
      case Combine::kMax: return update > old ? update : old;
      case Combine::kMin: return update < old ? update : old;
      case Combine::kUpdate: break;
    }
    return update;
  }
};

template <typename T>
void combine_rows(T *rows, const int64_t *ids, const T *updates, int64_t count, int64_t width,
                  Combine how) {
  const Combined<T> combined{how};
  for (int64_t i = 0; i < count; ++i) {
    T *row = rows + ids[i] * width;
    const T *update = updates + i * width;
    for (int64_t j = 0; j < width; ++j) row[j] = combined(row[j], update[j]);
  }
}

void update_rows(char *rows, const int64_t *ids, const char *updates, int64_t count,
                 int64_t width) {
  if (width == 0) return;
  for (int64_t i = 0; i < count; ++i) {
    std::memcpy(rows + ids[i] * width, updates + i * width, width);
  }
}

/* An integer divided by 0 would end the process; the AI core refuses it too. */
void refuse_zero_divisor(const Call &call, const at::Tensor &updates) {
  if (at::isIntegralType(updates.scalar_type(), true) && updates.eq(0).any().item<bool>()) {
    call.refuse(kAtRun,
                "input updates holds 0; integers cannot be divided by it");
  }
}

}  // namespace

at::Tensor checked_index(const Call &call, const at::Tensor &index, int64_t low, int64_t high,
                         const char *what) {
  const at::Tensor wide = index.to(at::kLong).contiguous();
  if (wide.numel() == 0) return wide;
  const int64_t least = wide.min().item<int64_t>();
  const int64_t most = wide.max().item<int64_t>();
  if (least < low || most >= high) {
    call.refuse(kAtRun, "input %s holds %lld; values of [%lld, %lld) are "
                "allowed", what, static_cast<long long>(least < low ? least : most),
                static_cast<long long>(low), static_cast<long long>(high));
  }
  return wide;
}

at::Tensor wrapped_index(const Call &call, const at::Tensor &index, int64_t size,
                         const char *what) {
  const at::Tensor wide = checked_index(call, index, -size, size, what);
  return at::where(wide.lt(0), wide + size, wide);
}

void scatter_rows(const Call &call, at::Tensor rows, const at::Tensor &ids,
                  const at::Tensor &updates, Combine combine) {
  const at::Tensor from = updates.contiguous();
  const int64_t *to = ids.data_ptr<int64_t>();
  const int64_t count = ids.numel();
  const int64_t width = rows.size(1);
  if (combine == Combine::kUpdate) {
    update_rows(static_cast<char *>(rows.data_ptr()), to,
                static_cast<const char *>(from.data_ptr()), count, width * rows.element_size());
    return;
  }
  if (combine == Combine::kDiv) refuse_zero_divisor(call, from);
  if (combine == Combine::kAdd || combine == Combine::kSub) {
    rows.index_add_(0, ids, combine == Combine::kAdd ? from : from.neg());
    return;
  }
  AT_DISPATCH_ALL_TYPES_AND2(at::kHalf, at::kBFloat16, rows.scalar_type(), "scatter_rows", [&] {
    combine_rows(rows.data_ptr<scalar_t>(), to, from.data_ptr<scalar_t>(), count, width, combine);
  });
}

at::Tensor nd_rows(const Call &call, const at::Tensor &indices, const Dims &sizes, bool negative) {
  const int64_t depth = indices.size(-1);
  const at::Tensor points = as_rows(indices, indices.dim() - 1);
  at::Tensor rows = at::zeros({points.size(0)}, indices.options().dtype(at::kLong));
  for (int64_t k = 0; k < depth; ++k) {
    const at::Tensor column = points.select(1, k);
    rows = rows * sizes[k] + (negative ? wrapped_index(call, column, sizes[k], "indices")
                                       : checked_index(call, column, 0, sizes[k], "indices"));
  }
  return rows;
}

void refuse_deep_points(const Call &call, int indices, const Dims &sizes) {
  const Dims points = call.dims(indices);
  if (points.empty() || points.back() > static_cast<int64_t>(sizes.size())) {
    call.refuse(kAtCheck,
                "input %s has shape %s; its last dim must be the number of coordinates, at most "
                "%zu for a tensor of shape %s",
                call.input_name(indices).c_str(), dims_text(points).c_str(), sizes.size(),
                dims_text(sizes).c_str());
  }
}

Dims dims_at_points(const Dims &sizes, const Dims &indices) {
  Dims dims(indices.begin(), indices.end() - 1);
  dims.insert(dims.end(), sizes.begin() + indices.back(), sizes.end());
  return dims;
}

at::Tensor as_rows(const at::Tensor &x, int64_t n) {
  int64_t rows = 1;
  int64_t width = 1;
  for (int64_t d = 0; d < x.dim(); ++d) (d < n ? rows : width) *= x.size(d);
  return x.reshape({rows, width});
}

}  // namespace ascend_emu
