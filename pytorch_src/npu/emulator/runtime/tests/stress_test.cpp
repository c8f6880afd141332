/* Many threads, streams, events and devices at once: every byte right, nothing left over. */
#include <algorithm>
#include <random>
#include <thread>
#include <vector>

#include "op_fixture.h"

namespace {

constexpr int kThreads = 8;
constexpr int kDevices = 2;
constexpr int kStreams = 4;
constexpr int64_t kCount = 128;
constexpr size_t kBytes = kCount * sizeof(float);

int rounds() {
  const char *set = std::getenv("EMU_STRESS_ROUNDS");
  return set != nullptr ? std::atoi(set) : 10000;
}

/* One thread's work: a tensor wanders through device buffers over random streams of both devices,
   copied or increased by an operator at every hop, ordered only by events; checked at the end of
   its chain. */
class Wanderer {
 public:
  explicit Wanderer(unsigned seed) : random_(seed) {}

  void run(int total) {
    setup();
    while (hops_ < total && !::testing::Test::HasFailure()) chain();
    for (int device = 0; device < kDevices; ++device) {
      ACL_OK(aclrtSetDevice(device));
      for (aclrtStream stream : streams_[device]) ACL_OK(aclrtDestroyStream(stream));
      for (void *buffer : buffers_[device]) ACL_OK(aclrtFree(buffer));
      ACL_OK(aclrtFree(ones_[device]));
    }
    for (aclrtEvent event : events_) ACL_OK(aclrtDestroyEvent(event));
    ACL_OK(aclrtFreeHost(pinned_));
  }

 private:
  static constexpr int kHops = 16;

  int pick(int count) { return static_cast<int>(random_() % static_cast<unsigned>(count)); }

  void setup() {
    const std::vector<float> ones(kCount, 1.0f);
    for (int device = 0; device < kDevices; ++device) {
      ACL_OK(aclrtSetDevice(device));
      for (int i = 0; i < kStreams; ++i) {
        aclrtStream stream = nullptr;
        void *buffer = nullptr;
        ACL_OK(aclrtCreateStream(&stream));
        ACL_OK(aclrtMalloc(&buffer, kBytes, ACL_MEM_MALLOC_HUGE_FIRST));
        streams_[device].push_back(stream);
        buffers_[device].push_back(buffer);
      }
      ACL_OK(aclrtMalloc(&ones_[device], kBytes, ACL_MEM_MALLOC_HUGE_FIRST));
      ACL_OK(aclrtMemcpy(ones_[device], kBytes, ones.data(), kBytes, ACL_MEMCPY_HOST_TO_DEVICE));
    }
    for (int i = 0; i < 6; ++i) {
      aclrtEvent event = nullptr;
      ACL_OK(aclrtCreateEvent(&event));
      events_.push_back(event);
    }
    void *pinned = nullptr;
    ACL_OK(aclrtMallocHost(&pinned, 2 * kBytes));
    pinned_ = static_cast<float *>(pinned);
  }

  void hop(int device, aclrtStream stream, void *to) {
    if (device == device_ && pick(2) == 0) {
      Call call("Add");
      call.input(const_cast<void *>(from_), {kCount}).input(ones_[device], {kCount});
      ACL_OK(call.output(to, {kCount}).run(stream));
      expected_ += 1;
    } else {
      ACL_OK(aclrtMemcpyAsync(to, kBytes, from_, kBytes,
                              device_ < 0 ? ACL_MEMCPY_HOST_TO_DEVICE : ACL_MEMCPY_DEVICE_TO_DEVICE,
                              stream));
    }
    event_ = events_[static_cast<size_t>(pick(static_cast<int>(events_.size())))];
    ACL_OK(aclrtRecordEvent(event_, stream));
    from_ = to;
    device_ = device;
    ++hops_;
  }

  void chain() {
    expected_ = static_cast<float>(pick(1000));
    std::fill(pinned_, pinned_ + kCount, expected_);
    std::fill(pinned_ + kCount, pinned_ + 2 * kCount, -1.0f);
    from_ = pinned_;
    device_ = -1;
    aclrtStream last = nullptr;
    for (int i = 0; i < kHops; ++i) {
      const int device = pick(kDevices);
      ACL_OK(aclrtSetDevice(device));
      aclrtStream stream = streams_[device][static_cast<size_t>(pick(kStreams))];
      void *to = buffers_[device][static_cast<size_t>(pick(kStreams))];
      if (to == from_) continue;
      if (last != nullptr && last != stream) ACL_OK(aclrtStreamWaitEvent(stream, event_));
      hop(device, stream, to);
      last = stream;
    }
    ACL_OK(aclrtSetDevice(device_));
    ACL_OK(aclrtMemcpyAsync(pinned_ + kCount, kBytes, from_, kBytes, ACL_MEMCPY_DEVICE_TO_HOST,
                            last));
    ACL_OK(aclrtSynchronizeStream(last));
    for (int64_t i = 0; i < kCount; ++i) ASSERT_EQ(pinned_[kCount + i], expected_) << i;
  }

  std::mt19937 random_;
  std::vector<aclrtStream> streams_[kDevices];
  std::vector<void *> buffers_[kDevices];
  void *ones_[kDevices] = {};
  std::vector<aclrtEvent> events_;
  aclrtEvent event_ = nullptr;
  const void *from_ = nullptr;
  int device_ = -1; /* where `from_` is; -1 for the host */
  float expected_ = 0;
  int hops_ = 0;
  float *pinned_ = nullptr;
};

class Stress : public OpTest {};

TEST_F(Stress, OperatorsCopiesAndEvents) {
  for (int device = 0; device < kDevices; ++device) ACL_OK(aclrtSetDevice(device));
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([i] { Wanderer(static_cast<unsigned>(i + 1)).run(rounds()); });
  }
  for (std::thread &thread : threads) thread.join();
  for (int device = 0; device < kDevices; ++device) {
    size_t free = 0, total = 0;
    ACL_OK(aclrtSetDevice(device));
    ACL_OK(aclrtSynchronizeDevice());
    ACL_OK(aclrtGetMemInfo(ACL_HBM_MEM, &free, &total));
    EXPECT_EQ(free, total) << "device " << device << " leaks";
  }
}

/* Allocations and frees from all sides, while copies run. */
TEST_F(Stress, Allocations) {
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([i] {
      std::mt19937 random(static_cast<unsigned>(i));
      ACL_OK(aclrtSetDevice(i % kDevices));
      for (int round = 0; round < rounds() / 20; ++round) {
        void *memory = nullptr;
        const size_t bytes = 1 + random() % 20000;
        ACL_OK(aclrtMalloc(&memory, bytes, ACL_MEM_MALLOC_HUGE_FIRST));
        ACL_OK(aclrtMemset(memory, bytes, i, bytes));
        unsigned char got = 255;
        ACL_OK(aclrtMemcpy(&got, 1, static_cast<char *>(memory) + bytes - 1, 1,
                           ACL_MEMCPY_DEVICE_TO_HOST));
        ASSERT_EQ(got, i);
        ACL_OK(aclrtFree(memory));
      }
    });
  }
  for (std::thread &thread : threads) thread.join();
}

}  // namespace
