// What torch.autograd.profiler asks of a device: times on it, around each operator of PyTorch.
// PyTorch knows one device here, CUDA; a build for NPUs has none of it, and the place is free.
#include <torch/csrc/autograd/profiler_legacy.h>

#include "runtime/device.h"
#include "runtime/event.h"

namespace npu {

namespace {

using torch::autograd::profiler::CUDAStubs;

constexpr float kMicroseconds = 1000;  // in a millisecond

// PyTorch keeps an event as a shared pointer to a type that it leaves to CUDA.
using Handle = CUDAEventStub;

Handle handle_of(std::shared_ptr<Event> event) {
  // Shares its count, and so drops it as an Event.
  return Handle(event, reinterpret_cast<Handle::element_type*>(event.get()));
}

const Event& event_of(const Handle* handle) {
  TORCH_CHECK(handle != nullptr && *handle != nullptr,
              "the profiler has recorded no NPU event here");
  return *reinterpret_cast<const Event*>(handle->get());
}

class Stubs final : public CUDAStubs {
 public:
  bool enabled() const override { return device_count() > 0; }

  void record(int* device, Handle* event, int64_t* cpu_ns) const override {
    const Stream stream = current_stream();
    if (device != nullptr) *device = stream.device_index();
    const auto made = std::make_shared<Event>(/*timing=*/true);
    if (cpu_ns != nullptr) *cpu_ns = torch::autograd::profiler::getTime();
    made->record(stream);
    *event = handle_of(made);
  }
  // Microseconds.
  float elapsed(const Handle* start, const Handle* end) const override {
    event_of(start).synchronize();
    event_of(end).synchronize();
    return static_cast<float>(event_of(start).elapsed_time(event_of(end))) * kMicroseconds;
  }

  void onEachDevice(std::function<void(int)> visit) const override {
    for (c10::DeviceIndex index = 0; index < device_count(); ++index) {
      DeviceScope scope(index);
      visit(index);
    }
  }
  void synchronize() const override { synchronize_device(); }

  // Ranges in AscendCL's own trace: torch.npu.profile(use_e2e_profiler=True) writes those.
  void nvtxMarkA(const char*) const override {}
  void nvtxRangePushA(const char*) const override {}
  void nvtxRangePop() const override {}
};

const bool registered = [] {
  torch::autograd::profiler::registerCUDAMethods(new Stubs());
  return true;
}();

}  // namespace

}  // namespace npu
