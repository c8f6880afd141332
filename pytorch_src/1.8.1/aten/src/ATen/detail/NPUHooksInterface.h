// What ATen asks of Ascend NPUs: libnpu_runtime registers the answers when it is loaded.
#pragma once

#include <ATen/core/Generator.h>
#include <c10/core/Allocator.h>
#include <c10/core/Device.h>

namespace at {

// The defaults are those of a process without NPUs: all but hasNPU, deviceCount and isPinnedPtr
// say that there are none.
struct TORCH_API NPUHooksInterface {
  virtual ~NPUHooksInterface() = default;

  virtual bool hasNPU() const { return false; }
  virtual int64_t deviceCount() const { return 0; }
  virtual int64_t current_device() const;
  // Index -1 is the current device.
  virtual const Generator& getDefaultNPUGenerator(DeviceIndex index = -1) const;
  virtual Generator newGenerator(DeviceIndex index = -1) const;
  virtual Device getDeviceFromPtr(void* data) const;
  virtual Allocator* getPinnedMemoryAllocator() const;
  virtual bool isPinnedPtr(void* /*data*/) const { return false; }
};

// The hooks must live as long as the process; a second registration replaces the first.
TORCH_API void registerNPUHooks(const NPUHooksInterface* hooks);

namespace detail {

TORCH_API const NPUHooksInterface& getNPUHooks();

// Host memory that a device copies from and to by itself: an NPU's where there is one, else CUDA's.
TORCH_API Allocator* getPinnedMemoryAllocator();
TORCH_API bool isPinnedPtr(void* data);

}  // namespace detail
}  // namespace at
