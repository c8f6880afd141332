#include "address_space.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <mutex>

#include "refusal.h"

namespace ascend_emu {

namespace {

/* Device ranges start on huge pages, so that the kernel may use them. */
constexpr size_t kHuge = size_t{2} << 20;
/* Room to hand out addresses many times over before one is used again: what was freed long ago
   is then still known as freed. */
constexpr size_t kSpanOfBudget = 16;
constexpr size_t kLeastSpan = size_t{64} << 30;

size_t least_span(size_t budget) { return (budget + budget / 2 + kHuge) & ~(kHuge - 1); }

uintptr_t reserve(size_t bytes) {
  void *found = mmap(nullptr, bytes + kHuge, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                     -1, 0);
  if (found == MAP_FAILED) return 0;
  const uintptr_t start = reinterpret_cast<uintptr_t>(found);
  const uintptr_t aligned = (start + kHuge - 1) & ~(kHuge - 1);
  if (aligned != start) munmap(found, aligned - start);
  const size_t behind = start + kHuge - aligned;
  if (behind != 0) munmap(reinterpret_cast<void *>(aligned + bytes), behind);
  return aligned;
}

}  // namespace

size_t page_size() {
  static const size_t size = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return size;
}

std::shared_ptr<AddressSpace> AddressSpace::of(int devices, size_t budget, bool guard) {
  static std::mutex mutex;
  static std::shared_ptr<AddressSpace> *const last = new std::shared_ptr<AddressSpace>;
  std::lock_guard<std::mutex> lock(mutex);
  if (!*last || (*last)->devices_ < devices || (*last)->guard_ != guard ||
      (*last)->span_ < least_span(budget)) {
    *last = std::make_shared<AddressSpace>(devices, budget, guard);
  }
  return *last;
}

AddressSpace::AddressSpace(int devices, size_t budget, bool guard)
    : devices_(devices), guard_(guard), next_(static_cast<size_t>(devices)) {
  const size_t count = static_cast<size_t>(devices);
  const size_t least = least_span(budget);
  size_t span = std::max(kLeastSpan, (budget * kSpanOfBudget + kHuge) & ~(kHuge - 1));
  /* A limit on address space (ulimit -v) is met by asking for less. */
  for (;; span = std::max(least, (span / 2) & ~(kHuge - 1))) {
    base_ = reserve(span * count);
    alias_base_ = base_ != 0 && guard ? reserve(span * count) : base_;
    if (base_ != 0 && alias_base_ != 0) break;
    if (base_ != 0) munmap(reinterpret_cast<void *>(base_), span * count);
    if (span == least) {
      refuse(ACL_ERROR_BAD_ALLOC,
             "no address space for %d devices of %zu bytes (%s): raise `ulimit -v` or set "
             "ASCEND_EMU_DEVICES or ASCEND_EMU_MEMORY lower",
             devices, budget, std::strerror(errno));
    }
  }
  span_ = span;
  for (int device = 0; device < devices; ++device) {
    next_[static_cast<size_t>(device)] = base(device);
  }
}

uintptr_t AddressSpace::take(int device, size_t bytes, size_t alignment) {
  std::atomic<uintptr_t> &next = next_[static_cast<size_t>(device)];
  const uintptr_t end = base(device) + span_;
  uintptr_t last = next.load();
  for (;;) {
    const uintptr_t start = (last + alignment - 1) / alignment * alignment;
    if (start >= end || bytes > end - start) return 0;
    if (next.compare_exchange_weak(last, start + bytes)) return start;
  }
}

AddressSpace::~AddressSpace() {
  const size_t bytes = span_ * static_cast<size_t>(devices_);
  munmap(reinterpret_cast<void *>(base_), bytes);
  if (alias_base_ != base_) munmap(reinterpret_cast<void *>(alias_base_), bytes);
}

bool AddressSpace::open(uintptr_t address, size_t bytes) const {
  void *where = alias(address);
  if (mmap(where, bytes, PROT_READ | PROT_WRITE,
           MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0) == MAP_FAILED) {
    return false;
  }
  /* Only a hint: fewer page faults at the first touch of large blocks. */
  if (bytes >= kHuge) madvise(where, bytes, MADV_HUGEPAGE);
  return true;
}

bool AddressSpace::open_file(uintptr_t address, size_t bytes, int memory_fd, size_t offset) const {
  return mmap(alias(address), bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, memory_fd,
              static_cast<off_t>(offset)) != MAP_FAILED;
}

void AddressSpace::close(uintptr_t address, size_t bytes) const {
  mmap(alias(address), bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE,
       -1, 0);
}

}  // namespace ascend_emu
