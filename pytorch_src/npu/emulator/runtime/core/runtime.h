/* The process's runtime: from aclInit to aclFinalize. */
#ifndef ASCENDTORCH_EMU_RUNTIME_H_
#define ASCENDTORCH_EMU_RUNTIME_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "config.h"
#include "context.h"
#include "event.h"
#include "handles.h"
#include "memory.h"
#include "stream.h"

namespace ascend_emu {

class Runtime {
 public:
  explicit Runtime(Config config);
  ~Runtime();

  const Config &config() const { return config_; }
  DeviceMemory &memory() { return memory_; }

  Handles<Stream> streams{HandleKind::kStream, "stream"};
  Handles<Event> events{HandleKind::kEvent, "event"};
  Handles<Context> contexts{HandleKind::kContext, "context"};

  /* Refusal(ACL_ERROR_RT_INVALID_DEVICEID) names the devices there are. */
  void check_device(int64_t device) const;

  /* The calling thread's context. Refusal(ACL_ERROR_RT_CONTEXT_NULL) says to call
     aclrtSetDevice when there is none, or that it was destroyed. */
  std::shared_ptr<Context> current_context() const;
  void set_current_context(std::shared_ptr<Context> context);

  /* aclrtSetDevice / aclrtResetDevice: the device's own context, counted. */
  void set_device(int device);
  void reset_device(int device, bool force);
  std::shared_ptr<Context> primary_context(int device) const; /* null when the device is not set */

  std::shared_ptr<Context> create_context(int device);
  void destroy_context(void *handle);

  void *create_stream(uint32_t priority, uint32_t flags); /* in the current context */
  void destroy_stream(void *handle, bool force);
  void *create_event(uint32_t flags);

  /* The stream behind a handle (NULL: the default stream of the current context). Refusal when
     it is not a live stream or belongs to another device than the current context. */
  std::shared_ptr<Stream> stream(void *handle) const;

  /* Every stream of a device, default streams too. */
  std::vector<std::shared_ptr<Stream>> streams_of(int device) const;
  void synchronize_device(int device, int timeout_ms = -1);

  void stop_streams(); /* end every worker; see Stream::stop */
  void close();        /* aclFinalize: stop streams, drop every handle, free all memory */

  int32_t next_stream_id() { return next_stream_id_++; }

 private:
  struct Impl;
  const Config config_;
  DeviceMemory memory_;
  std::atomic<int32_t> next_stream_id_{0};
  std::atomic<uint32_t> next_event_id_{0};
  std::unique_ptr<Impl> impl_;
};

/* The runtime of this process. Refusal(ACL_ERROR_UNINITIALIZE) before aclInit, after aclFinalize
   and in a process that was forked after aclInit; the text says which. */
Runtime &runtime();

/* Whether runtime() would return. */
bool runtime_ready();

void start_runtime();            /* aclInit; Refusal(ACL_ERROR_REPEAT_INITIALIZE) the second time */
void stop_runtime();             /* aclFinalize */

}  // namespace ascend_emu

#endif
