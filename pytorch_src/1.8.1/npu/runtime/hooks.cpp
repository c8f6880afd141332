// What PyTorch asks of a backend besides guards: memory, generators, whether it is there.
#include <ATen/detail/NPUHooksInterface.h>

#include "acl/acl.h"
#include "runtime/acl_error.h"
#include "runtime/allocator.h"
#include "runtime/device.h"
#include "runtime/generator.h"

namespace npu {

namespace {

class Hooks final : public at::NPUHooksInterface {
 public:
  bool hasNPU() const override { return device_count() > 0; }
  int64_t deviceCount() const override { return device_count(); }
  int64_t current_device() const override { return npu::current_device(); }

  const at::Generator& getDefaultNPUGenerator(c10::DeviceIndex index) const override {
    return default_generator(index);
  }
  at::Generator newGenerator(c10::DeviceIndex index) const override {
    return make_generator(index);
  }

  at::Device getDeviceFromPtr(void* data) const override {
    aclrtPtrAttributes found{};
    NPU_CHECK(aclrtPointerGetAttributes(data, &found));
    TORCH_CHECK(found.location.type == ACL_MEM_LOCATION_TYPE_DEVICE, data,
                " is no address of an NPU's memory");
    return device(static_cast<c10::DeviceIndex>(found.location.id));
  }
  bool isPinnedPtr(void* data) const override { return is_pinned(data); }
  at::Allocator* getPinnedMemoryAllocator() const override { return pinned_allocator(); }
};

// ATen keeps the pointer as long as the process lives.
const bool registered = [] {
  at::registerNPUHooks(new Hooks());
  return true;
}();

}  // namespace

}  // namespace npu
