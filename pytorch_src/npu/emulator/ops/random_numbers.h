/* Random tensors of every type and distribution, from a place in a Philox sequence. */
#ifndef ASCENDTORCH_EMU_RANDOM_NUMBERS_H_
#define ASCENDTORCH_EMU_RANDOM_NUMBERS_H_

#include <cstdint>

#include "aten.h"
#include "call.h"

namespace ascend_emu {

/* Where a sequence starts: equal places give equal numbers. */
struct RandomPlace {
  uint64_t key;
  uint64_t counter;
  uint64_t stream;
};

/* A place that no other call has, for operators that are not told one. */
RandomPlace any_place();

/* The place that two numbers name; any place when they are the two that stand for none. */
RandomPlace place_of(int64_t seed, int64_t other, int64_t none, int64_t other_none);

/* Numbers of [0, 1) with as many random digits as `type` holds, so that none is rounded to 1:
   float16 2^-11, bfloat16 2^-8, float 2^-24, double 2^-53 apart. The result is of `type`. */
at::Tensor uniform_numbers(const Dims &dims, at::ScalarType type, const RandomPlace &place);
/* Mean 0 and variance 1; float, or double when `type` is. */
at::Tensor normal_numbers(const Dims &dims, at::ScalarType type, const RandomPlace &place);
/* The same without what lies 2 or more from the mean; double. */
at::Tensor truncated_normal_numbers(const Dims &dims, const RandomPlace &place);
/* All 64 bits, as int64. */
at::Tensor random_bits(const Dims &dims, const RandomPlace &place);
/* Integers of [low, high), which must not be empty; int64, or the bits of uint64. */
at::Tensor random_integers(const Dims &dims, int64_t low, int64_t high, const RandomPlace &place);
/* 0 to count - 1 in any order; int64. */
at::Tensor random_order(int64_t count, const RandomPlace &place);

}  // namespace ascend_emu

#endif
