/* Many threads, streams, events and devices at once: every byte right, nothing left over. */
#include <cstring>
#include <random>
#include <thread>
#include <vector>

#include "acl_fixture.h"

namespace {

constexpr int kThreads = 8;
constexpr int kDevices = 2;
constexpr int kStreams = 4;
constexpr size_t kBytes = 512;

int rounds() {
  const char *set = std::getenv("EMU_STRESS_ROUNDS");
  return set != nullptr ? std::atoi(set) : 10000;
}

/* One thread's work: a value wanders through device buffers over random streams, ordered only by
   events; every hop is checked at the end of its chain. */
class Wanderer {
 public:
  explicit Wanderer(unsigned seed) : random_(seed) {}

  void run(int total) {
    setup();
    for (int done = 0; done < total && !::testing::Test::HasFailure(); done += kHops) chain();
    for (int device = 0; device < kDevices; ++device) {
      ACL_OK(aclrtSetDevice(device));
      for (aclrtStream stream : streams_[device]) ACL_OK(aclrtDestroyStream(stream));
      for (void *buffer : buffers_[device]) ACL_OK(aclrtFree(buffer));
    }
    for (aclrtEvent event : events_) ACL_OK(aclrtDestroyEvent(event));
    ACL_OK(aclrtFreeHost(pinned_));
  }

 private:
  static constexpr int kHops = 16;

  int pick(int count) { return static_cast<int>(random_() % static_cast<unsigned>(count)); }

  void setup() {
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
    }
    for (int i = 0; i < 6; ++i) {
      aclrtEvent event = nullptr;
      ACL_OK(aclrtCreateEvent(&event));
      events_.push_back(event);
    }
    void *pinned = nullptr;
    ACL_OK(aclrtMallocHost(&pinned, 2 * kBytes));
    pinned_ = static_cast<unsigned char *>(pinned);
  }

  void chain() {
    const unsigned char value = static_cast<unsigned char>(random_());
    std::memset(pinned_, value, kBytes);
    std::memset(pinned_ + kBytes, value + 1, kBytes);
    const void *from = pinned_;
    aclrtStream last = nullptr;
    bool on_device = false;
    for (int hop = 0; hop < kHops; ++hop) {
      const int device = pick(kDevices);
      ACL_OK(aclrtSetDevice(device));
      aclrtStream stream = streams_[device][pick(kStreams)];
      void *to = buffers_[device][pick(kStreams)];
      if (to == from) continue;
      if (last != nullptr && last != stream) ACL_OK(aclrtStreamWaitEvent(stream, event_));
      ACL_OK(aclrtMemcpyAsync(to, kBytes, from, kBytes,
                              on_device ? ACL_MEMCPY_DEVICE_TO_DEVICE : ACL_MEMCPY_HOST_TO_DEVICE,
                              stream));
      event_ = events_[pick(static_cast<int>(events_.size()))];
      ACL_OK(aclrtRecordEvent(event_, stream));
      from = to;
      last = stream;
      on_device = true;
      device_ = device;
    }
    ACL_OK(aclrtSetDevice(device_));
    ACL_OK(aclrtMemcpyAsync(pinned_ + kBytes, kBytes, from, kBytes, ACL_MEMCPY_DEVICE_TO_HOST,
                            last));
    ACL_OK(aclrtSynchronizeStream(last));
    for (size_t i = 0; i < kBytes; ++i) ASSERT_EQ(pinned_[kBytes + i], value) << i;
  }

  std::mt19937 random_;
  std::vector<aclrtStream> streams_[kDevices];
  std::vector<void *> buffers_[kDevices];
  std::vector<aclrtEvent> events_;
  aclrtEvent event_ = nullptr;
  int device_ = 0;
  unsigned char *pinned_ = nullptr;
};

class Stress : public AclTest {};

TEST_F(Stress, CopiesAndEvents) {
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
