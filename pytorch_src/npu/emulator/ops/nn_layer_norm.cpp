/* Layer normalisation: over the last axes of each sample. */
#include <algorithm>

#include "codes.h"
#include "nn_channel.h"
#include "nn_layout.h"

namespace ascend_emu {

namespace {

/* What CANN adds to the variance where the operator has no attribute for it. */
constexpr double kTiny = 1e-12;

/* The axes from `first` on. */
Ints axes_from(int64_t first, size_t ndim) {
  Ints axes;
  for (int64_t axis = first; axis < static_cast<int64_t>(ndim); ++axis) axes.push_back(axis);
  return axes;
}

/* Axis of an attribute, from the front. */
int64_t begin_axis(const Call &call, const char *attr) {
  const int64_t rank = static_cast<int64_t>(call.dims(0).size());
  const int64_t axis = call.i(attr);
  if (axis < -rank || axis >= rank) {
    call.refuse(kAttr, "attribute [%s] is %lld; -%lld to %lld are allowed for %lld dims", attr,
                ll(axis), ll(rank), ll(rank - 1), ll(rank));
  }
  return axis < 0 ? axis + rank : axis;
}

void forward_shapes(Shapes &shapes) {
  const Dims x = shapes.dims(0);
  const int64_t norm = begin_axis(shapes, "begin_norm_axis");
  const int64_t params = begin_axis(shapes, "begin_params_axis");
  const Dims expected(x.begin() + params, x.end());
  for (int input = 1; input <= 2; ++input) {
    if (shapes.dims(input) == expected) continue;
    shapes.refuse(kAtCheck, "input %s has shape %s; that of x from axis %lld on, %s, is expected",
                  shapes.input_name(input).c_str(), dims_text(shapes.dims(input)).c_str(),
                  ll(params), dims_text(expected).c_str());
  }
  Dims statistics = x;
  std::fill(statistics.begin() + norm, statistics.end(), 1);
  shapes.set(0, x);
  shapes.set(1, statistics);
  shapes.set(2, statistics);
}

/* `third` makes the third output of variance and 1 / deviation. */
template <class Third>
void forward(Args &a, Third third) {
  const at::Tensor x = widened(a.in(0));
  const Ints axes = axes_from(begin_axis(a, "begin_norm_axis"), a.dims(0).size());
  const at::Tensor mean = x.mean(axes, true);
  const at::Tensor centered = x - mean;
  const at::Tensor variance = (centered * centered).mean(axes, true);
  const at::Tensor rstd = at::rsqrt(variance + a.f("epsilon"));
  const at::Tensor y = centered * rstd * widened(a.in(1)) + widened(a.in(2));
  a.out(0, y);
  a.out(1, mean);
  a.out(2, third(variance, rstd));
}

/* x 1, statistics 2 (variance, or 1 / deviation for V3) and 3 (mean), gamma 4: x normalised. */
struct Normalized {
  at::Tensor x_hat;
  at::Tensor rstd;
  Ints axes; /* those that the statistics have 1 for */
};

Normalized normalize(const Args &a, bool is_rstd) {
  Ints axes;
  for (size_t axis = 0; axis < a.dims(1).size(); ++axis) {
    if (a.dims(3)[axis] != a.dims(1)[axis]) axes.push_back(static_cast<int64_t>(axis));
  }
  const at::Tensor given = widened(a.in(2));
  const at::Tensor rstd = is_rstd ? given : at::rsqrt(given + kTiny);
  return {(widened(a.in(1)) - widened(a.in(3))) * rstd, rstd, axes};
}

at::Tensor mean_over(const at::Tensor &t, const Ints &axes) {
  return axes.empty() ? t : t.mean(axes, true);
}

at::Tensor x_gradient(const Args &a, const Normalized &norm) {
  const at::Tensor grad = widened(a.in(0)) * widened(a.in(4));
  return norm.rstd * (grad - mean_over(grad, norm.axes) -
                      norm.x_hat * mean_over(grad * norm.x_hat, norm.axes));
}

void expect_like(const Shapes &shapes, int input, const Dims &dims) {
  if (shapes.dims(input) == dims) return;
  shapes.refuse(kAtCheck, "input %s has shape %s; %s is expected",
                shapes.input_name(input).c_str(), dims_text(shapes.dims(input)).c_str(),
                dims_text(dims).c_str());
}

/* dy 0 and x 1 alike; statistics 2 and 3 alike, as many dims, each that of x or 1. */
void gradient_shapes(Shapes &shapes) {
  const Dims x = shapes.dims(1);
  expect_like(shapes, 0, x);
  expect_like(shapes, 2, shapes.dims(3));
  const Dims mean = shapes.dims(3);
  bool right = mean.size() == x.size();
  for (size_t i = 0; right && i < x.size(); ++i) right = mean[i] == x[i] || mean[i] == 1;
  if (!right) {
    shapes.refuse(kAtCheck, "input mean has shape %s; the dims of x, %s, or 1 are expected",
                  dims_text(mean).c_str(), dims_text(x).c_str());
  }
}

/* Refusal unless these are the last dims of `x`; the others may be 1. */
void expect_params(const Shapes &shapes, const Dims &params, const Dims &x,
                   const std::string &what, int32_t code) {
  Dims all;
  if (params.size() <= x.size() && broadcast_dims(params, x, &all) && all == x) return;
  shapes.refuse(code, "%s is %s; it must broadcast to the shape of dy, %s", what.c_str(),
                dims_text(params).c_str(), dims_text(x).c_str());
}

void full_gradient_shapes(Shapes &shapes) {
  gradient_shapes(shapes);
  expect_params(shapes, shapes.dims(4), shapes.dims(1), "the shape of input gamma", kAtCheck);
  shapes.set(0, shapes.dims(1));
  shapes.set(1, shapes.dims(4));
  shapes.set(2, shapes.dims(4));
}

void full_gradient(Args &a, bool is_rstd) {
  const Normalized norm = normalize(a, is_rstd);
  const at::Tensor dy = widened(a.in(0));
  const at::Tensor x_grad = x_gradient(a, norm);
  a.out(0, x_grad);
  a.out(1, (dy * norm.x_hat).sum_to_size(a.dims(4)));
  a.out(2, dy.sum_to_size(a.dims(4)));
}

void params_shapes(Shapes &shapes) {
  const Dims params = shapes.ints("shape_gamma");
  expect_params(shapes, params, shapes.dims(0), "attribute [shape_gamma]", kAttr);
  shapes.set(0, params);
  shapes.set(1, params);
}

void params_gradient(Args &a, const at::Tensor &x_hat) {
  const at::Tensor dy = widened(a.in(0));
  const at::Tensor gamma_grad = (dy * x_hat).sum_to_size(a.ints("shape_gamma"));
  a.out(0, gamma_grad);
  a.out(1, dy.sum_to_size(a.ints("shape_gamma")));
}

EMU_OP(LayerNorm)
    .input("x", kFloats)
    .input("gamma", kFloats)
    .input("beta", same_as("gamma"))
    .output("y", same_as("x"))
    .output("mean", kFloats)
    .output("variance", kFloats)
    .attr("begin_norm_axis", 0)
    .attr("begin_params_axis", 0)
    .attr("epsilon", 1e-7)
    .layouts(Layouts::kPrivate)
    .shapes(forward_shapes)
    .body([](Args &a) {
      forward(a, [](const at::Tensor &variance, const at::Tensor &) { return variance; });
    });

EMU_OP(LayerNormV3)
    .input("x", kFloats)
    .input("gamma", kFloats)
    .input("beta", same_as("gamma"))
    .output("y", same_as("x"))
    .output("mean", kFloats)
    .output("rstd", kFloats)
    .attr("begin_norm_axis", 0)
    .attr("begin_params_axis", 0)
    .attr("epsilon", 1e-5)
    .layouts(Layouts::kPrivate)
    .shapes(forward_shapes)
    .body([](Args &a) {
      forward(a, [](const at::Tensor &, const at::Tensor &rstd) { return rstd; });
    });

EMU_OP(LayerNormGrad)
    .input("dy", kFloats)
    .input("x", same_as("dy"))
    .input("variance", kFloats)
    .input("mean", same_as("variance"))
    .input("gamma", kFloats)
    .output("pd_x", same_as("x"))
    .output("pd_gamma", kFloats)
    .output("pd_beta", kFloats)
    .layouts(Layouts::kPrivate)
    .shapes(full_gradient_shapes)
    .body([](Args &a) { full_gradient(a, false); });

EMU_OP(LayerNormGradV3)
    .input("dy", kFloats)
    .input("x", same_as("dy"))
    .input("rstd", kFloats)
    .input("mean", same_as("rstd"))
    .input("gamma", kFloats)
    .output("pd_x", same_as("x"))
    .output("pd_gamma", kFloats)
    .output("pd_beta", kFloats)
    .layouts(Layouts::kPrivate)
    .shapes(full_gradient_shapes)
    .body([](Args &a) { full_gradient(a, true); });

EMU_OP(LayerNormXBackprop)
    .input("dy", {ACL_FLOAT16, ACL_FLOAT})
    .input("x", same_as("dy"))
    .input("variance", {ACL_FLOAT16, ACL_FLOAT})
    .input("mean", same_as("variance"))
    .input("gamma", {ACL_FLOAT16, ACL_FLOAT})
    .output("pd_x", same_as("x"))
    .layouts(Layouts::kPrivate)
    .shapes([](Shapes &shapes) {
      gradient_shapes(shapes);
      expect_params(shapes, shapes.dims(4), shapes.dims(1), "the shape of input gamma", kAtCheck);
      shapes.set(0, shapes.dims(1));
    })
    .body([](Args &a) { a.out(0, x_gradient(a, normalize(a, false))); });

EMU_OP(LayerNormXBackpropV2)
    .input("dy", kFloats)
    .input("x", same_as("dy"))
    .input("variance", kFloats)
    .input("mean", same_as("variance"))
    .input("gamma", kFloats)
    .output("pd_x", same_as("x"))
    .output("res_for_gamma", ACL_FLOAT)
    .layouts(Layouts::kPrivate)
    .shapes([](Shapes &shapes) {
      gradient_shapes(shapes);
      expect_params(shapes, shapes.dims(4), shapes.dims(1), "the shape of input gamma", kAtCheck);
      shapes.set(0, shapes.dims(1));
      shapes.set(1, shapes.dims(1));
    })
    .body([](Args &a) {
      const Normalized norm = normalize(a, false);
      const at::Tensor x_grad = x_gradient(a, norm);
      a.out(0, x_grad);
      a.out(1, norm.x_hat);
    });

EMU_OP(LayerNormBetaGammaBackprop)
    .input("dy", {ACL_FLOAT16, ACL_FLOAT})
    .input("x", same_as("dy"))
    .input("variance", {ACL_FLOAT16, ACL_FLOAT})
    .input("mean", same_as("variance"))
    .output("pd_gamma", {ACL_FLOAT16, ACL_FLOAT})
    .output("pd_beta", {ACL_FLOAT16, ACL_FLOAT})
    .required_attr("shape_gamma", EMU_ATTR_LIST_INT)
    .layouts(Layouts::kPrivate)
    .shapes(gradient_shapes)
    .shapes(params_shapes)
    .body([](Args &a) { params_gradient(a, normalize(a, false).x_hat); });

EMU_OP(LayerNormBetaGammaBackpropV2)
    .input("dy", kFloats)
    .input("res_for_gamma", ACL_FLOAT)
    .output("pd_gamma", kFloats)
    .output("pd_beta", kFloats)
    .required_attr("shape_gamma", EMU_ATTR_LIST_INT)
    .layouts(Layouts::kPrivate)
    .shapes([](Shapes &shapes) { expect_like(shapes, 1, shapes.dims(0)); })
    .shapes(params_shapes)
    .body([](Args &a) { params_gradient(a, a.in(1)); });

}  // namespace

}  // namespace ascend_emu
