/* ASCEND_EMU_TRACE: what is in the file, and that it can be read whatever happened. */
#include <signal.h>
#include <sys/wait.h>

#include <map>
#include <set>
#include <thread>

#include "core/json.h"
#include "core/refusal.h"
#include "files.h"
#include "op_fixture.h"

using ascend_emu::Json;

namespace {

class Trace : public ::testing::Test {
 protected:
  void SetUp() override {
    setenv("ASCEND_EMU_OPS", FAKE_OPS, 1);
    setenv("ASCEND_GLOBAL_LOG_LEVEL", "4", 1);
    setenv("ASCEND_EMU_MEMORY", "64M", 1);
    setenv("ASCEND_EMU_TRACE", file.c_str(), 1);
  }
  void TearDown() override { unsetenv("ASCEND_EMU_TRACE"); }

  /* The events of the file; it must be whole JSON. */
  std::vector<Json> events() {
    const Json whole = ascend_emu::read_json_file(file);
    EXPECT_NE(whole.find("traceEvents"), nullptr);
    return whole.find("traceEvents")->items;
  }
  std::vector<Json> spans() {
    std::vector<Json> found;
    for (const Json &event : events()) {
      if (event.find("ph")->string == "X") found.push_back(event);
    }
    return found;
  }

  Folder folder;
  const std::string file = folder / "trace.json";
};

void some_work() {
  float values[4] = {1, 2, 3, 4};
  void *memory = nullptr;
  aclrtStream stream = nullptr;
  ACL_OK(aclrtSetDevice(1));
  ACL_OK(aclrtMalloc(&memory, sizeof values, ACL_MEM_MALLOC_HUGE_FIRST));
  ACL_OK(aclrtCreateStream(&stream));
  ACL_OK(aclrtMemcpyAsync(memory, sizeof values, values, sizeof values, ACL_MEMCPY_HOST_TO_DEVICE,
                          stream));
  ACL_OK(Call("Add").input(memory, {4}).input(memory, {4}).output(memory, {4}).run(stream));
  ACL_OK(aclrtLaunchHostFunc(stream, [](void *) {}, nullptr));
  ACL_OK(aclrtSynchronizeStream(stream));
}

TEST_F(Trace, HoldsOperatorsCopiesAndCallbacks) {
  ACL_OK(aclInit(nullptr));
  some_work();
  ACL_OK(aclFinalize());
  std::set<std::string> kinds, names;
  double last = 0;
  for (const Json &span : spans()) {
    kinds.insert(span.find("cat")->string);
    names.insert(span.find("name")->string);
    EXPECT_EQ(span.find("pid")->number, 1);
    EXPECT_GE(span.find("dur")->number, 0);
    EXPECT_GE(span.find("ts")->number, last) << "one stream, one order";
    last = span.find("ts")->number;
    if (span.find("name")->string == "Add") {
      EXPECT_EQ(span.find("args")->find("op")->string, "Add");
    }
  }
  EXPECT_TRUE(kinds.count("op") && kinds.count("copy") && kinds.count("callback"));
  EXPECT_TRUE(names.count("Add"));
  std::map<std::string, std::string> tracks;
  for (const Json &event : events()) {
    if (event.find("ph")->string != "M") continue;
    tracks[event.find("name")->string] = event.find("args")->find("name")->string;
  }
  EXPECT_EQ(tracks["process_name"], "device 1");
  EXPECT_EQ(tracks["thread_name"].substr(0, 7), "stream ");
}

TEST_F(Trace, IsEmptyButWholeWithoutWork) {
  ACL_OK(aclInit(nullptr));
  EXPECT_EQ(events().size(), 0u);
  ACL_OK(aclFinalize());
  EXPECT_EQ(events().size(), 0u);
}

TEST_F(Trace, IsWholeAfterExitWithoutFinalize) {
  fflush(stdout); /* the child may write what is buffered, too */
  const pid_t child = fork();
  if (child == 0) {
    if (aclInit(nullptr) != ACL_SUCCESS) _exit(9);
    some_work();
    std::exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_GE(spans().size(), 3u);
}

TEST_F(Trace, IsWholeAfterAKill) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  fflush(stdout); /* the child may write what is buffered, too */
  const pid_t child = fork();
  if (child == 0) {
    if (aclInit(nullptr) != ACL_SUCCESS) _exit(9);
    if (aclrtSetDevice(0) != ACL_SUCCESS) _exit(9);
    for (int i = 0; i < 20000; ++i) aclrtLaunchHostFunc(nullptr, [](void *) {}, nullptr);
    aclrtSynchronizeStream(nullptr);
    const char done = 'x';
    if (write(ends[1], &done, 1) != 1) _exit(9);
    pause();
  }
  char done = 0;
  ASSERT_EQ(read(ends[0], &done, 1), 1);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  close(ends[0]);
  close(ends[1]);
  /* Only what was still buffered is lost. */
  EXPECT_GT(spans().size(), 10000u);
}

TEST_F(Trace, AForkedChildDoesNotTouchIt) {
  ACL_OK(aclInit(nullptr));
  some_work();
  fflush(stdout); /* the child may write what is buffered, too */
  const pid_t child = fork();
  if (child == 0) std::exit(0);
  waitpid(child, nullptr, 0);
  some_work();
  ACL_OK(aclFinalize());
  size_t adds = 0;
  for (const Json &span : spans()) adds += span.find("name")->string == "Add" ? 1 : 0;
  EXPECT_EQ(adds, 2u);
}

TEST_F(Trace, ManyThreads) {
  ACL_OK(aclInit(nullptr));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      aclrtStream stream = nullptr;
      ACL_OK(aclrtSetDevice(t % 2));
      ACL_OK(aclrtCreateStream(&stream));
      for (int i = 0; i < 2000; ++i) {
        ACL_OK(aclrtLaunchHostFunc(stream, [](void *) {}, nullptr));
      }
      ACL_OK(aclrtSynchronizeStream(stream));
    });
  }
  for (std::thread &thread : threads) thread.join();
  ACL_OK(aclFinalize());
  std::map<std::pair<double, double>, int> counts;
  for (const Json &span : spans()) {
    ++counts[{span.find("pid")->number, span.find("tid")->number}];
  }
  EXPECT_EQ(counts.size(), 4u);
  for (const auto &count : counts) EXPECT_EQ(count.second, 2000);
}

TEST_F(Trace, PercentPIsTheProcess) {
  setenv("ASCEND_EMU_TRACE", (folder / "t%p.json").c_str(), 1);
  ACL_OK(aclInit(nullptr));
  ACL_OK(aclFinalize());
  EXPECT_EQ(files_below(folder.path()),
            std::vector<std::string>{"t" + std::to_string(getpid()) + ".json"});
}

TEST_F(Trace, AFileThatCannotBeWritten) {
  setenv("ASCEND_EMU_TRACE", "/nowhere/trace.json", 1);
  ACL_REFUSED(aclInit(nullptr), ACL_ERROR_INVALID_FILE, "/nowhere/trace.json");
}

}  // namespace
