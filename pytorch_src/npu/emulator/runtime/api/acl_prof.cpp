/* Profiling runs, and marks in them. */
#include <algorithm>
#include <cstring>
#include <mutex>
#include <unordered_map>

#include "core/entry.h"
#include "core/log.h"
#include "core/profile.h"
#include "core/trace.h"
#include "core/trace_writer.h"

#include "acl/acl_prof.h"

using namespace ascend_emu;

namespace {

constexpr size_t kPathLimit = 4096;

/* One training step: its times come from a stream. */
struct Step {
  std::mutex mutex;
  int64_t start = 0;
};

struct Stamp {
  std::mutex mutex;
  std::string message;
};

/* A range that has begun. */
struct Range {
  std::string message;
  int64_t start;
};

struct Profiling {
  Handles<const ProfileConfig> configs{HandleKind::kProfConfig, "profiling configuration"};
  Handles<Step> steps{HandleKind::kStepInfo, "step"};
  Handles<Stamp> stamps{HandleKind::kStamp, "stamp"};
  std::mutex mutex;
  std::unordered_map<uint32_t, Range> ranges;
  uint32_t next_range = 1;
};

Profiling &profiling() {
  static Profiling *const only = new Profiling;
  return *only;
}

thread_local std::vector<Range> pushed;

std::string text_of(const char *text, size_t length, size_t limit, const char *what) {
  need(text, what);
  if (length == 0 || length > limit || strnlen(text, length) != length) {
    refuse(ACL_ERROR_INVALID_PARAM,
           "%s: its length is given as %zu; 1 to %zu characters are needed", what, length, limit);
  }
  return std::string(text, length);
}

std::string message_of(const void *stamp) {
  const std::shared_ptr<Stamp> found = profiling().stamps.get(stamp, ACL_ERROR_INVALID_PARAM);
  std::lock_guard<std::mutex> lock(found->mutex);
  return found->message;
}

void emit(const char *kind, const std::string &name, int64_t start, int64_t end) {
  if (trace_enabled()) trace_host_span(kind, name, start, end);
}

std::shared_ptr<const ProfileConfig> config_of(const aclprofConfig *config) {
  return profiling().configs.get(config, ACL_ERROR_INVALID_PROFILING_CONFIG);
}

}  // namespace

