// How memory comes back: to the pool, after other streams have used it, and to AscendCL.
#include <algorithm>
#include <cstdio>
#include <exception>

#include "runtime/acl_error.h"
#include "runtime/caching_allocator.h"
#include "runtime/caching_allocator_config.h"
#include "runtime/device.h"

namespace npu {

void DeviceCache::free(Block* block) noexcept {
  // The memory, and maybe the lock, is the parent's.
  if (is_bad_fork()) return;
  std::vector<Stream> users;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stats_.allocation.decrease(block->kind, 1);
    stats_.allocated_bytes.decrease(block->kind, block->size);
    stats_.requested_bytes.decrease(block->kind, block->requested);
    if (block->size >= allocator_config().max_split_bytes) stats_.oversize_allocations.decrease(1);
    block->allocated = false;
    block->requested = 0;
    if (block->users.empty()) {
      recycle(block);
      return;
    }
    users.swap(block->users);
    block->waits = users.size();
  }
  try {
    std::vector<Wait> waits;
    for (const Stream& user : users) {
      waits.push_back(Wait{block, user, Event()});
      waits.back().event.record(user);
    }
    std::lock_guard<std::mutex> lock(mutex_);
    for (Wait& wait : waits) waits_.push_back(std::move(wait));
  } catch (const std::exception& error) {
    // The block is never handed out again, which is better than too early.
    std::fprintf(stderr, "torch.npu: %zu bytes of npu:%d are lost, for no event was recorded: %s\n",
                 block->size, static_cast<int>(device_), error.what());
  }
}

// Called with the lock, for a block that nobody uses any more.
void DeviceCache::recycle(Block* block) {
  stats_.active.decrease(block->kind, 1);
  stats_.active_bytes.decrease(block->kind, block->size);
  block->freed_at = ++clock_;
  const auto free_neighbour = [this](Block* neighbour) {
    if (neighbour == nullptr || !neighbour->is_free()) return false;
    pool(neighbour->kind).remove(neighbour);
    take_out(neighbour);
    return true;
  };
  if (free_neighbour(block->next)) join_next(block);
  if (free_neighbour(block->previous)) {
    block = block->previous;
    block->freed_at = clock_;
    join_next(block);
  }
  put_back(block);
}

// Takes blocks back whose events are reached; `wait` waits for them all. Throws the first error
// that waiting tells of, after all else is done.
void DeviceCache::settle(bool wait) {
  std::vector<Wait> waits;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    waits.swap(waits_);
  }
  std::vector<Wait> kept;
  std::vector<Block*> done;
  std::exception_ptr error;
  for (Wait& one : waits) {
    // A stream reaches its events in order: behind one that is not reached none is.
    bool reached = std::none_of(kept.begin(), kept.end(),
                                [&one](const Wait& other) { return other.stream == one.stream; });
    try {
      if (wait) one.event.synchronize();
      reached = reached && (wait || one.event.query());
    } catch (...) {
      if (!error) error = std::current_exception();
      reached = false;
    }
    if (reached) {
      done.push_back(one.block);
    } else {
      kept.push_back(std::move(one));
    }
  }
  {
    std::lock_guard<std::mutex> lock(mutex_);
    waits_.insert(waits_.begin(), std::make_move_iterator(kept.begin()),
                  std::make_move_iterator(kept.end()));
    for (Block* block : done) {
      if (--block->waits == 0) recycle(block);
    }
  }
  if (error) std::rethrow_exception(error);
}

void DeviceCache::release_cached() {
  settle(true);
  std::vector<Block*> blocks;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    ++stats_.num_sync_all_streams;
    blocks = small_.take_segments();
    const std::vector<Block*> large = large_.take_segments();
    blocks.insert(blocks.end(), large.begin(), large.end());
  }
  give_back(std::move(blocks));
}

// Frees the large segments that were idle longest, where the process holds more than it should.
void DeviceCache::collect_garbage(size_t size, Lock& lock) {
  const double threshold = allocator_config().garbage_collection_threshold;
  if (threshold == 0) return;
  const double allowed = limit_ == SIZE_MAX ? static_cast<double>(memory_info(device_).total)
                                            : static_cast<double>(limit_);
  const double wanted = static_cast<double>(stats_.reserved_bytes.all.current) +
                        static_cast<double>(segment_size(size)) - threshold * allowed;
  std::vector<Block*> idle = large_.segments();
  std::sort(idle.begin(), idle.end(),
            [](const Block* a, const Block* b) { return a->freed_at < b->freed_at; });
  std::vector<Block*> chosen;
  double gained = 0;
  for (Block* block : idle) {
    if (gained >= wanted) break;
    gained += static_cast<double>(block->size);
    large_.remove(block);
    chosen.push_back(block);
  }
  if (chosen.empty()) return;
  lock.unlock();
  give_back(std::move(chosen));
  lock.lock();
}

// Called without the lock, with blocks that are in no pool.
void DeviceCache::give_back(std::vector<Block*> blocks) {
  if (blocks.empty()) return;
  std::set<c10::StreamId> streams;
  for (const Block* block : blocks) streams.insert(block->stream);
  try {
    for (const c10::StreamId id : streams) stream_of(id, device_).synchronize();
  } catch (...) {
    std::lock_guard<std::mutex> lock(mutex_);
    for (Block* block : blocks) put_back(block);
    throw;
  }
  DeviceScope scope(device_);
  for (Block* block : blocks) NPU_WARN(aclrtFree(block->data));
  std::lock_guard<std::mutex> lock(mutex_);
  for (Block* block : blocks) {
    stats_.segment.decrease(block->kind, 1);
    stats_.reserved_bytes.decrease(block->kind, block->size);
    ++stats_.num_device_free;
    if (block->size >= allocator_config().max_split_bytes) stats_.oversize_segments.decrease(1);
    segments_.erase(block);
    delete block;
  }
}

}  // namespace npu
