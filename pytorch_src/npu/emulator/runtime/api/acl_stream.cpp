/* Streams. */
#include "core/entry.h"

using namespace ascend_emu;

namespace {

constexpr uint32_t kLeastPriority = 7;
constexpr uint32_t kKnownFlags = ACL_STREAM_FAST_LAUNCH | ACL_STREAM_FAST_SYNC |
                                 ACL_STREAM_PERSISTENT | ACL_STREAM_HUGE | ACL_STREAM_CPU_SCHEDULE |
                                 ACL_STREAM_DEVICE_USE_ONLY;
/* What a device of the emulated kind has; the emulator itself has no limit but threads. */
constexpr uint32_t kStreams = 1984;

void check_timeout(int32_t timeout) {
  if (timeout < -1) {
    refuse(ACL_ERROR_INVALID_PARAM, "timeout %d: -1 (no limit) or milliseconds are needed",
           timeout);
  }
}

void wait_event(aclrtStream stream, aclrtEvent event) {
  const std::shared_ptr<Event> found = runtime().events.get(event, ACL_ERROR_RT_PARAM_INVALID);
  const std::shared_ptr<Stream> waiter = runtime().stream(stream);
  /* Waiting for an event that was never recorded ends at once. */
  if (std::shared_ptr<Recording> recording = found->recording()) waiter->wait(recording);
}

void check_failure_mode(uint64_t mode) {
  if (mode != ACL_CONTINUE_ON_FAILURE && mode != ACL_STOP_ON_FAILURE) {
    refuse(ACL_ERROR_INVALID_PARAM,
           "mode %llu: ACL_CONTINUE_ON_FAILURE (0) or ACL_STOP_ON_FAILURE (1) is needed",
           static_cast<unsigned long long>(mode));
  }
}

}  // namespace

extern "C" {

aclError aclrtCreateStream(aclrtStream *stream) {
  return entry(__func__, [&] {
    need(stream, "stream");
    *stream = runtime().create_stream(0, 0);
  });
}

aclError aclrtCreateStreamWithConfig(aclrtStream *stream, uint32_t priority, uint32_t flag) {
  return entry(__func__, [&] {
    need(stream, "stream");
    if (priority > kLeastPriority) {
      refuse(ACL_ERROR_INVALID_PARAM, "priority %u: 0 (first) to %u are there", priority,
             kLeastPriority);
    }
    if ((flag & ~kKnownFlags) != 0) {
      refuse(ACL_ERROR_INVALID_PARAM, "flag 0x%x: bits 0x%x are no ACL_STREAM_* flag", flag,
             flag & ~kKnownFlags);
    }
    *stream = runtime().create_stream(priority, flag);
  });
}

aclError aclrtDestroyStream(aclrtStream stream) {
  return entry(__func__, [&] { runtime().destroy_stream(stream, false); });
}

aclError aclrtDestroyStreamForce(aclrtStream stream) {
  return entry(__func__, [&] { runtime().destroy_stream(stream, true); });
}

aclError aclrtSynchronizeStream(aclrtStream stream) {
  return entry(__func__, [&] { runtime().stream(stream)->synchronize(); });
}

aclError aclrtSynchronizeStreamWithTimeout(aclrtStream stream, int32_t timeout) {
  return entry(__func__, [&] {
    check_timeout(timeout);
    runtime().stream(stream)->synchronize(timeout);
  });
}

aclError aclrtStreamQuery(aclrtStream stream, aclrtStreamStatus *status) {
  return entry(__func__, [&] {
    need(status, "status");
    *status = runtime().stream(stream)->idle() ? ACL_STREAM_STATUS_COMPLETE
                                               : ACL_STREAM_STATUS_NOT_READY;
  });
}

aclError aclrtStreamGetId(aclrtStream stream, int32_t *streamId) {
  return entry(__func__, [&] {
    need(streamId, "streamId");
    *streamId = runtime().stream(stream)->id();
  });
}

aclError aclrtStreamGetPriority(aclrtStream stream, uint32_t *priority) {
  return entry(__func__, [&] {
    need(priority, "priority");
    *priority = runtime().stream(stream)->priority();
  });
}

aclError aclrtStreamGetFlags(aclrtStream stream, uint32_t *flags) {
  return entry(__func__, [&] {
    need(flags, "flags");
    *flags = runtime().stream(stream)->flags();
  });
}

aclError aclrtStreamWaitEvent(aclrtStream stream, aclrtEvent event) {
  return entry(__func__, [&] { wait_event(stream, event); });
}

aclError aclrtStreamWaitEventWithTimeout(aclrtStream stream, aclrtEvent event, int32_t timeout) {
  return entry(__func__, [&] {
    check_timeout(timeout);
    wait_event(stream, event);
  });
}

aclError aclrtStreamAbort(aclrtStream stream) {
  return entry(__func__, [&] { runtime().stream(stream)->abort(); });
}

aclError aclrtSetStreamFailureMode(aclrtStream stream, uint64_t mode) {
  return entry(__func__, [&] {
    check_failure_mode(mode);
    runtime().stream(stream)->set_failure_mode(mode);
  });
}

aclError aclrtSetStreamAttribute(aclrtStream stream, aclrtStreamAttr stmAttrType,
    aclrtStreamAttrValue *value) {
  return entry(__func__, [&] {
    need(value, "value");
    const std::shared_ptr<Stream> found = runtime().stream(stream);
    switch (stmAttrType) {
      case ACL_STREAM_ATTR_FAILURE_MODE:
        check_failure_mode(value->failureMode);
        found->set_failure_mode(value->failureMode);
        return;
      case ACL_STREAM_ATTR_FLOAT_OVERFLOW_CHECK:
        found->set_overflow_check(value->overflowSwitch != 0);
        return;
      default:
        refuse(ACL_ERROR_API_NOT_SUPPORT, "attribute %d cannot be set on the emulator",
               stmAttrType);
    }
  });
}

aclError aclrtGetStreamAttribute(aclrtStream stream, aclrtStreamAttr stmAttrType,
    aclrtStreamAttrValue *value) {
  return entry(__func__, [&] {
    need(value, "value");
    const std::shared_ptr<Stream> found = runtime().stream(stream);
    switch (stmAttrType) {
      case ACL_STREAM_ATTR_FAILURE_MODE:
        value->failureMode = found->failure_mode();
        return;
      case ACL_STREAM_ATTR_FLOAT_OVERFLOW_CHECK:
        value->overflowSwitch = found->overflow_check() ? 1 : 0;
        return;
      case ACL_STREAM_ATTR_PRIORITY:
        value->streamPriority = found->priority();
        return;
      default:
        refuse(ACL_ERROR_API_NOT_SUPPORT, "attribute %d is not kept by the emulator", stmAttrType);
    }
  });
}

aclError aclrtGetStreamAvailableNum(uint32_t *streamCount) {
  return entry(__func__, [&] {
    need(streamCount, "streamCount");
    const size_t used = runtime().streams_of(runtime().current_context()->device()).size();
    *streamCount = used < kStreams ? kStreams - static_cast<uint32_t>(used) : 0;
  });
}

}  // extern "C"
