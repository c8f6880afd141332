#include "axes.h"

#include <algorithm>
#include <numeric>

namespace ascend_emu {

Ints normal_axes(const Call &call, const Ints &axes, size_t ndim, NoAxes none, const char *what) {
  Ints normal;
  if (axes.empty() && none == NoAxes::kAll) {
    normal.resize(ndim);
    std::iota(normal.begin(), normal.end(), 0);
    return normal;
  }
  for (const int64_t axis : axes) {
    normal.push_back(normal_axis(call, axis, ndim, what));
    /* Of a tensor without dims, axis 0 is all there is: nothing to reduce. */
    if (ndim == 0) normal.pop_back();
  }
  std::sort(normal.begin(), normal.end());
  normal.erase(std::unique(normal.begin(), normal.end()), normal.end());
  return normal;
}

Dims reduced_dims(const Dims &dims, const Ints &axes, bool keep) {
  Dims left;
  for (size_t i = 0; i < dims.size(); ++i) {
    const bool reduced = std::binary_search(axes.begin(), axes.end(), static_cast<int64_t>(i));
    if (!reduced) left.push_back(dims[i]);
    if (reduced && keep) left.push_back(1);
  }
  return left;
}

}  // namespace ascend_emu
