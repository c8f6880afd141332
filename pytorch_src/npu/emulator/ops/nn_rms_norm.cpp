/* Normalisation by length alone: RmsNorm, L2Normalize, Renorm. */
#include <algorithm>

#include "axes.h"
#include "codes.h"
#include "nn_channel.h"
#include "nn_layout.h"

namespace ascend_emu {

namespace {

/* The last axes of x, as many as gamma has; refused unless gamma has their dims. */
Ints gamma_axes(const Call &call, int x, int gamma) {
  const Dims dims = call.dims(x);
  const Dims params = call.dims(gamma);
  if (params.empty() || params.size() > dims.size() ||
      !std::equal(params.begin(), params.end(), dims.end() - static_cast<int64_t>(params.size()))) {
    call.refuse(kAtCheck, "input gamma has shape %s; the last dims of x, %s, are expected",
                dims_text(params).c_str(), dims_text(dims).c_str());
  }
  Ints axes;
  for (size_t axis = dims.size() - params.size(); axis < dims.size(); ++axis) {
    axes.push_back(static_cast<int64_t>(axis));
  }
  return axes;
}

Dims rstd_dims(const Call &call, int x, int gamma) {
  Dims dims = call.dims(x);
  for (const int64_t axis : gamma_axes(call, x, gamma)) dims[static_cast<size_t>(axis)] = 1;
  return dims;
}

at::Tensor rms_norm(const at::Tensor &x, const at::Tensor &gamma, const at::Tensor &rstd) {
  return x * rstd * widened(gamma);
}

EMU_OP(RmsNorm)
    .input("x", kFloats)
    .input("gamma", kFloats)
    .output("y", same_as("x"))
    .output("rstd", ACL_FLOAT)
    .attr("epsilon", 1e-6)
    .shapes([](Shapes &shapes) {
      shapes.set(0, shapes.dims(0));
      shapes.set(1, rstd_dims(shapes, 0, 1));
    })
    .body([](Args &a) {
      const at::Tensor x = widened(a.in(0));
      const at::Tensor rstd =
          at::rsqrt((x * x).mean(gamma_axes(a, 0, 1), true) + a.f("epsilon"));
      a.out(0, rms_norm(x, a.in(1), rstd));
      a.out(1, rstd);
    });

EMU_OP(AddRmsNorm)
    .input("x1", kFloats)
    .input("x2", same_as("x1"))
    .input("gamma", same_as("x1"))
    .output("y", same_as("x1"))
    .output("rstd", ACL_FLOAT)
    .output("x", same_as("x1"))
    .attr("epsilon", 1e-6)
    .shapes([](Shapes &shapes) {
      if (shapes.dims(0) != shapes.dims(1)) {
        shapes.refuse(kAtCheck, "input x1 has shape %s, input x2 has %s; they must be the same",
                      dims_text(shapes.dims(0)).c_str(), dims_text(shapes.dims(1)).c_str());
      }
      shapes.set(0, shapes.dims(0));
      shapes.set(1, rstd_dims(shapes, 0, 2));
      shapes.set(2, shapes.dims(0));
    })
    .body([](Args &a) {
      const at::Tensor x = widened(a.in(0)) + widened(a.in(1));
      const at::Tensor rstd =
          at::rsqrt((x * x).mean(gamma_axes(a, 0, 2), true) + a.f("epsilon"));
      a.out(0, rms_norm(x, a.in(2), rstd));
      a.out(1, rstd);
      a.out(2, x);
    });

EMU_OP(RmsNormGrad)
    .input("dy", kFloats)
    .input("x", same_as("dy"))
    .input("rstd", ACL_FLOAT)
    .input("gamma", kFloats)
    .output("dx", same_as("dy"))
    .output("dgamma", ACL_FLOAT)
    .shapes([](Shapes &shapes) {
      const Dims x = shapes.dims(1);
      if (shapes.dims(0) != x) {
        shapes.refuse(kAtCheck, "input dy has shape %s, input x has %s; they must be the same",
                      dims_text(shapes.dims(0)).c_str(), dims_text(x).c_str());
      }
      const Dims kept = rstd_dims(shapes, 1, 3);
      const Dims cut(kept.begin(),
                     kept.end() - static_cast<int64_t>(shapes.dims(3).size()));
      const Dims rstd = shapes.dims(2);
      if (rstd != kept && rstd != cut) {
        shapes.refuse(kAtCheck, "input rstd has shape %s; %s or %s is expected",
                      dims_text(rstd).c_str(), dims_text(kept).c_str(), dims_text(cut).c_str());
      }
      shapes.set(0, x);
      shapes.set(1, shapes.dims(3));
    })
    .body([](Args &a) {
      const Ints axes = gamma_axes(a, 1, 3);
      const at::Tensor rstd = a.in(2).reshape(rstd_dims(a, 1, 3));
      const at::Tensor x_hat = widened(a.in(1)) * rstd;
      const at::Tensor dy = widened(a.in(0));
      const at::Tensor grad = dy * widened(a.in(3));
      a.out(0, (grad - x_hat * (grad * x_hat).mean(axes, true)) * rstd);
      a.out(1, (dy * x_hat).sum_to_size(a.dims(3)));
    });

/* The axes of a list attribute; CANN does not say what none of them would mean. */
Ints norm_axes(const Call &call, const char *attr) {
  const std::string what = std::string("attribute [") + attr + "]";
  const Ints axes = normal_axes(call, call.ints(attr), call.dims(0).size(), NoAxes::kNone,
                                what.c_str());
  if (axes.empty()) call.refuse(kAttr, "%s is []; one axis or more is expected", what.c_str());
  return axes;
}

at::Tensor length(const at::Tensor &x, const Ints &axes, double least) {
  return at::sqrt((x * x).sum(axes, true)).clamp_min(least);
}

EMU_OP(L2Normalize)
    .input("x", {ACL_FLOAT16, ACL_FLOAT})
    .output("y", same_as("x"))
    .attr("axis", Ints{})
    .attr("eps", 1e-4)
    .shapes([](Shapes &shapes) {
      norm_axes(shapes, "axis");
      shapes.set(0, shapes.dims(0));
    })
    .body([](Args &a) {
      const at::Tensor x = widened(a.in(0));
      a.out(0, x / length(x, norm_axes(a, "axis"), a.f("eps")));
    });

EMU_OP(L2NormalizeGrad)
    .input("x", {ACL_FLOAT16, ACL_FLOAT})
    .input("y", same_as("x"))
    .input("dy", same_as("x"))
    .output("dx", same_as("x"))
    .attr("dim", Ints{})
    .attr("eps", 0.0001)
    .shapes([](Shapes &shapes) { norm_axes(shapes, "dim"); })
    .shapes(all_alike)
    .body([](Args &a) {
      const Ints axes = norm_axes(a, "dim");
      const at::Tensor y = widened(a.in(1));
      const at::Tensor dy = widened(a.in(2));
      a.out(0, (dy - y * (y * dy).sum(axes, true)) / length(widened(a.in(0)), axes, a.f("eps")));
    });

EMU_OP(Renorm)
    .input("x", kFloats)
    .output("y", same_as("x"))
    .required_attr("p", EMU_ATTR_FLOAT)
    .required_attr("dim", EMU_ATTR_INT)
    .required_attr("maxnorm", EMU_ATTR_FLOAT)
    .shapes([](Shapes &shapes) {
      shapes.axis(shapes.i("dim"), shapes.dims(0).size(), "attribute [dim]");
      if (shapes.dims(0).size() < 2) {
        shapes.refuse(kAtCheck, "input x has shape %s; 2 dims or more are expected",
                      dims_text(shapes.dims(0)).c_str());
      }
      for (const char *attr : {"p", "maxnorm"}) {
        if (shapes.f(attr) < 0) {
          shapes.refuse(kAttr, "attribute [%s] is %g; 0 or more is allowed", attr,
                        shapes.f(attr));
        }
      }
      shapes.set(0, shapes.dims(0));
    })
    .body([](Args &a) {
      const at::Tensor x = widened(a.in(0));
      const int64_t kept = (a.i("dim") + x.dim()) % x.dim();
      Ints axes;
      for (int64_t axis = 0; axis < x.dim(); ++axis) {
        if (axis != kept) axes.push_back(axis);
      }
      const at::Tensor norm = at::norm(x, at::Scalar(a.f("p")), axes, true);
      const at::Tensor factor =
          at::where(norm.gt(a.f("maxnorm")), norm.reciprocal() * a.f("maxnorm"),
                    at::ones_like(norm));
      a.out(0, x * factor);
    });

}  // namespace

}  // namespace ascend_emu
