/* Searches in sorted numbers. */
#include <algorithm>

#include "args.h"
#include "codes.h"
#include "index_rows.h"
#include "shapes.h"
#include "widen.h"

namespace ascend_emu {

namespace {

constexpr DtypeSet kSearched{ACL_FLOAT16, ACL_FLOAT, ACL_INT16, ACL_INT8,
                             ACL_UINT8,   ACL_INT32, ACL_INT64};

EMU_OP(SearchSorted)
    .input("sorted_sequence", kSearched)
    .input("values", same_as("sorted_sequence"))
    .optional_input("sorter", ACL_INT64)
    .output("out", type_from("dtype"))
    .attr("dtype", ACL_INT64)
    .attr("right", false)
    .shapes([](Shapes &s) {
      const Dims sorted = s.dims(0);
      const Dims values = s.dims(1);
      const bool rows = sorted.size() == values.size() && !sorted.empty() &&
                        std::equal(sorted.begin(), sorted.end() - 1, values.begin());
      if (sorted.size() != 1 && !rows) {
        s.refuse(kAtCheck, "input sorted_sequence has shape %s and values %s; only the last dim "
                 "may differ, or sorted_sequence has one dim", dims_text(sorted).c_str(),
                 dims_text(values).c_str());
      }
      if (s.has(2) && s.dims(2) != sorted) {
        s.refuse(kAtCheck, "input sorter has shape %s; %s is expected",
                 dims_text(s.dims(2)).c_str(), dims_text(sorted).c_str());
      }
      s.set(0, values);
    })
    .body([](Args &a) {
      at::Tensor sorted = widened(a.in(0));
      if (a.has(2)) {
        sorted = sorted.gather(-1, checked_index(a, a.in(2), 0, sorted.size(-1), "sorter"));
      }
      a.out(0, at::searchsorted(sorted, widened(a.in(1)), false, a.b("right")));
    });

/* Row by row, in TensorFlow's terms. */
void bound_shape(Shapes &s) {
  const Dims sorted = s.dims(0);
  const Dims values = s.dims(1);
  if (sorted.size() != 2 || values.size() != 2 || sorted[0] != values[0]) {
    s.refuse(kAtCheck, "input sorted_x has shape %s and values %s; two dims and as many rows are "
             "expected", dims_text(sorted).c_str(), dims_text(values).c_str());
  }
  s.set(0, values);
}

Body bound(bool upper) {
  return [upper](Args &a) {
    a.out(0, at::searchsorted(widened(a.in(0)), widened(a.in(1)), false, upper));
  };
}

EMU_OP(LowerBound)
    .input("sorted_x", kSearched | ACL_DOUBLE)
    .input("values", same_as("sorted_x"))
    .output("y", type_from("out_type"))
    .attr("out_type", ACL_INT32)
    .shapes(bound_shape)
    .body(bound(false));

EMU_OP(UpperBound)
    .input("sorted_x", kSearched | ACL_DOUBLE)
    .input("values", same_as("sorted_x"))
    .output("y", type_from("out_type"))
    .required_attr("out_type", EMU_ATTR_DTYPE)
    .shapes(bound_shape)
    .body(bound(true));

EMU_OP(Bucketize)
    .input("x", {ACL_INT32, ACL_INT64, ACL_DOUBLE, ACL_FLOAT})
    .output("y", type_from("dtype"))
    .required_attr("boundaries", EMU_ATTR_LIST_FLOAT)
    .attr("dtype", ACL_INT32)
    .attr("right", true)
    .shapes(like(0))
    .body([](Args &a) {
      const at::Tensor bounds = at::tensor(at::ArrayRef<double>(a.floats("boundaries")),
                                           at::TensorOptions().dtype(at::kDouble));
      a.out(0, at::searchsorted(bounds, a.in(0).to(at::kDouble), false, a.b("right")));
    });

}  // namespace

}  // namespace ascend_emu
