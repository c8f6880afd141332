/* Operators that gather up elements by segment: each element has the number of its segment. */
#include <algorithm>
#include <limits>

#include "args.h"
#include "codes.h"
#include "index_rows.h"
#include "scalars.h"
#include "shapes.h"

namespace ascend_emu {

namespace {

/* What a segment without elements has, and what each element is combined with. */
enum class Empty { kZero, kOne, kLowest, kHighest };

at::Tensor filled(at::IntArrayRef sizes, const at::Tensor &like, Empty empty) {
  at::Tensor all = at::zeros(sizes, like.options());
  if (empty == Empty::kZero) return all;
  if (empty == Empty::kOne) return all.fill_(1);
  AT_DISPATCH_ALL_TYPES_AND2(at::kHalf, at::kBFloat16, like.scalar_type(), "filled", [&] {
    using Limits = std::numeric_limits<scalar_t>;
    const scalar_t value = empty == Empty::kLowest ? Limits::lowest() : Limits::max();
    for (int64_t i = 0; i < all.numel(); ++i) all.data_ptr<scalar_t>()[i] = value;
  });
  return all;
}

void refuse_ids(const Call &call) {
  const Dims x = call.dims(0);
  const Dims ids = call.dims(1);
  if (ids.size() > x.size() || !std::equal(ids.begin(), ids.end(), x.begin())) {
    call.refuse(kAtCheck, "input segment_ids has shape %s; the first dims of x %s are expected",
                dims_text(ids).c_str(), dims_text(x).c_str());
  }
}

/* Elements of a negative segment are left out, as in TensorFlow. */
at::Tensor segments(Args &a, int64_t count, Empty empty, Combine combine) {
  const at::Tensor x = a.in(0).contiguous();
  const int64_t depth = a.in(1).dim();
  const int64_t negative = std::numeric_limits<int64_t>::min();
  at::Tensor ids = checked_index(a, a.in(1), negative, count, "segment_ids").reshape({-1});
  at::Tensor rows = as_rows(x, depth);
  const at::Tensor kept = ids.ge(0).nonzero().squeeze(1);
  if (kept.numel() != ids.numel()) {
    ids = ids.index_select(0, kept);
    rows = rows.index_select(0, kept);
  }
  Dims dims{count};
  dims.insert(dims.end(), x.sizes().begin() + depth, x.sizes().end());
  const at::Tensor y = filled(dims, x, empty);
  scatter_rows(a, as_rows(y, 1), ids, rows, combine);
  return y;
}

int64_t count_of(const Call &call, int32_t code, int64_t count) {
  if (count < 0) {
    call.refuse(code, "num_segments is %lld; it may not be negative",
                static_cast<long long>(count));
  }
  return count;
}

void segments_shape(Shapes &s, int64_t count) {
  const Dims x = s.dims(0);
  Dims dims{count_of(s, kAtCheck, count)};
  dims.insert(dims.end(), x.begin() + s.dims(1).size(), x.end());
  s.set(0, dims);
}

void unsorted_shape(Shapes &s) {
  refuse_ids(s);
  if (s.value_known(2)) segments_shape(s, one_int(s, 2));
}

Body unsorted(Empty empty, Combine combine) {
  return [=](Args &a) {
    a.out(0, segments(a, count_of(a, kAtRun, one_int(a, 2)), empty, combine));
  };
}

EMU_OP(UnsortedSegmentSum)
    .input("x", kNumber | kWideUnsigned)
    .input("segment_ids", kIndex)
    .input("num_segments", kIndex)
    .output("y", same_as("x"))
    .attr("is_preprocessed", false)
    .attr("check_ids", false)
    .shapes(unsorted_shape)
    .body(unsorted(Empty::kZero, Combine::kAdd));

EMU_OP(UnsortedSegmentProd)
    .input("x", kReal)
    .input("segment_ids", kIndex)
    .input("num_segments", kIndex)
    .output("y", same_as("x"))
    .shapes(unsorted_shape)
    .body(unsorted(Empty::kOne, Combine::kMul));

EMU_OP(UnsortedSegmentMax)
    .input("x", kReal)
    .input("segment_ids", kIndex)
    .input("num_segments", kIndex)
    .output("y", same_as("x"))
    .shapes(unsorted_shape)
    .body(unsorted(Empty::kLowest, Combine::kMax));

EMU_OP(UnsortedSegmentMin)
    .input("x", kReal)
    .input("segment_ids", kIndex)
    .input("num_segments", kIndex)
    .output("y", same_as("x"))
    .shapes(unsorted_shape)
    .body(unsorted(Empty::kHighest, Combine::kMin));

EMU_OP(UnsortedSegmentSumD)
    .input("x", {ACL_FLOAT, ACL_FLOAT16, ACL_INT32})
    .input("segment_ids", ACL_INT32)
    .output("y", same_as("x"))
    .required_attr("num_segments", EMU_ATTR_INT)
    .shapes([](Shapes &s) {
      refuse_ids(s);
      segments_shape(s, s.i("num_segments"));
    })
    .body([](Args &a) {
      const int64_t count = count_of(a, kAttr, a.i("num_segments"));
      a.out(0, segments(a, count, Empty::kZero, Combine::kAdd));
    });

/* Segments of a sorted list: the last number says how many there are. */
void sorted_shape(Shapes &s) {
  refuse_ids(s);
  if (s.dims(1).size() != 1) {
    s.refuse(kAtCheck, "input segment_ids has shape %s; one dim is expected",
             dims_text(s.dims(1)).c_str());
  }
}

int64_t sorted_count(const Args &a, const at::Tensor &ids) {
  if (ids.numel() == 0) return 0;
  const bool sorted = ids.slice(0, 1).ge(ids.slice(0, 0, -1)).all().item<bool>();
  if (!sorted || ids[0].item<int64_t>() < 0) {
    a.refuse(kAtRun, "input segment_ids is not sorted, or holds a negative number");
  }
  return ids[-1].item<int64_t>() + 1;
}

EMU_OP(SegmentSum)
    .input("x", kNumber | kWideUnsigned)
    .input("segment_ids", kIndex)
    .data_dependent_output("y", same_as("x"))
    .shapes(sorted_shape)
    .body([](Args &a) {
      const int64_t count = sorted_count(a, a.in(1).to(at::kLong));
      a.out(0, segments(a, count, Empty::kZero, Combine::kAdd));
    });

/* Here a segment without elements has 0. */
EMU_OP(SegmentMax)
    .input("x", kReal)
    .input("segment_ids", kIndex)
    .data_dependent_output("y", same_as("x"))
    .shapes(sorted_shape)
    .body([](Args &a) {
      const at::Tensor ids = a.in(1).to(at::kLong);
      const int64_t count = sorted_count(a, ids);
      const at::Tensor y = segments(a, count, Empty::kLowest, Combine::kMax);
      Dims along(static_cast<size_t>(y.dim()), 1);
      along[0] = count;
      const at::Tensor empty = at::bincount(ids, {}, count).eq(0).reshape(along);
      a.out(0, y.masked_fill(empty, 0));
    });

}  // namespace

}  // namespace ascend_emu
