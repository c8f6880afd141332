/* Normalisation of single channels within each sample. */
#include <algorithm>

#include "codes.h"
#include "nn_channel.h"
#include "nn_layout.h"

namespace ascend_emu {

namespace {

/* The axes that are normalised: all but N and C. */
Ints instance_axes(const Call &call) {
  const std::string format = call.s("data_format");
  const size_t ndim = call.dims(0).size();
  if (format != "ND" && format.size() != ndim) {
    call.refuse(kAtCheck, "input x has shape %s; with data_format %s %zu dims are expected",
                dims_text(call.dims(0)).c_str(), format.c_str(), format.size());
  }
  if (ndim < 2) {
    call.refuse(kAtCheck, "input x has shape %s; 2 dims or more are expected",
                dims_text(call.dims(0)).c_str());
  }
  Ints axes;
  for (size_t axis = 1; axis < ndim; ++axis) {
    const bool channel = format == "ND" ? axis == 1 : format[axis] == 'C';
    if (!channel) axes.push_back(static_cast<int64_t>(axis));
  }
  return axes;
}

size_t instance_channel(const Call &call) {
  const std::string format = call.s("data_format");
  return format == "ND" ? 1 : format.find('C');
}

EMU_OP(InstanceNorm)
    .input("x", kFloats)
    .input("gamma", kFloats)
    .input("beta", same_as("gamma"))
    .output("y", same_as("x"))
    .output("mean", same_as("gamma"))
    .output("variance", same_as("gamma"))
    .attr("data_format", "NDHWC")
    .one_of({"NCHW", "NHWC", "NCDHW", "NDHWC", "ND"})
    .attr("epsilon", 1e-6)
    .shapes([](Shapes &shapes) {
      Dims dims = shapes.dims(0);
      const Ints axes = instance_axes(shapes);
      const Dims expected{dims[instance_channel(shapes)]};
      for (int input = 1; input <= 2; ++input) {
        if (shapes.dims(input) == expected) continue;
        shapes.refuse(kAtCheck, "input %s has shape %s; one value per channel, %s, is expected",
                      shapes.input_name(input).c_str(), dims_text(shapes.dims(input)).c_str(),
                      dims_text(expected).c_str());
      }
      shapes.set(0, dims);
      for (const int64_t axis : axes) dims[static_cast<size_t>(axis)] = 1;
      shapes.set(1, dims);
      shapes.set(2, dims);
    })
    .body([](Args &a) {
      const at::Tensor x = widened(a.in(0));
      const Ints axes = instance_axes(a);
      Dims params(a.dims(0).size(), 1);
      params[instance_channel(a)] = -1;
      const at::Tensor mean = axes.empty() ? x : x.mean(axes, true);
      const at::Tensor centered = x - mean;
      const at::Tensor variance =
          axes.empty() ? centered : (centered * centered).mean(axes, true);
      a.out(0, centered * at::rsqrt(variance + a.f("epsilon")) * widened(a.in(1)).reshape(params) +
                   widened(a.in(2)).reshape(params));
      a.out(1, mean);
      a.out(2, variance);
    });

/* [N, C, 1, ...] of x's [N, C, ...]. */
Dims instance_dims(const Call &call) {
  Dims dims = call.dims(0);
  if (dims.size() < 2) {
    call.refuse(kAtCheck, "input x has shape %s; [N, C, ...] with 2 dims or more is expected",
                dims_text(dims).c_str());
  }
  std::fill(dims.begin() + 2, dims.end(), 1);
  return dims;
}

EMU_OP(INTrainingReduceV2)
    .input("x", {ACL_FLOAT16, ACL_FLOAT})
    .formats({ACL_FORMAT_NCHW, ACL_FORMAT_NCDHW, ACL_FORMAT_ND})
    .output("sum", ACL_FLOAT)
    .output("square_sum", ACL_FLOAT)
    .layouts(Layouts::kPrivate)
    .shapes([](Shapes &shapes) {
      shapes.set(0, instance_dims(shapes));
      shapes.set(1, instance_dims(shapes));
    })
    .body([](Args &a) {
      const at::Tensor x = widened(a.in(0));
      a.out(0, x.sum_to_size(instance_dims(a)));
      a.out(1, (x * x).sum_to_size(instance_dims(a)));
    });

EMU_OP(INInferV2)
    .input("x", {ACL_FLOAT16, ACL_FLOAT})
    .formats({ACL_FORMAT_NCHW, ACL_FORMAT_NCDHW, ACL_FORMAT_ND})
    .optional_input("gamma", ACL_FLOAT)
    .optional_input("beta", ACL_FLOAT)
    .optional_input("mean", ACL_FLOAT)
    .optional_input("variance", ACL_FLOAT)
    .output("y", same_as("x"))
    .output("batch_mean", ACL_FLOAT)
    .output("batch_variance", ACL_FLOAT)
    .attr("epsilon", 0.00001)
    .layouts(Layouts::kPrivate)
    .shapes([](Shapes &shapes) {
      const Dims values = instance_dims(shapes);
      for (int input = 1; input <= 4; ++input) {
        int64_t elements = 1;
        if (!shapes.has(input)) continue;
        for (const int64_t dim : shapes.dims(input)) elements *= dim;
        if (elements == values[0] * values[1]) continue;
        shapes.refuse(kAtCheck, "input %s has shape %s; one value per sample and channel of x is "
                      "expected, %lld in all", shapes.input_name(input).c_str(),
                      dims_text(shapes.dims(input)).c_str(), ll(values[0] * values[1]));
      }
      if (!shapes.has(3) || !shapes.has(4) || shapes.has(1) != shapes.has(2)) {
        shapes.refuse(kAtCheck,
                      "inputs mean and variance are needed, gamma and beta go only together");
      }
      shapes.set(0, shapes.dims(0));
      shapes.set(1, shapes.dims(3));
      shapes.set(2, shapes.dims(4));
    })
    .body([](Args &a) {
      const Dims dims = instance_dims(a);
      at::Tensor y = (widened(a.in(0)) - a.in(3).reshape(dims)) *
                     at::rsqrt(a.in(4).reshape(dims) + a.f("epsilon"));
      if (a.has(1)) y = y * a.in(1).reshape(dims) + a.in(2).reshape(dims);
      a.out(0, y);
      a.out(1, a.in(3));
      a.out(2, a.in(4));
    });

}  // namespace

}  // namespace ascend_emu
