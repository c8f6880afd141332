/* ONNX's Resize, and the operators that it replaced. */
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
    const int64_t to = sizes.empty() ? scaled_size(x[d], times) : sizes[d];
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

}  // namespace

}  // namespace ascend_emu
