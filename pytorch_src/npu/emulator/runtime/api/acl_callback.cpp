/* Callbacks of the caller: in streams, and for tasks that failed. */
#include "core/entry.h"
#include "core/exception_info.h"
#include "core/report.h"

using namespace ascend_emu;

extern "C" {

aclError aclrtSubscribeReport(uint64_t threadId, aclrtStream stream) {
  return entry(__func__, [&] {
    if (threadId == 0) refuse(ACL_ERROR_RT_PARAM_INVALID, "threadId is 0, not a pthread_t");
    subscribe_report(threadId, runtime().stream(stream));
  });
}

aclError aclrtUnSubscribeReport(uint64_t threadId, aclrtStream stream) {
  return entry(__func__, [&] { unsubscribe_report(threadId, *runtime().stream(stream)); });
}

aclError aclrtLaunchCallback(aclrtCallback fn, void *userData, aclrtCallbackBlockType blockType,
                             aclrtStream stream) {
  return entry(__func__, [&] {
    if (fn == nullptr) refuse(ACL_ERROR_INVALID_PARAM, "fn is null");
    if (blockType != ACL_CALLBACK_NO_BLOCK && blockType != ACL_CALLBACK_BLOCK) {
      refuse(ACL_ERROR_INVALID_PARAM,
             "blockType %d is neither ACL_CALLBACK_NO_BLOCK (0) nor ACL_CALLBACK_BLOCK (1)",
             static_cast<int>(blockType));
    }
    launch_report(runtime().stream(stream), fn, userData, blockType == ACL_CALLBACK_BLOCK);
  });
}

aclError aclrtProcessReport(int32_t timeout) {
  return entry(__func__, [&] {
    runtime();
    if (timeout == 0 || timeout < -1) {
      refuse(ACL_ERROR_INVALID_PARAM,
             "timeout %d: -1 (no limit) or a number of milliseconds above 0 is needed", timeout);
    }
    process_reports(timeout);
  });
}

aclError aclrtLaunchHostFunc(aclrtStream stream, aclrtHostFunc fn, void *args) {
  return entry(__func__, [&] {
    if (fn == nullptr) refuse(ACL_ERROR_INVALID_PARAM, "fn is null");
    Task task;
    task.kind = "callback";
    task.name = "host function";
    task.run = [fn, args] { fn(args); };
    runtime().stream(stream)->submit(std::move(task));
  });
}

aclError aclrtSetExceptionInfoCallback(aclrtExceptionInfoCallback callback) {
  return entry(__func__, [&] { set_exception_callback(callback); });
}

/* Without an info they return what CANN documents for failure. */
static const uint32_t kNoInfo = 0xFFFFFFFFU;

uint32_t aclrtGetStreamIdFromExceptionInfo(const aclrtExceptionInfo *info) {
  return info == nullptr ? kNoInfo : info->stream;
}

uint32_t aclrtGetThreadIdFromExceptionInfo(const aclrtExceptionInfo *info) {
  return info == nullptr ? kNoInfo : info->thread;
}

uint32_t aclrtGetDeviceIdFromExceptionInfo(const aclrtExceptionInfo *info) {
  return info == nullptr ? kNoInfo : info->device;
}

uint32_t aclrtGetErrorCodeFromExceptionInfo(const aclrtExceptionInfo *info) {
  return info == nullptr ? kNoInfo : info->code;
}

}  // extern "C"
