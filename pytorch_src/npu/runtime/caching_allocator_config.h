// PYTORCH_NPU_ALLOC_CONF: how the caching allocator of the device behaves.
#ifndef ASCENDTORCH_NPU_CACHING_ALLOCATOR_CONFIG_H_
#define ASCENDTORCH_NPU_CACHING_ALLOCATOR_CONFIG_H_

#include <cstdint>
#include <string>

#include "runtime/export.h"

namespace npu {

struct AllocatorConfig {
  size_t max_split_bytes = SIZE_MAX;        // larger blocks are never split
  double garbage_collection_threshold = 0;  // of the memory allowed; 0: never
};

// Reads "name:value,name:value". Throws c10::Error that names the entry and what is allowed.
NPU_API AllocatorConfig parse_allocator_config(const std::string& text);

// Of the environment, read once at the first use of the device's memory. Throws as above.
const AllocatorConfig& allocator_config();

}  // namespace npu

#endif
