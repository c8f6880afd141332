// What the allocators count, with the names that torch.cuda.memory_stats() has.
#ifndef ASCENDTORCH_NPU_MEMORY_STATS_H_
#define ASCENDTORCH_NPU_MEMORY_STATS_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace npu {

struct Stat {
  int64_t current = 0;
  int64_t peak = 0;
  int64_t allocated = 0;  // sum of all increases
  int64_t freed = 0;      // sum of all decreases

  void increase(size_t amount) {
    current += static_cast<int64_t>(amount);
    allocated += static_cast<int64_t>(amount);
    peak = std::max(peak, current);
  }
  void decrease(size_t amount) {
    current -= static_cast<int64_t>(amount);
    freed += static_cast<int64_t>(amount);
  }
  void reset_peak() { peak = current; }
  void reset_accumulated() { allocated = freed = 0; }
};

enum class PoolKind { kSmall, kLarge };

// One number for all blocks, and one for each kind of pool.
struct PooledStat {
  Stat all;
  Stat small_pool;
  Stat large_pool;

  Stat& of(PoolKind kind) { return kind == PoolKind::kSmall ? small_pool : large_pool; }
  void increase(PoolKind kind, size_t amount) {
    all.increase(amount);
    of(kind).increase(amount);
  }
  void decrease(PoolKind kind, size_t amount) {
    all.decrease(amount);
    of(kind).decrease(amount);
  }
};

struct MemoryStats {
  // Counts.
  PooledStat allocation;      // handed out
  PooledStat segment;         // taken from AscendCL
  PooledStat active;          // handed out, or still used by another stream
  PooledStat inactive_split;  // free parts of segments that are in use elsewhere
  // Bytes.
  PooledStat allocated_bytes;
  PooledStat reserved_bytes;
  PooledStat active_bytes;
  PooledStat inactive_split_bytes;
  PooledStat requested_bytes;  // as asked for, before rounding
  // Of blocks that are too large to be split.
  Stat oversize_allocations;
  Stat oversize_segments;

  int64_t num_alloc_retries = 0;
  int64_t num_ooms = 0;
  int64_t num_sync_all_streams = 0;
  int64_t num_device_alloc = 0;
  int64_t num_device_free = 0;
  int64_t max_split_size = -1;  // bytes; -1: no limit

  // Calls f(name, stat) for every pooled number.
  template <typename F>
  void for_each_pooled(F f) {
    f("allocation", allocation);
    f("segment", segment);
    f("active", active);
    f("inactive_split", inactive_split);
    f("allocated_bytes", allocated_bytes);
    f("reserved_bytes", reserved_bytes);
    f("active_bytes", active_bytes);
    f("inactive_split_bytes", inactive_split_bytes);
    f("requested_bytes", requested_bytes);
  }
  void reset_peak();
  void reset_accumulated();
};

}  // namespace npu

#endif
