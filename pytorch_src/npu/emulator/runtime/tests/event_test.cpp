/* Events: order between streams, real times, reuse. */
#include <thread>
#include <vector>

#include "acl_fixture.h"

namespace {

class EventTest : public AclTest {};

void set_flag(void *flag) { *static_cast<std::atomic<int> *>(flag) += 1; }

TEST_F(EventTest, OneStreamWaitsForAnother) {
  aclrtStream first = new_stream(), second = new_stream();
  aclrtEvent event = new_event();
  std::atomic<int> count{0};
  Gate gate;
  gate.close(first);
  ACL_OK(aclrtRecordEvent(event, first));
  ACL_OK(aclrtStreamWaitEvent(second, event));
  ACL_OK(aclrtLaunchHostFunc(second, set_flag, &count));
  ACL_REFUSED(aclrtSynchronizeStreamWithTimeout(second, 30), ACL_ERROR_RT_STREAM_SYNC_TIMEOUT,
              "tasks");
  EXPECT_EQ(count, 0);
  aclrtEventRecordedStatus status = ACL_EVENT_RECORDED_STATUS_COMPLETE;
  ACL_OK(aclrtQueryEventStatus(event, &status));
  EXPECT_EQ(status, ACL_EVENT_RECORDED_STATUS_NOT_READY);
  ACL_REFUSED(aclrtSynchronizeEventWithTimeout(event, 20), ACL_ERROR_RT_EVENT_SYNC_TIMEOUT,
              "within 20 ms");
  gate.open();
  ACL_OK(aclrtSynchronizeStream(second));
  EXPECT_EQ(count, 1);
  ACL_OK(aclrtSynchronizeEvent(event));
  ACL_OK(aclrtQueryEventStatus(event, &status));
  EXPECT_EQ(status, ACL_EVENT_RECORDED_STATUS_COMPLETE);
}

TEST_F(EventTest, AcrossDevices) {
  aclrtStream here = new_stream();
  aclrtEvent event = new_event();
  Gate gate;
  gate.close(here);
  ACL_OK(aclrtRecordEvent(event, here));
  ACL_OK(aclrtSetDevice(1));
  aclrtStream there = new_stream();
  std::atomic<int> count{0};
  ACL_OK(aclrtStreamWaitEvent(there, event));
  ACL_OK(aclrtLaunchHostFunc(there, set_flag, &count));
  gate.open();
  ACL_OK(aclrtSynchronizeStream(there));
  EXPECT_EQ(count, 1);
}

TEST_F(EventTest, TimesAreReal) {
  aclrtStream stream = new_stream();
  aclrtEvent start = new_event(), end = new_event();
  float ms = -1;
  ACL_OK(aclrtRecordEvent(start, stream));
  ACL_OK(aclrtLaunchHostFunc(stream, [](void *) {
    std::this_thread::sleep_for(std::chrono::milliseconds(25));
  }, nullptr));
  ACL_OK(aclrtRecordEvent(end, stream));
  ACL_OK(aclrtSynchronizeStream(stream));
  ACL_OK(aclrtEventElapsedTime(&ms, start, end));
  EXPECT_GE(ms, 25.0f);
  EXPECT_LT(ms, 5000.0f);
  ACL_OK(aclrtEventElapsedTime(&ms, end, start));
  EXPECT_LE(ms, -25.0f);
}

TEST_F(EventTest, TimesOfWhatWasNotReached) {
  aclrtStream stream = new_stream();
  aclrtEvent start = new_event(), end = new_event();
  float ms = -1;
  ACL_REFUSED(aclrtEventElapsedTime(&ms, start, end), ACL_ERROR_RT_EVENT_TIMESTAMP_INVALID,
              "start event was never recorded");
  ACL_OK(aclrtRecordEvent(start, stream));
  ACL_OK(aclrtSynchronizeStream(stream));
  Gate gate;
  gate.close(stream);
  ACL_OK(aclrtRecordEvent(end, stream));
  ACL_REFUSED(aclrtEventElapsedTime(&ms, start, end), ACL_ERROR_RT_EVENT_TIMESTAMP_INVALID,
              "end event is not reached yet");
  gate.open();
  ACL_OK(aclrtSynchronizeStream(stream));
}

/* Whoever waits for the first recording is not held up by the second. */
TEST_F(EventTest, RecordedAgain) {
  aclrtStream first = new_stream(), second = new_stream(), waiter = new_stream();
  aclrtEvent event = new_event();
  Gate gate;
  ACL_OK(aclrtRecordEvent(event, first));
  ACL_OK(aclrtStreamWaitEvent(waiter, event));
  gate.close(second);
  ACL_OK(aclrtRecordEvent(event, second));
  ACL_OK(aclrtSynchronizeStream(waiter));
  aclrtEventStatus status = ACL_EVENT_STATUS_COMPLETE;
  ACL_OK(aclrtQueryEvent(event, &status));
  EXPECT_EQ(status, ACL_EVENT_STATUS_NOT_READY);
  gate.open();
  ACL_OK(aclrtSynchronizeEvent(event));
}

TEST_F(EventTest, NeverRecordedCountsAsReached) {
  aclrtStream stream = new_stream();
  aclrtEvent event = new_event();
  ACL_OK(aclrtStreamWaitEvent(stream, event));
  ACL_OK(aclrtSynchronizeStream(stream));
  ACL_OK(aclrtSynchronizeEvent(event));
  ACL_OK(aclrtRecordEvent(event, stream));
  ACL_OK(aclrtSynchronizeStream(stream));
  ACL_OK(aclrtResetEvent(event, stream));
  uint64_t time = 0;
  ACL_REFUSED(aclrtEventGetTimestamp(event, &time), ACL_ERROR_RT_EVENT_TIMESTAMP_INVALID,
              "never recorded");
}

/* Destroying an event that streams still wait for must not strand them. */
TEST_F(EventTest, DestroyedWhileWaitedFor) {
  aclrtStream first = new_stream(), second = new_stream();
  aclrtEvent event = new_event();
  Gate gate;
  gate.close(first);
  ACL_OK(aclrtRecordEvent(event, first));
  ACL_OK(aclrtStreamWaitEvent(second, event));
  ACL_OK(aclrtDestroyEvent(event));
  ACL_REFUSED(aclrtSynchronizeEvent(event), ACL_ERROR_RT_PARAM_INVALID, "event");
  gate.open();
  ACL_OK(aclrtSynchronizeStream(second));
}

/* A stream that ends without running a recording reaches it all the same. */
TEST_F(EventTest, AbortedRecordingsAreReached) {
  aclrtStream first = new_stream(), second = new_stream();
  aclrtEvent event = new_event();
  Gate gate;
  gate.close(first);
  ACL_OK(aclrtRecordEvent(event, first));
  ACL_OK(aclrtStreamWaitEvent(second, event));
  ACL_OK(aclrtStreamAbort(first));
  ACL_OK(aclrtSynchronizeStream(second));
  gate.open();
  ACL_OK(aclrtSynchronizeStream(first));
}

TEST_F(EventTest, WrongArguments) {
  aclrtEvent event = nullptr;
  ACL_REFUSED(aclrtCreateEventWithFlag(&event, 0x8000), ACL_ERROR_INVALID_PARAM, "0x8000");
  ACL_REFUSED(aclrtCreateEventWithFlag(&event, ACL_EVENT_IPC), ACL_ERROR_API_NOT_SUPPORT,
              "several processes");
  ACL_REFUSED(aclrtRecordEvent(nullptr, nullptr), ACL_ERROR_RT_PARAM_INVALID, "event is null");
  ACL_REFUSED(aclrtCreateEvent(nullptr), ACL_ERROR_INVALID_PARAM, "event is null");
  event = new_event();
  ACL_REFUSED(aclrtQueryEvent(event, nullptr), ACL_ERROR_INVALID_PARAM, "status is null");
}

}  // namespace
