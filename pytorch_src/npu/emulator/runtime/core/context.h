/* Contexts: what a thread is working in. Each has a device and a default stream. */
#ifndef ASCENDTORCH_EMU_CONTEXT_H_
#define ASCENDTORCH_EMU_CONTEXT_H_

#include <atomic>
#include <memory>
#include <mutex>

#include "stream.h"

namespace ascend_emu {

class Context {
 public:
  Context(int device, int32_t stream_id) : device_(device), stream_id_(stream_id) {}
  int device() const { return device_; }
  /* Made at its first use. */
  std::shared_ptr<Stream> default_stream();
  std::shared_ptr<Stream> default_stream_if_made();
  /* The handle aclrtGetCurrentContext gives out. */
  void *handle() const { return handle_; }
  void set_handle(void *handle) { handle_ = handle; }
  bool destroyed() const { return destroyed_; }
  void mark_destroyed() { destroyed_ = true; }

 private:
  const int device_;
  const int32_t stream_id_;
  void *handle_ = nullptr;
  std::atomic<bool> destroyed_{false};
  std::mutex mutex_;
  std::shared_ptr<Stream> default_stream_;
};

}  // namespace ascend_emu

#endif
