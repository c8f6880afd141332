#include "runtime/block_pool.h"

#include <functional>

namespace npu {

namespace {

size_t round_up(size_t size, size_t unit) { return (size + unit - 1) / unit * unit; }

}  // namespace

size_t block_size(size_t bytes) { return round_up(bytes + kTail, kBlockUnit); }

size_t segment_size(size_t size) {
  if (size <= kLargestSmall) return kSmallSegment;
  return size < kOwnSegment ? kLargeSegment : round_up(size, kSegmentUnit);
}

bool BlockPool::Before::operator()(const Block* a, const Block* b) const {
  if (a->stream != b->stream) return a->stream < b->stream;
  if (a->size != b->size) return a->size < b->size;
  return std::less<const char*>()(a->data, b->data);
}

Block* BlockPool::take(c10::StreamId stream, size_t size, size_t max_split) {
  Block wanted{};
  wanted.stream = stream;
  wanted.size = size;
  const auto found = blocks_.lower_bound(&wanted);
  if (found == blocks_.end() || (*found)->stream != stream) return nullptr;
  Block* block = *found;
  if (size < max_split && block->size >= max_split) return nullptr;
  if (size >= max_split && block->size >= size + kLargeSegment) return nullptr;
  blocks_.erase(found);
  return block;
}

std::vector<Block*> BlockPool::segments() const {
  std::vector<Block*> found;
  for (Block* block : blocks_) {
    if (!block->is_part()) found.push_back(block);
  }
  return found;
}

std::vector<Block*> BlockPool::take_segments() {
  std::vector<Block*> taken = segments();
  for (Block* block : taken) blocks_.erase(block);
  return taken;
}

bool should_split(const Block& block, size_t size, size_t max_split) {
  const size_t rest = block.size - size;
  if (block.kind == PoolKind::kSmall) return rest >= kBlockUnit;
  return size < max_split && rest > kLargestSmall;
}

Block* split(Block* block, size_t size) {
  Block* rest = new Block();
  rest->device = block->device;
  rest->stream = block->stream;
  rest->kind = block->kind;
  rest->data = block->data + size;
  rest->size = block->size - size;
  rest->freed_at = block->freed_at;
  rest->previous = block;
  rest->next = block->next;
  if (rest->next != nullptr) rest->next->previous = rest;
  block->next = rest;
  block->size = size;
  return rest;
}

void join_next(Block* block) {
  Block* gone = block->next;
  block->size += gone->size;
  block->next = gone->next;
  if (block->next != nullptr) block->next->previous = block;
  delete gone;
}

}  // namespace npu
