/* Events. */
#include "core/entry.h"

using namespace ascend_emu;

namespace {

constexpr uint32_t kKnownFlags = ACL_EVENT_SYNC | ACL_EVENT_CAPTURE_STREAM_PROGRESS |
                                 ACL_EVENT_TIME_LINE | ACL_EVENT_DEVICE_USE_ONLY |
                                 ACL_EVENT_EXTERNAL;
constexpr uint32_t kEvents = 65535;

std::shared_ptr<Event> event_of(aclrtEvent event) {
  return runtime().events.get(event, ACL_ERROR_RT_PARAM_INVALID);
}

aclError create_event(const char *name, aclrtEvent *event, uint32_t flag) {
  return entry(name, [&] {
    need(event, "event");
    runtime().current_context();
    if ((flag & ACL_EVENT_IPC) != 0) {
      refuse(ACL_ERROR_API_NOT_SUPPORT, "events of several processes are not emulated");
    }
    if ((flag & ~kKnownFlags) != 0) {
      refuse(ACL_ERROR_INVALID_PARAM, "flag 0x%x: bits 0x%x are no ACL_EVENT_* flag", flag,
             flag & ~kKnownFlags);
    }
    *event = runtime().create_event(flag);
  });
}

/* Never recorded counts as reached, as for a wait. */
bool reached(const Event &event) {
  const std::shared_ptr<Recording> recording = event.recording();
  return !recording || recording->reached();
}

void synchronize(aclrtEvent event, int32_t timeout) {
  const std::shared_ptr<Event> found = event_of(event);
  const std::shared_ptr<Recording> recording = found->recording();
  if (recording && !recording->wait(timeout)) {
    refuse(ACL_ERROR_RT_EVENT_SYNC_TIMEOUT, "event %u was not reached within %d ms", found->id(),
           timeout);
  }
}

int64_t time_of(aclrtEvent event, const char *what) {
  const std::shared_ptr<Event> found = event_of(event);
  const std::shared_ptr<Recording> recording = found->recording();
  if (!recording) {
    refuse(ACL_ERROR_RT_EVENT_TIMESTAMP_INVALID, "the %s event was never recorded", what);
  }
  if (!recording->reached()) {
    refuse(ACL_ERROR_RT_EVENT_TIMESTAMP_INVALID,
           "the %s event is not reached yet: synchronise it first", what);
  }
  return recording->nanoseconds();
}

}  // namespace

extern "C" {

aclError aclrtCreateEvent(aclrtEvent *event) {
  return create_event(__func__, event, ACL_EVENT_SYNC | ACL_EVENT_TIME_LINE);
}

aclError aclrtCreateEventWithFlag(aclrtEvent *event, uint32_t flag) {
  return create_event(__func__, event, flag);
}

aclError aclrtCreateEventExWithFlag(aclrtEvent *event, uint32_t flag) {
  return create_event(__func__, event, flag);
}

aclError aclrtDestroyEvent(aclrtEvent event) {
  return entry(__func__, [&] { runtime().events.take(event, ACL_ERROR_RT_PARAM_INVALID); });
}

aclError aclrtRecordEvent(aclrtEvent event, aclrtStream stream) {
  return entry(__func__, [&] { event_of(event)->record(*runtime().stream(stream)); });
}

aclError aclrtResetEvent(aclrtEvent event, aclrtStream stream) {
  return entry(__func__, [&] {
    const std::shared_ptr<Event> found = event_of(event);
    runtime().stream(stream);
    found->reset();
  });
}

aclError aclrtQueryEvent(aclrtEvent event, aclrtEventStatus *status) {
  return entry(__func__, [&] {
    need(status, "status");
    *status = reached(*event_of(event)) ? ACL_EVENT_STATUS_COMPLETE : ACL_EVENT_STATUS_NOT_READY;
  });
}

aclError aclrtQueryEventStatus(aclrtEvent event, aclrtEventRecordedStatus *status) {
  return entry(__func__, [&] {
    need(status, "status");
    *status = reached(*event_of(event)) ? ACL_EVENT_RECORDED_STATUS_COMPLETE
                                        : ACL_EVENT_RECORDED_STATUS_NOT_READY;
  });
}

aclError aclrtQueryEventWaitStatus(aclrtEvent event, aclrtEventWaitStatus *status) {
  return entry(__func__, [&] {
    need(status, "status");
    *status = reached(*event_of(event)) ? ACL_EVENT_WAIT_STATUS_COMPLETE
                                        : ACL_EVENT_WAIT_STATUS_NOT_READY;
  });
}

aclError aclrtSynchronizeEvent(aclrtEvent event) {
  return entry(__func__, [&] { synchronize(event, -1); });
}

aclError aclrtSynchronizeEventWithTimeout(aclrtEvent event, int32_t timeout) {
  return entry(__func__, [&] {
    if (timeout < -1) {
      refuse(ACL_ERROR_INVALID_PARAM, "timeout %d: -1 (no limit) or milliseconds are needed",
             timeout);
    }
    synchronize(event, timeout);
  });
}

aclError aclrtEventElapsedTime(float *ms, aclrtEvent startEvent, aclrtEvent endEvent) {
  return entry(__func__, [&] {
    need(ms, "ms");
    const int64_t start = time_of(startEvent, "start");
    const int64_t end = time_of(endEvent, "end");
    *ms = static_cast<float>(end - start) * 1e-6f;
  });
}

aclError aclrtEventGetTimestamp(aclrtEvent event, uint64_t *timestamp) {
  return entry(__func__, [&] {
    need(timestamp, "timestamp");
    *timestamp = static_cast<uint64_t>(time_of(event, "given") / 1000); /* microseconds */
  });
}

aclError aclrtGetEventId(aclrtEvent event, uint32_t *eventId) {
  return entry(__func__, [&] {
    need(eventId, "eventId");
    *eventId = event_of(event)->id();
  });
}

aclError aclrtGetEventAvailNum(uint32_t *eventCount) {
  return entry(__func__, [&] {
    need(eventCount, "eventCount");
    runtime().current_context();
    const size_t used = runtime().events.all().size();
    *eventCount = used < kEvents ? kEvents - static_cast<uint32_t>(used) : 0;
  });
}

}  // extern "C"
