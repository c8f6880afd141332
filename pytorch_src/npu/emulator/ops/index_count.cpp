/* Operators that count numbers. */
#include "args.h"
#include "codes.h"
#include "index_rows.h"
#include "scalars.h"
#include "shapes.h"

namespace ascend_emu {

namespace {

constexpr DtypeSet kCounted{ACL_FLOAT16, ACL_FLOAT, ACL_INT16, ACL_INT8,
                             ACL_UINT8,   ACL_INT32, ACL_INT64};

/* Numbers of [0, size) are counted, or their weights added up; larger ones are left out. */
EMU_OP(Bincount)
    .input("array", ACL_INT32)
    .input("size", ACL_INT32)
    .input("weights", {ACL_FLOAT, ACL_INT32, ACL_INT64, ACL_DOUBLE})
    .output("bins", same_as("weights"))
    .shapes([](Shapes &s) {
      if (s.dims(2) != Dims{0} && s.dims(2) != s.dims(0)) {
        s.refuse(kAtCheck, "input weights has shape %s; %s, as input array, or [0] is expected",
                 dims_text(s.dims(2)).c_str(), dims_text(s.dims(0)).c_str());
      }
      if (s.value_known(1)) s.set(0, {one_int(s, 1)});
    })
    .body([](Args &a) {
      const int64_t size = one_int(a, 1);
      if (size < 0) a.refuse(kAtRun, "input size is negative");
      const at::Tensor ids =
          checked_index(a, a.in(0), 0, int64_t{1} << 31, "array").reshape({-1});
      const at::Tensor weights =
          a.in(2).numel() == 0 ? at::ones(ids.sizes(), a.in(2).options()) : a.in(2).reshape({-1});
      const at::Tensor kept = ids.lt(size).nonzero().squeeze(1);
      a.out(0, at::zeros({size}, weights.options())
                   .index_add_(0, ids.index_select(0, kept), weights.index_select(0, kept)));
    });

void bins_shape(Shapes &s) {
  if (s.i("bins") <= 0) {
    s.refuse(kAttr, "attribute [bins] is %lld; a positive number is expected",
             static_cast<long long>(s.i("bins")));
  }
  s.set(0, {s.i("bins")});
}

/* torch.histc: numbers outside [low, high] are left out; equal bounds mean those of x. */
void histogram(Args &a, double low, double high) {
  const at::Tensor x = a.in(0).to(at::kDouble);
  if (x.numel() == 0) return a.out(0, at::zeros({a.i("bins")}, x.options()));
  if (low > high) a.refuse(kAtRun, "min is %g and max %g; min may not be larger", low, high);
  a.out(0, at::histc(x, a.i("bins"), low, high));
}

EMU_OP(Histogram)
    .input("x", kCounted)
    .output("y", {ACL_FLOAT, ACL_INT64, ACL_INT32, ACL_INT16, ACL_INT8, ACL_UINT8})
    .attr("bins", 100)
    .attr("min", 0.0)
    .attr("max", 0.0)
    .shapes(bins_shape)
    .body([](Args &a) { histogram(a, a.f("min"), a.f("max")); });

EMU_OP(HistogramV2)
    .input("x", kCounted)
    .input("min", same_as("x"))
    .input("max", same_as("x"))
    .output("y", ACL_INT32)
    .attr("bins", 100)
    .shapes(bins_shape)
    .body([](Args &a) { histogram(a, one_float(a, 1), one_float(a, 2)); });

/* Numbers outside the range belong to the first and the last bin. */
EMU_OP(HistogramFixedWidth)
    .input("x", {ACL_FLOAT16, ACL_FLOAT, ACL_INT32, ACL_INT64})
    .input("range", same_as("x"))
    .input("nbins", ACL_INT32)
    .output("y", ACL_INT32)
    .attr("dtype", 3)
    .shapes([](Shapes &s) {
      if (s.dims(1) != Dims{2}) {
        s.refuse(kAtCheck, "input range has shape %s; [2] is expected",
                 dims_text(s.dims(1)).c_str());
      }
      if (s.value_known(2)) s.set(0, {one_int(s, 2)});
    })
    .body([](Args &a) {
      const std::vector<double> range = a.host_floats(1);
      const int64_t bins = one_int(a, 2);
      if (!(range[0] < range[1]) || bins <= 0) {
        a.refuse(kAtRun, "range is [%g, %g] and nbins %lld; a range that rises and a positive "
                 "number are expected", range[0], range[1], static_cast<long long>(bins));
      }
      const double width = (range[1] - range[0]) / static_cast<double>(bins);
      const at::Tensor place = ((a.in(0).to(at::kDouble) - range[0]) / width)
                                   .floor()
                                   .clamp(0, static_cast<double>(bins - 1));
      a.out(0, at::bincount(place.to(at::kLong).reshape({-1}), {}, bins));
    });

}  // namespace

}  // namespace ascend_emu
