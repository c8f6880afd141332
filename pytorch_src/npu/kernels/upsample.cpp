// Resizing by interpolation: nearest and linear, in one to three dimensions. All are computed as
// volumes, whose operators count places as ATen does, scales given by the caller included.
#include "kernels/support.h"

#include <cmath>

namespace npu {
namespace kernels {

namespace {

using Scale = c10::optional<double>;

constexpr Types kTaken = bit(at::kFloat) | bit(at::kHalf) | bit(at::kDouble);
constexpr Types kWide = kTaken | bit(at::kBFloat16);

// [N, C, D, H, W] of sizes with fewer spatial dims.
std::vector<int64_t> volume(at::IntArrayRef sizes) {
  std::vector<int64_t> all(sizes.begin(), sizes.end());
  while (all.size() < 5) all.insert(all.begin() + 2, 1);
  return all;
}

// How an operator is told the result's size: as scales where the caller gave all of them and they
// count, for they place the elements; else as sizes.
struct Target {
  std::vector<int64_t> sizes;
  std::vector<double> scales;

  void attrs(OpCommand& command) const {
    if (scales.empty()) {
      command.attr("output_size", at::IntArrayRef(sizes).slice(2));
    } else {
      command.attr("scales", at::ArrayRef<double>(scales));
    }
  }
};

Target target_of(at::IntArrayRef input, at::IntArrayRef output, std::initializer_list<Scale> scales,
                 bool scales_count) {
  Target target{volume(output), {}};
  if (!scales_count) return target;
  const std::vector<int64_t> from = volume(input);
  std::vector<double> given(3 - scales.size(), 1.0);
  for (const Scale& scale : scales) {
    if (!scale.has_value() || !(*scale > 0)) return target;
    given.push_back(*scale);
  }
  for (size_t i = 0; i < 3; ++i) {
    // The operator reads floats: what they would make of it must be this size.
    const double wide = static_cast<double>(static_cast<float>(given[i]));
    const double size = std::floor(static_cast<double>(from[2 + i]) * wide);
    if (static_cast<int64_t>(size) != target.sizes[2 + i]) return target;
  }
  target.scales = given;
  return target;
}

std::vector<int64_t> full_sizes(const at::Tensor& self, at::IntArrayRef output_size) {
  TORCH_CHECK(self.dim() == static_cast<int64_t>(output_size.size()) + 2, "upsample: expected an ",
              "input of ", output_size.size() + 2, " dims for an output size of ", output_size,
              ", but got shape ", self.sizes());
  std::vector<int64_t> sizes{self.size(0), self.size(1)};
  for (const int64_t size : output_size) {
    TORCH_CHECK(size > 0, "upsample: expected an output size above 0, but got ", output_size);
    sizes.push_back(size);
  }
  return sizes;
}

// Runs `command` from one volume to another, in a type that it takes.
void run(OpCommand&& command, const at::Tensor& from, const at::Tensor& to) {
  const at::ScalarType type = from.scalar_type() == at::kBFloat16 ? at::kFloat : from.scalar_type();
  const bool direct = to.is_contiguous() && to.scalar_type() == type;
  const at::Tensor made = direct ? to : empty_like_sizes(to.sizes(), to, type);
  command.input(cast(from, type).view(volume(from.sizes())))
      .output(made.view(volume(to.sizes())))
      .run();
  at::Tensor out = to;
  if (!direct) npu::copy_(out, made, true);
}

bool goes_to_cpu(const char* name, const at::Tensor& tensor, Types taken) {
  if (taken & bit(tensor.scalar_type())) return false;
  check_cpu_allowed(name, tensor.scalar_type(), taken);
  return true;
}

void nearest(const at::Tensor& self, at::IntArrayRef output_size,
             std::initializer_list<Scale> scales, at::Tensor& out) {
  const std::vector<int64_t> sizes = full_sizes(self, output_size);
  resize_output(out, sizes);
  OpCommand command("UpsampleNearest3d");
  target_of(self.sizes(), sizes, scales, true).attrs(command);
  run(std::move(command), self, out);
}

void nearest_backward(const at::Tensor& grad, at::IntArrayRef input_size,
                      std::initializer_list<Scale> scales, at::Tensor& grad_input) {
  resize_output(grad_input, input_size);
  OpCommand command("UpsampleNearest3dGrad");
  command.attr("input_size", volume(input_size));
  target_of(input_size, grad.sizes(), scales, true).attrs(command);
  run(std::move(command), grad, grad_input);
}

void linear(const at::Tensor& self, at::IntArrayRef output_size, bool align_corners,
            std::initializer_list<Scale> scales, at::Tensor& out) {
  const std::vector<int64_t> sizes = full_sizes(self, output_size);
  resize_output(out, sizes);
  OpCommand command("UpsampleTrilinear3d");
  target_of(self.sizes(), sizes, scales, !align_corners).attrs(command);
  command.attr("align_corners", align_corners);
  run(std::move(command), self, out);
}

void linear_backward(const at::Tensor& grad, at::IntArrayRef input_size, bool align_corners,
                     std::initializer_list<Scale> scales, at::Tensor& grad_input) {
  resize_output(grad_input, input_size);
  OpCommand command("UpsampleTrilinear3dGrad");
  command.attr("input_size", volume(input_size));
  target_of(input_size, grad.sizes(), scales, !align_corners).attrs(command);
  command.attr("align_corners", align_corners);
  run(std::move(command), grad, grad_input);
}

}  // namespace

at::Tensor& upsample_nearest1d_out(const at::Tensor& self, at::IntArrayRef output_size,
                                   Scale scales, at::Tensor& out) {
  if (goes_to_cpu("upsample_nearest1d", self, kWide | bit(at::kByte))) {
    on_cpu("aten::upsample_nearest1d", "out", self, output_size, scales, out);
  } else {
    nearest(self, output_size, {scales}, out);
  }
  return out;
}

at::Tensor& upsample_nearest1d_backward_grad_input(const at::Tensor& grad_output,
                                                   at::IntArrayRef output_size,
                                                   at::IntArrayRef input_size, Scale scales,
                                                   at::Tensor& grad_input) {
  if (goes_to_cpu("upsample_nearest1d_backward", grad_output, kWide | bit(at::kByte))) {
    on_cpu("aten::upsample_nearest1d_backward", "grad_input", grad_output, output_size, input_size,
           scales, grad_input);
  } else {
    nearest_backward(grad_output, input_size, {scales}, grad_input);
  }
  return grad_input;
}

at::Tensor& upsample_nearest2d_out(const at::Tensor& self, at::IntArrayRef output_size,
                                   Scale scales_h, Scale scales_w, at::Tensor& out) {
  if (goes_to_cpu("upsample_nearest2d", self, kWide | bit(at::kByte))) {
    on_cpu("aten::upsample_nearest2d", "out", self, output_size, scales_h, scales_w, out);
  } else {
    nearest(self, output_size, {scales_h, scales_w}, out);
  }
  return out;
}

at::Tensor& upsample_nearest2d_backward_grad_input(const at::Tensor& grad_output,
                                                   at::IntArrayRef output_size,
                                                   at::IntArrayRef input_size, Scale scales_h,
                                                   Scale scales_w, at::Tensor& grad_input) {
  if (goes_to_cpu("upsample_nearest2d_backward", grad_output, kWide | bit(at::kByte))) {
    on_cpu("aten::upsample_nearest2d_backward", "grad_input", grad_output, output_size, input_size,
           scales_h, scales_w, grad_input);
  } else {
    nearest_backward(grad_output, input_size, {scales_h, scales_w}, grad_input);
  }
  return grad_input;
}

at::Tensor& upsample_nearest3d_out(const at::Tensor& self, at::IntArrayRef output_size,
                                   Scale scales_d, Scale scales_h, Scale scales_w,
                                   at::Tensor& out) {
  if (goes_to_cpu("upsample_nearest3d", self, kWide | bit(at::kByte))) {
    on_cpu("aten::upsample_nearest3d", "out", self, output_size, scales_d, scales_h, scales_w, out);
  } else {
    nearest(self, output_size, {scales_d, scales_h, scales_w}, out);
  }
  return out;
}

at::Tensor& upsample_nearest3d_backward_grad_input(const at::Tensor& grad_output,
                                                   at::IntArrayRef output_size,
                                                   at::IntArrayRef input_size, Scale scales_d,
                                                   Scale scales_h, Scale scales_w,
                                                   at::Tensor& grad_input) {
  if (goes_to_cpu("upsample_nearest3d_backward", grad_output, kWide | bit(at::kByte))) {
    on_cpu("aten::upsample_nearest3d_backward", "grad_input", grad_output, output_size, input_size,
           scales_d, scales_h, scales_w, grad_input);
  } else {
    nearest_backward(grad_output, input_size, {scales_d, scales_h, scales_w}, grad_input);
  }
  return grad_input;
}

at::Tensor& upsample_linear1d_out(const at::Tensor& self, at::IntArrayRef output_size,
                                  bool align_corners, Scale scales, at::Tensor& out) {
  if (goes_to_cpu("upsample_linear1d", self, kWide)) {
    on_cpu("aten::upsample_linear1d", "out", self, output_size, align_corners, scales, out);
  } else {
    linear(self, output_size, align_corners, {scales}, out);
  }
  return out;
}

at::Tensor& upsample_linear1d_backward_grad_input(const at::Tensor& grad_output,
                                                  at::IntArrayRef output_size,
                                                  at::IntArrayRef input_size, bool align_corners,
                                                  Scale scales, at::Tensor& grad_input) {
  if (goes_to_cpu("upsample_linear1d_backward", grad_output, kWide)) {
    on_cpu("aten::upsample_linear1d_backward", "grad_input", grad_output, output_size, input_size,
           align_corners, scales, grad_input);
  } else {
    linear_backward(grad_output, input_size, align_corners, {scales}, grad_input);
  }
  return grad_input;
}

at::Tensor& upsample_bilinear2d_out(const at::Tensor& self, at::IntArrayRef output_size,
                                    bool align_corners, Scale scales_h, Scale scales_w,
                                    at::Tensor& out) {
  if (goes_to_cpu("upsample_bilinear2d", self, kWide)) {
    on_cpu("aten::upsample_bilinear2d", "out", self, output_size, align_corners, scales_h, scales_w,
           out);
  } else {
    linear(self, output_size, align_corners, {scales_h, scales_w}, out);
  }
  return out;
}

at::Tensor& upsample_bilinear2d_backward_grad_input(const at::Tensor& grad_output,
                                                    at::IntArrayRef output_size,
                                                    at::IntArrayRef input_size, bool align_corners,
                                                    Scale scales_h, Scale scales_w,
                                                    at::Tensor& grad_input) {
  if (goes_to_cpu("upsample_bilinear2d_backward", grad_output, kWide)) {
    on_cpu("aten::upsample_bilinear2d_backward", "grad_input", grad_output, output_size, input_size,
           align_corners, scales_h, scales_w, grad_input);
  } else {
    linear_backward(grad_output, input_size, align_corners, {scales_h, scales_w}, grad_input);
  }
  return grad_input;
}

at::Tensor& upsample_trilinear3d_out(const at::Tensor& self, at::IntArrayRef output_size,
                                     bool align_corners, Scale scales_d, Scale scales_h,
                                     Scale scales_w, at::Tensor& out) {
  if (goes_to_cpu("upsample_trilinear3d", self, kWide)) {
    on_cpu("aten::upsample_trilinear3d", "out", self, output_size, align_corners, scales_d,
           scales_h, scales_w, out);
  } else {
    linear(self, output_size, align_corners, {scales_d, scales_h, scales_w}, out);
  }
  return out;
}

at::Tensor& upsample_trilinear3d_backward_grad_input(const at::Tensor& grad_output,
                                                     at::IntArrayRef output_size,
                                                     at::IntArrayRef input_size, bool align_corners,
                                                     Scale scales_d, Scale scales_h, Scale scales_w,
                                                     at::Tensor& grad_input) {
  if (goes_to_cpu("upsample_trilinear3d_backward", grad_output, kWide)) {
    on_cpu("aten::upsample_trilinear3d_backward", "grad_input", grad_output, output_size,
           input_size, align_corners, scales_d, scales_h, scales_w, grad_input);
  } else {
    linear_backward(grad_output, input_size, align_corners, {scales_d, scales_h, scales_w},
                    grad_input);
  }
  return grad_input;
}

}  // namespace kernels
}  // namespace npu
