#include <ATen/detail/NPUHooksInterface.h>

#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/util/Exception.h>

#include <atomic>

namespace at {

namespace {

std::atomic<const NPUHooksInterface*>& registered() {
  static std::atomic<const NPUHooksInterface*> hooks{nullptr};
  return hooks;
}

}  // namespace

#define NO_NPU(what)                                                                      \
  TORCH_CHECK(false, what,                                                                \
              ": torch.npu is not loaded in this process (it comes with `import torch`; " \
              "C++ programs load libnpu_runtime)")

int64_t NPUHooksInterface::current_device() const { NO_NPU("the current NPU was asked for"); }
const Generator& NPUHooksInterface::getDefaultNPUGenerator(DeviceIndex) const {
  NO_NPU("an NPU's default generator was asked for");
}
Generator NPUHooksInterface::newGenerator(DeviceIndex) const {
  NO_NPU("a generator for an NPU was asked for");
}
Device NPUHooksInterface::getDeviceFromPtr(void*) const {
  NO_NPU("the NPU of an address was asked for");
}
Allocator* NPUHooksInterface::getPinnedMemoryAllocator() const {
  NO_NPU("pinned memory of an NPU was asked for");
}

#undef NO_NPU

void registerNPUHooks(const NPUHooksInterface* hooks) { registered().store(hooks); }

namespace detail {

const NPUHooksInterface& getNPUHooks() {
  static const NPUHooksInterface none;
  const NPUHooksInterface* hooks = registered().load();
  return hooks == nullptr ? none : *hooks;
}

Allocator* getPinnedMemoryAllocator() {
  const NPUHooksInterface& npu = getNPUHooks();
  return npu.hasNPU() ? npu.getPinnedMemoryAllocator() : getCUDAHooks().getPinnedMemoryAllocator();
}

bool isPinnedPtr(void* data) {
  return getNPUHooks().isPinnedPtr(data) || getCUDAHooks().isPinnedPtr(data);
}

}  // namespace detail
}  // namespace at
