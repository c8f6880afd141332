/* Types to compute in, where those of the operands hold too little or have no kernels. */
#ifndef ASCENDTORCH_EMU_WIDEN_H_
#define ASCENDTORCH_EMU_WIDEN_H_

#include "aten.h"

namespace ascend_emu {

/* 16-bit floats as float, other types as they are. */
inline at::Tensor widened(const at::Tensor &x) {
  const bool half = x.scalar_type() == at::kHalf || x.scalar_type() == at::kBFloat16;
  return half ? x.to(at::kFloat) : x;
}

/* Every type but double as float. */
inline at::Tensor as_floats(const at::Tensor &x) {
  return x.scalar_type() == at::kDouble ? x : x.to(at::kFloat);
}

}  // namespace ascend_emu

#endif
