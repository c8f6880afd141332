// Whether a device reads another one's memory.
#ifndef ASCENDTORCH_NPU_PEER_H_
#define ASCENDTORCH_NPU_PEER_H_

#include "runtime/compat.h"
#include "runtime/export.h"

namespace npu {

// Throws c10::Error for an index that is not there.
NPU_API bool can_access_peer(c10::DeviceIndex device, c10::DeviceIndex peer);

}  // namespace npu

#endif
