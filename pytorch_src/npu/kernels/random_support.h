// Philox numbers of the generator, as the operators want them.
#ifndef ASCENDTORCH_NPU_KERNELS_RANDOM_SUPPORT_H_
#define ASCENDTORCH_NPU_KERNELS_RANDOM_SUPPORT_H_

#include "kernels/index_support.h"
#include "runtime/generator.h"

namespace npu {
namespace kernels {

using MaybeGenerator = c10::optional<at::Generator>;

// Where the numbers of one call begin. Philox gives four words for each step of its counter.
struct RandomPlace {
  uint64_t key;
  uint64_t counter;

  int64_t seed() const { return static_cast<int64_t>(key); }
  // Operators take seed -1 with offset 0 for "any numbers"; that one place is moved far away.
  int64_t offset() const {
    const bool means_any = seed() == -1 && counter == 0;
    return means_any ? int64_t{1} << 62 : static_cast<int64_t>(counter);
  }
};

// Room for `words` 32-bit words for each of `elements` elements; the default generator is the one
// of the device of `like`.
RandomPlace take_place(const MaybeGenerator& generator, const at::Tensor& like, int64_t elements,
                       int words = 2);

// New tensors beside `like`: [0, 1), and the normal distribution. `type` is a floating one.
at::Tensor uniform_numbers(const MaybeGenerator& generator, at::IntArrayRef sizes,
                           const at::Tensor& like, at::ScalarType type);
at::Tensor normal_numbers(const MaybeGenerator& generator, at::IntArrayRef sizes,
                          const at::Tensor& like, at::ScalarType type);

// Throws c10::Error unless the tensor is of a floating type.
void check_floating(const char* op, const at::Tensor& tensor);

}  // namespace kernels
}  // namespace npu

#endif
