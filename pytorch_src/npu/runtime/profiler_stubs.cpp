// What torch.autograd.profiler asks of a device: times on it, around each operator of PyTorch.
#include <c10/util/ApproximateClock.h>
#include <torch/csrc/profiler/stubs/base.h>

#include "runtime/device.h"
#include "runtime/event.h"

namespace npu {

namespace {

using torch::profiler::impl::ProfilerStubs;
using torch::profiler::impl::ProfilerVoidEventStub;

constexpr float kMicroseconds = 1000;  // in a millisecond

const Event& event_of(const ProfilerVoidEventStub* event) {
  TORCH_CHECK(event != nullptr && *event != nullptr, "the profiler has recorded no NPU event here");
  return *static_cast<const Event*>(event->get());
}

class Stubs final : public ProfilerStubs {
 public:
  bool enabled() const override { return device_count() > 0; }

  void record(c10::DeviceIndex* device, ProfilerVoidEventStub* event,
              int64_t* cpu_ns) const override {
    const Stream stream = current_stream();
    if (device != nullptr) *device = stream.device_index();
    const auto made = std::make_shared<Event>(/*timing=*/true);
    if (cpu_ns != nullptr) *cpu_ns = c10::getTime();
    made->record(stream);
    *event = made;
  }
  // Microseconds.
  float elapsed(const ProfilerVoidEventStub* start,
                const ProfilerVoidEventStub* end) const override {
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
  void mark(const char*) const override {}
  void rangePush(const char*) const override {}
  void rangePop() const override {}
};

const bool registered = [] {
  static Stubs stubs;
  torch::profiler::impl::registerPrivateUse1Methods(&stubs);
  return true;
}();

}  // namespace

}  // namespace npu
