/* ONNX's Resize, and torch's upsampling of 1 to 3 spatial dims. */
#include <cmath>

#include "args.h"
#include "codes.h"
#include "image_taps.h"
#include "shapes.h"

namespace ascend_emu {

namespace {

constexpr DtypeSet kHalfToDouble{ACL_FLOAT16, ACL_FLOAT, ACL_DOUBLE};

Place place_by_name(const Call &call) {
  const std::string name = call.s("coordinate_transformation_mode");
  if (name == "half_pixel") return Place::kHalfPixel;
  if (name == "pytorch_half_pixel") return Place::kPytorchHalfPixel;
  if (name == "align_corners") return Place::kAlignCorners;
  if (name == "asymmetric") return Place::kAsymmetric;
  if (name == "tf_half_pixel_for_nn") return Place::kTfHalfPixelForNn;
  call.refuse(kAttr, "attribute [coordinate_transformation_mode] is \"%s\"; allowed are "
              "half_pixel, pytorch_half_pixel, align_corners, asymmetric, tf_half_pixel_for_nn",
              name.c_str());
}

Rounding rounding_by_name(const Call &call) {
  const std::string name = call.s("nearest_mode");
  if (name == "round_prefer_floor") return Rounding::kPreferFloor;
  if (name == "round_prefer_ceil") return Rounding::kPreferCeil;
  return name == "floor" ? Rounding::kFloor : Rounding::kCeil;
}

Taps taps_by_attrs(const Call &call, const AxisScale &scale) {
  const Place place = place_by_name(call);
  const std::string mode = call.s("mode");
  if (mode == "nearest") return nearest_taps(scale, place, rounding_by_name(call));
  if (mode == "linear") return linear_taps(scale, place);
  return cubic_taps(scale, place, call.f("cubic_coeff_a"), call.i("exclude_outside") != 0);
}

Define &&modes(Define &&op, std::vector<std::string> modes) {
  return std::move(op)
      .attr("coordinate_transformation_mode", "half_pixel")
      .attr("cubic_coeff_a", -0.75)
      .attr("exclude_outside", 0)
      .attr("extrapolation_value", 0.0)
      .attr("mode", "nearest")
      .one_of(std::move(modes))
      .attr("nearest_mode", "round_prefer_floor")
      .one_of({"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"});
}

/* How many elements `size` become; 0 when that is no number of elements. */
int64_t scaled(int64_t size, double times) {
  const double to = std::floor(static_cast<double>(size) * times);
  return to > 0 && to < 9e15 ? static_cast<int64_t>(to) : 0;
}

/* The scale of each dim of x, from the inputs scales (2) or sizes (3): one of them. */
std::vector<AxisScale> onnx_scales(const Call &call, int32_t code) {
  const Dims x = call.dims(0);
  const Ints sizes = call.has(3) ? call.host_ints(3) : Ints{};
  const std::vector<double> scales = call.has(2) ? call.host_floats(2) : std::vector<double>{};
  if (sizes.empty() == scales.empty() || sizes.size() + scales.size() != x.size()) {
    call.refuse(code, "inputs scales and sizes have %zu and %zu values; one of the two must have "
                "%zu, one for each dim of x, and the other none", scales.size(), sizes.size(),
                x.size());
  }
  std::vector<AxisScale> all;
  for (size_t d = 0; d < x.size(); ++d) {
    const double times = scales.empty() ? 1 : scales[d];
    const int64_t to = sizes.empty() ? scaled(x[d], times) : sizes[d];
    if (to <= 0 || x[d] <= 0) {
      call.refuse(code, "dim %zu of x %s would have %lld elements", d, dims_text(x).c_str(),
                  static_cast<long long>(to));
    }
    if (sizes.empty()) all.emplace_back(x[d], to, 1 / times);
    else all.emplace_back(x[d], to);
  }
  return all;
}

bool sizes_known(const Shapes &s) {
  return (!s.has(2) || s.value_known(2)) && (!s.has(3) || s.value_known(3));
}

const Defined resize =
    modes(Define("Resize")
              .input("x", kReal.without(ACL_BF16) | ACL_UINT16)
              .optional_input("roi", kHalfToDouble)
              .optional_input("scales", ACL_FLOAT)
              .optional_input("sizes", kIndex)
              .output("y", same_as("x")),
          {"nearest", "linear", "cubic"})
        .shapes([](Shapes &s) {
          if (s.dims(0).size() != 4) {
            s.refuse(kAtCheck, "input x has shape %s; four dims are expected",
                     dims_text(s.dims(0)).c_str());
          }
          place_by_name(s);
          if (!sizes_known(s)) return;
          Dims dims;
          for (const AxisScale &scale : onnx_scales(s, kAtCheck)) dims.push_back(scale.to);
          s.set(0, dims);
        })
        .body([](Args &a) {
          at::Tensor y = a.in(0);
          const std::vector<AxisScale> scales = onnx_scales(a, kAtRun);
          for (size_t d = scales.size(); d-- > 0;) {
            if (scales[d].from == scales[d].to) continue;
            y = resampled(y, static_cast<int64_t>(d), taps_by_attrs(a, scales[d]));
          }
          a.out(0, y);
        });

/* ResizeD and its gradient: a new height and width of NCHW images as an attribute. */
Dims image_of(const Call &call, const Ints &size, const char *attr) {
  Dims image = call.dims(0);
  Ints spatial = size;
  if (spatial.size() == 4) spatial.erase(spatial.begin(), spatial.begin() + 2);
  if (image.size() != 4 || spatial.size() != 2 || spatial[0] <= 0 || spatial[1] <= 0 ||
      image[2] <= 0 || image[3] <= 0) {
    call.refuse(kAttr, "attribute [%s] is %s for shape %s; a height and a width, alone or with N "
                "and C before them, are expected for an image of four dims", attr,
                dims_text(size).c_str(), dims_text(image).c_str());
  }
  image[2] = spatial[0];
  image[3] = spatial[1];
  return image;
}

/* The size says all: what scales and roi would add to it is not published. */
Define &&resize_d(Define &&op, const char *size) {
  return modes(std::move(op)
                   .required_attr(size, EMU_ATTR_LIST_INT)
                   .attr("scales", std::vector<double>{})
                   .attr("roi", Ints{}),
               {"nearest", "cubic"})
      .attr("data_format", "NCHW")
      .one_of({"NCHW"})
      .shapes([size](Shapes &s) {
        place_by_name(s);
        s.set(0, image_of(s, s.ints(size), size));
      });
}

const Defined resize_d_forward =
    resize_d(Define("ResizeD").input("x", {ACL_FLOAT16, ACL_FLOAT}).output("y", same_as("x")),
             "sizes")
        .body([](Args &a) {
          const Dims from = a.dims(0);
          const Dims to = image_of(a, a.ints("sizes"), "sizes");
          const at::Tensor rows = resampled(a.in(0), 3, taps_by_attrs(a, {from[3], to[3]}));
          a.out(0, resampled(rows, 2, taps_by_attrs(a, {from[2], to[2]})));
        });

const Defined resize_grad_d =
    resize_d(Define("ResizeGradD")
                 .input("grads", {ACL_FLOAT16, ACL_FLOAT})
                 .output("y", same_as("grads")),
             "original_size")
        .body([](Args &a) {
          const Dims grad = a.dims(0);
          const Dims x = image_of(a, a.ints("original_size"), "original_size");
          const at::Tensor rows =
              resampled_grad(a.in(0), 2, taps_by_attrs(a, {x[2], grad[2]}), x[2]);
          a.out(0, resampled_grad(rows, 3, taps_by_attrs(a, {x[3], grad[3]}), x[3]));
        });

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
    const int64_t to = size.empty() ? scaled(from, times) : size[d];
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
