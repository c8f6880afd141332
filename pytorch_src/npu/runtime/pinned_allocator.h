// Pinned memory of the host: blocks are kept and handed out again when the copies that used them
// are done.
#ifndef ASCENDTORCH_NPU_PINNED_ALLOCATOR_H_
#define ASCENDTORCH_NPU_PINNED_ALLOCATOR_H_

#include <map>
#include <mutex>
#include <set>
#include <vector>

#include "runtime/event.h"
#include "runtime/memory_stats.h"

namespace npu {

struct PinnedStats {
  Stat allocated_bytes;  // handed out
  Stat reserved_bytes;   // taken from AscendCL
  int64_t num_host_alloc = 0;
  int64_t num_host_free = 0;
};

class NPU_API PinnedCache {
 public:
  PinnedCache() = default;
  PinnedCache(const PinnedCache&) = delete;
  PinnedCache& operator=(const PinnedCache&) = delete;

  // Throws c10::Error: no AscendCL, a forked child, or no memory after the cache was freed.
  void* allocate(size_t bytes);
  // Takes what allocate() gave. Never throws: it is called by destructors.
  void free(void* data) noexcept;
  // The block that `address` lies in is not handed out again before `stream` has done what is
  // queued there when it is freed. False, and nothing, where it lies in none.
  bool record(const void* address, const Stream& stream);
  bool contains(const void* address);
  // Frees the blocks that nobody uses; waits for the copies of those that are given back already.
  void release_cached();
  PinnedStats stats();

 private:
  struct HostBlock {
    char* data;
    size_t size;
    bool allocated;
    std::vector<Stream> users;
    std::vector<Event> events;  // to be reached before it is free
  };
  using Lock = std::unique_lock<std::mutex>;

  HostBlock* find(const void* address);
  HostBlock* take(size_t size);
  HostBlock* new_block(size_t size);
  void settle(bool wait);

  // Never held while waiting for a queue: what runs there may free pinned memory.
  std::mutex mutex_;
  std::map<const char*, HostBlock*> blocks_;       // all, by address
  std::set<std::pair<size_t, const char*>> free_;  // size and address
  std::vector<HostBlock*> waiting_;                // given back, but used by copies
  PinnedStats stats_;
};

NPU_API PinnedCache& pinned_cache();

}  // namespace npu

#endif
