/* Callbacks: their thread, their order, who waits for whom, and what goes wrong. */
#include <pthread.h>
#include <unistd.h>

#include <chrono>
#include <thread>
#include <vector>

#include "acl_fixture.h"

namespace {

uint64_t id_of(std::thread &thread) { return static_cast<uint64_t>(thread.native_handle()); }

/* A thread that serves callbacks until it is told to stop. */
class Server {
 public:
  Server() {
    thread_ = std::thread([this] {
      while (!go_) sched_yield();
      while (!stop_) {
        const aclError code = aclrtProcessReport(100);
        if (code == ACL_SUCCESS) ++served_;
      }
    });
  }
  ~Server() {
    go_ = true;
    stop_ = true;
    thread_.join();
  }
  uint64_t id() { return id_of(thread_); }
  void start() { go_ = true; }
  int served() const { return served_; }

 private:
  std::atomic<bool> go_{false}, stop_{false};
  std::atomic<int> served_{0};
  std::thread thread_;
};

class Callback : public AclTest {};

struct Note {
  std::vector<int> *order;
  int value;
  std::thread::id *thread;
};

void note(void *data) {
  const Note *what = static_cast<const Note *>(data);
  what->order->push_back(what->value);
  if (what->thread != nullptr) *what->thread = std::this_thread::get_id();
}

TEST_F(Callback, RunOnTheSubscribedThreadInOrder) {
  Server server;
  aclrtStream stream = new_stream();
  ACL_OK(aclrtSubscribeReport(server.id(), stream));
  server.start();
  std::vector<int> order;
  std::thread::id thread;
  std::vector<Note> notes;
  for (int i = 0; i < 100; ++i) notes.push_back(Note{&order, i, &thread});
  for (Note &each : notes) {
    ACL_OK(aclrtLaunchCallback(note, &each, ACL_CALLBACK_BLOCK, stream));
  }
  ACL_OK(aclrtSynchronizeStream(stream));
  ASSERT_EQ(order.size(), 100u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(order[static_cast<size_t>(i)], i);
  EXPECT_NE(thread, std::this_thread::get_id());
  ACL_OK(aclrtUnSubscribeReport(server.id(), stream));
  ACL_OK(aclrtDestroyStream(stream));
}

TEST_F(Callback, ABlockingOneHoldsTheStream) {
  Server server; /* not started: nobody serves yet */
  aclrtStream stream = new_stream();
  ACL_OK(aclrtSubscribeReport(server.id(), stream));
  std::vector<int> order;
  Note first{&order, 1, nullptr}, second{&order, 2, nullptr};
  ACL_OK(aclrtLaunchCallback(note, &first, ACL_CALLBACK_BLOCK, stream));
  ACL_OK(aclrtLaunchHostFunc(stream, note, &second));
  ACL_REFUSED(aclrtSynchronizeStreamWithTimeout(stream, 100), ACL_ERROR_RT_STREAM_SYNC_TIMEOUT,
              "tasks");
  EXPECT_TRUE(order.empty());
  server.start();
  ACL_OK(aclrtSynchronizeStream(stream));
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
  ACL_OK(aclrtUnSubscribeReport(server.id(), stream));
}

TEST_F(Callback, ANonBlockingOneDoesNot) {
  Server server;
  aclrtStream stream = new_stream();
  ACL_OK(aclrtSubscribeReport(server.id(), stream));
  std::vector<int> order;
  Note first{&order, 1, nullptr}, second{&order, 2, nullptr};
  ACL_OK(aclrtLaunchCallback(note, &first, ACL_CALLBACK_NO_BLOCK, stream));
  ACL_OK(aclrtLaunchHostFunc(stream, note, &second));
  ACL_OK(aclrtSynchronizeStream(stream));
  EXPECT_EQ(order, std::vector<int>{2});
  server.start();
  while (server.served() == 0) sched_yield();
  EXPECT_EQ(order, (std::vector<int>{2, 1}));
  ACL_OK(aclrtUnSubscribeReport(server.id(), stream));
}

TEST_F(Callback, OneThreadServesManyStreams) {
  Server server;
  std::vector<aclrtStream> streams;
  std::atomic<int> count{0};
  for (int i = 0; i < 4; ++i) {
    streams.push_back(new_stream());
    ACL_OK(aclrtSubscribeReport(server.id(), streams.back()));
  }
  server.start();
  for (int i = 0; i < 400; ++i) {
    ACL_OK(aclrtLaunchCallback([](void *n) { ++*static_cast<std::atomic<int> *>(n); }, &count,
                               i % 2 ? ACL_CALLBACK_BLOCK : ACL_CALLBACK_NO_BLOCK,
                               streams[static_cast<size_t>(i % 4)]));
  }
  for (aclrtStream stream : streams) ACL_OK(aclrtSynchronizeStream(stream));
  for (int i = 0; i < 1000 && count < 400; ++i) usleep(1000);
  EXPECT_EQ(count, 400);
  for (aclrtStream stream : streams) ACL_OK(aclrtUnSubscribeReport(server.id(), stream));
}

TEST_F(Callback, WithoutASubscription) {
  aclrtStream stream = new_stream();
  ACL_REFUSED(aclrtLaunchCallback([](void *) {}, nullptr, ACL_CALLBACK_BLOCK, stream),
              ACL_ERROR_RT_STREAM_NO_CB_REG, "aclrtSubscribeReport comes first");
  ACL_REFUSED(aclrtProcessReport(10), ACL_ERROR_RT_THREAD_SUBSCRIBE, "serves no stream");
  ACL_REFUSED(aclrtUnSubscribeReport(1, stream), ACL_ERROR_RT_STREAM_SUBSCRIBE, "no thread");
}

TEST_F(Callback, WrongSubscriptions) {
  aclrtStream stream = new_stream();
  ACL_REFUSED(aclrtSubscribeReport(0, stream), ACL_ERROR_RT_PARAM_INVALID, "threadId is 0");
  ACL_OK(aclrtSubscribeReport(5, stream));
  ACL_REFUSED(aclrtSubscribeReport(6, stream), ACL_ERROR_RT_STREAM_SUBSCRIBE, "thread 5");
  ACL_REFUSED(aclrtUnSubscribeReport(6, stream), ACL_ERROR_RT_THREAD_SUBSCRIBE, "thread 5");
  ACL_OK(aclrtUnSubscribeReport(5, stream));
  ACL_REFUSED(aclrtSubscribeReport(5, reinterpret_cast<aclrtStream>(1)),
              ACL_ERROR_RT_PARAM_INVALID, "not a stream");
}

TEST_F(Callback, BadArguments) {
  aclrtStream stream = new_stream();
  ACL_REFUSED(aclrtLaunchCallback(nullptr, nullptr, ACL_CALLBACK_BLOCK, stream),
              ACL_ERROR_INVALID_PARAM, "fn is null");
  ACL_REFUSED(aclrtLaunchCallback([](void *) {}, nullptr, static_cast<aclrtCallbackBlockType>(2),
                                  stream),
              ACL_ERROR_INVALID_PARAM, "blockType 2");
  ACL_REFUSED(aclrtLaunchHostFunc(stream, nullptr, nullptr), ACL_ERROR_INVALID_PARAM, "fn is null");
  ACL_REFUSED(aclrtProcessReport(0), ACL_ERROR_INVALID_PARAM, "timeout 0");
  ACL_REFUSED(aclrtProcessReport(-2), ACL_ERROR_INVALID_PARAM, "timeout -2");
}

TEST_F(Callback, NothingCame) {
  const uint64_t self = static_cast<uint64_t>(pthread_self());
  aclrtStream stream = new_stream();
  ACL_OK(aclrtSubscribeReport(self, stream));
  const auto start = std::chrono::steady_clock::now();
  ACL_REFUSED(aclrtProcessReport(50), ACL_ERROR_RT_REPORT_TIMEOUT, "within 50 ms");
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(50));
  ACL_OK(aclrtUnSubscribeReport(self, stream));
}

TEST_F(Callback, UnsubscribingWakesWhoWaits) {
  std::atomic<bool> waiting{false};
  std::atomic<aclError> code{-1};
  std::thread thread([&] {
    while (!waiting) sched_yield();
    code = aclrtProcessReport(-1);
  });
  const uint64_t id = id_of(thread);
  aclrtStream stream = new_stream();
  ACL_OK(aclrtSubscribeReport(id, stream));
  waiting = true;
  usleep(20000);
  ACL_OK(aclrtUnSubscribeReport(id, stream));
  thread.join();
  EXPECT_EQ(code, ACL_ERROR_RT_THREAD_SUBSCRIBE);
}

TEST_F(Callback, ABlockingOneThatNobodyServesFailsWhenTheSubscriptionEnds) {
  aclrtStream stream = new_stream();
  ACL_OK(aclrtSubscribeReport(7, stream));
  ACL_OK(aclrtLaunchCallback([](void *) {}, nullptr, ACL_CALLBACK_BLOCK, stream));
  usleep(20000);
  ACL_OK(aclrtUnSubscribeReport(7, stream));
  ACL_REFUSED(aclrtSynchronizeStream(stream), ACL_ERROR_RT_STREAM_NO_CB_REG, "unsubscribed");
}

TEST_F(Callback, ABlockingOneThatNobodyServesDoesNotHangTheEnd) {
  aclrtStream stream = new_stream();
  ACL_OK(aclrtSubscribeReport(7, stream));
  ACL_OK(aclrtLaunchCallback([](void *) {}, nullptr, ACL_CALLBACK_BLOCK, stream));
  usleep(20000);
  ACL_OK(aclFinalize());
}

TEST_F(Callback, AnExceptionStaysInTheCallback) {
  const uint64_t self = static_cast<uint64_t>(pthread_self());
  aclrtStream stream = new_stream();
  std::vector<int> order;
  Note after{&order, 1, nullptr};
  ACL_OK(aclrtSubscribeReport(self, stream));
  ACL_OK(aclrtLaunchCallback([](void *) { throw 1; }, nullptr, ACL_CALLBACK_NO_BLOCK, stream));
  ACL_OK(aclrtLaunchCallback(note, &after, ACL_CALLBACK_NO_BLOCK, stream));
  ACL_OK(aclrtSynchronizeStream(stream));
  while (order.empty()) ACL_OK(aclrtProcessReport(1000));
  ACL_OK(aclrtUnSubscribeReport(self, stream));
}

struct Seen {
  std::atomic<int> count{0};
  uint32_t stream = 0, device = 9, code = 0;
} seen;

TEST_F(Callback, FailedTasksAreTold) {
  aclrtStream stream = new_stream();
  int32_t id = -1;
  ACL_OK(aclrtStreamGetId(stream, &id));
  ACL_OK(aclrtSetExceptionInfoCallback([](aclrtExceptionInfo *info) {
    seen.stream = aclrtGetStreamIdFromExceptionInfo(info);
    seen.device = aclrtGetDeviceIdFromExceptionInfo(info);
    seen.code = aclrtGetErrorCodeFromExceptionInfo(info);
    ++seen.count;
  }));
  /* A blocking callback whose thread goes away is a task that fails. */
  ACL_OK(aclrtSubscribeReport(7, stream));
  ACL_OK(aclrtLaunchCallback([](void *) {}, nullptr, ACL_CALLBACK_BLOCK, stream));
  usleep(20000);
  ACL_OK(aclrtUnSubscribeReport(7, stream));
  EXPECT_NE(aclrtSynchronizeStream(stream), ACL_SUCCESS);
  EXPECT_EQ(seen.count, 1);
  EXPECT_EQ(seen.stream, static_cast<uint32_t>(id));
  EXPECT_EQ(seen.device, 0u);
  EXPECT_EQ(seen.code, static_cast<uint32_t>(ACL_ERROR_RT_STREAM_NO_CB_REG));
  ACL_OK(aclrtSetExceptionInfoCallback(nullptr));
  EXPECT_EQ(aclrtGetStreamIdFromExceptionInfo(nullptr), 0xFFFFFFFFu);
  EXPECT_EQ(aclrtGetThreadIdFromExceptionInfo(nullptr), 0xFFFFFFFFu);
}

}  // namespace
