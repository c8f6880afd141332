/* Start and end, and what went wrong. */
#include "core/entry.h"
#include "core/init_config.h"

using namespace ascend_emu;

extern "C" {

aclError aclInit(const char *configPath) {
  return entry(__func__, [&] {
    if (!runtime_ready()) apply_init_config(configPath);
    start_runtime();
  });
}

aclError aclFinalize() {
  return entry(__func__, [] {
    stop_runtime();
    end_services();
  });
}

aclError aclFinalizeReference(uint64_t *refCount) {
  return entry(__func__, [&] {
    stop_runtime();
    end_services();
    if (refCount != nullptr) *refCount = 0;
  });
}

const char *aclGetRecentErrMsg() { return take_recent_error(); }

static aclError last_error_of(const char *name, aclrtLastErrLevel level, bool forget) {
  if (level != ACL_RT_THREAD_LEVEL) {
    return remember_error(ACL_ERROR_INVALID_PARAM,
                          format("%s: level %d is not ACL_RT_THREAD_LEVEL", name, level));
  }
  return last_error(forget);
}

aclError aclrtGetLastError(aclrtLastErrLevel level) { return last_error_of(__func__, level, true); }

aclError aclrtPeekAtLastError(aclrtLastErrLevel level) {
  return last_error_of(__func__, level, false);
}

}  // extern "C"
