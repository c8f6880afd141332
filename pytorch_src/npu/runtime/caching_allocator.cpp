#include "runtime/caching_allocator.h"

#include <exception>

#include "runtime/acl_error.h"
#include "runtime/caching_allocator_config.h"
#include "runtime/device.h"

namespace npu {

namespace {

// Where memory ran out; every other code is a failure of another kind.
bool is_out_of_memory(aclError code) {
  return code == ACL_ERROR_RT_MEMORY_ALLOCATION || code == ACL_ERROR_BAD_ALLOC ||
         code == ACL_ERROR_STORAGE_OVER_LIMIT;
}

bool is_oversize(size_t size) { return size >= allocator_config().max_split_bytes; }

}  // namespace

DeviceCache& device_cache(c10::DeviceIndex index) {
  // Never destroyed: static tensors are freed after everything else.
  static std::vector<DeviceCache*>* caches = [] {
    auto* made = new std::vector<DeviceCache*>();
    for (c10::DeviceIndex i = 0; i < kMaxDevices; ++i) made->push_back(new DeviceCache(i));
    return made;
  }();
  return *(*caches)[static_cast<size_t>(index)];
}

Block* DeviceCache::allocate(size_t bytes, const Stream& stream) {
  initialize();
  // A size so large that rounding would overflow cannot be had anyway.
  const size_t size = bytes > SIZE_MAX / 4 ? SIZE_MAX / 2 : block_size(bytes);
  Lock lock(mutex_);
  if (!waits_.empty()) {
    lock.unlock();
    settle(false);
    lock.lock();
  }
  Block* block = find(size, stream);
  if (block == nullptr) block = obtain(bytes, size, stream, lock);
  hand_out(block, bytes, size);
  return block;
}

Block* DeviceCache::find(size_t size, const Stream& stream) {
  Block* block = pool(pool_kind(size)).take(stream.id(), size, allocator_config().max_split_bytes);
  if (block != nullptr) take_out(block);
  return block;
}

// Called with the lock, which it gives up while it waits.
Block* DeviceCache::obtain(size_t bytes, size_t size, const Stream& stream, Lock& lock) {
  collect_garbage(size, lock);
  Block* block = new_segment(size, stream);
  if (block != nullptr) return block;
  ++stats_.num_alloc_retries;
  lock.unlock();
  release_cached();
  lock.lock();
  // Another thread may have freed what fits in the meantime.
  block = find(size, stream);
  if (block == nullptr) block = new_segment(size, stream);
  if (block != nullptr) return block;
  ++stats_.num_ooms;
  lock.unlock();
  throw_out_of_memory(out_of_memory_text(bytes), bytes, device_);
}

// Null where AscendCL, or the limit of this process, has no room.
Block* DeviceCache::new_segment(size_t size, const Stream& stream) {
  if (size > SIZE_MAX / 4) return nullptr;
  const size_t bytes = segment_size(size);
  const size_t reserved = static_cast<size_t>(stats_.reserved_bytes.all.current);
  if (bytes > limit_ || reserved > limit_ - bytes) return nullptr;
  DeviceScope scope(device_);
  void* data = nullptr;
  const aclError code = aclrtMalloc(&data, bytes, ACL_MEM_MALLOC_HUGE_FIRST);
  if (is_out_of_memory(code)) {
    recent_error();  // taken, so that no later message tells it
    return nullptr;
  }
  check(code, "aclrtMalloc");
  Block* block = new Block();
  block->device = device_;
  block->stream = stream.id();
  block->kind = pool_kind(size);
  block->data = static_cast<char*>(data);
  block->size = bytes;
  segments_.insert(block);
  stats_.segment.increase(block->kind, 1);
  stats_.reserved_bytes.increase(block->kind, bytes);
  ++stats_.num_device_alloc;
  if (is_oversize(bytes)) stats_.oversize_segments.increase(1);
  return block;
}

// A block that is in no pool becomes the caller's, but for what it does not need.
void DeviceCache::hand_out(Block* block, size_t bytes, size_t size) {
  if (should_split(*block, size, allocator_config().max_split_bytes)) put_back(split(block, size));
  block->allocated = true;
  block->requested = bytes;
  stats_.allocation.increase(block->kind, 1);
  stats_.active.increase(block->kind, 1);
  stats_.allocated_bytes.increase(block->kind, block->size);
  stats_.active_bytes.increase(block->kind, block->size);
  stats_.requested_bytes.increase(block->kind, bytes);
  if (is_oversize(block->size)) stats_.oversize_allocations.increase(1);
}

// Into its pool; counts what lies idle beside blocks that are in use.
void DeviceCache::put_back(Block* block) {
  pool(block->kind).put(block);
  if (!block->is_part()) return;
  stats_.inactive_split.increase(block->kind, 1);
  stats_.inactive_split_bytes.increase(block->kind, block->size);
}

// The other direction, for a block that is out of its pool already.
void DeviceCache::take_out(Block* block) {
  if (!block->is_part()) return;
  stats_.inactive_split.decrease(block->kind, 1);
  stats_.inactive_split_bytes.decrease(block->kind, block->size);
}

void DeviceCache::record(Block* block, const Stream& stream) {
  if (stream.id() == block->stream && stream.device_index() == device_) return;
  std::lock_guard<std::mutex> lock(mutex_);
  for (const Stream& known : block->users) {
    if (known == stream) return;
  }
  block->users.push_back(stream);
}

}  // namespace npu
