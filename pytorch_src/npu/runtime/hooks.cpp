// What PyTorch asks of a backend besides guards: memory, generators, whether it is there.
#include <ATen/detail/PrivateUse1HooksInterface.h>

#include "acl/acl.h"
#include "runtime/acl_error.h"
#include "runtime/allocator.h"
#include "runtime/copy.h"
#include "runtime/device.h"
#include "runtime/generator.h"

namespace npu {

namespace {

class Hooks final : public at::PrivateUse1HooksInterface {
 public:
  bool isBuilt() const override { return true; }
  bool isAvailable() const override { return device_count() > 0; }
  bool hasPrimaryContext(c10::DeviceIndex index) const override {
    return is_initialized() && index >= 0 && index < device_count();
  }
  void init() const override { initialize(); }

  c10::DeviceIndex deviceCount() const override { return device_count(); }
  void setCurrentDevice(c10::DeviceIndex index) const override { set_device(index); }
  c10::DeviceIndex getCurrentDevice() const override { return current_device(); }
  // A negative index: nothing is to do, as torch.accelerator.device_index(None) wants it.
  c10::DeviceIndex exchangeDevice(c10::DeviceIndex index) const override {
    return index < 0 ? index : exchange_device(index);
  }
  c10::DeviceIndex maybeExchangeDevice(c10::DeviceIndex index) const override {
    return exchangeDevice(index);
  }

  const at::Generator& getDefaultGenerator(c10::DeviceIndex index) const override {
    return default_generator(index);
  }
  at::Generator getNewGenerator(c10::DeviceIndex index) const override {
    return make_generator(index);
  }

  at::Device getDeviceFromPtr(void* data) const override {
    aclrtPtrAttributes found{};
    NPU_CHECK(aclrtPointerGetAttributes(data, &found));
    TORCH_CHECK(found.location.type == ACL_MEM_LOCATION_TYPE_DEVICE, data,
                " is no address of an NPU's memory");
    return device(static_cast<c10::DeviceIndex>(found.location.id));
  }
  bool isPinnedPtr(const void* data) const override { return is_pinned(data); }
  at::Allocator* getPinnedMemoryAllocator() const override { return pinned_allocator(); }
  void resizePrivateUse1Bytes(const c10::Storage& storage, size_t bytes) const override {
    resize_storage(storage, bytes);
  }
};

// PyTorch keeps the pointer as long as the process lives.
const bool registered = [] {
  at::RegisterPrivateUse1HooksInterface(new Hooks());
  return true;
}();

}  // namespace

}  // namespace npu
