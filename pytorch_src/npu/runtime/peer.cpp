#include "runtime/peer.h"

#include "runtime/acl_error.h"
#include "runtime/device.h"

namespace npu {

bool can_access_peer(c10::DeviceIndex device, c10::DeviceIndex peer) {
  initialize();
  int32_t answer = 0;
  NPU_CHECK(aclrtDeviceCanAccessPeer(&answer, device, peer));
  return answer != 0;
}

}  // namespace npu
