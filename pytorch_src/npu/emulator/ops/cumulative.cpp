/* Running sums, products and extremes along an axis. */
#include <limits>

#include "args.h"
#include "scalars.h"
#include "shapes.h"

namespace ascend_emu {

namespace {

using Scan = at::Tensor (*)(const at::Tensor &, int64_t axis);

int64_t axis_of(const Call &call, const char *attr) {
  const bool input = call.prototype().attr(attr) == nullptr;
  const std::string what = input ? "input axis" : std::string("attribute [") + attr + "]";
  return normal_axis(call, input ? one_int(call, 1) : call.i(attr), call.dims(0).size(),
                     what.c_str());
}

void check_axis(Shapes &shapes) {
  if (shapes.prototype().attr("axis") != nullptr || shapes.value_known(1)) axis_of(shapes, "axis");
}

/* Element i is what the scan gave for i - 1, and `start` for the first. */
at::Tensor shifted(const at::Tensor &scanned, int64_t axis, double start) {
  if (scanned.size(axis) == 0) return scanned;
  at::Tensor first = at::full_like(scanned.narrow(axis, 0, 1), start);
  return at::cat({first, scanned.narrow(axis, 0, scanned.size(axis) - 1)}, axis);
}

at::Tensor scan(const Args &a, Scan compute, double start) {
  at::Tensor x = a.in(0);
  const bool scalar = x.dim() == 0;
  if (scalar) x = x.reshape({1});
  const int64_t axis = axis_of(a, "axis");
  if (a.b("reverse")) x = x.flip({axis});
  at::Tensor y = compute(x, axis);
  if (a.b("exclusive")) y = shifted(y, axis, start);
  if (a.b("reverse")) y = y.flip({axis});
  return scalar ? y.reshape({}) : y;
}

Defined cumulative(const char *op, DtypeSet types, DtypeSet axis_types, Scan compute,
                   double start) {
  return Define(op)
      .input("x", types)
      .input("axis", axis_types)
      .output("y", same_as("x"))
      .attr("exclusive", false)
      .attr("reverse", false)
      .in_float()
      .shapes(check_axis)
      .shapes(like(0))
      .body([compute, start](Args &a) { a.out(0, scan(a, compute, start)); });
}

Defined cumulative_d(const char *op, DtypeSet types, Scan compute, double start) {
  return Define(op)
      .input("x", types)
      .output("y", same_as("x"))
      .required_attr("axis", EMU_ATTR_INT)
      .attr("exclusive", false)
      .attr("reverse", false)
      .in_float()
      .shapes(check_axis)
      .shapes(like(0))
      .body([compute, start](Args &a) { a.out(0, scan(a, compute, start)); });
}

at::Tensor cumsum(const at::Tensor &x, int64_t axis) {
  return at::cumsum(x, axis, x.scalar_type());
}

at::Tensor cumprod(const at::Tensor &x, int64_t axis) {
  return at::cumprod(x, axis, x.scalar_type());
}

at::Tensor logcumsumexp(const at::Tensor &x, int64_t axis) { return at::logcumsumexp(x, axis); }

constexpr double kLogOfZero = -std::numeric_limits<double>::infinity();

const Defined kCumulative[] __attribute__((unused)) = {
    cumulative("Cumsum", kNumber, kIndex, cumsum, 0),
    cumulative("Cumprod", kNumber, kIndex, cumprod, 1),
    cumulative("CumulativeLogsumexp", DtypeSet{ACL_DOUBLE, ACL_FLOAT, ACL_FLOAT16},
               DtypeSet{ACL_INT32, ACL_INT16}, logcumsumexp, kLogOfZero),
    cumulative_d("CumsumD", DtypeSet{ACL_FLOAT, ACL_INT32, ACL_UINT8, ACL_INT8, ACL_FLOAT16},
                 cumsum, 0),
    cumulative_d("CumprodD", kNumber, cumprod, 1),
};

using ScanWithIndex = std::tuple<at::Tensor, at::Tensor> (*)(const at::Tensor &, int64_t);

Defined extreme(const char *op, const char *axis, ScanWithIndex compute) {
  return Define(op)
      .input("x", kReal)
      .output("y", same_as("x"))
      .output("indices", kIndex)
      .required_attr(axis, EMU_ATTR_INT)
      .shapes([axis](Shapes &shapes) { axis_of(shapes, axis); })
      .shapes(like(0))
      .body([axis, compute](Args &a) {
        const auto found = compute(a.in(0), axis_of(a, axis));
        a.out(0, std::get<0>(found));
        a.out(1, std::get<1>(found));
      });
}

const Defined kExtremes[] __attribute__((unused)) = {
    extreme("Cummax", "dim", at::cummax),
    extreme("Cummin", "axis", at::cummin),
};

}  // namespace

}  // namespace ascend_emu
