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

at::Tensor& _amp_update_scale_(at::Tensor& self, at::Tensor& growth_tracker,
                               const at::Tensor& found_inf, double scale_growth_factor,
                               double scale_backoff_factor, int64_t growth_interval) {
  TORCH_CHECK(growth_tracker.numel() == 1 && growth_tracker.scalar_type() == at::kInt,
              "growth_tracker must be a 1-element int tensor; it has ", growth_tracker.numel(),
              " elements of ", growth_tracker.scalar_type());
  TORCH_CHECK(self.numel() == 1 && self.scalar_type() == at::kFloat,
              "current_scale must be a 1-element float tensor; it has ", self.numel(),
              " elements of ", self.scalar_type());
  TORCH_CHECK(found_inf.numel() == 1 && found_inf.scalar_type() == at::kFloat,
              "found_inf must be a 1-element float tensor; it has ", found_inf.numel(),
              " elements of ", found_inf.scalar_type());
  const at::Tensor failed = found_inf.ne(0);
  const at::Tensor successes = growth_tracker.add(1);
  const at::Tensor is_due = successes.eq(growth_interval);
  const at::Tensor grown = self.mul(scale_growth_factor);
  // A scale that would overflow stays as it is.
  const at::Tensor grows = is_due.logical_and(all_finite(grown));
  const at::Tensor next = at::where(grows, grown, self);
  self.copy_(at::where(failed, self.mul(scale_backoff_factor), next));
  growth_tracker.copy_(successes.masked_fill(failed.logical_or(is_due), 0));
  return self;
}

}  // namespace kernels
}  // namespace npu
