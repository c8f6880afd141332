// What the caching allocator tells of itself.
#include <algorithm>
#include <cstdio>

#include "runtime/caching_allocator.h"
#include "runtime/caching_allocator_config.h"
#include "runtime/device.h"

namespace npu {

namespace {

std::string format_bytes(size_t bytes) {
  const char* const units[] = {"bytes", "KiB", "MiB", "GiB"};
  double amount = static_cast<double>(bytes);
  size_t unit = 0;
  while (amount >= 1024 && unit < 3) {
    amount /= 1024;
    ++unit;
  }
  char text[48];
  std::snprintf(text, sizeof(text), unit == 0 ? "%.0f %s" : "%.2f %s", amount, units[unit]);
  return text;
}

std::string format_bytes(const Stat& stat) {
  return format_bytes(static_cast<size_t>(stat.current));
}

}  // namespace

std::string DeviceCache::out_of_memory_text(size_t bytes) {
  const MemoryInfo info = memory_info(device_);
  std::lock_guard<std::mutex> lock(mutex_);
  std::string text = "NPU out of memory. Tried to allocate " + format_bytes(bytes) + " (NPU " +
                     std::to_string(device_) + "; " + format_bytes(info.total) +
                     " total capacity; " + format_bytes(stats_.allocated_bytes.all) +
                     " already allocated; " + format_bytes(stats_.active_bytes.all) +
                     " current active; " + format_bytes(info.free) + " free; " +
                     format_bytes(stats_.reserved_bytes.all) + " reserved in total by PyTorch";
  if (limit_ != SIZE_MAX) {
    text += "; " + format_bytes(limit_) + " allowed by set_per_process_memory_fraction";
  }
  return text + "). Use a smaller batch or model, delete tensors that are not needed, or, if "
         "reserved memory is much more than allocated memory, set max_split_size_mb in "
         "PYTORCH_NPU_ALLOC_CONF to avoid fragmentation.";
}

void DeviceCache::set_memory_fraction(double fraction) {
  const size_t total = memory_info(device_).total;
  std::lock_guard<std::mutex> lock(mutex_);
  fraction_ = fraction;
  limit_ = fraction >= 1 ? SIZE_MAX : static_cast<size_t>(fraction * static_cast<double>(total));
}

double DeviceCache::memory_fraction() {
  std::lock_guard<std::mutex> lock(mutex_);
  return fraction_;
}

MemoryStats DeviceCache::stats() {
  std::lock_guard<std::mutex> lock(mutex_);
  MemoryStats now = stats_;
  const size_t max_split = allocator_config().max_split_bytes;
  now.max_split_size = max_split == SIZE_MAX ? -1 : static_cast<int64_t>(max_split);
  return now;
}

void DeviceCache::reset_peak_stats() {
  std::lock_guard<std::mutex> lock(mutex_);
  stats_.reset_peak();
}

void DeviceCache::reset_accumulated_stats() {
  std::lock_guard<std::mutex> lock(mutex_);
  stats_.reset_accumulated();
}

std::pair<size_t, size_t> DeviceCache::totals() {
  std::lock_guard<std::mutex> lock(mutex_);
  return {static_cast<size_t>(stats_.allocated_bytes.all.current),
          static_cast<size_t>(stats_.reserved_bytes.all.current)};
}

std::vector<SegmentInfo> DeviceCache::snapshot() {
  std::lock_guard<std::mutex> lock(mutex_);
  std::vector<SegmentInfo> found;
  for (const Block* first : segments_) {
    SegmentInfo segment{};
    segment.device = device_;
    segment.address = reinterpret_cast<size_t>(first->data);
    segment.stream = first->stream;
    segment.kind = first->kind;
    for (const Block* block = first; block != nullptr; block = block->next) {
      segment.total_size += block->size;
      segment.requested_size += block->requested;
      if (block->allocated) segment.allocated_size += block->size;
      if (!block->is_free()) segment.active_size += block->size;
      segment.blocks.push_back(BlockInfo{reinterpret_cast<size_t>(block->data), block->size,
                                         block->requested,
                                         block->allocated   ? "active_allocated"
                                         : block->waits > 0 ? "active_awaiting_free"
                                                            : "inactive"});
    }
    found.push_back(std::move(segment));
  }
  std::sort(found.begin(), found.end(),
            [](const SegmentInfo& a, const SegmentInfo& b) { return a.address < b.address; });
  return found;
}

}  // namespace npu
