#include "runtime/device.h"

#include <pthread.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <mutex>

#include "acl/loader.h"
#include "runtime/acl_error.h"
#include "runtime/stream.h"
#include "runtime/task_queue.h"

namespace npu {

namespace {

std::atomic<bool> initialized{false};
std::atomic<bool> forked{false};

// Which device the thread drives, and which one AscendCL was told of; -1: none yet.
thread_local c10::DeviceIndex driven = 0;
thread_local c10::DeviceIndex told = -1;
// By any thread.
std::array<std::atomic<bool>, kMaxDevices> used{};

void tell(c10::DeviceIndex index) {
  if (told == index) return;
  NPU_CHECK(aclrtSetDevice(index));
  told = index;
  used[static_cast<size_t>(index)] = true;
}

void check_index(c10::DeviceIndex index) {
  const c10::DeviceIndex count = device_count();
  TORCH_CHECK(index >= 0 && index < count, "there is no device npu:", static_cast<int>(index),
              "; this process has ", static_cast<int>(count), " NPU", count == 1 ? "" : "s",
              count == 0 ? "" : ", numbered from 0");
}

c10::DeviceIndex chosen(c10::DeviceIndex index) { return index < 0 ? driven : index; }

// The emulator takes nobody by surprise: it says once that no NPU is used.
void announce() {
  if (!acl_is_emulator() || std::getenv("ASCENDTORCH_EMULATOR_ANNOUNCED") != nullptr) return;
  std::fprintf(stderr, "torch.npu: no NPU is used; %s emulates one on the CPU\n",
               acl_path().c_str());
  // Children of this process do not say it again.
  setenv("ASCENDTORCH_EMULATOR_ANNOUNCED", "1", 0);
}

// What is still queued is handed over while everything it needs exists.
void finish() {
  if (forked || !initialized) return;
  try {
    for (c10::DeviceIndex index = 0; index < device_count(); ++index) {
      if (used[static_cast<size_t>(index)]) synchronize_device(index);
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "torch.npu: an error nobody waited for: %s\n", error.what());
  }
}

void initialize_once() {
  TORCH_CHECK(acl_available(), acl_missing());
  const aclError code = aclInit(nullptr);
  if (code != ACL_ERROR_REPEAT_INITIALIZE) check(code, "aclInit");
  pthread_atfork(nullptr, nullptr, [] {
    if (initialized) forked = true;
  });
  initialized = true;
  announce();
  std::atexit(finish);
}

}  // namespace

c10::DeviceIndex device_count() noexcept {
  static const c10::DeviceIndex count = [] {
    uint32_t found = 0;
    if (!acl_available() || aclrtGetDeviceCount(&found) != ACL_SUCCESS) found = 0;
    return static_cast<c10::DeviceIndex>(std::min<uint32_t>(found, kMaxDevices));
  }();
  return count;
}

bool is_initialized() noexcept { return initialized; }
bool is_bad_fork() noexcept { return forked; }

void initialize() {
  TORCH_CHECK(!forked, "an NPU cannot be used in a process that was forked after its parent used "
              "one; start it with multiprocessing's \"spawn\" method");
  if (initialized) return;
  static std::once_flag once;
  std::call_once(once, initialize_once);
}

c10::DeviceIndex current_device() noexcept { return driven; }

void set_device(c10::DeviceIndex index) {
  if (driven == index && told == index && !forked) return;
  initialize();
  check_index(index);
  tell(index);
  driven = index;
}

c10::DeviceIndex exchange_device(c10::DeviceIndex index) {
  const c10::DeviceIndex before = driven;
  set_device(index);
  return before;
}

void synchronize_device(c10::DeviceIndex index) {
  DeviceScope scope(chosen(index));
  drain_device(current_device());
  NPU_CHECK(aclrtSynchronizeDevice());
}

DeviceProperties device_properties(c10::DeviceIndex index) {
  const c10::DeviceIndex asked = chosen(index);
  initialize();
  check_index(asked);
  DeviceProperties found;
  const char* soc = aclrtGetSocName();
  found.soc = soc == nullptr ? "" : soc;
  found.is_emulator = acl_is_emulator();
  found.name = found.is_emulator ? found.soc + " (AscendCL emulator)" : found.soc;
  found.total_memory = memory_info(asked).total;
  const auto number = [asked](aclrtDevAttr attr) {
    int64_t value = 0;
    // An older CANN does not tell; that is no reason to fail.
    return aclrtGetDeviceInfo(static_cast<uint32_t>(asked), attr, &value) == ACL_SUCCESS ? value
                                                                                         : 0;
  };
  found.cube_core_count = number(ACL_DEV_ATTR_CUBE_CORE_NUM);
  found.vector_core_count = number(ACL_DEV_ATTR_VECTOR_CORE_NUM);
  return found;
}

MemoryInfo memory_info(c10::DeviceIndex index) {
  DeviceScope scope(chosen(index));
  MemoryInfo info{0, 0};
  NPU_CHECK(aclrtGetMemInfo(ACL_HBM_MEM, &info.free, &info.total));
  return info;
}

}  // namespace npu
