/* Profiling: its states, what its trace holds, what a framework reports to it. */
#include <sys/wait.h>

#include <cstring>
#include <set>

#include "core/json.h"
#include "core/refusal.h"
#include "files.h"
#include "op_fixture.h"
#include "profiling/aprof_pub.h"

using ascend_emu::Json;

namespace {

class Profiling : public OpTest {
 protected:
  void TearDown() override {
    aclprofFinalize();
    OpTest::TearDown();
  }

  aclError init() { return aclprofInit(folder.path().c_str(), folder.path().size()); }
  aclprofConfig *config(std::vector<uint32_t> devices, uint64_t data = ACL_PROF_TASK_TIME) {
    return aclprofCreateConfig(devices.data(), static_cast<uint32_t>(devices.size()),
                               ACL_AICORE_NONE, nullptr, data);
  }
  void work() {
    void *memory = device_memory(16);
    ACL_OK(Call("Add").input(memory, {4}).input(memory, {4}).output(memory, {4}).run());
    ACL_OK(aclrtSynchronizeStream(nullptr));
  }
  /* Names of the spans of each category, of every trace there is. */
  std::set<std::string> names(const std::string &kind) {
    std::set<std::string> found;
    for (const std::string &file : files_below(folder.path())) {
      const Json whole = ascend_emu::read_json_file(folder / file);
      for (const Json &event : whole.find("traceEvents")->items) {
        const Json *category = event.find("cat");
        if (category != nullptr && category->string == kind) {
          found.insert(event.find("name")->string);
        }
      }
    }
    return found;
  }

