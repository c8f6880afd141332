// The caching allocator of one device. What is freed goes back to the stream it was allocated for
// and is handed out again in that stream's order, without waiting; AscendCL is asked only for
// segments.
#ifndef ASCENDTORCH_NPU_CACHING_ALLOCATOR_H_
#define ASCENDTORCH_NPU_CACHING_ALLOCATOR_H_

#include <mutex>
#include <string>
#include <unordered_set>
#include <vector>

#include "runtime/block_pool.h"
#include "runtime/event.h"

namespace npu {

struct BlockInfo {
  size_t address;
  size_t size;        // bytes
  size_t requested;   // bytes as asked for; 0 where it is free
  const char* state;  // "active_allocated", "active_awaiting_free" or "inactive"
};

struct SegmentInfo {
  c10::DeviceIndex device;
  size_t address;
  size_t total_size;
  size_t allocated_size;
  size_t active_size;
  size_t requested_size;
  c10::StreamId stream;
  PoolKind kind;
  std::vector<BlockInfo> blocks;
};

class NPU_API DeviceCache {
 public:
  explicit DeviceCache(c10::DeviceIndex device) : device_(device) {}
  DeviceCache(const DeviceCache&) = delete;
  DeviceCache& operator=(const DeviceCache&) = delete;

  // For work of `stream`. Throws out of memory after the cache was freed and tried again, and the
  // error of queued work where that is waited for.
  Block* allocate(size_t bytes, const Stream& stream);
  // Never throws: it is called by destructors.
  void free(Block* block) noexcept;
  // Keeps the block, once it is freed, until `stream` has done what was queued there by then.
  void record(Block* block, const Stream& stream);

  // Gives free segments back to AscendCL; waits for the streams that used them, and throws the
  // first error of what was queued there (the cache stays right).
  void release_cached();
  // Of the device's memory, what this process may reserve: 0 to 1.
  void set_memory_fraction(double fraction);
  double memory_fraction();

  MemoryStats stats();
  void reset_peak_stats();
  void reset_accumulated_stats();
  // Bytes handed out, and bytes taken from AscendCL.
  std::pair<size_t, size_t> totals();
  std::vector<SegmentInfo> snapshot();

 private:
  using Lock = std::unique_lock<std::mutex>;
  struct Wait {
    Block* block;
    Stream stream;
    Event event;
  };

  Block* find(size_t size, const Stream& stream);
  Block* new_segment(size_t size, const Stream& stream);
  Block* obtain(size_t bytes, size_t size, const Stream& stream, Lock& lock);
  void hand_out(Block* block, size_t bytes, size_t size);
  void put_back(Block* block);
  void take_out(Block* block);
  void recycle(Block* block);
  void settle(bool wait);
  void collect_garbage(size_t size, Lock& lock);
  void give_back(std::vector<Block*> blocks);
  std::string out_of_memory_text(size_t bytes);

  BlockPool& pool(PoolKind kind) { return kind == PoolKind::kSmall ? small_ : large_; }

  const c10::DeviceIndex device_;
  // Never held while waiting for the device or for a queue: what runs there may free memory.
  std::mutex mutex_;
  BlockPool small_;
  BlockPool large_;
  std::unordered_set<Block*> segments_;  // the first block of each
  std::vector<Wait> waits_;              // freed, but used by another stream
  MemoryStats stats_;
  size_t limit_ = SIZE_MAX;  // bytes
  double fraction_ = 1;
  uint64_t clock_ = 0;
};

// Of a device between 0 and kMaxDevices.
NPU_API DeviceCache& device_cache(c10::DeviceIndex index);

// A c10::OutOfMemoryError where the release has it; `bytes` were asked for on `device`.
[[noreturn]] void throw_out_of_memory(const std::string& text, size_t bytes,
                                      c10::DeviceIndex device);

}  // namespace npu

#endif
