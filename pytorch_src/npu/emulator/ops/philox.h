/* Random numbers that depend on seed and offset only: not on threads, not on the machine. */
#ifndef ASCENDTORCH_EMU_PHILOX_H_
#define ASCENDTORCH_EMU_PHILOX_H_

#include <cstdint>

#include "aten.h"
#include "prototype.h"

namespace ascend_emu {

/* Philox4x32-10 with the key `seed`, from the counter `offset` on: element i of a result is the
   i-th number, so that a longer result starts with a shorter one. `stream` is the upper half of
   the 128-bit counter: other streams are other numbers. */

/* 32 random bits in each element, as int64. */
at::Tensor philox_bits(const Dims &dims, uint64_t seed, uint64_t offset, uint64_t stream = 0);
/* Float32 in [0, 1), multiples of 2^-24. */
at::Tensor philox_uniform(const Dims &dims, uint64_t seed, uint64_t offset, uint64_t stream = 0);
/* Float32 of mean 0 and variance 1 (Box-Muller). */
at::Tensor philox_normal(const Dims &dims, uint64_t seed, uint64_t offset, uint64_t stream = 0);

}  // namespace ascend_emu

#endif
