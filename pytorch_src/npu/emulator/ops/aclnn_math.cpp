#include "aclnn_math.h"

#include <algorithm>

namespace ascend_emu {

at::Tensor variance(const at::Tensor &self, const Ints &dims, int64_t correction, bool keep) {
  /* ATen 1.8 knows no correction but 0 and 1. */
  const at::Tensor biased = at::var(self, dims, /*unbiased=*/false, keep);
  if (biased.numel() == 0) return biased;
  const double count = static_cast<double>(self.numel() / biased.numel());
  return biased * (count / std::max(count - static_cast<double>(correction), 0.0));
}

c10::List<c10::optional<at::Tensor>> index_list(const std::vector<at::Tensor> &indices) {
  c10::List<c10::optional<at::Tensor>> list;
  for (const at::Tensor &index : indices) {
    const bool whole = index.dim() == 1 && index.size(0) == 0;
    /* ATen wants int64, and has given up masks of uint8. */
    const bool mask = index.scalar_type() == at::kBool || index.scalar_type() == at::kByte;
    list.push_back(whole ? c10::optional<at::Tensor>()
                         : c10::optional<at::Tensor>(index.to(mask ? at::kBool : at::kLong)));
  }
  return list;
}

}  // namespace ascend_emu
