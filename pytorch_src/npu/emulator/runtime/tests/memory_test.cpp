/* Device memory, copies, and every way to get them wrong. */
#include <cstring>
#include <thread>
#include <vector>

#include "acl_fixture.h"

namespace {

class Memory : public AclTest {};

std::vector<char> pattern(size_t bytes) {
  std::vector<char> made(bytes);
  for (size_t i = 0; i < bytes; ++i) made[i] = static_cast<char>(i * 31 + 7);
  return made;
}

TEST_F(Memory, ThereAndBack) {
  const std::vector<char> sent = pattern(100003);
  std::vector<char> got(sent.size());
  void *first = device_memory(sent.size());
  void *second = device_memory(sent.size());
  ACL_OK(aclrtMemcpy(first, sent.size(), sent.data(), sent.size(), ACL_MEMCPY_HOST_TO_DEVICE));
  ACL_OK(aclrtMemcpy(second, sent.size(), first, sent.size(), ACL_MEMCPY_DEVICE_TO_DEVICE));
  ACL_OK(aclrtMemcpy(got.data(), got.size(), second, got.size(), ACL_MEMCPY_DEVICE_TO_HOST));
  EXPECT_EQ(got, sent);
  ACL_OK(aclrtFree(first));
  ACL_OK(aclrtFree(second));
}

TEST_F(Memory, PartsOfABlock) {
  const std::vector<char> sent = pattern(64);
  std::vector<char> got(16);
  char *memory = static_cast<char *>(device_memory(64));
  ACL_OK(aclrtMemcpy(memory, 64, sent.data(), 64, ACL_MEMCPY_DEFAULT));
  ACL_OK(aclrtMemset(memory + 8, 56, 0x5a, 4));
  ACL_OK(aclrtMemcpy(got.data(), 16, memory + 4, 16, ACL_MEMCPY_DEFAULT));
  EXPECT_EQ(std::memcmp(got.data(), sent.data() + 4, 4), 0);
  EXPECT_EQ(std::memcmp(got.data() + 4, "\x5a\x5a\x5a\x5a", 4), 0);
  EXPECT_EQ(std::memcmp(got.data() + 8, sent.data() + 12, 8), 0);
}

TEST_F(Memory, BetweenDevices) {
  const std::vector<char> sent = pattern(4099);
  std::vector<char> got(sent.size());
  void *here = device_memory(sent.size());
  ACL_OK(aclrtMemcpy(here, sent.size(), sent.data(), sent.size(), ACL_MEMCPY_HOST_TO_DEVICE));
  ACL_OK(aclrtSetDevice(1));
  void *there = device_memory(sent.size());
  ACL_OK(aclrtMemcpy(there, sent.size(), here, sent.size(), ACL_MEMCPY_INTER_DEVICE_TO_DEVICE));
  ACL_OK(aclrtMemcpy(got.data(), got.size(), there, got.size(), ACL_MEMCPY_DEVICE_TO_HOST));
  EXPECT_EQ(got, sent);
  ACL_REFUSED(aclrtMemcpy(there, 8, here, 8, ACL_MEMCPY_INNER_DEVICE_TO_DEVICE),
              ACL_ERROR_RT_PARAM_INVALID, "from device 0 to device 1");
  ACL_REFUSED(aclrtMemcpy(got.data(), 8, here, 8, ACL_MEMCPY_DEVICE_TO_HOST),
              ACL_ERROR_RT_PARAM_INVALID, "memory is on device 0");
}

TEST_F(Memory, Rectangles) {
  const std::vector<char> sent = pattern(5 * 16);
  std::vector<char> got(5 * 8, 0);
  void *memory = device_memory(5 * 32);
  ACL_OK(aclrtMemcpy2d(memory, 32, sent.data(), 16, 7, 5, ACL_MEMCPY_HOST_TO_DEVICE));
  ACL_OK(aclrtMemcpy2d(got.data(), 8, memory, 32, 7, 5, ACL_MEMCPY_DEVICE_TO_HOST));
  for (int row = 0; row < 5; ++row) {
    EXPECT_EQ(std::memcmp(&got[row * 8], &sent[row * 16], 7), 0) << row;
    EXPECT_EQ(got[row * 8 + 7], 0) << row;
  }
  ACL_REFUSED(aclrtMemcpy2d(memory, 6, sent.data(), 16, 7, 5, ACL_MEMCPY_HOST_TO_DEVICE),
              ACL_ERROR_RT_PARAM_INVALID, "width 7");
  ACL_REFUSED(aclrtMemcpy2d(memory, 32, sent.data(), 16, 7, 6, ACL_MEMCPY_HOST_TO_DEVICE),
              ACL_ERROR_RT_PARAM_INVALID, "end past the block");
  ACL_REFUSED(aclrtMemcpy2d(memory, SIZE_MAX / 2, sent.data(), 16, 7, 6, ACL_MEMCPY_HOST_TO_DEVICE),
              ACL_ERROR_RT_PARAM_INVALID, "too large");
}

TEST_F(Memory, OutOfMemory) {
  void *most = device_memory(size_t{200} << 20);
  void *more = nullptr;
  ACL_REFUSED(aclrtMalloc(&more, size_t{100} << 20, ACL_MEM_MALLOC_HUGE_FIRST),
              ACL_ERROR_RT_MEMORY_ALLOCATION, "out of memory on device 0: 104857600 bytes");
  ACL_OK(aclrtSetDevice(1)); /* the budget is each device's own */
  more = device_memory(size_t{100} << 20);
  ACL_OK(aclrtFree(more));
  ACL_OK(aclrtSetDevice(0));
  ACL_OK(aclrtFree(most));
  ACL_OK(aclrtFree(device_memory(size_t{256} << 20)));
}

TEST_F(Memory, Sizes) {
  void *memory = nullptr;
  ACL_REFUSED(aclrtMalloc(&memory, 0, ACL_MEM_MALLOC_HUGE_FIRST), ACL_ERROR_RT_PARAM_INVALID,
              "size of 0");
  ACL_REFUSED(aclrtMalloc(&memory, size_t{1} << 63, ACL_MEM_MALLOC_HUGE_FIRST),
              ACL_ERROR_RT_MEMORY_ALLOCATION, "9223372036854775808 bytes");
  ACL_REFUSED(aclrtMalloc(&memory, SIZE_MAX, ACL_MEM_MALLOC_HUGE_FIRST),
              ACL_ERROR_RT_MEMORY_ALLOCATION, "out of memory");
  ACL_REFUSED(aclrtMalloc(nullptr, 64, ACL_MEM_MALLOC_HUGE_FIRST), ACL_ERROR_INVALID_PARAM,
              "devPtr is null");
  ACL_REFUSED(aclrtMalloc(&memory, 64, static_cast<aclrtMemMallocPolicy>(77)),
              ACL_ERROR_INVALID_PARAM, "policy 0x4d");
  memory = device_memory(64);
  char host[64] = {};
  ACL_REFUSED(aclrtMemcpy(memory, 64, host, 0, ACL_MEMCPY_HOST_TO_DEVICE),
              ACL_ERROR_RT_PARAM_INVALID, "count is 0");
  ACL_REFUSED(aclrtMemcpy(memory, 32, host, 64, ACL_MEMCPY_HOST_TO_DEVICE),
              ACL_ERROR_RT_PARAM_INVALID, "count 64 is more than destMax 32");
  ACL_REFUSED(aclrtMemcpy(memory, 65, host, 65, ACL_MEMCPY_HOST_TO_DEVICE),
              ACL_ERROR_RT_PARAM_INVALID, "end past the block of 64 bytes");
  ACL_REFUSED(aclrtMemcpy(memory, SIZE_MAX, host, size_t{1} << 63, ACL_MEMCPY_HOST_TO_DEVICE),
              ACL_ERROR_RT_PARAM_INVALID, "end past the block");
  ACL_REFUSED(aclrtMemset(memory, 64, 0, 65), ACL_ERROR_RT_PARAM_INVALID, "more than maxCount 64");
}

TEST_F(Memory, HostForDeviceAndBack) {
  char host[64] = {};
  void *memory = device_memory(64);
  ACL_REFUSED(aclrtMemcpy(host, 64, host, 64, ACL_MEMCPY_HOST_TO_DEVICE),
              ACL_ERROR_RT_PARAM_INVALID, "is host memory");
  ACL_REFUSED(aclrtMemcpy(memory, 64, host, 64, ACL_MEMCPY_DEVICE_TO_DEVICE),
              ACL_ERROR_RT_PARAM_INVALID, "src: ");
  ACL_REFUSED(aclrtMemcpy(memory, 64, host, 64, ACL_MEMCPY_HOST_TO_HOST),
              ACL_ERROR_RT_PARAM_INVALID, "the kind of copy says host");
  ACL_REFUSED(aclrtMemcpy(memory, 64, host, 64, static_cast<aclrtMemcpyKind>(42)),
              ACL_ERROR_RT_PARAM_INVALID, "kind 42");
  ACL_REFUSED(aclrtMemcpy(nullptr, 64, host, 64, ACL_MEMCPY_HOST_TO_DEVICE),
              ACL_ERROR_RT_PARAM_INVALID, "dst is null");
  ACL_REFUSED(aclrtFree(host), ACL_ERROR_RT_PARAM_INVALID, "is host memory");
  ACL_REFUSED(aclrtFreeHost(memory), ACL_ERROR_RT_PARAM_INVALID, "aclrtFree frees it");
}

TEST_F(Memory, FreedTwiceAndUsedAfter) {
  char host[64] = {};
  void *memory = device_memory(64);
  char *inside = static_cast<char *>(memory) + 16;
  ACL_REFUSED(aclrtFree(inside), ACL_ERROR_RT_PARAM_INVALID, "16 bytes into the block");
  ACL_OK(aclrtFree(memory));
  ACL_REFUSED(aclrtFree(memory), ACL_ERROR_RT_MEMORY_FREE, "was freed before");
  ACL_REFUSED(aclrtMemcpy(host, 64, memory, 64, ACL_MEMCPY_DEVICE_TO_HOST),
              ACL_ERROR_RT_PARAM_INVALID, "was freed before: it lay in a block of 64 bytes");
  ACL_REFUSED(aclrtFree(nullptr), ACL_ERROR_INVALID_PARAM, "null");
  /* Addresses are not handed out again, so a stale pointer stays wrong. */
  for (int i = 0; i < 100; ++i) {
    void *other = device_memory(64);
    EXPECT_NE(other, memory);
    ACL_OK(aclrtFree(other));
  }
}

TEST_F(Memory, FreedBeforeTheCopyRuns) {
  void *pinned = nullptr;
  ACL_OK(aclrtMallocHost(&pinned, 64));
  void *memory = device_memory(64);
  aclrtStream stream = new_stream();
  Gate gate;
  gate.close(stream);
  ACL_OK(aclrtMemcpyAsync(memory, 64, pinned, 64, ACL_MEMCPY_HOST_TO_DEVICE, stream));
  ACL_OK(aclrtFree(memory));
  gate.open();
  ACL_REFUSED(aclrtSynchronizeStream(stream), ACL_ERROR_RT_SYS_DMA,
              "copy host to device: dst: ");
  ACL_OK(aclrtSynchronizeStream(stream)); /* told once */
  ACL_OK(aclrtFreeHost(pinned));
}

TEST_F(Memory, PinnedCopiesAreAsynchronous) {
  void *pinned = nullptr;
  ACL_OK(aclrtMallocHost(&pinned, 64));
  std::memset(pinned, 3, 64);
  void *memory = device_memory(64);
  ACL_OK(aclrtMemset(memory, 64, 9, 64));
  aclrtStream stream = new_stream();
  Gate gate;
  gate.close(stream);
  ACL_OK(aclrtMemcpyAsync(pinned, 64, memory, 64, ACL_MEMCPY_DEVICE_TO_HOST, stream));
  EXPECT_EQ(static_cast<char *>(pinned)[63], 3);
  gate.open();
  ACL_OK(aclrtSynchronizeStream(stream));
  EXPECT_EQ(static_cast<char *>(pinned)[63], 9);
  ACL_OK(aclrtFreeHost(pinned));
  ACL_REFUSED(aclrtFreeHost(pinned), ACL_ERROR_RT_PARAM_INVALID, "given back before");
}

/* Pageable memory may go after the call: the bytes have moved by then. */
TEST_F(Memory, PageableCopiesAreDoneWhenTheCallReturns) {
  void *memory = device_memory(64);
  aclrtStream stream = new_stream();
  {
    std::vector<char> sent(64, 5);
    ACL_OK(aclrtMemcpyAsync(memory, 64, sent.data(), 64, ACL_MEMCPY_HOST_TO_DEVICE, stream));
    std::fill(sent.begin(), sent.end(), 6);
  }
  char got[64] = {};
  ACL_OK(aclrtMemcpyAsync(got, 64, memory, 64, ACL_MEMCPY_DEVICE_TO_HOST, stream));
  EXPECT_EQ(got[0], 5);
}

TEST_F(Memory, RegisteredHostMemoryIsPinned) {
  std::vector<char> host(4096);
  ACL_OK(aclrtHostRegisterV2(host.data(), host.size(), ACL_HOST_REG_PINNED));
  aclrtPtrAttributes attributes;
  ACL_OK(aclrtPointerGetAttributes(host.data() + 100, &attributes));
  EXPECT_EQ(attributes.location.type, ACL_MEM_LOCATION_TYPE_HOST);
  ACL_REFUSED(aclrtHostRegisterV2(host.data() + 8, 8, ACL_HOST_REG_PINNED),
              ACL_ERROR_HOST_MEMORY_ALREADY_REGISTERED, "pinned in part already");
  ACL_OK(aclrtHostUnregister(host.data()));
  ACL_OK(aclrtPointerGetAttributes(host.data() + 100, &attributes));
  EXPECT_EQ(attributes.location.type, ACL_MEM_LOCATION_TYPE_UNREGISTERED);
  ACL_REFUSED(aclrtHostRegisterV2(host.data(), 8, ACL_HOST_REG_MAPPED), ACL_ERROR_API_NOT_SUPPORT,
              "aclrtHostRegisterV2: not supported");
}

TEST_F(Memory, WhatAnAddressIs) {
  aclrtPtrAttributes attributes;
  void *base = nullptr;
  size_t bytes = 0;
  ACL_OK(aclrtSetDevice(1));
  char *memory = static_cast<char *>(device_memory(1000));
  ACL_OK(aclrtPointerGetAttributes(memory, &attributes));
  EXPECT_EQ(attributes.location.type, ACL_MEM_LOCATION_TYPE_DEVICE);
  EXPECT_EQ(attributes.location.id, 1u);
  ACL_OK(aclrtMemGetAddressRange(memory + 999, &base, &bytes));
  EXPECT_EQ(base, memory);
  EXPECT_EQ(bytes, 1000u);
}

TEST_F(Memory, InfoCountsBytesInUse) {
  size_t before = 0, after = 0, total = 0;
  ACL_OK(aclrtGetMemInfo(ACL_HBM_MEM, &before, &total));
  void *memory = device_memory(1 << 20);
  ACL_OK(aclrtGetMemInfo(ACL_HBM_MEM, &after, &total));
  EXPECT_EQ(before - after, size_t{1} << 20);
  ACL_OK(aclrtFree(memory));
  ACL_OK(aclrtGetMemInfo(ACL_HBM_MEM, &after, &total));
  EXPECT_EQ(before, after);
  ACL_REFUSED(aclrtGetMemInfo(static_cast<aclrtMemAttr>(99), &after, &total),
              ACL_ERROR_INVALID_PARAM, "attr 99");
}

/* 64 GiB of addresses at least; when they are used up, gaps between live blocks are used again. */
TEST_F(Memory, AddressesAreUsedAgainInTheEnd) {
  const size_t bytes = size_t{200} << 20;
  void *kept = device_memory(4096);
  ACL_OK(aclrtMemset(kept, 4096, 6, 4096));
  for (int i = 0; i < 700; ++i) {
    void *memory = nullptr;
    ACL_OK(aclrtMalloc(&memory, bytes, ACL_MEM_MALLOC_HUGE_FIRST));
    ACL_OK(aclrtMemset(static_cast<char *>(memory) + bytes - 1, 1, 1, 1));
    ACL_OK(aclrtFree(memory));
  }
  char got = 0;
  ACL_OK(aclrtMemcpy(&got, 1, static_cast<char *>(kept) + 4095, 1, ACL_MEMCPY_DEVICE_TO_HOST));
  EXPECT_EQ(got, 6);
}

/* A block that is freed while a task uses it stays readable for that task. */
TEST_F(Memory, FreeWhileACopyRuns) {
  const size_t bytes = size_t{64} << 20;
  void *from = device_memory(bytes), *to = device_memory(bytes);
  ACL_OK(aclrtMemset(from, bytes, 7, bytes));
  aclrtStream stream = new_stream();
  for (int round = 0; round < 3; ++round) {
    ACL_OK(aclrtMemcpyAsync(to, bytes, from, bytes, ACL_MEMCPY_DEVICE_TO_DEVICE, stream));
  }
  ACL_OK(aclrtFree(from));
  const aclError code = aclrtSynchronizeStream(stream); /* done, or found it freed: no crash */
  EXPECT_TRUE(code == ACL_SUCCESS || code == ACL_ERROR_RT_SYS_DMA) << code;
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
/* "threadsafe" starts the program anew: a fork alone would have no runtime any more. */
class MemoryDeathTest : public Memory {
 protected:
  void SetUp() override {
    ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
    Memory::SetUp();
  }
};

TEST_F(MemoryDeathTest, TheHostCannotReadDeviceMemory) {
  volatile char *memory = static_cast<volatile char *>(device_memory(100));
  EXPECT_DEATH((void)memory[40], "40 bytes into the block of 100 bytes at 0x.* on device 0");
  EXPECT_DEATH(memory[40] = 1, "aclrtMemcpy");
}

/* Not even while a task works on it: what hardware would not allow either. */
TEST_F(MemoryDeathTest, NorWhileATaskUsesIt) {
  const size_t bytes = size_t{64} << 20;
  volatile char *memory = static_cast<volatile char *>(device_memory(bytes));
  EXPECT_DEATH(
      {
        std::thread([memory, bytes] {
          aclrtSetDevice(0);
          for (;;) aclrtMemset(const_cast<char *>(memory), bytes, 1, bytes);
        }).detach();
        for (int i = 0; i < 1000; ++i) {
          sched_yield();
          (void)memory[i];
        }
      },
      "device memory");
}

TEST_F(MemoryDeathTest, FreedMemoryIsNamedAsFreed) {
  volatile char *memory = static_cast<volatile char *>(device_memory(100));
  ACL_OK(aclrtFree(const_cast<char *>(memory)));
  EXPECT_DEATH((void)memory[0], "freed block of 100 bytes");
}
#endif

TEST(Guard, OffOpensDeviceMemoryToTheHost) {
  setenv("ASCEND_EMU_GUARD", "0", 1);
  ACL_OK(aclInit(nullptr));
  ACL_OK(aclrtSetDevice(0));
  void *memory = nullptr;
  ACL_OK(aclrtMalloc(&memory, 64, ACL_MEM_MALLOC_HUGE_FIRST));
  std::memset(memory, 4, 64);
  char got = 0;
  ACL_OK(aclrtMemcpy(&got, 1, static_cast<char *>(memory) + 63, 1, ACL_MEMCPY_DEVICE_TO_HOST));
  EXPECT_EQ(got, 4);
  ACL_REFUSED(aclrtMemcpy(&got, 1, &got, 1, ACL_MEMCPY_DEVICE_TO_HOST), ACL_ERROR_RT_PARAM_INVALID,
              "is host memory");
  ACL_OK(aclFinalize());
  unsetenv("ASCEND_EMU_GUARD");
}

}  // namespace
