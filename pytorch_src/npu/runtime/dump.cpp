#include "runtime/dump.h"

#include <exception>
#include <mutex>

#include "runtime/acl_error.h"
#include "runtime/device.h"
#include "runtime/stream.h"

namespace npu {

namespace {

std::mutex& dump_mutex() {
  static auto* mutex = new std::mutex;
  return *mutex;
}

// Between init_dump and finalize_dump: AscendCL tells a wrong order by its own names only.
bool going_on = false;

void check_going_on() {
  TORCH_CHECK(going_on, "no dump is going on: torch.npu.init_dump() comes before set_dump() and "
              "finalize_dump()");
}

// Only streams that were used: another device's context is not made for this.
void wait_for_everything() {
  initialize();
  for (c10::DeviceIndex index = 0; index < device_count(); ++index) {
    for_each_stream(index, [](const Stream& stream) { stream.synchronize(); });
  }
}

}  // namespace

void init_dump() {
  std::lock_guard<std::mutex> lock(dump_mutex());
  TORCH_CHECK(!going_on, "a dump is going on: torch.npu.finalize_dump() ends it");
  wait_for_everything();
  NPU_CHECK(aclmdlInitDump());
  going_on = true;
}

void set_dump(const std::string& config) {
  std::lock_guard<std::mutex> lock(dump_mutex());
  check_going_on();
  wait_for_everything();
  NPU_CHECK(aclmdlSetDump(config.c_str()));
}

void finalize_dump() {
  std::lock_guard<std::mutex> lock(dump_mutex());
  check_going_on();
  std::exception_ptr failure;
  try {
    wait_for_everything();
  } catch (const std::exception&) {
    // The dump ends even so.
    failure = std::current_exception();
  }
  going_on = false;
  NPU_CHECK(aclmdlFinalizeDump());
  if (failure) std::rethrow_exception(failure);
}

}  // namespace npu