extern "C" {

aclError aclprofInit(const char *profilerResultPath, size_t length) {
  return entry(__func__, [&] {
    init_profile(text_of(profilerResultPath, length, kPathLimit, "profilerResultPath"));
  });
}

aclError aclprofFinalize() { return entry(__func__, [] { finalize_profile(); }); }

aclprofConfig *aclprofCreateConfig(uint32_t *deviceIdList, uint32_t deviceNums,
                                   aclprofAicoreMetrics aicoreMetrics,
                                   const aclprofAicoreEvents *aicoreEvents,
                                   uint64_t dataTypeConfig) {
  return entry_pointer(__func__, [&]() -> aclprofConfig * {
    need(deviceIdList, "deviceIdList");
    if (deviceNums == 0 || deviceNums > 64) {
      refuse(ACL_ERROR_INVALID_PARAM, "deviceNums %u: 1 to 64 devices are needed", deviceNums);
    }
    if (aicoreEvents != nullptr) refuse(ACL_ERROR_INVALID_PARAM, "aicoreEvents must be null");
    const int metrics = static_cast<int>(aicoreMetrics);
    if ((metrics < 0 || metrics > ACL_AICORE_MEMORY_ACCESS) && metrics != ACL_AICORE_NONE) {
      refuse(ACL_ERROR_INVALID_PARAM, "aicoreMetrics %d is not a value of aclprofAicoreMetrics",
             metrics);
    }
    ProfileConfig config;
    config.data = dataTypeConfig;
    config.devices.assign(deviceIdList, deviceIdList + deviceNums);
    for (size_t i = 0; i < config.devices.size(); ++i) {
      const uint32_t device = config.devices[i];
      const auto end = config.devices.begin() + static_cast<std::ptrdiff_t>(i);
      if (runtime_ready()) runtime().check_device(device);
      if (std::find(config.devices.begin(), end, device) != end) {
        refuse(ACL_ERROR_INVALID_PARAM, "deviceIdList names device %u twice", device);
      }
    }
    return static_cast<aclprofConfig *>(
        profiling().configs.add(std::make_shared<const ProfileConfig>(std::move(config))));
  });
}

aclError aclprofDestroyConfig(const aclprofConfig *profilerConfig) {
  return entry(__func__, [&] {
    profiling().configs.take(profilerConfig, ACL_ERROR_INVALID_PROFILING_CONFIG);
  });
}

aclError aclprofSetConfig(aclprofConfigType configType, const char *config, size_t configLength) {
  return entry(__func__, [&] {
    const int type = static_cast<int>(configType);
    if (type <= ACL_PROF_ARGS_MIN || type >= ACL_PROF_ARGS_MAX) {
      refuse(ACL_ERROR_INVALID_PARAM, "configType %d is not a value of aclprofConfigType", type);
    }
    const std::string value = text_of(config, configLength, kPathLimit, "config");
    EMU_LOG(LogLevel::kWarning, "PROFILING", "aclprofSetConfig(%d, %s) has no effect here", type,
            value.c_str());
  });
}

aclError aclprofStart(const aclprofConfig *profilerConfig) {
  return entry(__func__, [&] { start_profile(config_of(profilerConfig)); });
}

aclError aclprofStop(const aclprofConfig *profilerConfig) {
  return entry(__func__, [&] { stop_profile(config_of(profilerConfig)); });
}

aclprofStepInfo *aclprofCreateStepInfo() {
  return entry_pointer(__func__, []() -> aclprofStepInfo * {
    return static_cast<aclprofStepInfo *>(profiling().steps.add(std::make_shared<Step>()));
  });
}

void aclprofDestroyStepInfo(aclprofStepInfo *stepinfo) {
  entry(__func__, [&] { profiling().steps.take(stepinfo, ACL_ERROR_INVALID_PARAM); });
}

aclError aclprofGetStepTimestamp(aclprofStepInfo *stepInfo, aclprofStepTag tag,
                                 aclrtStream stream) {
  return entry(__func__, [&] {
    const std::shared_ptr<Step> step = profiling().steps.get(stepInfo, ACL_ERROR_INVALID_PARAM);
    if (tag != ACL_STEP_START && tag != ACL_STEP_END) {
      refuse(ACL_ERROR_INVALID_PARAM, "tag %d is neither ACL_STEP_START (0) nor ACL_STEP_END (1)",
             static_cast<int>(tag));
    }
    const std::shared_ptr<Stream> on = runtime().stream(stream);
    const int device = on->device();
    const int32_t id = on->id();
    Task task;
    task.kind = "event";
    task.name = tag == ACL_STEP_START ? "step begins" : "step ends";
    task.run = [step, tag, device, id] {
      std::lock_guard<std::mutex> lock(step->mutex);
      const int64_t now = steady_nanoseconds();
      if (tag == ACL_STEP_START) {
        step->start = now;
      } else if (step->start != 0 && trace_enabled()) {
        trace_span("step", "step", device, id, step->start, now, "");
      }
    };
    on->submit(std::move(task));
  });
}

void *aclprofCreateStamp() {
  return entry_pointer(__func__, []() -> void * {
    return profiling().stamps.add(std::make_shared<Stamp>());
  });
}

void aclprofDestroyStamp(void *stamp) {
  entry(__func__, [&] { profiling().stamps.take(stamp, ACL_ERROR_INVALID_PARAM); });
}

aclError aclprofSetStampTraceMessage(void *stamp, const char *msg, uint32_t msgLen) {
  return entry(__func__, [&] {
    const std::shared_ptr<Stamp> found = profiling().stamps.get(stamp, ACL_ERROR_INVALID_PARAM);
    std::string text = text_of(msg, msgLen, kPathLimit, "msg");
    std::lock_guard<std::mutex> lock(found->mutex);
    found->message = std::move(text);
  });
}

aclError aclprofPush(void *stamp) {
  return entry(__func__, [&] {
    pushed.push_back(Range{message_of(stamp), steady_nanoseconds()});
  });
}

aclError aclprofPop() {
  return entry(__func__, [] {
    if (pushed.empty()) {
      refuse(ACL_ERROR_INVALID_PARAM, "this thread has pushed nothing: aclprofPush comes first");
    }
    const Range range = std::move(pushed.back());
    pushed.pop_back();
    emit("range", range.message, range.start, steady_nanoseconds());
  });
}

aclError aclprofRangeStart(void *stamp, uint32_t *rangeId) {
  return entry(__func__, [&] {
    need(rangeId, "rangeId");
    Range range{message_of(stamp), steady_nanoseconds()};
    std::lock_guard<std::mutex> lock(profiling().mutex);
    *rangeId = profiling().next_range++;
    profiling().ranges.emplace(*rangeId, std::move(range));
  });
}

aclError aclprofRangeStop(uint32_t rangeId) {
  return entry(__func__, [&] {
    std::unique_lock<std::mutex> lock(profiling().mutex);
    const auto found = profiling().ranges.find(rangeId);
    if (found == profiling().ranges.end()) {
      refuse(ACL_ERROR_INVALID_PARAM, "range %u has not begun, or has ended already", rangeId);
    }
    const Range range = std::move(found->second);
    profiling().ranges.erase(found);
    lock.unlock();
    emit("range", range.message, range.start, steady_nanoseconds());
  });
}

aclError aclprofMark(void *stamp) {
  return entry(__func__, [&] {
    const std::string message = message_of(stamp);
    const int64_t now = steady_nanoseconds();
    emit("mark", message, now, now);
  });
}

aclError aclprofMarkEx(const char *msg, size_t msgLen, aclrtStream stream) {
  return entry(__func__, [&] {
    const std::string message = text_of(msg, msgLen, kPathLimit, "msg");
    const std::shared_ptr<Stream> on = runtime().stream(stream);
    const int device = on->device();
    const int32_t id = on->id();
    Task task;
    task.kind = "event";
    task.name = "mark";
    task.run = [message, device, id] {
      const int64_t now = steady_nanoseconds();
      if (trace_enabled()) trace_span("mark", message, device, id, now, now, "");
    };
    on->submit(std::move(task));
  });
}

}  // extern "C"
