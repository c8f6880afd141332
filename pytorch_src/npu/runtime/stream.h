// Streams: the default one of each device and a pool, in two priorities.
#ifndef ASCENDTORCH_NPU_STREAM_H_
#define ASCENDTORCH_NPU_STREAM_H_

#include <c10/core/Stream.h>
#include <functional>

#include "acl/acl.h"
#include "runtime/compat.h"
#include "runtime/export.h"

namespace npu {

// A value, as c10::Stream: names a stream that lives as long as the process.
class NPU_API Stream {
 public:
  explicit Stream(c10::Stream stream);  // throws c10::Error for a stream of another device type
  c10::Stream unwrap() const { return stream_; }
  operator c10::Stream() const { return stream_; }
  c10::DeviceIndex device_index() const { return stream_.device_index(); }
  c10::StreamId id() const { return stream_.id(); }

  // The AscendCL stream, made at first use.
  aclrtStream handle() const;
  // True when everything queued here is done. Does not wait; throws the first error of what was
  // queued once all of it was launched.
  bool query() const;
  // Waits, and throws the first error of what was queued.
  void synchronize() const;

  bool operator==(const Stream& other) const { return stream_ == other.stream_; }
  bool operator!=(const Stream& other) const { return !(*this == other); }

 private:
  c10::Stream stream_;
};

// -1: of the current device.
NPU_API Stream current_stream(c10::DeviceIndex index = -1);
NPU_API Stream default_stream(c10::DeviceIndex index = -1);
// One of a pool of 32 for each device and priority, in turn. Lower is more urgent, as with CUDA:
// priority < 0 is high.
NPU_API Stream stream_from_pool(int priority = 0, c10::DeviceIndex index = -1);
// Makes `stream` current on its device, for this thread.
NPU_API void set_current_stream(const Stream& stream);
// A stream by its id (as Python keeps it).
NPU_API Stream stream_of(c10::StreamId id, c10::DeviceIndex index);
NPU_API int stream_priority(const Stream& stream);
// Calls `f` for every stream of a device that was ever used.
NPU_API void for_each_stream(c10::DeviceIndex index, const std::function<void(const Stream&)>& f);

}  // namespace npu

#endif
