#include "index_slice_plan.h"

#include <algorithm>

namespace ascend_emu {

namespace {

bool bit(int64_t mask, size_t i) { return (mask >> i & 1) != 0; }

int64_t clamped(int64_t value, int64_t low, int64_t high) {
  return std::min(std::max(value, low), high);
}

/* Specifications that take a dimension of x; the others insert one, or are the ellipsis. */
int64_t dims_taken(const SliceSpec &spec) {
  int64_t taken = 0;
  for (size_t i = 0; i < spec.begin.size(); ++i) {
    if (!bit(spec.ellipsis_mask, i) && !bit(spec.new_axis_mask, i)) ++taken;
  }
  return taken;
}

void refuse_uneven(const Call &call, int32_t code, const SliceSpec &spec) {
  const size_t count = spec.begin.size();
  if (spec.end.size() != count || spec.strides.size() != count) {
    call.refuse(code, "begin, end and strides have %zu, %zu and %zu values; as many of each are "
                "expected", count, spec.end.size(), spec.strides.size());
  }
  if (count > EMU_OPS_MAX_DIMS) {
    call.refuse(code, "begin has %zu values; %d are allowed", count, EMU_OPS_MAX_DIMS);
  }
}

}  // namespace

SlicePlan::SlicePlan(const Call &call, int32_t code, const SliceSpec &spec, const Dims &sizes) {
  refuse_uneven(call, code, spec);
  const size_t count = spec.begin.size();
  const int64_t ndim = static_cast<int64_t>(sizes.size());
  const int64_t skipped = ndim - dims_taken(spec);
  if (skipped < 0) {
    call.refuse(code, "begin has values for %lld dims; the tensor has %lld: %s",
                static_cast<long long>(dims_taken(spec)), static_cast<long long>(ndim),
                dims_text(sizes).c_str());
  }
  size_t dim = 0;
  bool seen = false;
  for (size_t i = 0; i < count; ++i) {
    if (bit(spec.ellipsis_mask, i)) {
      if (seen) call.refuse(code, "ellipsis_mask has several bits; one is allowed");
      seen = true;
      for (int64_t k = 0; k < skipped; ++k) take_all(sizes[dim++]);
    } else if (bit(spec.new_axis_mask, i)) {
      shape_.push_back(1);
    } else {
      take_range(call, code, spec, i, sizes[dim++]);
    }
  }
  while (dim < sizes.size()) take_all(sizes[dim++]);
}

void SlicePlan::take_all(int64_t size) {
  ranges_.push_back({0, size, 1});
  shape_.push_back(size);
}

void SlicePlan::take_range(const Call &call, int32_t code, const SliceSpec &spec, size_t i,
                           int64_t size) {
  /* A step beyond the dimension takes one element however long it is. */
  const int64_t step = clamped(spec.strides[i], -size - 1, size + 1);
  if (step == 0) call.refuse(code, "strides[%zu] is 0; any other value is allowed", i);
  const int64_t begin = spec.begin[i] < 0 ? spec.begin[i] + size : spec.begin[i];
  if (bit(spec.shrink_axis_mask, i)) {
    if (step < 0) {
      call.refuse(code, "strides[%zu] is negative, but shrink_axis_mask takes one element", i);
    }
    if (begin < 0 || begin >= size) {
      call.refuse(code, "begin[%zu] is %lld, but shrink_axis_mask takes that element of %lld", i,
                  static_cast<long long>(spec.begin[i]), static_cast<long long>(size));
    }
    ranges_.push_back({begin, 1, 1});
    return;
  }
  const int64_t low = step > 0 ? 0 : -1;
  const int64_t high = step > 0 ? size : size - 1;
  int64_t from = step > 0 ? low : high;
  int64_t to = step > 0 ? high : low;
  if (!bit(spec.begin_mask, i)) from = clamped(begin, low, high);
  if (!bit(spec.end_mask, i)) {
    to = clamped(spec.end[i] < 0 ? spec.end[i] + size : spec.end[i], low, high);
  }
  const int64_t way = to - from;
  const bool forwards = step > 0;
  const bool none = forwards ? way <= 0 : way >= 0;
  const int64_t taken = none ? 0 : (way + step - (forwards ? 1 : -1)) / step;
  if (step > 0 || taken == 0) {
    ranges_.push_back({taken == 0 ? 0 : from, taken, step > 0 ? step : 1});
  } else {
    ranges_.push_back({from + (taken - 1) * step, taken, -step});
    turned_.push_back(static_cast<int64_t>(ranges_.size()) - 1);
  }
  shape_.push_back(taken);
}

at::Tensor SlicePlan::view(at::Tensor x) const {
  for (size_t d = 0; d < ranges_.size(); ++d) {
    const Range &range = ranges_[d];
    const int64_t last = range.count == 0 ? range.start
                                          : range.start + (range.count - 1) * range.step + 1;
    x = x.slice(static_cast<int64_t>(d), range.start, last, range.step);
  }
  return x;
}

at::Tensor SlicePlan::read(const at::Tensor &x) const {
  const at::Tensor taken = view(x);
  return (turned_.empty() ? taken : taken.flip(turned_)).reshape(shape_);
}

void SlicePlan::write(at::Tensor x, const at::Tensor &value) const {
  const at::Tensor place = view(x);
  const at::Tensor whole = value.expand(shape_).reshape(place.sizes());
  place.copy_(turned_.empty() ? whole : whole.flip(turned_));
}

}  // namespace ascend_emu
