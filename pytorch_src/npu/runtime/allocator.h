// Memory of the device: a caching allocator for each of them, and pinned memory of the host.
#ifndef ASCENDTORCH_NPU_ALLOCATOR_H_
#define ASCENDTORCH_NPU_ALLOCATOR_H_

#include <c10/core/Allocator.h>

#include <memory>

#include "runtime/stream.h"

namespace npu {

// Of the device; blocks belong to the stream that was current, and come back to its pool in its
// order. Allocates on the current device. Throws c10::OutOfMemoryError (torch.OutOfMemoryError
// where the release has it, else RuntimeError) after the cache was freed and tried again.
NPU_API c10::Allocator* device_allocator();
// Also used on `stream`: the block is not handed out before what was queued there by its free is
// done.
NPU_API void record_stream(const c10::DataPtr& data, const Stream& stream);
NPU_API void empty_cache();

// What is known of some memory of the device, and is dropped with it.
struct Attachment {
  virtual ~Attachment() = default;
};
// The same memory, with `what` attached to it.
NPU_API c10::DataPtr attach(c10::DataPtr data, std::unique_ptr<Attachment> what);
// Null where nothing is attached.
NPU_API Attachment* attachment(const c10::DataPtr& data);

// Of the host, for copies that do not wait; blocks are handed out again when copies are done.
NPU_API c10::Allocator* pinned_allocator();
NPU_API bool is_pinned(const void* pointer);
// Tells the pinned allocator that a copy of `stream` uses the block of `pointer` (nothing if it is
// not one of its blocks).
NPU_API void record_pinned(const void* pointer, const Stream& stream);

}  // namespace npu

#endif
