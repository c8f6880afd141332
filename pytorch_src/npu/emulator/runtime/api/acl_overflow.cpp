/* Floating-point overflow: how devices compute, and whether it happened. */
#include <array>
#include <cstring>
#include <mutex>

#include "core/entry.h"
#include "core/soc.h"

using namespace ascend_emu;

namespace {

constexpr size_t kStatusBytes = 64;
constexpr int kUnset = -1;

/* aclrtSetDeviceSatMode of each device, until aclFinalize. */
struct Modes {
  std::mutex mutex;
  const Runtime *owner = nullptr;
  std::array<int, 64> of_device;
};

Modes &modes() {
  static Modes *const only = new Modes;
  return *only;
}

int &mode_of(Modes &all, int device) {
  if (all.owner != &runtime()) {
    all.owner = &runtime();
    all.of_device.fill(kUnset);
  }
  return all.of_device[static_cast<size_t>(device)];
}

/* The streams whose state a device's status covers: on A2 and A3, those of the whole process. */
template <class Visit>
void each_stream(int device, Visit &&visit) {
  const bool whole_process = find_soc(runtime().config().soc)->inf_nan;
  for (int other = 0; other < runtime().config().devices; ++other) {
    if (!whole_process && other != device) continue;
    for (const std::shared_ptr<Stream> &stream : runtime().streams_of(other)) visit(*stream);
  }
}

}  // namespace

extern "C" {

aclError aclrtSetDeviceSatMode(aclrtFloatOverflowMode mode) {
  return entry(__func__, [&] {
    if (mode != ACL_RT_OVERFLOW_MODE_SATURATION && mode != ACL_RT_OVERFLOW_MODE_INFNAN) {
      refuse(ACL_ERROR_INVALID_PARAM,
             "mode %d: 0 (ACL_RT_OVERFLOW_MODE_SATURATION) or 1 (ACL_RT_OVERFLOW_MODE_INFNAN) is "
             "needed",
             static_cast<int>(mode));
    }
    const int device = runtime().current_context()->device();
    std::lock_guard<std::mutex> lock(modes().mutex);
    mode_of(modes(), device) = mode;
  });
}

aclError aclrtGetDeviceSatMode(aclrtFloatOverflowMode *mode) {
  return entry(__func__, [&] {
    need(mode, "mode");
    const int device = runtime().current_context()->device();
    std::lock_guard<std::mutex> lock(modes().mutex);
    const int set = mode_of(modes(), device);
    const bool inf_nan = find_soc(runtime().config().soc)->inf_nan;
    *mode = set != kUnset ? static_cast<aclrtFloatOverflowMode>(set)
            : inf_nan     ? ACL_RT_OVERFLOW_MODE_INFNAN
                          : ACL_RT_OVERFLOW_MODE_SATURATION;
  });
}

aclError aclrtGetOverflowStatus(void *outputAddr, size_t outputSize, aclrtStream stream) {
  return entry(__func__, [&] {
    if (outputSize < kStatusBytes) {
      refuse(ACL_ERROR_RT_PARAM_INVALID, "outputSize is %zu: the status has %zu bytes", outputSize,
             kStatusBytes);
    }
    const std::shared_ptr<Stream> on = runtime().stream(stream);
    const int device = on->device();
    const Pin pin = runtime().memory().pin(outputAddr, kStatusBytes, "outputAddr");
    if (runtime().memory().device_of(outputAddr) != device) {
      refuse(ACL_ERROR_RT_PARAM_INVALID, "outputAddr %p lies on device %d, the stream on device %d",
             outputAddr, runtime().memory().device_of(outputAddr), device);
    }
    Task task;
    task.kind = "op";
    task.name = "overflow status";
    task.run = [pin, device] {
      bool seen = false;
      each_stream(device, [&](const Stream &each) { seen = seen || each.overflow_seen(); });
      const uint32_t status[kStatusBytes / sizeof(uint32_t)] = {seen ? 1U : 0U};
      std::memcpy(pin.bytes(), status, kStatusBytes);
    };
    on->submit(std::move(task));
  });
}

aclError aclrtResetOverflowStatus(aclrtStream stream) {
  return entry(__func__, [&] {
    const std::shared_ptr<Stream> on = runtime().stream(stream);
    const int device = on->device();
    Task task;
    task.kind = "op";
    task.name = "reset overflow status";
    task.run = [device] {
      each_stream(device, [](Stream &each) { each.reset_overflow(); });
    };
    on->submit(std::move(task));
  });
}

aclError aclrtSetStreamOverflowSwitch(aclrtStream stream, uint32_t flag) {
  return entry(__func__, [&] {
    if (flag > 1) refuse(ACL_ERROR_INVALID_PARAM, "flag %u: 0 (off) or 1 (on) is needed", flag);
    runtime().stream(stream)->set_overflow_check(flag == 1);
  });
}

aclError aclrtGetStreamOverflowSwitch(aclrtStream stream, uint32_t *flag) {
  return entry(__func__, [&] {
    need(flag, "flag");
    *flag = runtime().stream(stream)->overflow_check() ? 1 : 0;
  });
}

}  // extern "C"
