// Scaling of losses: unscaling gradients, and moving the scale. Nothing here waits for the device.
#include "kernels/index_support.h"

namespace npu {
namespace kernels {

namespace {

at::Tensor all_finite(const at::Tensor& tensor) {
  const at::Tensor finite = empty_like_sizes(tensor.sizes(), tensor, at::kBool);
  OpCommand("IsFinite").input(tensor).output(finite).run();
  return finite.all();
}

// The scale to come; the tracker counts steps without overflow.
at::Tensor moved_scale(const at::Tensor& scale, at::Tensor& growth_tracker,
                       const at::Tensor& found_inf, double scale_growth_factor,
                       double scale_backoff_factor, int64_t growth_interval) {
  TORCH_CHECK(growth_tracker.numel() == 1 && growth_tracker.scalar_type() == at::kInt,
              "growth_tracker must be a 1-element int tensor; it has ", growth_tracker.numel(),
              " elements of ", growth_tracker.scalar_type());
  TORCH_CHECK(scale.numel() == 1 && scale.scalar_type() == at::kFloat,
              "current_scale must be a 1-element float tensor; it has ", scale.numel(),
              " elements of ", scale.scalar_type());
  TORCH_CHECK(found_inf.numel() == 1 && found_inf.scalar_type() == at::kFloat,
              "found_inf must be a 1-element float tensor; it has ", found_inf.numel(),
              " elements of ", found_inf.scalar_type());
  const at::Tensor failed = found_inf.ne(0);
  const at::Tensor successes = growth_tracker.add(1);
  const at::Tensor is_due = successes.eq(growth_interval);
  const at::Tensor grown = scale.mul(scale_growth_factor);
  // A scale that would overflow stays as it is.
  const at::Tensor grows = is_due.logical_and(all_finite(grown));
  const at::Tensor next = at::where(grows, grown, scale);
  const at::Tensor moved = at::where(failed, scale.mul(scale_backoff_factor), next);
  growth_tracker.copy_(successes.masked_fill(failed.logical_or(is_due), 0));
  return moved;
}

}  // namespace

void _amp_foreach_non_finite_check_and_unscale_(at::TensorList self, at::Tensor& found_inf,
                                                const at::Tensor& inv_scale) {
  TORCH_CHECK(inv_scale.numel() == 1 && inv_scale.scalar_type() == at::kFloat,
              "inv_scale must be a 1-element float tensor; it has ", inv_scale.numel(),
              " elements of ", inv_scale.scalar_type());
  TORCH_CHECK(found_inf.numel() == 1 && found_inf.scalar_type() == at::kFloat,
              "found_inf must be a 1-element float tensor; it has ", found_inf.numel(),
              " elements of ", found_inf.scalar_type());
  std::vector<at::Tensor> sound;
  for (const at::Tensor& gradient : self) {
    check_devices("_amp_foreach_non_finite_check_and_unscale_", {gradient, found_inf, inv_scale});
    if (gradient.numel() == 0) continue;
    sound.push_back(all_finite(gradient));
    at::Tensor unscaled = gradient;
    unscaled.mul_(inv_scale.reshape({}));
  }
  if (sound.empty()) return;
  const at::Tensor broken = at::stack(sound).all().logical_not();
  found_inf.masked_fill_(broken, 1);
}

#if NPU_TORCH_VERSION < 20000
at::Tensor _amp_update_scale(at::Tensor& growth_tracker, const at::Tensor& current_scale,
                             const at::Tensor& found_inf, double scale_growth_factor,
                             double scale_backoff_factor, int64_t growth_interval) {
  return moved_scale(current_scale, growth_tracker, found_inf, scale_growth_factor,
                     scale_backoff_factor, growth_interval);
}
#else
at::Tensor& _amp_update_scale_(at::Tensor& self, at::Tensor& growth_tracker,
                               const at::Tensor& found_inf, double scale_growth_factor,
                               double scale_backoff_factor, int64_t growth_interval) {
  return self.copy_(moved_scale(self, growth_tracker, found_inf, scale_growth_factor,
                                scale_backoff_factor, growth_interval));
}
#endif

}  // namespace kernels
}  // namespace npu
