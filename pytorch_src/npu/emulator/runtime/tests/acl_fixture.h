/* What the gtests share: a runtime per test, checks that show the text of a failure. */
#ifndef ASCENDTORCH_EMU_ACL_FIXTURE_H_
#define ASCENDTORCH_EMU_ACL_FIXTURE_H_

#include <gtest/gtest.h>
#include <sched.h>

#include <atomic>
#include <cstdlib>
#include <string>

#include "acl/acl.h"

#define ACL_OK(call)                                                   \
  do {                                                                 \
    const aclError code_ = (call);                                     \
    if (code_ != ACL_SUCCESS) {                                        \
      const char *text_ = aclGetRecentErrMsg();                        \
      FAIL() << #call << " = " << code_ << ": " << (text_ ? text_ : ""); \
    }                                                                  \
  } while (0)

/* The call is refused with `code`, and the text says `part`. */
#define ACL_REFUSED(call, code, part)                                                       \
  do {                                                                                      \
    aclGetRecentErrMsg();                                                                   \
    EXPECT_EQ((call), (code)) << #call;                                                     \
    const char *text_ = aclGetRecentErrMsg();                                               \
    EXPECT_NE(std::string(text_ ? text_ : "no text").find(part), std::string::npos) << text_; \
  } while (0)

/* aclInit with device 0 set before each test, aclFinalize after it. */
class AclTest : public ::testing::Test {
 protected:
  void SetUp() override {
    setenv("ASCEND_EMU_MEMORY", "256M", 1);
    setenv("ASCEND_GLOBAL_LOG_LEVEL", "4", 1);
    ACL_OK(aclInit(nullptr));
    ACL_OK(aclrtSetDevice(0));
  }
  void TearDown() override {
    aclFinalize();
    aclGetRecentErrMsg();
    unsetenv("ASCEND_EMU_MEMORY");
  }

  void *device_memory(size_t bytes) {
    void *memory = nullptr;
    EXPECT_EQ(aclrtMalloc(&memory, bytes, ACL_MEM_MALLOC_HUGE_FIRST), ACL_SUCCESS);
    return memory;
  }
  aclrtStream new_stream() {
    aclrtStream stream = nullptr;
    EXPECT_EQ(aclrtCreateStream(&stream), ACL_SUCCESS);
    return stream;
  }
  aclrtEvent new_event() {
    aclrtEvent event = nullptr;
    EXPECT_EQ(aclrtCreateEvent(&event), ACL_SUCCESS);
    return event;
  }
};

/* A gate that keeps a stream busy until it is opened. */
class Gate {
 public:
  void close(aclrtStream stream) {
    ASSERT_EQ(aclrtLaunchHostFunc(stream, &Gate::wait, this), ACL_SUCCESS);
  }
  void open() { open_ = true; }

 private:
  static void wait(void *self) {
    while (!static_cast<Gate *>(self)->open_) sched_yield();
  }
  std::atomic<bool> open_{false};
};

#endif
