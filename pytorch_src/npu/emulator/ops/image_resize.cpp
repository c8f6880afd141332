/* TensorFlow's resizing of images of four dims, NCHW or NHWC, and its gradients. */
#include "args.h"
#include "codes.h"
#include "image_taps.h"
#include "shapes.h"

namespace ascend_emu {

namespace {

const std::vector<aclFormat> kImages{ACL_FORMAT_NCHW, ACL_FORMAT_NHWC};
constexpr DtypeSet kPixels = (kReal | ACL_UINT16).without(ACL_BF16);

enum class Method { kNearest, kBilinear, kBicubic };

/* Height and width are next to each other in both formats. */
size_t height_axis(const Call &call) { return call.format(0) == ACL_FORMAT_NHWC ? 1 : 2; }

void refuse_all_but_images(const Call &call, const Dims &image, const char *name) {
  if (image.size() != 4) {
    call.refuse(kAtCheck, "input %s has shape %s; four dims are expected", name,
                dims_text(image).c_str());
  }
}

/* `image` with the height and width of `size`. */
Dims sized(const Call &call, int32_t code, Dims image, const Ints &size) {
  if (size.size() != 2 || size[0] <= 0 || size[1] <= 0) {
    call.refuse(code, "size is %s; a new height and width, both positive, are expected",
                dims_text(size).c_str());
  }
  const size_t height = height_axis(call);
  if (image[height] <= 0 || image[height + 1] <= 0) {
    call.refuse(code, "the image has shape %s; it has no pixels", dims_text(image).c_str());
  }
  image[height] = size[0];
  image[height + 1] = size[1];
  return image;
}

void refuse_both(Shapes &s) {
  if (s.b("align_corners") && s.b("half_pixel_centers")) {
    s.refuse(kAttr, "attributes [align_corners] and [half_pixel_centers] are both true; one of "
             "them may be");
  }
}

Taps taps_of(const Call &call, Method method, int64_t from, int64_t to) {
  const bool corners = call.b("align_corners");
  const bool centers = call.b("half_pixel_centers");
  const AxisScale scale(from, to);
  const Place place =
      corners ? Place::kAlignCorners : centers ? Place::kHalfPixel : Place::kAsymmetric;
  if (method == Method::kBilinear) return linear_taps(scale, place);
  /* TensorFlow has two cubics: Keys' with half pixels, and an older one. */
  if (method == Method::kBicubic) return cubic_taps(scale, place, centers ? -0.5 : -0.75, centers);
  if (corners) return nearest_taps(scale, place, Rounding::kPreferCeil);
  return nearest_taps(scale, centers ? Place::kTfHalfPixelForNn : place, Rounding::kFloor);
}

void resize_shape(Shapes &s, const Ints &size) {
  s.set(0, sized(s, kAtCheck, s.dims(0), size));
}

void resize(Args &a, Method method, const Ints &size) {
  const Dims from = a.dims(0);
  const Dims to = sized(a, kAtRun, from, size);
  at::Tensor y = a.in(0);
  const size_t height = height_axis(a);
  for (const size_t axis : {height + 1, height}) {
    y = resampled(y, static_cast<int64_t>(axis), taps_of(a, method, from[axis], to[axis]));
  }
  a.out(0, y);
}

void resize_grad(Args &a, Method method, const Dims &image) {
  const Dims grad = a.dims(0);
  at::Tensor x = a.in(0);
  const size_t height = height_axis(a);
  for (const size_t axis : {height, height + 1}) {
    x = resampled_grad(x, static_cast<int64_t>(axis),
                       taps_of(a, method, image[axis], grad[axis]), image[axis]);
  }
  a.out(0, x);
}

/* Forward, with the size as an input. */
ShapeRule size_input() {
  return [](Shapes &s) {
    refuse_all_but_images(s, s.dims(0), s.input_name(0).c_str());
    if (s.value_known(1)) resize_shape(s, s.host_ints(1));
  };
}

/* Forward, with the size as an attribute. */
ShapeRule size_attr() {
  return [](Shapes &s) {
    refuse_all_but_images(s, s.dims(0), s.input_name(0).c_str());
    resize_shape(s, s.ints("size"));
  };
}

Define &&centers(Define &&op) {
  return std::move(op)
      .attr("align_corners", false)
      .attr("half_pixel_centers", false)
      .layouts(Layouts::kPrivate)
      .shapes(refuse_both);
}

/* How CANN rounds to uint8 is not published. */
void refuse_bytes(Shapes &s) {
  if (s.type("dtype") != ACL_FLOAT) {
    s.refuse(kAttr, "attribute [dtype] is %d; the emulator has DT_FLOAT", s.type("dtype"));
  }
}

const Defined resize_bilinear_v2 =
    centers(Define("ResizeBilinearV2")
                .input("x", kPixels)
                .formats(kImages)
                .input("size", ACL_INT32)
                .output("y", {ACL_FLOAT, ACL_FLOAT16})
                .formats(kImages)
                .attr("dtype", ACL_FLOAT))
        .shapes(refuse_bytes)
        .shapes(size_input())
        .body([](Args &a) { resize(a, Method::kBilinear, a.host_ints(1)); });

const Defined resize_bilinear_v2_d =
    centers(Define("ResizeBilinearV2D")
                .input("x", {ACL_FLOAT16, ACL_FLOAT})
                .formats(kImages)
                .output("y", ACL_FLOAT)
                .formats(kImages)
                .required_attr("size", EMU_ATTR_LIST_INT))
        .shapes(size_attr())
        .body([](Args &a) { resize(a, Method::kBilinear, a.ints("size")); });

const Defined resize_bicubic =
    centers(Define("ResizeBicubic")
                .input("images", kPixels)
                .formats(kImages)
                .input("size", ACL_INT32)
                .output("y", ACL_FLOAT)
                .formats(kImages)
                .attr("dtype", ACL_FLOAT))
        .shapes(refuse_bytes)
        .shapes(size_input())
        .body([](Args &a) { resize(a, Method::kBicubic, a.host_ints(1)); });

const Defined resize_nearest_neighbor_v2 =
    centers(Define("ResizeNearestNeighborV2")
                .input("x", kReal | ACL_UINT16)
                .formats(kImages)
                .input("size", ACL_INT32)
                .output("y", same_as("x"))
                .formats(kImages))
        .shapes(size_input())
        .body([](Args &a) { resize(a, Method::kNearest, a.host_ints(1)); });

const Defined resize_nearest_neighbor_v2_d =
    centers(Define("ResizeNearestNeighborV2D")
                .input("x", {ACL_FLOAT16, ACL_FLOAT, ACL_INT32, ACL_INT8, ACL_UINT8})
                .formats(kImages)
                .output("y", same_as("x"))
                .formats(kImages)
                .required_attr("size", EMU_ATTR_LIST_INT))
        .shapes(size_attr())
        .body([](Args &a) { resize(a, Method::kNearest, a.ints("size")); });

/* Gradients that take the shape from the image that was resized. */
void original_shape(Shapes &s) {
  const Dims grad = s.dims(0);
  const Dims image = s.dims(1);
  refuse_all_but_images(s, grad, "grads");
  refuse_all_but_images(s, image, "original_image");
  const size_t height = height_axis(s);
  if (sized(s, kAtCheck, image, {grad[height], grad[height + 1]}) != grad) {
    s.refuse(kAtCheck, "input grads has shape %s and original_image %s; only height and width may "
             "differ", dims_text(grad).c_str(), dims_text(image).c_str());
  }
  s.set(0, image);
}

const Defined resize_bilinear_v2_grad =
    centers(Define("ResizeBilinearV2Grad")
                .input("grads", ACL_FLOAT)
                .formats(kImages)
                .input("original_image", {ACL_FLOAT16, ACL_FLOAT, ACL_DOUBLE})
                .formats(kImages)
                .output("y", ACL_FLOAT)
                .formats(kImages))
        .shapes(original_shape)
        .body([](Args &a) { resize_grad(a, Method::kBilinear, a.dims(1)); });

const Defined resize_bicubic_grad =
    centers(Define("ResizeBicubicGrad")
                .input("grads", ACL_FLOAT)
                .formats({ACL_FORMAT_NHWC})
                .input("original_image", {ACL_FLOAT, ACL_DOUBLE})
                .formats({ACL_FORMAT_NHWC})
                .output("y", same_as("original_image"))
                .formats({ACL_FORMAT_NHWC}))
        .shapes(original_shape)
        .body([](Args &a) { resize_grad(a, Method::kBicubic, a.dims(1)); });

const Defined resize_nearest_neighbor_v2_grad =
    centers(Define("ResizeNearestNeighborV2Grad")
                .input("grads", kReal | ACL_UINT16)
                .formats(kImages)
                .input("size", ACL_INT32)
                .output("y", same_as("grads"))
                .formats(kImages))
        .shapes(size_input())
        .body([](Args &a) {
          resize_grad(a, Method::kNearest, sized(a, kAtRun, a.dims(0), a.host_ints(1)));
        });

const Defined resize_nearest_neighbor_v2_grad_d =
    centers(Define("ResizeNearestNeighborV2GradD")
                .input("grads", ACL_FLOAT)
                .formats(kImages)
                .output("y", ACL_FLOAT)
                .formats(kImages)
                .required_attr("size", EMU_ATTR_LIST_INT))
        .shapes(size_attr())
        .body([](Args &a) {
          resize_grad(a, Method::kNearest, sized(a, kAttr, a.dims(0), a.ints("size")));
        });

}  // namespace

}  // namespace ascend_emu
