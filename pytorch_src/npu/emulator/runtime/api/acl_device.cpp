/* Devices and contexts. */
#include <unistd.h>

#include <map>
#include <mutex>

#include "core/entry.h"

using namespace ascend_emu;

namespace {

/* aclrt*SysParamOpt: settings that exist only to be read back. */
struct SystemParameters {
  std::mutex mutex;
  std::map<int, int64_t> values;
};

SystemParameters &system_parameters() {
  static SystemParameters only;
  return only;
}

void check_parameter(aclSysParamOpt opt) {
  if (opt < ACL_OPT_DETERMINISTIC || opt > ACL_OPT_STRONG_CONSISTENCY) {
    refuse(ACL_ERROR_INVALID_PARAM, "option %d is not an aclSysParamOpt", opt);
  }
}

void set_parameter(aclSysParamOpt opt, int64_t value) {
  check_parameter(opt);
  if (value != 0 && value != 1) {
    refuse(ACL_ERROR_INVALID_PARAM, "value %lld: 0 or 1 is needed", static_cast<long long>(value));
  }
  std::lock_guard<std::mutex> lock(system_parameters().mutex);
  system_parameters().values[opt] = value;
}

/* False, and `value` is 0, when it was never set. */
bool get_parameter(aclSysParamOpt opt, int64_t *value) {
  need(value, "value");
  check_parameter(opt);
  std::lock_guard<std::mutex> lock(system_parameters().mutex);
  const auto it = system_parameters().values.find(opt);
  const bool known = it != system_parameters().values.end();
  *value = known ? it->second : 0;
  return known;
}

void check_timeout(int32_t timeout) {
  if (timeout < -1) {
    refuse(ACL_ERROR_INVALID_PARAM, "timeout %d: -1 (no limit) or milliseconds are needed",
           timeout);
  }
}

}  // namespace

