/* Streams: a worker thread each, started by its first task; tasks run in order, one at a time. */
#ifndef ASCENDTORCH_EMU_STREAM_H_
#define ASCENDTORCH_EMU_STREAM_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "acl/acl_rt.h"

namespace ascend_emu {

class Context;
class Recording;

/* What a stream runs. `run` throws Refusal (or any std::exception) to fail; the failure surfaces
   at the next synchronisation of the stream. `kind` is the trace's category: "op", "copy",
   "event", "callback". */
struct Task {
  const char *kind = "op";
  std::string name;
  std::function<void()> run;
  std::string details; /* JSON object members for the trace, without braces; may be empty */
  /* Runs even when the queue is dropped: others wait for it (a recorded event). */
  bool always = false;
  uint32_t thread = 0; /* the kernel's id of the thread that submitted it; set by submit */
};

class Stream {
 public:
  Stream(int device, int32_t id, uint32_t priority, uint32_t flags);
  ~Stream(); /* as stop() */
  Stream(const Stream &) = delete;
  Stream &operator=(const Stream &) = delete;

  int device() const { return device_; }
  int32_t id() const { return id_; }
  uint32_t priority() const { return priority_; }
  uint32_t flags() const { return flags_; }

  void submit(Task task);

  /* Let the worker wait until `recording` is reached, then go on. */
  void wait(std::shared_ptr<Recording> recording);

  /* Block until every task submitted so far has run. Refusal carries the first failure since the
     last synchronisation (then forgotten), or ACL_ERROR_RT_STREAM_SYNC_TIMEOUT after
     `timeout_ms` (-1: no limit). */
  void synchronize(int timeout_ms = -1);

  /* The same without a limit, leaving failures to whoever synchronises next. */
  void drain();

  bool idle() const;
  size_t in_flight() const;

  /* Drop what is queued; the running task ends by itself. */
  void abort();

  /* abort(), and end the worker after its running task. Later tasks run at once, on the thread
     that submits them: what destructors do at the end of a process still works. */
  void stop();

  /* Whether stop() was called: a task that waits for somebody else gives up then. */
  bool stopping() const;

  /* ACL_CONTINUE_ON_FAILURE or ACL_STOP_ON_FAILURE (tasks after a failure are dropped). */
  void set_failure_mode(uint64_t mode);
  uint64_t failure_mode() const;

  /* Overflow: the switch and the flag of aclrtSetStreamOverflowSwitch, aclrtGetOverflowStatus. */
  void set_overflow_check(bool on);
  bool overflow_check() const;
  void raise_overflow();
  bool overflow_seen() const;
  void reset_overflow();

  /* The thread that serves blocking callbacks (aclrtSubscribeReport); 0 when none. */
  void set_report_thread(uint64_t thread);
  uint64_t report_thread() const;

 private:
  struct Impl;
  const int device_;
  const int32_t id_;
  const uint32_t priority_;
  const uint32_t flags_;
  std::shared_ptr<Impl> impl_; /* shared with the worker, which may outlive the stream */
};

}  // namespace ascend_emu

#endif
