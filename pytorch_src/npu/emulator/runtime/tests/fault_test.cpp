/* The host touches device memory: the process dies and says why. Other faults stay as they were. */
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <functional>

#include "acl_fixture.h"
#include "files.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

namespace {

struct End {
  int status;
  std::string output;
};

/* Sanitizers turn a SIGSEGV into a report and an exit of their own. */
void expect_death_by(int number, const End &end) {
#ifdef SANITIZED
  (void)number;
  EXPECT_NE(end.status, 0);
#else
  EXPECT_TRUE(WIFSIGNALED(end.status) && WTERMSIG(end.status) == number) << end.status;
#endif
}

class Fault : public ::testing::Test {
 protected:
  /* Run in a child; what it wrote to standard error, and how it ended. */
  End run(const std::function<void()> &body) {
    const std::string file = folder / "stderr";
    const pid_t child = fork();
    if (child == 0) {
      const int output = open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
      dup2(output, STDERR_FILENO);
      setenv("ASCEND_EMU_MEMORY", "64M", 1);
      setenv("ASCEND_GLOBAL_LOG_LEVEL", "4", 1);
      body();
      _exit(0);
    }
    End end;
    waitpid(child, &end.status, 0);
    end.output = file_text(file);
    return end;
  }
  Folder folder;
};

char *start_and_allocate(size_t bytes = 64) {
  void *memory = nullptr;
  if (aclInit(nullptr) != ACL_SUCCESS || aclrtSetDevice(0) != ACL_SUCCESS ||
      aclrtMalloc(&memory, bytes, ACL_MEM_MALLOC_HUGE_FIRST) != ACL_SUCCESS) {
    _exit(77);
  }
  return static_cast<char *>(memory);
}

void poke(volatile char *address) { *address = 1; }

TEST_F(Fault, NamesTheBlockAndTheRemedy) {
  const End end = run([] { poke(start_and_allocate(100) + 40); });
  expect_death_by(SIGSEGV, end);
  EXPECT_NE(end.output.find("the host touched device memory"), std::string::npos) << end.output;
  EXPECT_NE(end.output.find("40 bytes into the block of 100 bytes at 0x"), std::string::npos);
  EXPECT_NE(end.output.find("on device 0"), std::string::npos);
  EXPECT_NE(end.output.find("aclrtMemcpy"), std::string::npos);
  EXPECT_NE(end.output.find("ASCEND_EMU_GUARD=0"), std::string::npos);
  EXPECT_EQ(count_of(end.output, "the host touched device memory"), 1u);
}

TEST_F(Fault, FreedMemory) {
  const End end = run([] {
    char *memory = start_and_allocate();
    aclrtFree(memory);
    poke(memory);
  });
  expect_death_by(SIGSEGV, end);
  EXPECT_NE(end.output.find("in a freed block of 64 bytes"), std::string::npos) << end.output;
}

TEST_F(Fault, InACallbackOnAStream) {
  const End end = run([] {
    char *memory = start_and_allocate();
    aclrtLaunchHostFunc(nullptr, [](void *at) { poke(static_cast<char *>(at)); }, memory);
    aclrtSynchronizeStream(nullptr);
  });
  expect_death_by(SIGSEGV, end);
  EXPECT_NE(end.output.find("the host touched device memory"), std::string::npos) << end.output;
}

TEST_F(Fault, WithoutTheGuardNothingHappens) {
  const End end = run([] {
    setenv("ASCEND_EMU_GUARD", "0", 1);
    poke(start_and_allocate());
  });
  EXPECT_EQ(end.status, 0);
  EXPECT_EQ(end.output, "");
}

TEST_F(Fault, FaultsElsewhereAreNotOurs) {
  const End end = run([] {
    start_and_allocate();
    void *page = mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    poke(static_cast<char *>(page));
  });
  expect_death_by(SIGSEGV, end);
  EXPECT_EQ(end.output.find("Ascend emulator"), std::string::npos) << end.output;
}

TEST_F(Fault, ASentSignalStillKills) {
  const End end = run([] {
    start_and_allocate();
    raise(SIGSEGV);
    pause();
  });
  expect_death_by(SIGSEGV, end);
  EXPECT_EQ(end.output.find("Ascend emulator"), std::string::npos) << end.output;
}

TEST_F(Fault, ASentSignalThatWasIgnoredStaysIgnored) {
  const End end = run([] {
    signal(SIGSEGV, SIG_IGN);
    start_and_allocate();
    raise(SIGSEGV);
    raise(SIGSEGV);
  });
  EXPECT_EQ(end.status, 0);
}

/* volatile: set before a fault that the compiler cannot see. */
void *volatile expected_address = nullptr;

void with_info(int number, siginfo_t *info, void *context) {
  _exit(number == SIGSEGV && info->si_addr == expected_address && context != nullptr ? 41 : 1);
}

void without_info(int number) { _exit(number == SIGSEGV ? 42 : 1); }

void take_signal(void (*handler)(int), void (*action)(int, siginfo_t *, void *)) {
  struct sigaction ours;
  std::memset(&ours, 0, sizeof ours);
  if (action != nullptr) {
    ours.sa_sigaction = action;
    ours.sa_flags = SA_SIGINFO;
  } else {
    ours.sa_handler = handler;
  }
  sigaction(SIGSEGV, &ours, nullptr);
}

TEST_F(Fault, HandlersThatWereThereBeforeAreCalled) {
  const auto elsewhere = [] {
    expected_address = mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    poke(static_cast<char *>(expected_address));
  };
  End end = run([&] {
    take_signal(nullptr, with_info);
    start_and_allocate();
    elsewhere();
  });
  EXPECT_EQ(WEXITSTATUS(end.status), 41);
  end = run([&] {
    take_signal(without_info, nullptr);
    start_and_allocate();
    elsewhere();
  });
  EXPECT_EQ(WEXITSTATUS(end.status), 42);
}

TEST_F(Fault, TheyAlsoGetFaultsOnDeviceMemoryAfterTheMessage) {
  const End end = run([] {
    take_signal(nullptr, with_info);
    char *memory = start_and_allocate();
    expected_address = memory;
    poke(memory);
  });
  EXPECT_EQ(WEXITSTATUS(end.status), 41);
  EXPECT_NE(end.output.find("the host touched device memory"), std::string::npos);
}

TEST_F(Fault, TheHandlerSurvivesFinalizeAndInit) {
  const End end = run([] {
    start_and_allocate();
    aclFinalize();
    poke(start_and_allocate());
  });
  expect_death_by(SIGSEGV, end);
  EXPECT_EQ(count_of(end.output, "the host touched device memory"), 1u) << end.output;
}

}  // namespace
