#include "runtime/pinned_allocator.h"

#include <algorithm>
#include <cstdio>
#include <exception>

#include "runtime/acl_error.h"
#include "runtime/device.h"

namespace npu {

namespace {

constexpr size_t kLeast = 4096;
constexpr size_t kLargeUnit = size_t{2} << 20;

// Few sizes, so that blocks fit again: powers of 2, and multiples of 2 MiB for large ones.
size_t pinned_size(size_t bytes) {
  if (bytes > SIZE_MAX / 4) return SIZE_MAX / 2;
  if (bytes > kLargeUnit) return (bytes + kLargeUnit - 1) / kLargeUnit * kLargeUnit;
  size_t size = kLeast;
  while (size < bytes) size *= 2;
  return size;
}

}  // namespace

PinnedCache& pinned_cache() {
  // Never destroyed: static tensors are freed after everything else.
  static PinnedCache* cache = new PinnedCache();
  return *cache;
}

void* PinnedCache::allocate(size_t bytes) {
  initialize();
  if (bytes == 0) return nullptr;
  const size_t size = pinned_size(bytes);
  settle(false);
  Lock lock(mutex_);
  HostBlock* block = take(size);
  if (block == nullptr) block = new_block(size);
  if (block == nullptr) {
    lock.unlock();
    release_cached();
    lock.lock();
    block = new_block(size);
    TORCH_CHECK(block != nullptr, "no pinned memory: tried to allocate ", bytes, " bytes of the "
                "host, of which ", stats_.reserved_bytes.current, " bytes are pinned by PyTorch; "
                "use fewer or smaller batches, or pin_memory=False");
  }
  block->allocated = true;
  stats_.allocated_bytes.increase(block->size);
  return block->data;
}

// A free block that is at most twice as large as what is asked for.
PinnedCache::HostBlock* PinnedCache::take(size_t size) {
  const auto found = free_.lower_bound(std::make_pair(size, static_cast<const char*>(nullptr)));
  if (found == free_.end() || found->first / 2 > size) return nullptr;
  HostBlock* block = blocks_.at(found->second);
  free_.erase(found);
  return block;
}

// Null where AscendCL has none.
PinnedCache::HostBlock* PinnedCache::new_block(size_t size) {
  if (size > SIZE_MAX / 4) return nullptr;
  // AscendCL wants a thread that drives a device.
  set_device(current_device());
  void* data = nullptr;
  const aclError code = aclrtMallocHost(&data, size);
  if (code == ACL_ERROR_RT_MEMORY_ALLOCATION || code == ACL_ERROR_BAD_ALLOC) {
    recent_error();  // taken, so that no later message tells it
    return nullptr;
  }
  check(code, "aclrtMallocHost");
  HostBlock* block = new HostBlock{static_cast<char*>(data), size, false, {}, {}};
  blocks_[block->data] = block;
  stats_.reserved_bytes.increase(size);
  ++stats_.num_host_alloc;
  return block;
}

PinnedCache::HostBlock* PinnedCache::find(const void* address) {
  const char* byte = static_cast<const char*>(address);
  auto after = blocks_.upper_bound(byte);
  if (after == blocks_.begin()) return nullptr;
  HostBlock* block = (--after)->second;
  return byte < block->data + block->size ? block : nullptr;
}

bool PinnedCache::contains(const void* address) {
  std::lock_guard<std::mutex> lock(mutex_);
  const HostBlock* block = find(address);
  return block != nullptr && block->allocated;
}

bool PinnedCache::record(const void* address, const Stream& stream) {
  std::lock_guard<std::mutex> lock(mutex_);
  HostBlock* block = find(address);
  if (block == nullptr) return false;
  if (std::find(block->users.begin(), block->users.end(), stream) == block->users.end()) {
    block->users.push_back(stream);
  }
  return true;
}

void PinnedCache::free(void* data) noexcept {
  // The memory, and maybe the lock, is the parent's.
  if (data == nullptr || is_bad_fork()) return;
  HostBlock* block = nullptr;
  std::vector<Stream> users;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    block = find(data);
    block->allocated = false;
    stats_.allocated_bytes.decrease(block->size);
    users.swap(block->users);
    if (users.empty()) {
      free_.insert(std::make_pair(block->size, block->data));
      return;
    }
  }
  try {
    std::vector<Event> events(users.size());
    for (size_t i = 0; i < users.size(); ++i) events[i].record(users[i]);
    std::lock_guard<std::mutex> lock(mutex_);
    block->events.swap(events);
    waiting_.push_back(block);
  } catch (const std::exception& error) {
    // The block is never handed out again, which is better than too early.
    std::fprintf(stderr, "torch.npu: %zu bytes of pinned memory are lost, for no event was "
                 "recorded: %s\n", block->size, error.what());
  }
}

// Takes blocks back whose copies are done; `wait` waits for all. Throws the first error that
// waiting tells of, after all else is done.
void PinnedCache::settle(bool wait) {
  std::vector<HostBlock*> waiting;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    waiting.swap(waiting_);
  }
  if (waiting.empty()) return;
  std::exception_ptr error;
  const auto reached = [wait, &error](HostBlock* block) {
    try {
      for (const Event& event : block->events) {
        if (wait) event.synchronize();
        if (!wait && !event.query()) return false;
      }
      return true;
    } catch (...) {
      if (!error) error = std::current_exception();
      return false;
    }
  };
  const auto done = std::stable_partition(waiting.begin(), waiting.end(),
                                          [&reached](HostBlock* block) { return !reached(block); });
  {
    std::lock_guard<std::mutex> lock(mutex_);
    waiting_.insert(waiting_.begin(), waiting.begin(), done);
    for (auto block = done; block != waiting.end(); ++block) {
      (*block)->events.clear();
      free_.insert(std::make_pair((*block)->size, (*block)->data));
    }
  }
  if (error) std::rethrow_exception(error);
}

void PinnedCache::release_cached() {
  settle(true);
  std::vector<HostBlock*> blocks;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    for (const auto& entry : free_) blocks.push_back(blocks_.at(entry.second));
    for (const HostBlock* block : blocks) blocks_.erase(block->data);
    free_.clear();
    for (const HostBlock* block : blocks) {
      stats_.reserved_bytes.decrease(block->size);
      ++stats_.num_host_free;
    }
  }
  for (HostBlock* block : blocks) {
    NPU_WARN(aclrtFreeHost(block->data));
    delete block;
  }
}

PinnedStats PinnedCache::stats() {
  std::lock_guard<std::mutex> lock(mutex_);
  return stats_;
}

}  // namespace npu
