/* Operators that find each value once. How many there are follows from the data. */
#include <numeric>

#include "args.h"
#include "codes.h"
#include "index_rows.h"
#include "shapes.h"

namespace ascend_emu {

namespace {

constexpr DtypeSet kTf = (kReal | ACL_UINT16).without(ACL_BF16);

struct Found {
  at::Tensor values;
  at::Tensor inverse; /* for each element of x the place of its value */
  at::Tensor counts;
};

/* TensorFlow's order: values as they come, not sorted. */
Found in_order(const at::Tensor &x) {
  const at::Tensor flat = x.reshape({-1});
  at::Tensor values, inverse, counts;
  std::tie(values, inverse, counts) = at::_unique2(flat, true, true, true);
  const int64_t unique = values.numel();
  const at::Tensor place = at::arange(flat.numel(), inverse.options());
  at::Tensor first = at::full({unique}, flat.numel(), inverse.options());
  const int64_t *value_of = inverse.data_ptr<int64_t>();
  int64_t *first_at = first.data_ptr<int64_t>();
  for (int64_t i = flat.numel(); i-- > 0;) first_at[value_of[i]] = i;
  const at::Tensor order = at::argsort(first);
  const at::Tensor rank = at::empty_like(order).scatter_(0, order, place.slice(0, 0, unique));
  return {values.index_select(0, order), rank.index_select(0, inverse),
          counts.index_select(0, order)};
}

void refuse_all_but_vectors(Shapes &s) {
  if (s.dims(0).size() != 1) {
    s.refuse(kAtCheck, "input x has shape %s; one dim is expected",
             dims_text(s.dims(0)).c_str());
  }
}

EMU_OP(Unique)
    .input("x", kTf)
    .data_dependent_output("y", same_as("x"))
    .output("idx", type_from("out_idx"))
    .attr("out_idx", ACL_INT32)
    .shapes([](Shapes &s) {
      refuse_all_but_vectors(s);
      s.set(1, s.dims(0));
    })
    .body([](Args &a) {
      const Found found = in_order(a.in(0));
      a.out(0, found.values);
      a.out(1, found.inverse);
    });

EMU_OP(UniqueWithCounts)
    .input("x", kTf)
    .data_dependent_output("y", same_as("x"))
    .output("idx", type_from("out_idx"))
    .data_dependent_output("count", type_from("out_idx"))
    .required_attr("out_idx", EMU_ATTR_DTYPE)
    .shapes([](Shapes &s) {
      refuse_all_but_vectors(s);
      s.set(1, s.dims(0));
    })
    .body([](Args &a) {
      const Found found = in_order(a.in(0));
      a.out(0, found.values);
      a.out(1, found.inverse);
      a.out(2, found.counts);
    });

/* What was not asked for is empty, as torch's _unique2 has it. */
EMU_OP(UniqueWithCountsAndSorting)
    .input("x", kReal)
    .data_dependent_output("y", same_as("x"))
    .data_dependent_output("indices", kIndex)
    .data_dependent_output("counts", kIndex)
    .attr("return_inverse", false)
    .attr("return_counts", false)
    .attr("sorted", true)
    .body([](Args &a) {
      at::Tensor values, inverse, counts;
      std::tie(values, inverse, counts) = at::_unique2(
          a.in(0), a.b("sorted"), a.b("return_inverse"), a.b("return_counts"));
      a.out(0, values);
      a.out(1, inverse);
      a.out(2, counts);
    });

/* 1000 stands for no axis. */
c10::optional<int64_t> consecutive_axis(const Call &call) {
  if (call.i("axis") == 1000) return c10::nullopt;
  return call.i("axis");
}

EMU_OP(UniqueConsecutive)
    .input("x", kReal | kBool)
    .data_dependent_output("y", same_as("x"))
    .data_dependent_output("idx", kIndex)
    .data_dependent_output("count", kIndex)
    .attr("return_idx", false)
    .attr("return_counts", false)
    .attr("axis", 1000)
    .shapes([](Shapes &s) {
      if (s.i("axis") != 1000) s.axis(s.i("axis"), s.dims(0).size(), "attribute [axis]");
    })
    .body([](Args &a) {
      at::Tensor values, inverse, counts;
      std::tie(values, inverse, counts) = at::unique_consecutive(
          a.in(0), a.b("return_idx"), a.b("return_counts"), consecutive_axis(a));
      a.out(0, values);
      a.out(1, inverse);
      a.out(2, counts);
    });

}  // namespace

}  // namespace ascend_emu
