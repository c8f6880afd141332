// The NPUs of this process: their number, which one a thread drives, and what they are.
#ifndef ASCENDTORCH_NPU_DEVICE_H_
#define ASCENDTORCH_NPU_DEVICE_H_

#include <cstdint>
#include <string>

#include "runtime/compat.h"
#include "runtime/export.h"

namespace npu {

// More than a machine has.
constexpr c10::DeviceIndex kMaxDevices = 64;

// Number of devices; 0 where there is no AscendCL library or no device. Never throws, and does not
// initialise a device. Safe in a forked child only before the parent initialised.
NPU_API c10::DeviceIndex device_count() noexcept;

// True once aclInit has succeeded in this process.
NPU_API bool is_initialized() noexcept;

// Initialises AscendCL once. Throws c10::Error: no library, no device, or a child forked after the
// parent initialised ("use the spawn start method").
NPU_API void initialize();

// True in a child that was forked after initialisation.
NPU_API bool is_bad_fork() noexcept;

// The device this thread drives (0 at first). Does not initialise.
NPU_API c10::DeviceIndex current_device() noexcept;

// Makes this thread drive a device; initialises. Throws c10::Error for an index that is not there
// (says how many there are).
NPU_API void set_device(c10::DeviceIndex index);

// Like set_device; returns the device before.
NPU_API c10::DeviceIndex exchange_device(c10::DeviceIndex index);

// Waits for all that was queued on a device (-1: the current one); throws the first error of it.
NPU_API void synchronize_device(c10::DeviceIndex index = -1);

struct DeviceProperties {
  std::string name;  // of torch.npu.get_device_name(); says so where it is the emulator
  std::string soc;   // aclrtGetSocName
  bool is_emulator;
  size_t total_memory;  // bytes
  int64_t cube_core_count;
  int64_t vector_core_count;
};
// Throws c10::Error for an index that is not there.
NPU_API DeviceProperties device_properties(c10::DeviceIndex index);

// Free and total bytes of a device as AscendCL tells (aclrtGetMemInfo).
struct MemoryInfo {
  size_t free;
  size_t total;
};
NPU_API MemoryInfo memory_info(c10::DeviceIndex index);

// Makes a thread drive `index` for a scope.
class DeviceScope {
 public:
  explicit DeviceScope(c10::DeviceIndex index) : before_(exchange_device(index)) {}
  ~DeviceScope() {
    if (before_ != current_device()) set_device(before_);
  }
  DeviceScope(const DeviceScope&) = delete;
  DeviceScope& operator=(const DeviceScope&) = delete;

 private:
  c10::DeviceIndex before_;
};

}  // namespace npu

#endif
