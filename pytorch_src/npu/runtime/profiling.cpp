#include "runtime/profiling.h"

#include <ATen/record_function.h>

#include <memory>
#include <mutex>
#include <vector>

#include "runtime/acl_error.h"
#include "runtime/device.h"
#include "runtime/stream.h"

namespace npu {

namespace {

// One at a time in a process, as AscendCL has it.
struct Run {
  std::vector<uint32_t> devices;
  aclprofConfig* config = nullptr;
  at::CallbackHandle operators = 0;
};

std::mutex& run_mutex() {
  static auto* mutex = new std::mutex;
  return *mutex;
}

std::unique_ptr<Run>& run() {
  static auto* run = new std::unique_ptr<Run>;
  return *run;
}

// The range of one operator of PyTorch; a thread that AscendCL refuses has no range, but goes on.
struct OperatorRange : public at::ObserverContext {
  explicit OperatorRange(const char* name) : stamp(aclprofCreateStamp()) {
    if (stamp == nullptr) return;
    const auto length = static_cast<uint32_t>(std::char_traits<char>::length(name));
    open = aclprofSetStampTraceMessage(stamp, name, length) == ACL_SUCCESS &&
           aclprofRangeStart(stamp, &id) == ACL_SUCCESS;
  }
  ~OperatorRange() override {
    if (open) aclprofRangeStop(id);
    if (stamp != nullptr) aclprofDestroyStamp(stamp);
  }
  OperatorRange(const OperatorRange&) = delete;
  OperatorRange& operator=(const OperatorRange&) = delete;

  void* stamp;
  uint32_t id = 0;
  bool open = false;
};

std::unique_ptr<at::ObserverContext> begin_operator(const at::RecordFunction& function) {
#if NPU_TORCH_VERSION < 20000
  const char* name = function.name().str();
#else
  const char* name = function.name();
#endif
  return std::unique_ptr<at::ObserverContext>(new OperatorRange(name));
}

void end_operator(const at::RecordFunction& /*function*/, at::ObserverContext* /*range*/) {}

std::vector<uint32_t> devices_in_use() {
  std::vector<uint32_t> found{static_cast<uint32_t>(current_device())};
  for (c10::DeviceIndex index = 0; index < device_count(); ++index) {
    bool used = false;
    for_each_stream(index, [&used](const Stream&) { used = true; });
    if (used && index != current_device()) found.push_back(static_cast<uint32_t>(index));
  }
  return found;
}

void wait_for(const Run& run) {
  for (const uint32_t index : run.devices) {
    synchronize_device(static_cast<c10::DeviceIndex>(index));
  }
}

}  // namespace

void start_profiling(const std::string& folder, uint64_t types, uint32_t metrics, bool operators) {
  initialize();
  std::lock_guard<std::mutex> lock(run_mutex());
  TORCH_CHECK(!run(), "a profiling run is going on in this process; end it before another begins");
  std::unique_ptr<Run> made(new Run);
  made->devices = devices_in_use();
  wait_for(*made);
  NPU_CHECK(aclprofInit(folder.c_str(), folder.size()));
  if (operators) types |= ACL_PROF_MSPROFTX;
  made->config =
      aclprofCreateConfig(made->devices.data(), static_cast<uint32_t>(made->devices.size()),
                          static_cast<aclprofAicoreMetrics>(metrics), nullptr, types);
  try {
    check(made->config == nullptr ? ACL_ERROR_INVALID_PARAM : ACL_SUCCESS, "aclprofCreateConfig");
    check(aclprofStart(made->config), "aclprofStart");
  } catch (const c10::Error&) {
    // It says why already: what follows would replace AscendCL's text.
    if (made->config != nullptr) NPU_WARN(aclprofDestroyConfig(made->config));
    NPU_WARN(aclprofFinalize());
    throw;
  }
  if (operators) {
    // Of this thread and of backward passes it starts: an emulator computes in threads of its own.
    made->operators = at::addThreadLocalCallback(
        at::RecordFunctionCallback(&begin_operator, &end_operator)
            .scopes({at::RecordScope::FUNCTION, at::RecordScope::BACKWARD_FUNCTION,
                     at::RecordScope::USER_SCOPE}));
  }
  run() = std::move(made);
}

void stop_profiling() {
  std::lock_guard<std::mutex> lock(run_mutex());
  TORCH_CHECK(run() != nullptr, "no profiling run is going on");
  const std::unique_ptr<Run> ended = std::move(run());
  if (ended->operators != 0) at::removeCallback(ended->operators);
  std::exception_ptr failure;
  try {
    wait_for(*ended);
  } catch (const std::exception&) {
    // What was collected is written even so.
    failure = std::current_exception();
  }
  try {
    check(aclprofStop(ended->config), "aclprofStop");
  } catch (const std::exception&) {
    if (!failure) failure = std::current_exception();
  }
  NPU_WARN(aclprofDestroyConfig(ended->config));
  NPU_WARN(aclprofFinalize());
  if (failure) std::rethrow_exception(failure);
}

}  // namespace npu