  Folder folder;
};

TEST_F(Profiling, ARunIsATrace) {
  ACL_OK(init());
  aclprofConfig *all = config({0, 1});
  work();
  ACL_OK(aclprofStart(all));
  work();
  ACL_OK(aclprofStop(all));
  const std::set<std::string> before = names("op");
  EXPECT_EQ(before, std::set<std::string>{"Add"});
  work();
  ACL_OK(aclprofDestroyConfig(all));
  ACL_OK(aclprofFinalize());
  const std::vector<std::string> files = files_below(folder.path());
  ASSERT_EQ(files.size(), 1u);
  ACL_OK(aclFinalize()); /* writes out whatever is still collected */
  EXPECT_EQ(files[0].substr(0, 5), "PROF_");
  EXPECT_EQ(files[0].substr(files[0].find('/')), "/trace.json");
  EXPECT_EQ(count_of(file_text(folder / files[0]), "\"name\": \"Add\""), 1u);
}

TEST_F(Profiling, OnlyTheListedDevicesAndKinds) {
  ACL_OK(init());
  aclprofConfig *other = config({1}), *none = config({0}, ACL_PROF_AICORE_METRICS);
  ACL_OK(aclprofStart(other));
  ACL_OK(aclprofStart(none));
  work();
  ACL_OK(aclprofFinalize());
  EXPECT_EQ(names("op").size(), 0u);
}

TEST_F(Profiling, States) {
  ACL_REFUSED(aclprofFinalize(), ACL_ERROR_PROF_NOT_RUN, "aclprofInit comes first");
  aclprofConfig *first = config({0}), *second = config({0, 1});
  ACL_REFUSED(aclprofStart(first), ACL_ERROR_PROF_NOT_RUN, "aclprofInit comes first");
  ACL_OK(init());
  ACL_REFUSED(init(), ACL_ERROR_PROF_ALREADY_RUN, folder.path());
  ACL_REFUSED(aclprofStop(first), ACL_ERROR_PROF_NOT_RUN, "aclprofStart");
  ACL_OK(aclprofStart(first));
  ACL_REFUSED(aclprofStart(first), ACL_ERROR_PROF_ALREADY_RUN, "device 0");
  ACL_REFUSED(aclprofStart(second), ACL_ERROR_PROF_ALREADY_RUN, "device 0");
  ACL_OK(aclprofStop(first));
  ACL_OK(aclprofStart(second));
  ACL_OK(aclprofFinalize());
  ACL_OK(init());
  ACL_OK(aclprofStart(second));
}

TEST_F(Profiling, BadArguments) {
  const std::string file = folder / "file";
  write_text(file, "");
  ACL_REFUSED(aclprofInit(nullptr, 3), ACL_ERROR_INVALID_PARAM, "profilerResultPath");
  ACL_REFUSED(aclprofInit("abc", 0), ACL_ERROR_INVALID_PARAM, "given as 0");
  ACL_REFUSED(aclprofInit("abc", 4), ACL_ERROR_INVALID_PARAM, "given as 4");
  ACL_REFUSED(aclprofInit("abc", SIZE_MAX), ACL_ERROR_INVALID_PARAM, "profilerResultPath");
  ACL_REFUSED(aclprofInit(file.c_str(), file.size()), ACL_ERROR_INVALID_FILE, file);
  uint32_t twice[] = {0, 0}, far[] = {99};
  EXPECT_EQ(aclprofCreateConfig(twice, 2, ACL_AICORE_NONE, nullptr, 0), nullptr);
  EXPECT_EQ(aclprofCreateConfig(far, 1, ACL_AICORE_NONE, nullptr, 0), nullptr);
  EXPECT_EQ(aclprofCreateConfig(nullptr, 1, ACL_AICORE_NONE, nullptr, 0), nullptr);
  EXPECT_EQ(aclprofCreateConfig(twice, 0, ACL_AICORE_NONE, nullptr, 0), nullptr);
  EXPECT_EQ(aclprofCreateConfig(twice, 1, static_cast<aclprofAicoreMetrics>(77), nullptr, 0),
            nullptr);
  ACL_REFUSED(aclprofStart(nullptr), ACL_ERROR_INVALID_PROFILING_CONFIG, "null");
  aclprofConfig *gone = config({0});
  ACL_OK(aclprofDestroyConfig(gone));
  ACL_REFUSED(aclprofStart(gone), ACL_ERROR_INVALID_PROFILING_CONFIG, "destroyed");
  ACL_REFUSED(aclprofDestroyConfig(gone), ACL_ERROR_INVALID_PROFILING_CONFIG, "destroyed");
  ACL_REFUSED(aclprofSetConfig(ACL_PROF_ARGS_MAX, "1", 1), ACL_ERROR_INVALID_PARAM, "17");
  ACL_OK(aclprofSetConfig(ACL_PROF_STORAGE_LIMIT, "200MB", 5));
}

TEST_F(Profiling, MarksAndRanges) {
  ACL_OK(init());
  aclprofConfig *marks = config({0}, ACL_PROF_MSPROFTX);
  ACL_OK(aclprofStart(marks));
  void *stamp = aclprofCreateStamp();
  ACL_OK(aclprofSetStampTraceMessage(stamp, "point \"a\"", 9));
  ACL_OK(aclprofMark(stamp));
  ACL_OK(aclprofSetStampTraceMessage(stamp, "outer", 5));
  ACL_OK(aclprofPush(stamp));
  ACL_OK(aclprofSetStampTraceMessage(stamp, "inner", 5));
  ACL_OK(aclprofPush(stamp));
  ACL_OK(aclprofPop());
  ACL_OK(aclprofPop());
  ACL_REFUSED(aclprofPop(), ACL_ERROR_INVALID_PARAM, "pushed nothing");
  uint32_t range = 0;
  ACL_OK(aclprofSetStampTraceMessage(stamp, "range", 5));
  ACL_OK(aclprofRangeStart(stamp, &range));
  ACL_OK(aclprofRangeStop(range));
  ACL_REFUSED(aclprofRangeStop(range), ACL_ERROR_INVALID_PARAM, "ended already");
  ACL_OK(aclprofMarkEx("on a stream", 11, nullptr));
  ACL_OK(aclrtSynchronizeStream(nullptr));
  aclprofDestroyStamp(stamp);
  ACL_REFUSED(aclprofMark(stamp), ACL_ERROR_INVALID_PARAM, "destroyed");
  work();
  ACL_OK(aclprofFinalize());
  EXPECT_EQ(names("mark"), (std::set<std::string>{"point \"a\"", "on a stream"}));
  EXPECT_EQ(names("range"), (std::set<std::string>{"outer", "inner", "range"}));
  EXPECT_EQ(names("op").size(), 0u);
}

TEST_F(Profiling, Steps) {
  ACL_OK(init());
  aclprofConfig *all = config({0});
  ACL_OK(aclprofStart(all));
  aclprofStepInfo *step = aclprofCreateStepInfo();
  ACL_OK(aclprofGetStepTimestamp(step, ACL_STEP_START, nullptr));
  work();
  ACL_OK(aclprofGetStepTimestamp(step, ACL_STEP_END, nullptr));
  ACL_REFUSED(aclprofGetStepTimestamp(step, static_cast<aclprofStepTag>(2), nullptr),
              ACL_ERROR_INVALID_PARAM, "tag 2");
  ACL_OK(aclrtSynchronizeStream(nullptr));
  aclprofDestroyStepInfo(step);
  ACL_REFUSED(aclprofGetStepTimestamp(step, ACL_STEP_END, nullptr), ACL_ERROR_INVALID_PARAM,
              "destroyed");
  ACL_OK(aclprofFinalize());
  EXPECT_EQ(names("step"), std::set<std::string>{"step"});
}

TEST_F(Profiling, FinalizeOfAclEndsIt) {
  ACL_OK(init());
  ACL_OK(aclprofStart(config({0})));
  work();
  ACL_OK(aclFinalize());
  EXPECT_EQ(names("op"), std::set<std::string>{"Add"});
  ACL_REFUSED(aclprofFinalize(), ACL_ERROR_PROF_NOT_RUN, "aclprofInit");
}

TEST_F(Profiling, AForkedChildCannotSpoilTheFile) {
  ACL_OK(init());
  ACL_OK(aclprofStart(config({0})));
  work();
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    char go;
    if (::read(ends[0], &go, 1) == 1) aclprofFinalize();
    _exit(0);
  }
  for (int i = 0; i < 10; ++i) work();
  ACL_OK(aclprofFinalize());
  ASSERT_EQ(::write(ends[1], "x", 1), 1);
  waitpid(child, nullptr, 0);
  close(ends[0]);
  close(ends[1]);
  const std::vector<std::string> files = files_below(folder.path());
  ASSERT_EQ(files.size(), 1u);
  EXPECT_EQ(names("op"), std::set<std::string>{"Add"});
  EXPECT_EQ(count_of(file_text(folder / files[0]), "\"name\": \"Add\""), 11u);
}