extern "C" {

aclError aclrtGetDeviceCount(uint32_t *count) {
  return entry(__func__, [&] {
    need(count, "count");
    /* Asked before aclInit by programs that look for a device at all. */
    *count = static_cast<uint32_t>(runtime_ready() ? runtime().config().devices
                                                   : read_config().devices);
  });
}

aclError aclrtSetDevice(int32_t deviceId) {
  return entry(__func__, [&] { runtime().set_device(deviceId); });
}

aclError aclrtResetDevice(int32_t deviceId) {
  return entry(__func__, [&] { runtime().reset_device(deviceId, false); });
}

aclError aclrtResetDeviceForce(int32_t deviceId) {
  return entry(__func__, [&] { runtime().reset_device(deviceId, true); });
}

aclError aclrtGetDevice(int32_t *deviceId) {
  return entry(__func__, [&] {
    need(deviceId, "deviceId");
    *deviceId = runtime().current_context()->device();
  });
}

aclError aclrtGetRunMode(aclrtRunMode *runMode) {
  return entry(__func__, [&] {
    need(runMode, "runMode");
    *runMode = ACL_HOST;
  });
}

aclError aclrtSynchronizeDevice() {
  return entry(__func__, [] {
    runtime().synchronize_device(runtime().current_context()->device());
  });
}

aclError aclrtSynchronizeDeviceWithTimeout(int32_t timeout) {
  return entry(__func__, [&] {
    check_timeout(timeout);
    runtime().synchronize_device(runtime().current_context()->device(), timeout);
  });
}

aclError aclrtQueryDeviceStatus(int32_t deviceId, aclrtDeviceStatus *deviceStatus) {
  return entry(__func__, [&] {
    need(deviceStatus, "deviceStatus");
    runtime().check_device(deviceId);
    *deviceStatus = ACL_RT_DEVICE_STATUS_NORMAL;
  });
}

aclError aclrtDeviceGetBareTgid(int32_t *pid) {
  return entry(__func__, [&] {
    need(pid, "pid");
    *pid = static_cast<int32_t>(getpid());
  });
}

aclError aclrtDeviceGetStreamPriorityRange(int32_t *leastPriority, int32_t *greatestPriority) {
  return entry(__func__, [&] {
    need(leastPriority, "leastPriority");
    need(greatestPriority, "greatestPriority");
    runtime().current_context();
    *leastPriority = 7;
    *greatestPriority = 0;
  });
}

/* ---- One process reaches the memory of every device here, so peer access is always there. */

aclError aclrtDeviceCanAccessPeer(int32_t *canAccessPeer, int32_t deviceId, int32_t peerDeviceId) {
  return entry(__func__, [&] {
    need(canAccessPeer, "canAccessPeer");
    runtime().check_device(deviceId);
    runtime().check_device(peerDeviceId);
    *canAccessPeer = deviceId == peerDeviceId ? 0 : 1;
  });
}

aclError aclrtDeviceEnablePeerAccess(int32_t peerDeviceId, uint32_t flags) {
  return entry(__func__, [&] {
    if (flags != 0) refuse(ACL_ERROR_INVALID_PARAM, "flags %u: 0 is needed", flags);
    runtime().current_context();
    runtime().check_device(peerDeviceId);
  });
}

aclError aclrtDeviceDisablePeerAccess(int32_t peerDeviceId) {
  return entry(__func__, [&] {
    runtime().current_context();
    runtime().check_device(peerDeviceId);
  });
}

aclError aclrtDevicePeerAccessStatus(int32_t deviceId, int32_t peerDeviceId, int32_t *status) {
  return entry(__func__, [&] {
    need(status, "status");
    runtime().check_device(deviceId);
    runtime().check_device(peerDeviceId);
    *status = deviceId == peerDeviceId ? 0 : 1;
  });
}

/* ---- Contexts */

aclError aclrtCreateContext(aclrtContext *context, int32_t deviceId) {
  return entry(__func__, [&] {
    need(context, "context");
    *context = runtime().create_context(deviceId)->handle();
  });
}

aclError aclrtDestroyContext(aclrtContext context) {
  return entry(__func__, [&] { runtime().destroy_context(context); });
}

aclError aclrtSetCurrentContext(aclrtContext context) {
  return entry(__func__, [&] {
    runtime().set_current_context(runtime().contexts.get(context, ACL_ERROR_RT_CONTEXT_NULL));
  });
}

aclError aclrtGetCurrentContext(aclrtContext *context) {
  return entry(__func__, [&] {
    need(context, "context");
    *context = runtime().current_context()->handle();
  });
}

aclError aclrtCtxGetCurrentDefaultStream(aclrtStream *stream) {
  return entry(__func__, [&] {
    need(stream, "stream");
    runtime().current_context();
    *stream = nullptr; /* which means the default stream in every call */
  });
}

aclError aclrtGetPrimaryCtxState(int32_t deviceId, uint32_t *flags, int32_t *active) {
  return entry(__func__, [&] {
    need(active, "active");
    runtime().check_device(deviceId);
    if (flags != nullptr) *flags = 0;
    *active = runtime().primary_context(deviceId) ? 1 : 0;
  });
}

/* ---- Settings */

aclError aclrtCtxGetSysParamOpt(aclSysParamOpt opt, int64_t *value) {
  return entry(__func__, [&] {
    runtime().current_context();
    if (!get_parameter(opt, value)) {
      refuse(ACL_ERROR_RT_SYSPARAMOPT_NOT_SET, "option %d was never set", opt);
    }
  });
}

aclError aclrtCtxSetSysParamOpt(aclSysParamOpt opt, int64_t value) {
  return entry(__func__, [&] {
    runtime().current_context();
    set_parameter(opt, value);
  });
}

/* Documented to give the default, 0, where nothing was set; torch-npu asks before it sets any. */
aclError aclrtGetSysParamOpt(aclSysParamOpt opt, int64_t *value) {
  return entry(__func__, [&] { get_parameter(opt, value); });
}

aclError aclrtSetSysParamOpt(aclSysParamOpt opt, int64_t value) {
  return entry(__func__, [&] { set_parameter(opt, value); });
}

/* Limits on single tasks: tasks run on the host's threads, which nothing can cut short. */
aclError aclrtSetOpWaitTimeout(uint32_t) {
  return entry(__func__, [] { runtime().current_context(); });
}

aclError aclrtSetOpExecuteTimeOut(uint32_t) {
  return entry(__func__, [] { runtime().current_context(); });
}

}  // extern "C"
