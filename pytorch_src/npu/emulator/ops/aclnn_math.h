/* What the expressions of aclnn.yaml need beyond ATen. */
#ifndef ASCENDTORCH_EMU_ACLNN_MATH_H_
#define ASCENDTORCH_EMU_ACLNN_MATH_H_

#include <vector>

#include "args.h"

namespace ascend_emu {

/* The variance over some dims (none: over all) with n - correction for the divisor. */
at::Tensor variance(const at::Tensor &self, const Ints &dims, int64_t correction, bool keep);

/* What ATen indexes with; an empty tensor of one dim stands for a dim that is taken whole. */
c10::List<c10::optional<at::Tensor>> index_list(const std::vector<at::Tensor> &indices);

}  // namespace ascend_emu

#endif