struct Told {
  int starts = 0, stops = 0;
  uint64_t data = 0;
  uint32_t device = 0;
} told;

int32_t listen(uint32_t type, void *data, uint32_t length) {
  if (type != PROF_CTRL_SWITCH || length != sizeof(MsprofCommandHandle)) return 1;
  const auto *command = static_cast<const MsprofCommandHandle *>(data);
  told.starts += command->type == PROF_COMMANDHANDLE_TYPE_START;
  told.stops += command->type == PROF_COMMANDHANDLE_TYPE_STOP;
  told.data = command->profSwitch;
  told.device = command->devIdList[0];
  return 0;
}

TEST_F(Profiling, AFrameworkHearsOfItAndReports) {
  ASSERT_EQ(MsprofRegisterCallback(8, listen), MSPROF_ERROR_NONE);
  ACL_OK(init());
  aclprofConfig *all = config({1}, ACL_PROF_ACL_API | ACL_PROF_TASK_TIME);
  ACL_OK(aclprofStart(all));
  EXPECT_EQ(told.starts, 1);
  EXPECT_EQ(told.data, ACL_PROF_ACL_API | ACL_PROF_TASK_TIME);
  EXPECT_EQ(told.device, 1u);
  MsprofApi api;
  std::memset(static_cast<void *>(&api), 0, sizeof api);
  api.beginTime = MsprofSysCycleTime();
  api.itemId = MsprofGetHashId("aten::add", 9);
  api.endTime = MsprofSysCycleTime();
  EXPECT_EQ(MsprofReportApi(0, &api), MSPROF_ERROR_NONE);
  EXPECT_NE(MsprofReportApi(0, nullptr), MSPROF_ERROR_NONE);
  EXPECT_NE(MsprofReportCompactInfo(0, nullptr, 0), MSPROF_ERROR_NONE);
  EXPECT_EQ(MsprofReportAdditionalInfo(0, &api, sizeof api), MSPROF_ERROR_NONE);
  ACL_OK(aclprofStop(all));
  EXPECT_EQ(told.stops, 1);
  EXPECT_EQ(names("api"), std::set<std::string>{"aten::add"});
}

TEST_F(Profiling, Hashes) {
  EXPECT_EQ(MsprofGetHashId("Add", 3), MsprofGetHashId("Add!", 3));
  EXPECT_NE(MsprofGetHashId("Add", 3), MsprofGetHashId("Adc", 3));
  EXPECT_EQ(MsprofGetHashId(nullptr, 3), 0u);
  EXPECT_NE(MsprofRegisterCallback(8, nullptr), MSPROF_ERROR_NONE);
}

}  // namespace
