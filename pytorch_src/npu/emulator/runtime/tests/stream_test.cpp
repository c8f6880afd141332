/* Streams: order, asynchrony, failures, handles. */
#include <algorithm>
#include <thread>
#include <vector>

#include "acl_fixture.h"

namespace {

class StreamTest : public AclTest {};

struct Step {
  std::vector<int> *seen;
  int number;
};

void note(void *data) {
  Step *step = static_cast<Step *>(data);
  step->seen->push_back(step->number);
}

TEST_F(StreamTest, TasksRunInOrder) {
  aclrtStream stream = new_stream();
  std::vector<int> seen;
  std::vector<Step> steps;
  for (int i = 0; i < 5000; ++i) steps.push_back(Step{&seen, i}); /* more than the queue takes */
  for (Step &step : steps) ACL_OK(aclrtLaunchHostFunc(stream, note, &step));
  ACL_OK(aclrtSynchronizeStream(stream));
  ASSERT_EQ(seen.size(), steps.size());
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
}

TEST_F(StreamTest, StreamsDoNotWaitForEachOther) {
  aclrtStream held = new_stream(), free = new_stream();
  Gate gate;
  gate.close(held);
  std::vector<int> seen;
  Step step{&seen, 1};
  ACL_OK(aclrtLaunchHostFunc(free, note, &step));
  ACL_OK(aclrtSynchronizeStream(free));
  EXPECT_EQ(seen.size(), 1u);
  aclrtStreamStatus status = ACL_STREAM_STATUS_RESERVED;
  ACL_OK(aclrtStreamQuery(held, &status));
  EXPECT_EQ(status, ACL_STREAM_STATUS_NOT_READY);
  ACL_REFUSED(aclrtSynchronizeStreamWithTimeout(held, 30), ACL_ERROR_RT_STREAM_SYNC_TIMEOUT,
              "after 30 ms");
  ACL_REFUSED(aclrtSynchronizeDeviceWithTimeout(30), ACL_ERROR_RT_STREAM_SYNC_TIMEOUT, "tasks");
  gate.open();
  ACL_OK(aclrtSynchronizeDevice());
  ACL_OK(aclrtStreamQuery(held, &status));
  EXPECT_EQ(status, ACL_STREAM_STATUS_COMPLETE);
}

TEST_F(StreamTest, TheDefaultStreamIsTheContexts) {
  std::vector<int> seen;
  Step step{&seen, 1};
  ACL_OK(aclrtLaunchHostFunc(nullptr, note, &step));
  ACL_OK(aclrtSynchronizeStream(nullptr));
  EXPECT_EQ(seen.size(), 1u);
  int32_t here = -1, there = -1;
  ACL_OK(aclrtStreamGetId(nullptr, &here));
  ACL_OK(aclrtSetDevice(1));
  ACL_OK(aclrtStreamGetId(nullptr, &there));
  EXPECT_NE(here, there);
}

TEST_F(StreamTest, WrongHandles) {
  aclrtStream stream = new_stream();
  aclrtEvent event = new_event();
  int on_the_stack = 0;
  ACL_REFUSED(aclrtSynchronizeStream(&on_the_stack), ACL_ERROR_RT_PARAM_INVALID,
              "is not a stream that this library made");
  ACL_REFUSED(aclrtSynchronizeStream(event), ACL_ERROR_RT_PARAM_INVALID, "is not a stream");
  ACL_OK(aclrtDestroyStream(stream));
  ACL_REFUSED(aclrtSynchronizeStream(stream), ACL_ERROR_RT_PARAM_INVALID, "destroyed before");
  ACL_REFUSED(aclrtDestroyStream(stream), ACL_ERROR_RT_PARAM_INVALID, "destroyed before");
  ACL_REFUSED(aclrtDestroyStream(nullptr), ACL_ERROR_RT_PARAM_INVALID, "stream is null");
  ACL_REFUSED(aclrtCreateStream(nullptr), ACL_ERROR_INVALID_PARAM, "stream is null");
  ACL_REFUSED(aclrtCreateStreamWithConfig(&stream, 8, 0), ACL_ERROR_INVALID_PARAM, "priority 8");
  ACL_REFUSED(aclrtCreateStreamWithConfig(&stream, 0, 0x8000), ACL_ERROR_INVALID_PARAM, "0x8000");
}

TEST_F(StreamTest, AStreamOfAnotherDevice) {
  aclrtStream stream = new_stream();
  ACL_OK(aclrtSetDevice(1));
  ACL_REFUSED(aclrtSynchronizeStream(stream), ACL_ERROR_RT_STREAM_CONTEXT,
              "belongs to device 0, but this thread's context is on device 1");
}

TEST_F(StreamTest, DestroyingWaitsForWhatWasSubmitted) {
  aclrtStream stream = new_stream();
  std::vector<int> seen;
  std::vector<Step> steps;
  for (int i = 0; i < 100; ++i) steps.push_back(Step{&seen, i});
  for (Step &step : steps) ACL_OK(aclrtLaunchHostFunc(stream, note, &step));
  ACL_OK(aclrtDestroyStream(stream));
  EXPECT_EQ(seen.size(), 100u);
}

TEST_F(StreamTest, AbortDropsTheQueue) {
  aclrtStream stream = new_stream();
  std::vector<int> seen;
  Step step{&seen, 1};
  Gate gate;
  gate.close(stream);
  ACL_OK(aclrtLaunchHostFunc(stream, note, &step));
  ACL_OK(aclrtStreamAbort(stream));
  gate.open();
  ACL_OK(aclrtSynchronizeStream(stream));
  EXPECT_TRUE(seen.size() <= 1u);
  seen.clear();
  ACL_OK(aclrtLaunchHostFunc(stream, note, &step)); /* still usable */
  ACL_OK(aclrtSynchronizeStream(stream));
  EXPECT_EQ(seen.size(), 1u);
}

/* A copy whose memory is freed before it runs: the way to a failing task without operators. */
void submit_failing_copy(aclrtStream stream, Gate &gate, void *pinned) {
  void *memory = nullptr;
  ACL_OK(aclrtMalloc(&memory, 64, ACL_MEM_MALLOC_HUGE_FIRST));
  gate.close(stream);
  ACL_OK(aclrtMemcpyAsync(memory, 64, pinned, 64, ACL_MEMCPY_HOST_TO_DEVICE, stream));
  ACL_OK(aclrtFree(memory));
}

TEST_F(StreamTest, FailureModes) {
  void *pinned = nullptr;
  ACL_OK(aclrtMallocHost(&pinned, 64));
  std::vector<int> seen;
  Step step{&seen, 1};
  for (const uint64_t mode : {ACL_CONTINUE_ON_FAILURE, ACL_STOP_ON_FAILURE}) {
    aclrtStream stream = new_stream();
    ACL_OK(aclrtSetStreamFailureMode(stream, mode));
    Gate gate;
    seen.clear();
    submit_failing_copy(stream, gate, pinned);
    ACL_OK(aclrtLaunchHostFunc(stream, note, &step));
    gate.open();
    ACL_REFUSED(aclrtSynchronizeStream(stream), ACL_ERROR_RT_SYS_DMA, "was freed before");
    EXPECT_EQ(seen.size(), mode == ACL_CONTINUE_ON_FAILURE ? 1u : 0u);
    seen.clear();
    ACL_OK(aclrtLaunchHostFunc(stream, note, &step)); /* once told, the stream goes on */
    ACL_OK(aclrtSynchronizeStream(stream));
    EXPECT_EQ(seen.size(), 1u);
  }
  aclrtStream stream = new_stream();
  ACL_REFUSED(aclrtSetStreamFailureMode(stream, 5), ACL_ERROR_INVALID_PARAM, "mode 5");
  ACL_OK(aclrtFreeHost(pinned));
}

TEST_F(StreamTest, Attributes) {
  aclrtStream stream = nullptr;
  uint32_t priority = 0, flags = 0;
  ACL_OK(aclrtCreateStreamWithConfig(&stream, 3, ACL_STREAM_FAST_SYNC));
  ACL_OK(aclrtStreamGetPriority(stream, &priority));
  ACL_OK(aclrtStreamGetFlags(stream, &flags));
  EXPECT_EQ(priority, 3u);
  EXPECT_EQ(flags, ACL_STREAM_FAST_SYNC);
  aclrtStreamAttrValue value = {};
  value.failureMode = ACL_STOP_ON_FAILURE;
  ACL_OK(aclrtSetStreamAttribute(stream, ACL_STREAM_ATTR_FAILURE_MODE, &value));
  value.failureMode = 9;
  ACL_OK(aclrtGetStreamAttribute(stream, ACL_STREAM_ATTR_FAILURE_MODE, &value));
  EXPECT_EQ(value.failureMode, ACL_STOP_ON_FAILURE);
  ACL_REFUSED(aclrtSetStreamAttribute(stream, static_cast<aclrtStreamAttr>(77), &value),
              ACL_ERROR_API_NOT_SUPPORT, "attribute 77");
}

/* A stream may be destroyed from a task of its own. */
TEST_F(StreamTest, DestroyedByItsOwnTask) {
  struct Own {
    aclrtStream stream;
    aclrtContext context;
    std::atomic<bool> done{false};
  } own;
  own.stream = new_stream();
  ACL_OK(aclrtGetCurrentContext(&own.context));
  ACL_OK(aclrtLaunchHostFunc(own.stream, [](void *data) {
    Own *mine = static_cast<Own *>(data);
    aclrtSetCurrentContext(mine->context);
    aclrtDestroyStreamForce(mine->stream);
    mine->done = true;
  }, &own));
  while (!own.done) sched_yield();
  ACL_REFUSED(aclrtSynchronizeStream(own.stream), ACL_ERROR_RT_PARAM_INVALID, "destroyed before");
}

}  // namespace
