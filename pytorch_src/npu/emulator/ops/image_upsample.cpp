/* Torch's upsampling of one and of three spatial dims. */
#include "args.h"
#include "codes.h"
#include "image_taps.h"
#include "shapes.h"

namespace ascend_emu {

namespace {

constexpr DtypeSet kHalfToDouble{ACL_FLOAT16, ACL_FLOAT, ACL_DOUBLE};

/* The scales of the spatial dims of `x` (its last), from attributes output_size or scales. */
std::vector<AxisScale> torch_scales(const Call &call, const Dims &x, size_t spatial, bool both) {
  const Ints size = call.ints("output_size");
  const std::vector<double> scales = call.floats("scales");
  const bool one = size.empty() != scales.empty() || both;
  const bool fits = (size.empty() || size.size() == spatial) &&
                    (scales.empty() || scales.size() == spatial) && one;
  if (!fits || x.size() != spatial + 2) {
    call.refuse(kAttr, "attributes [output_size] and [scales] have %zu and %zu values for shape "
                "%s; %s of %zu values is expected for %zu dims", size.size(), scales.size(),
                dims_text(x).c_str(), both ? "output_size" : "one of them", spatial, spatial + 2);
  }
  std::vector<AxisScale> all;
  for (size_t d = 0; d < spatial; ++d) {
    const int64_t from = x[2 + d];
    const double times = scales.empty() ? 0 : scales[d];
    const int64_t to = size.empty() ? scaled_size(from, times) : size[d];
    if (from <= 0 || to <= 0) {
      call.refuse(kAttr, "dim %zu of shape %s would have %lld elements", 2 + d,
                  dims_text(x).c_str(), static_cast<long long>(to));
    }
    if (times > 0) all.emplace_back(from, to, 1 / times);
    else all.emplace_back(from, to);
  }
  return all;
}

Dims upsampled(const Dims &x, const std::vector<AxisScale> &scales) {
  Dims dims{x[0], x[1]};
  for (const AxisScale &scale : scales) dims.push_back(scale.to);
  return dims;
}

Taps upsample_taps(const Call &call, const AxisScale &scale) {
  if (call.prototype().attr("align_corners") == nullptr) {
    return nearest_taps(scale, Place::kAsymmetric, Rounding::kFloor);
  }
  return linear_taps(scale, call.b("align_corners") ? Place::kAlignCorners : Place::kHalfPixel);
}

ShapeRule upsample_shape(size_t spatial, bool both) {
  return [=](Shapes &s) {
    s.set(0, upsampled(s.dims(0), torch_scales(s, s.dims(0), spatial, both)));
  };
}

Body upsample(size_t spatial, bool both) {
  return [=](Args &a) {
    at::Tensor y = a.in(0);
    const std::vector<AxisScale> scales = torch_scales(a, a.dims(0), spatial, both);
    for (size_t d = spatial; d-- > 0;) {
      y = resampled(y, static_cast<int64_t>(2 + d), upsample_taps(a, scales[d]));
    }
    a.out(0, y);
  };
}

/* Here output_size may come with scales, which then say how places are counted. */
EMU_OP(UpsampleNearest1d)
    .input("x", kHalfToDouble)
    .output("y", same_as("x"))
    .required_attr("output_size", EMU_ATTR_LIST_INT)
    .attr("scales", std::vector<double>{})
    .shapes(upsample_shape(1, true))
    .body(upsample(1, true));

EMU_OP(UpsampleNearest3d)
    .input("x", kHalfToDouble | ACL_UINT8)
    .output("y", same_as("x"))
    .attr("output_size", Ints{})
    .attr("scales", std::vector<double>{})
    .shapes(upsample_shape(3, false))
    .body(upsample(3, false));

EMU_OP(UpsampleTrilinear3d)
    .input("x", kHalfToDouble)
    .output("y", same_as("x"))
    .attr("output_size", Ints{})
    .attr("scales", std::vector<double>{})
    .attr("align_corners", false)
    .shapes(upsample_shape(3, false))
    .body(upsample(3, false));

void upsample_grad_shape(Shapes &s) {
  const Dims x = s.ints("input_size");
  const Dims grad = s.dims(0);
  if (x.size() != 5 || upsampled(x, torch_scales(s, x, 3, false)) != grad) {
    s.refuse(kAttr, "input grad_output has shape %s, which attributes [input_size] %s, "
             "[output_size] and [scales] do not give", dims_text(grad).c_str(),
             dims_text(x).c_str());
  }
  s.set(0, x);
}

void upsample_grad(Args &a) {
  const Dims x = a.ints("input_size");
  at::Tensor grad = a.in(0);
  const std::vector<AxisScale> scales = torch_scales(a, x, 3, false);
  for (size_t d = 0; d < 3; ++d) {
    grad = resampled_grad(grad, static_cast<int64_t>(2 + d), upsample_taps(a, scales[d]),
                          scales[d].from);
  }
  a.out(0, grad);
}

EMU_OP(UpsampleNearest3dGrad)
    .input("grad_output", kHalfToDouble | ACL_UINT8)
    .output("y", same_as("grad_output"))
    .required_attr("input_size", EMU_ATTR_LIST_INT)
    .attr("output_size", Ints{})
    .attr("scales", std::vector<double>{})
    .shapes(upsample_grad_shape)
    .body(upsample_grad);

EMU_OP(UpsampleTrilinear3dGrad)
    .input("grad_output", kHalfToDouble)
    .output("y", same_as("grad_output"))
    .required_attr("input_size", EMU_ATTR_LIST_INT)
    .attr("output_size", Ints{})
    .attr("scales", std::vector<double>{})
    .attr("align_corners", false)
    .shapes(upsample_grad_shape)
    .body(upsample_grad);

}  // namespace

}  // namespace ascend_emu
