// Resizing by a list of scales in place of a size.
#include <ATen/native/UpSample.h>

#include "runtime/copy.h"

namespace npu {
namespace kernels {

namespace {

using Scale = c10::optional<double>;
using Scales = c10::optional<at::ArrayRef<double>>;

Scale scale(const Scales& scales, size_t dim) {
  return scales.has_value() ? Scale((*scales)[dim]) : Scale();
}

c10::SmallVector<int64_t, 3> sizes_of(at::IntArrayRef input, const MaybeIntsArg& output,
                                      const Scales& scales) {
  return at::native::upsample::compute_output_size(input, output, scales);
}

}  // namespace

at::Tensor upsample_nearest3d_vec(const at::Tensor& input, MaybeIntsArg output_size,
                                  Scales scale_factors) {
  at::Tensor out = empty_like_sizes({0}, input);
  const auto sizes = sizes_of(input.sizes(), output_size, scale_factors);
  return at::upsample_nearest3d_out(out, input, sizes, scale(scale_factors, 0),
                                    scale(scale_factors, 1), scale(scale_factors, 2));
}

at::Tensor upsample_nearest3d_backward_vec(const at::Tensor& grad_output, MaybeIntsArg output_size,
                                           at::IntArrayRef input_size, Scales scale_factors) {
  at::Tensor grad_input = empty_like_sizes({0}, grad_output);
  const auto sizes = sizes_of(input_size, output_size, scale_factors);
  return at::upsample_nearest3d_backward_out(grad_input, grad_output, sizes, input_size,
                                             scale(scale_factors, 0), scale(scale_factors, 1),
                                             scale(scale_factors, 2));
}

at::Tensor upsample_linear1d_vec(const at::Tensor& input, MaybeIntsArg output_size,
                                 bool align_corners, Scales scale_factors) {
  at::Tensor out = empty_like_sizes({0}, input);
  const auto sizes = sizes_of(input.sizes(), output_size, scale_factors);
  return at::upsample_linear1d_out(out, input, sizes, align_corners, scale(scale_factors, 0));
}

at::Tensor upsample_linear1d_backward_vec(const at::Tensor& grad_output, MaybeIntsArg output_size,
                                          at::IntArrayRef input_size, bool align_corners,
                                          Scales scale_factors) {
  at::Tensor grad_input = empty_like_sizes({0}, grad_output);
  const auto sizes = sizes_of(input_size, output_size, scale_factors);
  return at::upsample_linear1d_backward_out(grad_input, grad_output, sizes, input_size,
                                            align_corners, scale(scale_factors, 0));
}

at::Tensor upsample_bilinear2d_vec(const at::Tensor& input, MaybeIntsArg output_size,
                                   bool align_corners, Scales scale_factors) {
  at::Tensor out = empty_like_sizes({0}, input);
  const auto sizes = sizes_of(input.sizes(), output_size, scale_factors);
  return at::upsample_bilinear2d_out(out, input, sizes, align_corners, scale(scale_factors, 0),
                                     scale(scale_factors, 1));
}

at::Tensor upsample_bilinear2d_backward_vec(const at::Tensor& grad_output, MaybeIntsArg output_size,
                                            at::IntArrayRef input_size, bool align_corners,
                                            Scales scale_factors) {
  at::Tensor grad_input = empty_like_sizes({0}, grad_output);
  const auto sizes = sizes_of(input_size, output_size, scale_factors);
  return at::upsample_bilinear2d_backward_out(grad_input, grad_output, sizes, input_size,
                                              align_corners, scale(scale_factors, 0),
                                              scale(scale_factors, 1));
}

at::Tensor upsample_trilinear3d_vec(const at::Tensor& input, MaybeIntsArg output_size,
                                    bool align_corners, Scales scale_factors) {
  at::Tensor out = empty_like_sizes({0}, input);
  const auto sizes = sizes_of(input.sizes(), output_size, scale_factors);
  return at::upsample_trilinear3d_out(out, input, sizes, align_corners, scale(scale_factors, 0),
                                      scale(scale_factors, 1), scale(scale_factors, 2));
}

at::Tensor upsample_trilinear3d_backward_vec(const at::Tensor& grad_output,
                                             MaybeIntsArg output_size, at::IntArrayRef input_size,
                                             bool align_corners, Scales scale_factors) {
  at::Tensor grad_input = empty_like_sizes({0}, grad_output);
  const auto sizes = sizes_of(input_size, output_size, scale_factors);
  return at::upsample_trilinear3d_backward_out(grad_input, grad_output, sizes, input_size,
                                               align_corners, scale(scale_factors, 0),
                                               scale(scale_factors, 1), scale(scale_factors, 2));
}

}  // namespace kernels
}  // namespace npu
