#include "exception_info.h"

#include <atomic>

#include "log.h"
#include "refusal.h"

namespace ascend_emu {

namespace {

std::atomic<aclrtExceptionInfoCallback> told{nullptr};

}  // namespace

void set_exception_callback(aclrtExceptionInfoCallback callback) { told = callback; }

void report_exception(int device, int32_t stream, uint32_t thread, aclError code) {
  const aclrtExceptionInfoCallback callback = told.load();
  if (callback == nullptr) return;
  rtExceptionInfo info = {static_cast<uint32_t>(stream), thread, static_cast<uint32_t>(device),
                          static_cast<uint32_t>(code)};
  try {
    callback(&info);
  } catch (...) {
    EMU_LOG(LogLevel::kError, "RUNTIME", "the exception callback ended with an exception");
  }
}

}  // namespace ascend_emu
