/* What a framework reports to the profiler: calls of host functions become spans of a trace. */
#include <cstring>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/entry.h"
#include "core/log.h"
#include "core/profile.h"
#include "core/trace.h"
#include "core/trace_writer.h"

#include "profiling/aprof_pub.h"

using namespace ascend_emu;

namespace {

constexpr int32_t kFailure = -1;
/* Names beyond this many are not kept, but still get their hash. */
constexpr size_t kNamesKept = 65536;

struct Reports {
  std::mutex mutex;
  std::unordered_map<uint64_t, std::string> names;
  std::vector<ProfCommandHandle> listeners;
};

Reports &reports() {
  static Reports *const only = new Reports;
  return *only;
}

void tell(ProfCommandHandle listener, const ProfileConfig &config, bool started) {
  MsprofCommandHandle command;
  std::memset(&command, 0, sizeof command);
  command.profSwitch = config.data;
  command.devNums = static_cast<uint32_t>(config.devices.size());
  for (size_t i = 0; i < config.devices.size() && i < MSPROF_MAX_DEV_NUM; ++i) {
    command.devIdList[i] = config.devices[i];
  }
  command.type = started ? PROF_COMMANDHANDLE_TYPE_START : PROF_COMMANDHANDLE_TYPE_STOP;
  if (listener(PROF_CTRL_SWITCH, &command, sizeof command) != MSPROF_ERROR_NONE) {
    EMU_LOG(LogLevel::kWarning, "PROFILING", "a function of MsprofRegisterCallback failed");
  }
}

void tell_all(const ProfileConfig &config, bool started) {
  std::vector<ProfCommandHandle> listeners;
  {
    std::lock_guard<std::mutex> lock(reports().mutex);
    listeners = reports().listeners;
  }
  for (const ProfCommandHandle listener : listeners) tell(listener, config, started);
}

std::string name_of(uint64_t id) {
  std::lock_guard<std::mutex> lock(reports().mutex);
  const auto found = reports().names.find(id);
  return found == reports().names.end() ? "item " + std::to_string(id) : found->second;
}

/* Run `body`; these functions know success and failure only. */
template <class Body>
int32_t guarded(const char *name, Body &&body) {
  return entry(name, std::forward<Body>(body)) == ACL_SUCCESS ? MSPROF_ERROR_NONE : kFailure;
}

}  // namespace

extern "C" {

int32_t MsprofRegisterCallback(uint32_t, ProfCommandHandle handle) {
  return guarded(__func__, [&] {
    if (handle == nullptr) refuse(ACL_ERROR_INVALID_PARAM, "handle is null");
    {
      std::lock_guard<std::mutex> lock(reports().mutex);
      reports().listeners.push_back(handle);
    }
    set_profile_listener(tell_all);
    for (const ProfileConfig &config : running_profiles()) tell(handle, config, true);
  });
}

int32_t MsprofReportApi(uint32_t, const struct MsprofApi *api) {
  return guarded(__func__, [&] {
    need(api, "api");
    if (!trace_enabled() || api->endTime < api->beginTime) return;
    trace_host_span("api", name_of(api->itemId), static_cast<int64_t>(api->beginTime),
                    static_cast<int64_t>(api->endTime));
  });
}

/* Details of hardware tasks, which the emulator's own spans hold already. */
int32_t MsprofReportCompactInfo(uint32_t, const VOID_PTR data, uint32_t) {
  return guarded(__func__, [&] { need(data, "data"); });
}

int32_t MsprofReportAdditionalInfo(uint32_t, const VOID_PTR data, uint32_t) {
  return guarded(__func__, [&] { need(data, "data"); });
}

uint64_t MsprofGetHashId(const char *hashInfo, size_t length) {
  if (hashInfo == nullptr || length == 0) return 0;
  uint64_t hash = 14695981039346656037ULL; /* FNV-1a */
  for (size_t i = 0; i < length; ++i) {
    hash = (hash ^ static_cast<unsigned char>(hashInfo[i])) * 1099511628211ULL;
  }
  entry(__func__, [&] {
    std::lock_guard<std::mutex> lock(reports().mutex);
    if (reports().names.size() < kNamesKept) {
      reports().names.emplace(hash, std::string(hashInfo, length));
    }
  });
  return hash;
}

uint64_t MsprofSysCycleTime() { return static_cast<uint64_t>(steady_nanoseconds()); }

}  // extern "C"
