#include "profile.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <mutex>

#include "acl/acl_prof.h"
#include "folders.h"
#include "refusal.h"
#include "trace_writer.h"

namespace ascend_emu {

namespace {

/* CANN's levels of ACL_PROF_TASK_TIME. */
constexpr uint64_t kTaskTime = ACL_PROF_TASK_TIME | 0x0800ULL | 0x2000ULL | 0x8000ULL;

struct Run {
  std::shared_ptr<const ProfileConfig> config;
  std::shared_ptr<TraceWriter> writer;
};

struct State {
  std::mutex mutex;
  bool initialised = false;
  std::string folder;
  std::vector<Run> runs;
  unsigned started = 0;
};

State &state() {
  static State *const only = new State; /* workers may still run after static destructors */
  return *only;
}

std::atomic<ProfileListener> listener{nullptr};

void tell(const ProfileConfig &config, bool started) {
  if (const ProfileListener told = listener.load()) told(config, started);
}

bool wants(const ProfileConfig &config, const TraceSpan &span) {
  const std::string kind = span.kind;
  if (kind == "mark" || kind == "range") return (config.data & ACL_PROF_MSPROFTX) != 0;
  if (kind == "api") return (config.data & ACL_PROF_ACL_API) != 0;
  if (kind == "step") return (config.data & (ACL_PROF_TRAINING_TRACE | kTaskTime)) != 0;
  const auto &devices = config.devices;
  const bool listed = std::find(devices.begin(), devices.end(),
                                static_cast<uint32_t>(span.device)) != devices.end();
  return listed && (config.data & kTaskTime) != 0;
}

/* Take the runs that `ends` names out, and complete their files. */
template <class Ends>
size_t end_runs(Ends &&ends) {
  std::vector<Run> ended;
  {
    std::lock_guard<std::mutex> lock(state().mutex);
    std::vector<Run> kept;
    for (Run &run : state().runs) (ends(run) ? ended : kept).push_back(std::move(run));
    state().runs.swap(kept);
  }
  for (const Run &run : ended) {
    remove_trace_writer(run.writer);
    run.writer->flush();
    tell(*run.config, false);
  }
  return ended.size();
}

}  // namespace

void set_profile_listener(ProfileListener told) { listener = told; }

void init_profile(const std::string &folder) {
  std::lock_guard<std::mutex> lock(state().mutex);
  if (state().initialised) {
    refuse(ACL_ERROR_PROF_ALREADY_RUN,
           "profiling is initialised already, with %s: aclprofFinalize ends it",
           state().folder.c_str());
  }
  if (!make_folders(folder) || access(folder.c_str(), W_OK | X_OK) != 0) {
    refuse(ACL_ERROR_INVALID_FILE, "the folder %s cannot be made or written: %s", folder.c_str(),
           std::strerror(errno));
  }
  state().folder = folder;
  state().initialised = true;
}

void finalize_profile() {
  {
    std::lock_guard<std::mutex> lock(state().mutex);
    if (!state().initialised) {
      refuse(ACL_ERROR_PROF_NOT_RUN, "profiling is not initialised: aclprofInit comes first");
    }
    state().initialised = false;
  }
  end_runs([](const Run &) { return true; });
}

void start_profile(const std::shared_ptr<const ProfileConfig> &config) {
  Run run;
  {
    std::lock_guard<std::mutex> lock(state().mutex);
    if (!state().initialised) {
      refuse(ACL_ERROR_PROF_NOT_RUN, "profiling is not initialised: aclprofInit comes first");
    }
    for (const Run &other : state().runs) {
      for (const uint32_t device : config->devices) {
        const auto &taken = other.config->devices;
        if (std::find(taken.begin(), taken.end(), device) != taken.end()) {
          refuse(ACL_ERROR_PROF_ALREADY_RUN, "device %u is profiled already: aclprofStop ends it",
                 device);
        }
      }
    }
    const std::string folder = format("%s/PROF_%s_%d_%u", state().folder.c_str(),
                                      time_stamp().c_str(), static_cast<int>(getpid()),
                                      ++state().started);
    if (!make_folders(folder)) {
      refuse(ACL_ERROR_INVALID_FILE, "the folder %s cannot be made: %s", folder.c_str(),
             std::strerror(errno));
    }
    run.config = config;
    run.writer = std::make_shared<TraceWriter>(folder + "/trace.json");
    state().runs.push_back(run);
  }
  add_trace_writer(run.writer, [config](const TraceSpan &span) { return wants(*config, span); });
  tell(*config, true);
}

void stop_profile(const std::shared_ptr<const ProfileConfig> &config) {
  if (end_runs([&](const Run &run) { return run.config == config; }) == 0) {
    refuse(ACL_ERROR_PROF_NOT_RUN, "profiling does not run with this configuration: aclprofStart "
                                   "comes first");
  }
}

std::vector<ProfileConfig> running_profiles() {
  std::lock_guard<std::mutex> lock(state().mutex);
  std::vector<ProfileConfig> found;
  for (const Run &run : state().runs) found.push_back(*run.config);
  return found;
}

void end_profiles() {
  {
    std::lock_guard<std::mutex> lock(state().mutex);
    state().initialised = false;
  }
  end_runs([](const Run &) { return true; });
}

}  // namespace ascend_emu
