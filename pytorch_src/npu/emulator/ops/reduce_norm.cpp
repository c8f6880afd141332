/* Norms, squares and deviations along axes that an attribute names. */
#include <cmath>
#include <limits>

#include "args.h"
#include "axes.h"
#include "codes.h"

namespace ascend_emu {

namespace {

/* `axes`, `keep`: names of the attributes. */
Ints attr_axes(const Call &call, const char *axes, NoAxes none) {
  const std::string what = std::string("attribute [") + axes + "]";
  return normal_axes(call, call.ints(axes), call.dims(0).size(), none, what.c_str());
}

ShapeRule reduces(const char *axes, const char *keep, NoAxes none) {
  return [=](Shapes &shapes) {
    const Dims left = reduced_dims(shapes.dims(0), attr_axes(shapes, axes, none), shapes.b(keep));
    const int outputs = static_cast<int>(shapes.prototype().outputs.size());
    for (int o = 0; o < outputs; ++o) shapes.set(o, left);
  };
}

at::Tensor sum_over(const at::Tensor &x, const Ints &axes, bool keep) {
  return axes.empty() ? x : at::sum(x, axes, keep);
}

EMU_OP(SquareSumV1)
    .input("x", kFloats)
    .output("y", same_as("x"))
    .required_attr("axis", EMU_ATTR_LIST_INT)
    .attr("keep_dims", false)
    .in_float()
    .shapes(reduces("axis", "keep_dims", NoAxes::kNone))
    .body([](Args &a) {
      const at::Tensor x = a.in(0);
      a.out(0, sum_over(at::mul(x, x), attr_axes(a, "axis", NoAxes::kNone), a.b("keep_dims")));
    });

/* Where p is an int, the largest and the smallest one are what comes closest to the infinities. */
double order_of_norm(const Call &call, bool whole) {
  if (!whole) return call.f("p");
  const int64_t p = call.i("p");
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (p == std::numeric_limits<int32_t>::max()) return kInfinity;
  if (p == std::numeric_limits<int32_t>::min()) return -kInfinity;
  return static_cast<double>(p);
}

at::Tensor norm(const at::Tensor &x, double p, const Ints &axes, bool keep) {
  const at::Tensor size = at::abs(x);
  if (axes.empty()) return p == 0 ? at::ne(x, 0).to(x.scalar_type()) : size;
  if (std::isinf(p)) return p > 0 ? largest(size, axes, keep) : smallest(size, axes, keep);
  if (p == 0) return at::sum(at::ne(x, 0), axes, keep, x.scalar_type());
  return at::pow(at::sum(at::pow(size, p), axes, keep), 1 / p);
}

Body norm_body(bool whole) {
  return [whole](Args &a) {
    const Ints axes = attr_axes(a, "axes", NoAxes::kAll);
    const at::Tensor y = norm(a.in(0), order_of_norm(a, whole), axes, a.b("keepdim"));
    a.out(0, at::clamp_min(y, a.f("epsilon")));
  };
}

EMU_OP(LpNorm)
    .input("x", kFloats)
    .output("y", same_as("x"))
    .attr("p", 2)
    .attr("axes", Ints{})
    .attr("keepdim", false)
    .attr("epsilon", 1e-12)
    .in_float()
    .shapes(reduces("axes", "keepdim", NoAxes::kAll))
    .body(norm_body(true));

EMU_OP(LpNormV2)
    .input("x", kFloats)
    .output("y", same_as("x"))
    .attr("p", 2.0)
    .attr("axes", Ints{})
    .attr("keepdim", false)
    .attr("epsilon", 1e-12)
    .in_float()
    .shapes(reduces("axes", "keepdim", NoAxes::kAll))
    .body(norm_body(false));

int64_t elements_along(const at::Tensor &x, const Ints &axes) {
  int64_t count = 1;
  for (const int64_t axis : axes) count *= x.size(axis);
  return count;
}

/* The mean of squares, with `correction` elements less than there are. */
at::Tensor variance(const at::Tensor &difference, const Ints &axes, bool keep,
                    int64_t correction) {
  const double count = static_cast<double>(elements_along(difference, axes) - correction);
  const at::Tensor squares = sum_over(at::mul(difference, difference), axes, keep);
  return at::div(squares, count > 0 ? count : 0.0);
}

EMU_OP(ReduceStd)
    .input("x", {ACL_FLOAT, ACL_FLOAT16})
    .output("y1", same_as("x"))
    .output("y2", same_as("x"))
    .attr("dim", Ints{})
    .attr("unbiased", true)
    .attr("keepdim", false)
    .in_float()
    .shapes(reduces("dim", "keepdim", NoAxes::kAll))
    .body([](Args &a) {
      const at::Tensor x = a.in(0);
      const Ints axes = attr_axes(a, "dim", NoAxes::kAll);
      const bool keep = a.b("keepdim");
      const at::Tensor mean = axes.empty() ? x : at::mean(x, axes, true);
      const int64_t correction = a.b("unbiased") ? 1 : 0;
      a.out(0, at::sqrt(variance(at::sub(x, mean), axes, keep, correction)));
      a.out(1, axes.empty() || keep ? mean : at::mean(x, axes));
    });

/* The mean is given, as large as x. */
void check_mean(Shapes &shapes) {
  if (shapes.dims(0) == shapes.dims(1)) return;
  shapes.refuse(kAtCheck, "input mean has shape %s, input x has %s; they must be the same",
                dims_text(shapes.dims(1)).c_str(), dims_text(shapes.dims(0)).c_str());
}

EMU_OP(ReduceStdV2Update)
    .input("x", kFloats)
    .input("mean", same_as("x"))
    .output("output_var", same_as("x"))
    .required_attr("dim", EMU_ATTR_LIST_INT)
    .attr("if_std", false)
    .attr("unbiased", true)
    .attr("keepdim", false)
    .attr("correction", 1)
    .in_float()
    .shapes(check_mean)
    .shapes(reduces("dim", "keepdim", NoAxes::kAll))
    .body([](Args &a) {
      const int64_t correction = a.b("unbiased") ? a.i("correction") : 0;
      const at::Tensor var = variance(at::sub(a.in(0), a.in(1)), attr_axes(a, "dim", NoAxes::kAll),
                                      a.b("keepdim"), correction);
      a.out(0, a.b("if_std") ? at::sqrt(var) : var);
    });

}  // namespace

}  // namespace ascend_emu
