// Blocks of device memory: segments taken from AscendCL, cut into parts, and the free ones in
// order.
#ifndef ASCENDTORCH_NPU_BLOCK_POOL_H_
#define ASCENDTORCH_NPU_BLOCK_POOL_H_

#include <set>
#include <vector>

#include "runtime/memory_stats.h"
#include "runtime/stream.h"

namespace npu {

constexpr size_t kMebibyte = size_t{1} << 20;
constexpr size_t kBlockUnit = 512;
// Operators may read up to 32 bytes behind a tensor: AscendCL wants who cuts memory up to leave
// them.
constexpr size_t kTail = 32;
constexpr size_t kLargestSmall = kMebibyte;  // of blocks in the small pool
constexpr size_t kSmallSegment = 2 * kMebibyte;
constexpr size_t kLargeSegment = 20 * kMebibyte;
constexpr size_t kOwnSegment = 10 * kMebibyte;  // from here on a block gets a segment of its own
constexpr size_t kSegmentUnit = 2 * kMebibyte;

// What a request of `bytes` takes of a segment.
size_t block_size(size_t bytes);
// What is asked of AscendCL for a block of `size`.
size_t segment_size(size_t size);
inline PoolKind pool_kind(size_t size) {
  return size <= kLargestSmall ? PoolKind::kSmall : PoolKind::kLarge;
}

// A part of a segment. Its parts are linked in the order of their addresses; the first one lives as
// long as the segment.
struct Block {
  c10::DeviceIndex device;
  c10::StreamId stream;  // whose order reuse follows
  PoolKind kind;         // of its segment
  char* data;
  size_t size;             // bytes
  size_t requested = 0;    // bytes as asked for, while handed out
  bool allocated = false;  // handed out
  size_t waits = 0;        // events to be reached before it is free
  uint64_t freed_at = 0;   // a clock of the device's allocator
  Block* previous = nullptr;
  Block* next = nullptr;
  std::vector<Stream> users;  // other streams that use it while it is handed out

  bool is_part() const { return previous != nullptr || next != nullptr; }
  bool is_free() const { return !allocated && waits == 0; }
};

// The free blocks of one kind.
class BlockPool {
 public:
  // The smallest block of `stream` with at least `size` bytes, taken out; null where there is none.
  // `max_split`: larger blocks are kept for requests about as large.
  Block* take(c10::StreamId stream, size_t size, size_t max_split);
  void put(Block* block) { blocks_.insert(block); }
  void remove(Block* block) { blocks_.erase(block); }
  // All blocks that are a whole segment, taken out.
  std::vector<Block*> take_segments();
  // Likewise without taking them out.
  std::vector<Block*> segments() const;

 private:
  struct Before {
    bool operator()(const Block* a, const Block* b) const;
  };
  std::set<Block*, Before> blocks_;
};

// True where the rest of a free block is worth keeping apart.
bool should_split(const Block& block, size_t size, size_t max_split);
// Cuts a block; returns the part behind the first `size` bytes.
Block* split(Block* block, size_t size);
// Joins a block with the one behind it, which is gone afterwards.
void join_next(Block* block);

}  // namespace npu

#endif
