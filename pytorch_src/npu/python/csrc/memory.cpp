// Memory of the devices and pinned memory: statistics, settings, and raw blocks.
#include <pybind11/stl.h>

#include <mutex>
#include <unordered_map>

#include "python/csrc/module.h"
#include "runtime/allocator.h"
#include "runtime/caching_allocator.h"
#include "runtime/caching_allocator_config.h"
#include "runtime/device.h"
#include "runtime/pinned_allocator.h"

namespace npu {

namespace {

namespace py = pybind11;

DeviceCache& cache(int index) {
  TORCH_CHECK(index >= 0 && index < device_count(), "there is no device npu:", index,
              "; this process has ", static_cast<int>(device_count()));
  return device_cache(static_cast<c10::DeviceIndex>(index));
}

py::dict to_dict(const Stat& stat) {
  py::dict result;
  result["current"] = stat.current;
  result["peak"] = stat.peak;
  result["allocated"] = stat.allocated;
  result["freed"] = stat.freed;
  return result;
}

// With the structure that torch.cuda.memory_stats_as_nested_dict() has.
py::dict to_dict(MemoryStats stats) {
  py::dict result;
  stats.for_each_pooled([&result](const char* name, const PooledStat& stat) {
    py::dict kinds;
    kinds["all"] = to_dict(stat.all);
    kinds["small_pool"] = to_dict(stat.small_pool);
    kinds["large_pool"] = to_dict(stat.large_pool);
    result[name] = kinds;
  });
  result["oversize_allocations"] = to_dict(stats.oversize_allocations);
  result["oversize_segments"] = to_dict(stats.oversize_segments);
  result["num_alloc_retries"] = stats.num_alloc_retries;
  result["num_ooms"] = stats.num_ooms;
  result["num_sync_all_streams"] = stats.num_sync_all_streams;
  result["num_device_alloc"] = stats.num_device_alloc;
  result["num_device_free"] = stats.num_device_free;
  result["max_split_size"] = stats.max_split_size;
  return result;
}

py::dict to_dict(const SegmentInfo& segment) {
  py::list blocks;
  for (const BlockInfo& block : segment.blocks) {
    py::dict entry;
    entry["address"] = block.address;
    entry["size"] = block.size;
    entry["requested_size"] = block.requested;
    entry["state"] = block.state;
    blocks.append(entry);
  }
  py::dict result;
  result["device"] = static_cast<int>(segment.device);
  result["address"] = segment.address;
  result["total_size"] = segment.total_size;
  result["allocated_size"] = segment.allocated_size;
  result["active_size"] = segment.active_size;
  result["requested_size"] = segment.requested_size;
  result["stream"] = segment.stream;
  result["segment_type"] = segment.kind == PoolKind::kSmall ? "small" : "large";
  result["blocks"] = blocks;
  return result;
}

py::list snapshot() {
  py::list result;
  for (int index = 0; is_initialized() && index < device_count(); ++index) {
    for (const SegmentInfo& segment : cache(index).snapshot()) result.append(to_dict(segment));
  }
  return result;
}

// Blocks that a program allocated by itself, by address.
struct RawBlocks {
  std::mutex mutex;
  std::unordered_map<size_t, c10::DataPtr> blocks;
};

RawBlocks& raw_blocks() {
  // Never destroyed: the memory outlives everything else.
  static RawBlocks* made = new RawBlocks();
  return *made;
}

size_t raw_allocate(size_t bytes, int index, c10::StreamId stream) {
  DeviceScope scope(static_cast<c10::DeviceIndex>(index));
  const Stream before = current_stream();
  set_current_stream(stream_of(stream, current_device()));
  c10::DataPtr data;
  try {
    data = device_allocator()->allocate(bytes);
  } catch (...) {
    set_current_stream(before);
    throw;
  }
  set_current_stream(before);
  const size_t address = reinterpret_cast<size_t>(data.get());
  if (address == 0) return 0;
  std::lock_guard<std::mutex> lock(raw_blocks().mutex);
  raw_blocks().blocks[address] = std::move(data);
  return address;
}

void raw_delete(size_t address) {
  if (address == 0) return;
  c10::DataPtr data;
  std::lock_guard<std::mutex> lock(raw_blocks().mutex);
  const auto found = raw_blocks().blocks.find(address);
  TORCH_CHECK(found != raw_blocks().blocks.end(), "caching_allocator_delete: ", address,
              " was not given by caching_allocator_alloc, or is deleted already");
  data = std::move(found->second);
  raw_blocks().blocks.erase(found);
}

py::dict pinned_stats() {
  const PinnedStats stats = pinned_cache().stats();
  py::dict result;
  result["allocated_bytes"] = to_dict(stats.allocated_bytes);
  result["reserved_bytes"] = to_dict(stats.reserved_bytes);
  result["num_host_alloc"] = stats.num_host_alloc;
  result["num_host_free"] = stats.num_host_free;
  return result;
}

}  // namespace

void bind_memory(py::module& m) {
  m.def("memory_stats", [](int index) { return to_dict(cache(index).stats()); });
  m.def("memory_snapshot", &snapshot);
  m.def("reset_peak_memory_stats", [](int index) { cache(index).reset_peak_stats(); });
  m.def("reset_accumulated_memory_stats",
        [](int index) { cache(index).reset_accumulated_stats(); });
  m.def("empty_cache", &empty_cache, WithoutGil());
  m.def("memory_info", [](int index) {
    const MemoryInfo info = memory_info(static_cast<c10::DeviceIndex>(index));
    return std::make_pair(info.free, info.total);
  });
  m.def("set_memory_fraction",
        [](int index, double fraction) { cache(index).set_memory_fraction(fraction); });
  m.def("memory_fraction", [](int index) { return cache(index).memory_fraction(); });
  m.def("raw_allocate", &raw_allocate, WithoutGil());
  m.def("raw_delete", &raw_delete, WithoutGil());
  m.def("check_allocator_config", [](const std::string& text) { parse_allocator_config(text); });
  m.def("pinned_memory_stats", &pinned_stats);
  m.def("empty_pinned_cache", [] { pinned_cache().release_cached(); }, WithoutGil());
}

}  // namespace npu
