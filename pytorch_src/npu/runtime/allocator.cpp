// The allocators as PyTorch sees them: c10::Allocator over DeviceCache and PinnedCache.
#include "runtime/allocator.h"

#include <c10/util/Exception.h>
#if NPU_TORCH_VERSION >= 20000
#include <c10/core/CachingDeviceAllocator.h>
#endif

#include <cstring>

#include "runtime/acl_error.h"
#include "runtime/caching_allocator.h"
#include "runtime/device.h"
#include "runtime/pinned_allocator.h"
#include "runtime/task_queue.h"

namespace npu {

namespace {

void report(const Block& block, bool allocated) {
  if (!c10::memoryProfilingEnabled()) return;
  const int64_t size = static_cast<int64_t>(block.size);
#if NPU_TORCH_VERSION < 20000
  c10::reportMemoryUsageToProfiler(block.data, allocated ? size : -size, device(block.device));
#else
  const std::pair<size_t, size_t> totals = device_cache(block.device).totals();
  c10::reportMemoryUsageToProfiler(block.data, allocated ? size : -size, totals.first,
                                   totals.second, device(block.device));
#endif
}

// The context of a c10::DataPtr of ours is its Block.
void delete_block(void* context) {
  Block* block = static_cast<Block*>(context);
  // Afterwards the block may be gone.
  const Block copy = c10::memoryProfilingEnabled() ? *block : Block();
  device_cache(block->device).free(block);
  if (copy.data != nullptr) report(copy, false);
}

c10::DataPtr allocate_block(size_t bytes) {
  const c10::DeviceIndex index = current_device();
  if (bytes == 0) return {nullptr, nullptr, &delete_block, device(index)};
  Block* block = device_cache(index).allocate(bytes, current_stream(index));
  report(*block, true);
  return {block->data, block, &delete_block, device(index)};
}

struct Attached {
  c10::DataPtr data;
  std::unique_ptr<Attachment> what;
};

void delete_attached(void* context) { delete static_cast<Attached*>(context); }

void delete_pinned(void* data) { pinned_cache().free(data); }

c10::DataPtr allocate_pinned(size_t bytes) {
  void* data = pinned_cache().allocate(bytes);
  return {data, data, &delete_pinned, c10::Device(c10::DeviceType::CPU)};
}

#if NPU_TORCH_VERSION < 20000
class DeviceAllocator final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t bytes) const override { return allocate_block(bytes); }
};

class PinnedAllocator final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t bytes) const override { return allocate_pinned(bytes); }
  c10::DeleterFnPtr raw_deleter() const override { return &delete_pinned; }
};
#else
c10::CachingAllocator::Stat to_c10(const Stat& stat) {
  c10::CachingAllocator::Stat result;
  result.current = stat.current;
  result.peak = stat.peak;
  result.allocated = stat.allocated;
  result.freed = stat.freed;
  return result;
}

c10::CachingAllocator::StatArray to_c10(const PooledStat& stat) {
  return {to_c10(stat.all), to_c10(stat.small_pool), to_c10(stat.large_pool)};
}

c10::CachingDeviceAllocator::DeviceStats to_c10(const MemoryStats& stats) {
  c10::CachingDeviceAllocator::DeviceStats result;
  result.allocation = to_c10(stats.allocation);
  result.segment = to_c10(stats.segment);
  result.active = to_c10(stats.active);
  result.inactive_split = to_c10(stats.inactive_split);
  result.allocated_bytes = to_c10(stats.allocated_bytes);
  result.reserved_bytes = to_c10(stats.reserved_bytes);
  result.active_bytes = to_c10(stats.active_bytes);
  result.inactive_split_bytes = to_c10(stats.inactive_split_bytes);
  result.requested_bytes = to_c10(stats.requested_bytes);
  result.oversize_allocations = to_c10(stats.oversize_allocations);
  result.oversize_segments = to_c10(stats.oversize_segments);
  result.num_alloc_retries = stats.num_alloc_retries;
  result.num_ooms = stats.num_ooms;
  result.num_sync_all_streams = stats.num_sync_all_streams;
  result.num_device_alloc = stats.num_device_alloc;
  result.num_device_free = stats.num_device_free;
  result.max_split_size = stats.max_split_size;
  return result;
}

class DeviceAllocator final : public c10::DeviceAllocator {
 public:
  c10::DataPtr allocate(size_t bytes) override { return allocate_block(bytes); }

  bool is_simple_data_ptr(const c10::DataPtr& data) const override {
    return data.get_deleter() == &delete_block;
  }

