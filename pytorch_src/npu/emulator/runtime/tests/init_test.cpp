/* Start, end, and everything that is called at the wrong time. */
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "acl_fixture.h"

namespace {

TEST(Init, CallsBeforeInitAreRefused) {
  void *memory = nullptr;
  ACL_REFUSED(aclrtSetDevice(0), ACL_ERROR_UNINITIALIZE, "aclrtSetDevice: called before aclInit");
  ACL_REFUSED(aclrtMalloc(&memory, 64, ACL_MEM_MALLOC_HUGE_FIRST), ACL_ERROR_UNINITIALIZE,
              "before aclInit");
  ACL_REFUSED(aclrtSynchronizeStream(nullptr), ACL_ERROR_UNINITIALIZE, "before aclInit");
  ACL_REFUSED(aclFinalize(), ACL_ERROR_UNINITIALIZE, "before aclInit");
}

TEST(Init, DeviceCountIsKnownBefore) {
  uint32_t count = 0;
  ACL_OK(aclrtGetDeviceCount(&count));
  EXPECT_EQ(count, 2u);
}

TEST(Init, TwiceAndAgainAfterTheEnd) {
  ACL_OK(aclInit(nullptr));
  ACL_REFUSED(aclInit(nullptr), ACL_ERROR_REPEAT_INITIALIZE, "initialised already");
  ACL_OK(aclFinalize());
  ACL_REFUSED(aclFinalize(), ACL_ERROR_REPEAT_FINALIZE, "finalised already");
  ACL_REFUSED(aclrtSetDevice(0), ACL_ERROR_UNINITIALIZE, "after aclFinalize");
  ACL_OK(aclInit(nullptr));
  ACL_OK(aclFinalize());
}

TEST(Init, ContextsAndHandlesOfTheLastRunAreGone) {
  aclrtStream stream = nullptr;
  ACL_OK(aclInit(nullptr));
  ACL_OK(aclrtSetDevice(0));
  ACL_OK(aclrtCreateStream(&stream));
  ACL_OK(aclFinalize());
  ACL_OK(aclInit(nullptr));
  ACL_REFUSED(aclrtSynchronizeStream(stream), ACL_ERROR_RT_CONTEXT_NULL, "destroyed");
  ACL_OK(aclrtSetDevice(0));
  ACL_REFUSED(aclrtSynchronizeStream(stream), ACL_ERROR_RT_PARAM_INVALID, "stream");
  ACL_OK(aclFinalize());
}

TEST(Init, MissingConfigurationFile) {
  ACL_REFUSED(aclInit("/nowhere/acl.json"), ACL_ERROR_INVALID_FILE, "/nowhere/acl.json");
}

struct BadVariable {
  const char *name, *value;
};
class Environment : public ::testing::TestWithParam<BadVariable> {};

TEST_P(Environment, BadValuesAreNamed) {
  setenv(GetParam().name, GetParam().value, 1);
  ACL_REFUSED(aclInit(nullptr), ACL_ERROR_INVALID_PARAM,
              std::string(GetParam().name) + "=" + GetParam().value);
  unsetenv(GetParam().name);
}

INSTANTIATE_TEST_SUITE_P(All, Environment,
    ::testing::Values(BadVariable{"ASCEND_EMU_DEVICES", "0"},
                      BadVariable{"ASCEND_EMU_DEVICES", "two"},
                      BadVariable{"ASCEND_EMU_DEVICES", "65"},
                      BadVariable{"ASCEND_EMU_MEMORY", "-1"},
                      BadVariable{"ASCEND_EMU_MEMORY", "4X"},
                      BadVariable{"ASCEND_EMU_MEMORY", "nan"},
                      BadVariable{"ASCEND_EMU_MEMORY", "99999999T"},
                      BadVariable{"ASCEND_EMU_GUARD", "yes"},
                      BadVariable{"ASCEND_EMU_SOC", "Ascend1"},
                      BadVariable{"ASCEND_GLOBAL_LOG_LEVEL", "9"}));

TEST(Init, RecentErrorIsGivenOnceAndIsTheThreads) {
  aclGetRecentErrMsg();
  EXPECT_EQ(aclrtSetDevice(0), ACL_ERROR_UNINITIALIZE);
  std::thread([] { EXPECT_EQ(aclGetRecentErrMsg(), nullptr); }).join();
  const char *text = aclGetRecentErrMsg();
  ASSERT_NE(text, nullptr);
  EXPECT_NE(std::string(text).find("100001"), std::string::npos) << text;
  EXPECT_EQ(aclGetRecentErrMsg(), nullptr);
  EXPECT_EQ(aclrtPeekAtLastError(ACL_RT_THREAD_LEVEL), ACL_ERROR_UNINITIALIZE);
  EXPECT_EQ(aclrtGetLastError(ACL_RT_THREAD_LEVEL), ACL_ERROR_UNINITIALIZE);
  EXPECT_EQ(aclrtGetLastError(ACL_RT_THREAD_LEVEL), ACL_SUCCESS);
}

/* The parent has worker threads; the child must get codes, not hang or crash. */
TEST(Init, ForkAfterInit) {
  ACL_OK(aclInit(nullptr));
  ACL_OK(aclrtSetDevice(0));
  aclrtStream stream = nullptr;
  ACL_OK(aclrtCreateStream(&stream));
  void *memory = nullptr;
  ACL_OK(aclrtMalloc(&memory, 4096, ACL_MEM_MALLOC_HUGE_FIRST));
  ACL_OK(aclrtMemsetAsync(memory, 4096, 1, 4096, stream));
  ACL_OK(aclrtSynchronizeStream(stream));
  const pid_t child = fork();
  if (child == 0) {
    int wrong = 0;
    wrong += aclrtMemsetAsync(memory, 4096, 1, 4096, stream) != ACL_ERROR_UNINITIALIZE;
    const char *text = aclGetRecentErrMsg();
    wrong += text == nullptr || std::string(text).find("fork") == std::string::npos;
    wrong += aclrtSynchronizeStream(stream) != ACL_ERROR_UNINITIALIZE;
    wrong += aclInit(nullptr) != ACL_ERROR_UNINITIALIZE;
    wrong += aclFinalize() != ACL_ERROR_UNINITIALIZE;
#ifdef __SANITIZE_ADDRESS__
    _exit(wrong); /* what the parent's threads hold would be called leaked here */
#else
    std::exit(wrong); /* with atexit handlers, which must not wait for the parent's workers */
#endif
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  ACL_OK(aclrtMemsetAsync(memory, 4096, 2, 4096, stream));
  ACL_OK(aclrtSynchronizeStream(stream));
  ACL_OK(aclFinalize());
}

}  // namespace
