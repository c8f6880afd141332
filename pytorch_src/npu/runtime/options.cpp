#include "runtime/options.h"

#include <vector>

#include "runtime/acl_error.h"
#include "runtime/device.h"
#include "runtime/task_queue.h"

namespace npu {

namespace {

// Operators are compiled where they are launched: those in the queues come first.
void hand_over_everything() {
  for (c10::DeviceIndex index = 0; index < device_count(); ++index) drain_device(index);
}

}  // namespace

void set_compile_option(aclCompileOpt option, const std::string& value) {
  initialize();
  hand_over_everything();
  NPU_CHECK(aclSetCompileopt(option, value.c_str()));
}

std::string compile_option(aclCompileOpt option) {
  initialize();
  const size_t size = aclGetCompileoptSize(option);
  std::vector<char> text(size + 1, '\0');
  if (size == 0 || aclGetCompileopt(option, text.data(), size) != ACL_SUCCESS) return "";
  return text.data();
}

}  // namespace npu