  void copy_data(void* to, const void* from, std::size_t bytes) const override {
    if (bytes == 0) return;
    launch(current_stream(), "aclrtMemcpyAsync", [to, from, bytes](aclrtStream on) {
      NPU_CHECK(aclrtMemcpyAsync(to, bytes, from, bytes, ACL_MEMCPY_DEVICE_TO_DEVICE, on));
    });
  }

  bool initialized() override { return is_initialized(); }

  void emptyCache(c10::MempoolId_t pool) override {
    TORCH_CHECK(pool.first == 0 && pool.second == 0, "an NPU has no private memory pools");
    empty_cache();
  }

  void recordStream(const c10::DataPtr& data, c10::Stream stream) override {
    record_stream(data, Stream(stream));
  }

  c10::CachingDeviceAllocator::DeviceStats getDeviceStats(c10::DeviceIndex index) override {
    return to_c10(device_cache(checked(index)).stats());
  }
  void resetAccumulatedStats(c10::DeviceIndex index) override {
    device_cache(checked(index)).reset_accumulated_stats();
  }
  void resetPeakStats(c10::DeviceIndex index) override {
    device_cache(checked(index)).reset_peak_stats();
  }
  std::pair<size_t, size_t> getMemoryInfo(c10::DeviceIndex index) override {
    const MemoryInfo info = memory_info(checked(index));
    return {info.free, info.total};
  }

 private:
  static c10::DeviceIndex checked(c10::DeviceIndex index) {
    TORCH_CHECK(index >= 0 && index < device_count(), "there is no device npu:",
                static_cast<int>(index), "; this process has ", static_cast<int>(device_count()));
    return index;
  }
};

class PinnedAllocator final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t bytes) override { return allocate_pinned(bytes); }
  c10::DeleterFnPtr raw_deleter() const override { return &delete_pinned; }
  void copy_data(void* to, const void* from, std::size_t bytes) const override {
    std::memcpy(to, from, bytes);
  }
};
#endif

// PyTorch keeps the pointer as long as the process lives.
const bool registered = [] {
  c10::SetAllocator(kDeviceType, device_allocator());
  return true;
}();

}  // namespace

#if NPU_TORCH_VERSION < 20000
void throw_out_of_memory(const std::string& text, size_t /*bytes*/, c10::DeviceIndex /*index*/) {
  TORCH_CHECK(false, text);
  // The macro throws, which the compiler cannot know.
  std::abort();
}
#else
void throw_out_of_memory(const std::string& text, size_t bytes, c10::DeviceIndex index) {
  const std::pair<size_t, size_t> totals = device_cache(index).totals();
  c10::reportOutOfMemoryToProfiler(static_cast<int64_t>(bytes), totals.first, totals.second,
                                   device(index));
  TORCH_CHECK_WITH(OutOfMemoryError, false, text);
  // The macro throws, which the compiler cannot know.
  std::abort();
}
#endif

c10::Allocator* device_allocator() {
  static DeviceAllocator* allocator = new DeviceAllocator();
  return allocator;
}

c10::DataPtr attach(c10::DataPtr data, std::unique_ptr<Attachment> what) {
  void* address = data.get();
  const c10::Device on = data.device();
  return {address, new Attached{std::move(data), std::move(what)}, &delete_attached, on};
}

Attachment* attachment(const c10::DataPtr& data) {
  if (data.get_deleter() != &delete_attached) return nullptr;
  return static_cast<Attached*>(data.get_context())->what.get();
}

void record_stream(const c10::DataPtr& data, const Stream& stream) {
  if (data.get_deleter() == &delete_attached) {
    record_stream(static_cast<Attached*>(data.get_context())->data, stream);
    return;
  }
  // Memory that somebody else made is not ours to keep.
  if (data.get() == nullptr || data.get_deleter() != &delete_block) return;
  Block* block = static_cast<Block*>(data.get_context());
  device_cache(block->device).record(block, stream);
}

void empty_cache() {
  if (!is_initialized()) return;
  for (c10::DeviceIndex index = 0; index < device_count(); ++index) {
    device_cache(index).release_cached();
  }
}

c10::Allocator* pinned_allocator() {
  static PinnedAllocator* allocator = new PinnedAllocator();
  return allocator;
}

bool is_pinned(const void* pointer) { return pinned_cache().contains(pointer); }

void record_pinned(const void* pointer, const Stream& stream) {
  pinned_cache().record(pointer, stream);
}

}  // namespace npu
