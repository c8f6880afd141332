#include "runtime/memory_stats.h"

namespace npu {

void MemoryStats::reset_peak() {
  for_each_pooled([](const char*, PooledStat& stat) {
    stat.all.reset_peak();
    stat.small_pool.reset_peak();
    stat.large_pool.reset_peak();
  });
  oversize_allocations.reset_peak();
  oversize_segments.reset_peak();
}

void MemoryStats::reset_accumulated() {
  for_each_pooled([](const char*, PooledStat& stat) {
    stat.all.reset_accumulated();
    stat.small_pool.reset_accumulated();
    stat.large_pool.reset_accumulated();
  });
  oversize_allocations.reset_accumulated();
  oversize_segments.reset_accumulated();
  num_alloc_retries = num_ooms = num_sync_all_streams = 0;
  num_device_alloc = num_device_free = 0;
}

}  // namespace npu
