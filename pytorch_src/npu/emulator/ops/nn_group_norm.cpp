/* Normalisation of groups of channels within each sample. */
#include "codes.h"
#include "nn_channel.h"
#include "nn_layout.h"

namespace ascend_emu {

namespace {

/* x as [N, groups, elements of a group]. Samples are the first axis, channels the second. */
int64_t groups_of(const Call &call, int x) {
  const Dims dims = call.dims(x);
  const int64_t groups = call.i("num_groups");
  if (dims.size() < 2 || groups < 1 || dims[1] % groups != 0) {
    call.refuse(kAttr,
                "input %s has shape %s (N, C, ...), attribute [num_groups] is %lld; it must divide "
                "the number of channels",
                call.input_name(x).c_str(), dims_text(dims).c_str(), ll(groups));
  }
  return groups;
}

/* Statistics are [N, groups]; flat ones are taken as well. */
Dims group_dims(const Shapes &shapes, int x, const Dims &declared) {
  const Dims dims{shapes.dims(x)[0], groups_of(shapes, x)};
  const Dims flat{dims[0] * dims[1]};
  return declared == flat ? flat : dims;
}

void expect_params(const Shapes &shapes, int x, int first, int last) {
  const Dims expected{shapes.dims(x)[1]};
  for (int input = first; input <= last; ++input) {
    if (!shapes.has(input) || shapes.dims(input) == expected) continue;
    shapes.refuse(kAtCheck, "input %s has shape %s; one value per channel, %s, is expected",
                  shapes.input_name(input).c_str(), dims_text(shapes.dims(input)).c_str(),
                  dims_text(expected).c_str());
  }
}

void group_shapes(Shapes &shapes) {
  groups_of(shapes, 0);
  expect_params(shapes, 0, 1, 2);
  shapes.set(0, shapes.dims(0));
  for (int output = 1; output <= 2; ++output) {
    shapes.set(output, group_dims(shapes, 0, shapes.output_dims(output)));
  }
}

/* A value per channel, to be broadcast over [N, C, elements]. */
at::Tensor per_channel(const at::Tensor &t) { return widened(t).reshape({-1, 1}); }

struct Grouped {
  at::Tensor x_hat; /* [N, groups, elements] */
  at::Tensor mean;  /* [N, groups, 1] */
  at::Tensor variance;
  at::Tensor rstd;
};

Grouped normalize(const at::Tensor &x, int64_t groups, double epsilon) {
  const int64_t elements = x.numel() == 0 ? 0 : x.numel() / (x.size(0) * groups);
  const at::Tensor flat = widened(x).reshape({x.size(0), groups, elements});
  const at::Tensor mean = flat.mean(Ints{2}, true);
  const at::Tensor centered = flat - mean;
  const at::Tensor variance = (centered * centered).mean(Ints{2}, true);
  const at::Tensor rstd = at::rsqrt(variance + epsilon);
  return {centered * rstd, mean, variance, rstd};
}

void group_norm(Args &a, bool gives_rstd, bool silu) {
  const at::Tensor x = a.in(0);
  const Grouped grouped = normalize(x, groups_of(a, 0), a.f("eps"));
  const int64_t inner = x.numel() == 0 ? 0 : x.numel() / (x.size(0) * x.size(1));
  at::Tensor y = grouped.x_hat.reshape({x.size(0), x.size(1), inner});
  if (a.has(1)) y = y * per_channel(a.in(1));
  if (a.has(2)) y = y + per_channel(a.in(2));
  if (silu) y = y * at::sigmoid(y);
  const Dims dims{x.size(0), groups_of(a, 0)};
  const auto statistic = [&](int output, const at::Tensor &values) {
    const Dims declared = a.output_dims(output);
    a.out(output, values.reshape(declared.size() == 1 ? Dims{dims[0] * dims[1]} : dims));
  };
  a.out(0, y.reshape(x.sizes()));
  statistic(1, grouped.mean);
  statistic(2, gives_rstd ? grouped.rstd : grouped.variance);
}

const DtypeSet kGroupTypes{ACL_FLOAT16, ACL_FLOAT};

EMU_OP(GroupNorm)
    .input("x", kGroupTypes)
    .input("gamma", same_as("x"))
    .input("beta", same_as("x"))
    .output("y", same_as("x"))
    .output("mean", same_as("x"))
    .output("variance", same_as("x"))
    .required_attr("num_groups", EMU_ATTR_INT)
    .attr("data_format", "NHWC")
    .attr("eps", 0.0001)
    .attr("is_training", true)
    .shapes(group_shapes)
    .body([](Args &a) { group_norm(a, false, false); });

EMU_OP(GroupNormV2)
    .input("x", kGroupTypes)
    .input("gamma", same_as("x"))
    .input("beta", same_as("x"))
    .output("y", same_as("x"))
    .output("mean", same_as("x"))
    .output("rstd", same_as("x"))
    .required_attr("num_groups", EMU_ATTR_INT)
    .attr("data_format", "NHWC")
    .attr("eps", 0.0001)
    .attr("is_training", true)
    .shapes(group_shapes)
    .body([](Args &a) { group_norm(a, true, false); });

EMU_OP(GroupNormSilu)
    .input("x", kFloats)
    .optional_input("gamma", kFloats)
    .optional_input("beta", kFloats)
    .output("y", same_as("x"))
    .output("mean", kFloats)
    .output("rstd", kFloats)
    .required_attr("num_groups", EMU_ATTR_INT)
    .attr("eps", 0.00001)
    .attr("activate_silu", true)
    .shapes(group_shapes)
    .body([](Args &a) { group_norm(a, true, a.b("activate_silu")); });

EMU_OP(GroupNormGrad)
    .input("dy", kFloats)
    .input("mean", kFloats)
    .input("rstd", kFloats)
    .input("x", same_as("dy"))
    .input("gamma", kFloats)
    .optional_output("dx", same_as("dy"))
    .optional_output("dgamma", kFloats)
    .optional_output("dbeta", kFloats)
    .required_attr("num_groups", EMU_ATTR_INT)
    .attr("data_format", "NCHW")
    .attr("dx_is_require", true)
    .attr("dgamma_is_require", true)
    .attr("dbeta_is_require", true)
    .shapes([](Shapes &shapes) {
      if (shapes.dims(0) != shapes.dims(3)) {
        shapes.refuse(kAtCheck, "input dy has shape %s, input x has %s; they must be the same",
                      dims_text(shapes.dims(0)).c_str(), dims_text(shapes.dims(3)).c_str());
      }
      for (int input = 1; input <= 2; ++input) {
        const Dims expected = group_dims(shapes, 3, shapes.dims(input));
        if (shapes.dims(input) == expected) continue;
        shapes.refuse(kAtCheck, "input %s has shape %s; one value per sample and group, %s, is "
                      "expected", shapes.input_name(input).c_str(),
                      dims_text(shapes.dims(input)).c_str(), dims_text(expected).c_str());
      }
      expect_params(shapes, 3, 4, 4);
      shapes.set(0, shapes.dims(3));
      shapes.set(1, shapes.dims(4));
      shapes.set(2, shapes.dims(4));
    })
    .body([](Args &a) {
      const at::Tensor x = widened(a.in(3));
      const int64_t samples = x.size(0);
      const int64_t groups = groups_of(a, 3);
      const int64_t inner = x.numel() == 0 ? 0 : x.numel() / (samples * x.size(1));
      const Dims by_group{samples, groups, x.size(1) / groups * inner};
      const Dims by_channel{samples, x.size(1), inner};
      const Dims statistics{samples, groups, 1};
      const at::Tensor dy = widened(a.in(0)).reshape(by_channel);
      const at::Tensor rstd = widened(a.in(2)).reshape(statistics);
      const at::Tensor x_hat =
          (x.reshape(by_group) - widened(a.in(1)).reshape(statistics)) * rstd;
      const at::Tensor grad = (dy * per_channel(a.in(4))).reshape(by_group);
      const at::Tensor dx = rstd * (grad - grad.mean(Ints{2}, true) -
                                    x_hat * (grad * x_hat).mean(Ints{2}, true));
      if (a.b("dx_is_require")) a.out(0, dx.reshape(x.sizes()));
      if (a.b("dgamma_is_require")) {
        a.out(1, (dy * x_hat.reshape(by_channel)).sum(Ints{0, 2}));
      }
      if (a.b("dbeta_is_require")) a.out(2, dy.sum(Ints{0, 2}));
    });

}  // namespace

}  // namespace ascend_emu
