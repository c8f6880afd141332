// Philox: a seed and an offset that counts numbers taken; the same on every device and in every
// order of streams.
#ifndef ASCENDTORCH_NPU_GENERATOR_H_
#define ASCENDTORCH_NPU_GENERATOR_H_

#include <ATen/core/Generator.h>

#include "runtime/compat.h"
#include "runtime/export.h"

namespace npu {

struct PhiloxState {
  uint64_t seed;
  uint64_t offset;  // a multiple of 4
};

// The generator that torch.npu.manual_seed seeds.
NPU_API const at::Generator& default_generator(c10::DeviceIndex index = -1);
NPU_API at::Generator make_generator(c10::DeviceIndex index);

// Takes `count` 32-bit numbers of a generator (where there is none, of the default one of `index`;
// -1 is the current device) and returns where they begin. Throws c10::Error for a generator of
// another type of device.
NPU_API PhiloxState take(const c10::optional<at::Generator>& generator, uint64_t count,
                         c10::DeviceIndex index = -1);

}  // namespace npu

#endif
