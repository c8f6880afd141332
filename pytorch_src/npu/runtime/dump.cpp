#include "runtime/dump.h"

#include "runtime/acl_error.h"
#include "runtime/device.h"
#include "runtime/stream.h"

namespace npu {

namespace {

// Only streams that were used: another device's context is not made for this.
void wait_for_everything() {
  initialize();
  for (c10::DeviceIndex index = 0; index < device_count(); ++index) {
    for_each_stream(index, [](const Stream& stream) { stream.synchronize(); });
  }
}

}  // namespace

void init_dump() {
  wait_for_everything();
  NPU_CHECK(aclmdlInitDump());
}

void set_dump(const std::string& config) {
  wait_for_everything();
  NPU_CHECK(aclmdlSetDump(config.c_str()));
}

void finalize_dump() {
  wait_for_everything();
  NPU_CHECK(aclmdlFinalizeDump());
}

}  // namespace npu
