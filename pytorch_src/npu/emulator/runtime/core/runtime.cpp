#include "runtime.h"

#include <pthread.h>
#include <unistd.h>

#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>

#include "fault.h"
#include "log.h"
#include "refusal.h"
#include "soc.h"
#include "trace.h"

namespace ascend_emu {

std::shared_ptr<Stream> Context::default_stream() {
  std::lock_guard<std::mutex> lock(mutex_);
  if (!default_stream_) default_stream_ = std::make_shared<Stream>(device_, stream_id_, 0, 0);
  return default_stream_;
}

std::shared_ptr<Stream> Context::default_stream_if_made() {
  std::lock_guard<std::mutex> lock(mutex_);
  return default_stream_;
}

namespace {

/* The context of this thread; its runtime may have been stopped since. */
thread_local std::shared_ptr<Context> current;

}  // namespace

struct Runtime::Impl {
  struct Primary {
    std::shared_ptr<Context> context;
    int uses = 0;
  };
  mutable std::mutex mutex;
  std::vector<Primary> primaries;
};

Runtime::Runtime(Config config)
    : config_(std::move(config)), memory_(config_), impl_(new Impl) {
  impl_->primaries.resize(static_cast<size_t>(config_.devices));
}

Runtime::~Runtime() = default;

void Runtime::check_device(int64_t device) const {
  if (device < 0 || device >= config_.devices) {
    refuse(ACL_ERROR_RT_INVALID_DEVICEID, "device %lld does not exist: devices 0 to %d do",
           static_cast<long long>(device), config_.devices - 1);
  }
}

std::shared_ptr<Context> Runtime::current_context() const {
  if (!current) {
    refuse(ACL_ERROR_RT_CONTEXT_NULL,
           "this thread has no context: call aclrtSetDevice or aclrtSetCurrentContext first");
  }
  if (current->destroyed()) {
    refuse(ACL_ERROR_RT_CONTEXT_NULL,
           "this thread's context on device %d was destroyed: call aclrtSetDevice or "
           "aclrtSetCurrentContext",
           current->device());
  }
  return current;
}

void Runtime::set_current_context(std::shared_ptr<Context> context) {
  current = std::move(context);
}

std::shared_ptr<Context> Runtime::create_context(int device) {
  check_device(device);
  auto context = std::make_shared<Context>(device, next_stream_id());
  context->set_handle(contexts.add(context));
  current = context;
  return context;
}

void Runtime::destroy_context(void *handle) {
  const std::shared_ptr<Context> context = contexts.get(handle, ACL_ERROR_RT_CONTEXT_NULL);
  if (context == primary_context(context->device())) {
    refuse(ACL_ERROR_RT_PARAM_INVALID,
           "%p is the context of aclrtSetDevice(%d): aclrtResetDevice gives it back", handle,
           context->device());
  }
  contexts.take(handle, ACL_ERROR_RT_CONTEXT_NULL);
  context->mark_destroyed();
  const std::shared_ptr<Stream> stream = context->default_stream_if_made();
  if (stream) stream->stop();
}

void Runtime::set_device(int device) {
  check_device(device);
  std::lock_guard<std::mutex> lock(impl_->mutex);
  Impl::Primary &primary = impl_->primaries[static_cast<size_t>(device)];
  if (!primary.context) {
    primary.context = std::make_shared<Context>(device, next_stream_id());
    primary.context->set_handle(contexts.add(primary.context));
  }
  ++primary.uses;
  current = primary.context;
}

std::shared_ptr<Context> Runtime::primary_context(int device) const {
  std::lock_guard<std::mutex> lock(impl_->mutex);
  return impl_->primaries[static_cast<size_t>(device)].context;
}

void Runtime::reset_device(int device, bool force) {
  check_device(device);
  std::shared_ptr<Context> context;
  {
    std::lock_guard<std::mutex> lock(impl_->mutex);
    Impl::Primary &primary = impl_->primaries[static_cast<size_t>(device)];
    if (!primary.context) {
      refuse(ACL_ERROR_RT_INVALID_DEVICEID, "device %d is not set: aclrtSetDevice comes first",
             device);
    }
    primary.uses = force ? 0 : primary.uses - 1;
    if (primary.uses > 0) return;
    context = std::move(primary.context);
    primary.context.reset();
  }
  for (const std::shared_ptr<Stream> &stream : streams_of(device)) stream->stop();
  if (const std::shared_ptr<Stream> own = context->default_stream_if_made()) own->stop();
  context->mark_destroyed();
  contexts.take(context->handle(), ACL_ERROR_RT_CONTEXT_NULL);
  streams.remove_if([device](const Stream &stream) { return stream.device() == device; });
  memory_.free_all(device);
}

void *Runtime::create_stream(uint32_t priority, uint32_t flags) {
  return streams.add(std::make_shared<Stream>(current_context()->device(), next_stream_id(),
                                              priority, flags));
}

void Runtime::destroy_stream(void *handle, bool force) {
  const std::shared_ptr<Stream> stream = streams.take(handle, ACL_ERROR_RT_PARAM_INVALID);
  if (!force) {
    /* What was submitted still runs; its failures have nobody left to hear of them. */
    try {
      stream->synchronize();
    } catch (const Refusal &refusal) {
      EMU_LOG(LogLevel::kError, "RUNTIME", "destroyed stream %d had failed: %s", stream->id(),
              refusal.what());
    }
  }
  stream->stop();
}

void *Runtime::create_event(uint32_t flags) {
  return events.add(std::make_shared<Event>(next_event_id_++, flags));
}

std::shared_ptr<Stream> Runtime::stream(void *handle) const {
  const std::shared_ptr<Context> context = current_context();
  if (handle == nullptr) return context->default_stream();
  std::shared_ptr<Stream> found = streams.get(handle, ACL_ERROR_RT_PARAM_INVALID);
  if (found->device() != context->device()) {
    refuse(ACL_ERROR_RT_STREAM_CONTEXT,
           "stream %d belongs to device %d, but this thread's context is on device %d",
           found->id(), found->device(), context->device());
  }
  return found;
}

std::vector<std::shared_ptr<Stream>> Runtime::streams_of(int device) const {
  std::vector<std::shared_ptr<Stream>> found;
  for (const std::shared_ptr<Stream> &stream : streams.all()) {
    if (stream->device() == device) found.push_back(stream);
  }
  for (const std::shared_ptr<Context> &context : contexts.all()) {
    if (context->device() != device) continue;
    if (std::shared_ptr<Stream> own = context->default_stream_if_made()) found.push_back(own);
  }
  return found;
}

void Runtime::synchronize_device(int device, int timeout_ms) {
  bool failed = false;
  Refusal first(ACL_SUCCESS, "");
  for (const std::shared_ptr<Stream> &stream : streams_of(device)) {
    try {
      stream->synchronize(timeout_ms);
    } catch (const Refusal &refusal) {
      if (!failed) first = refusal;
      failed = true;
    }
  }
  if (failed) throw Refusal(first);
}

void Runtime::stop_streams() {
  for (int device = 0; device < config_.devices; ++device) {
    for (const std::shared_ptr<Stream> &stream : streams_of(device)) stream->stop();
  }
}

void Runtime::close() {
  size_t tasks = 0, blocks = 0;
  for (int device = 0; device < config_.devices; ++device) {
    for (const std::shared_ptr<Stream> &stream : streams_of(device)) tasks += stream->in_flight();
    blocks += memory_.use(device).used;
  }
  if (tasks != 0) {
    EMU_LOG(LogLevel::kWarning, "RUNTIME", "aclFinalize drops %zu tasks that have not run", tasks);
  }
  if (blocks != 0) {
    EMU_LOG(LogLevel::kWarning, "RUNTIME", "aclFinalize frees %zu bytes of device memory", blocks);
  }
  stop_streams();
  for (const std::shared_ptr<Context> &context : contexts.all()) context->mark_destroyed();
  streams.clear();
  events.clear();
  contexts.clear();
  {
    std::lock_guard<std::mutex> lock(impl_->mutex);
    for (Impl::Primary &primary : impl_->primaries) primary = Impl::Primary();
  }
  for (int device = 0; device < config_.devices; ++device) memory_.free_all(device);
}

namespace {

enum class State { kBefore, kRunning, kAfter, kForked };

/* Stopped runtimes are kept: a thread that is still in a call must find it whole. */
struct Process {
  std::mutex mutex;
  std::atomic<Runtime *> running{nullptr};
  std::atomic<State> state{State::kBefore};
  std::vector<std::unique_ptr<Runtime>> made;
  bool hooked = false;
};

Process &process() {
  static Process *const only = new Process; /* never destroyed: destructors may call in */
  return *only;
}

/* A forked child has none of the worker threads, and device memory that is only a copy. */
void in_child() {
  if (process().state.load() != State::kRunning) return;
  process().state = State::kForked;
  process().running = nullptr;
}

/* The end of a process that did not call aclFinalize: no worker may run while libraries go. */
void at_end() {
  if (Runtime *last = process().running.load()) last->stop_streams();
  stop_trace();
}

}  // namespace

Runtime &runtime() {
  Runtime *found = process().running.load(std::memory_order_acquire);
  if (found != nullptr) return *found;
  switch (process().state.load()) {
    case State::kForked:
      refuse(ACL_ERROR_UNINITIALIZE,
             "this process was forked after aclInit and cannot use the parent's devices: start "
             "children that use devices with spawn, or fork before aclInit");
    case State::kAfter:
      refuse(ACL_ERROR_UNINITIALIZE, "called after aclFinalize");
    default:
      refuse(ACL_ERROR_UNINITIALIZE, "called before aclInit");
  }
}

bool runtime_ready() { return process().running.load(std::memory_order_acquire) != nullptr; }

void start_runtime() {
  Process &all = process();
  std::lock_guard<std::mutex> lock(all.mutex);
  if (all.state.load() == State::kForked) runtime();
  if (all.running.load() != nullptr) {
    refuse(ACL_ERROR_REPEAT_INITIALIZE, "AscendCL is initialised already");
  }
  Config config = read_config();
  check_soc(config.soc);
  if (!config.trace.empty()) start_trace(config.trace);
  all.made.emplace_back(new Runtime(std::move(config)));
  if (!all.hooked) {
    pthread_atfork(nullptr, nullptr, in_child);
    std::atexit(at_end);
    all.hooked = true;
  }
  install_fault_handler();
  all.running = all.made.back().get();
  all.state = State::kRunning;
}

void stop_runtime() {
  Process &all = process();
  std::lock_guard<std::mutex> lock(all.mutex);
  Runtime *last = all.running.load();
  if (last == nullptr) {
    if (all.state.load() == State::kAfter) {
      refuse(ACL_ERROR_REPEAT_FINALIZE, "AscendCL is finalised already");
    }
    runtime(); /* refuses */
  }
  last->close();
  all.running = nullptr;
  all.state = State::kAfter;
  stop_trace();
}

}  // namespace ascend_emu
