#include "host_memory.h"

#include <cstdint>
#include <cstdlib>
#include <map>
#include <mutex>

#include "address_space.h"
#include "refusal.h"

namespace ascend_emu {

namespace {

struct Range {
  size_t bytes;
  bool ours;
};

struct Pinned {
  std::mutex mutex;
  std::map<uintptr_t, Range> ranges;
};

Pinned &pinned() {
  static Pinned *const only = new Pinned; /* never destroyed: freed from destructors too */
  return *only;
}

uintptr_t number(const void *address) { return reinterpret_cast<uintptr_t>(address); }

/* The range around `address`, or end(). The lock is held. */
std::map<uintptr_t, Range>::iterator around(uintptr_t address) {
  auto &ranges = pinned().ranges;
  auto it = ranges.upper_bound(address);
  if (it == ranges.begin()) return ranges.end();
  --it;
  return address - it->first < it->second.bytes ? it : ranges.end();
}

void forget(void *address, bool ours, const char *maker) {
  std::lock_guard<std::mutex> lock(pinned().mutex);
  const auto it = pinned().ranges.find(number(address));
  if (it == pinned().ranges.end() || it->second.ours != ours) {
    refuse(ACL_ERROR_RT_PARAM_INVALID,
           "%p does not come from %s, or was given back before", address, maker);
  }
  pinned().ranges.erase(it);
}

}  // namespace

void *allocate_host(size_t bytes) {
  if (bytes == 0) refuse(ACL_ERROR_RT_PARAM_INVALID, "a size of 0 bytes was asked for");
  void *address = nullptr;
  if (bytes > SIZE_MAX / 2 || posix_memalign(&address, page_size(), bytes) != 0) {
    refuse(ACL_ERROR_BAD_ALLOC, "the host has no %zu bytes", bytes);
  }
  std::lock_guard<std::mutex> lock(pinned().mutex);
  pinned().ranges[number(address)] = Range{bytes, true};
  return address;
}

void free_host(void *address) {
  forget(address, true, "aclrtMallocHost");
  std::free(address);
}

void register_host(void *address, size_t bytes) {
  if (bytes == 0 || bytes > UINTPTR_MAX - number(address)) {
    refuse(ACL_ERROR_RT_PARAM_INVALID, "%zu bytes at %p are no range of memory", bytes, address);
  }
  std::lock_guard<std::mutex> lock(pinned().mutex);
  const auto behind = pinned().ranges.lower_bound(number(address));
  const bool meets_next =
      behind != pinned().ranges.end() && behind->first - number(address) < bytes;
  if (meets_next || around(number(address)) != pinned().ranges.end()) {
    refuse(ACL_ERROR_HOST_MEMORY_ALREADY_REGISTERED, "%zu bytes at %p are pinned in part already",
           bytes, address);
  }
  pinned().ranges[number(address)] = Range{bytes, false};
}

void unregister_host(void *address) { forget(address, false, "aclrtHostRegister"); }

bool is_pinned(const void *address, size_t bytes) {
  std::lock_guard<std::mutex> lock(pinned().mutex);
  const auto it = around(number(address));
  return it != pinned().ranges.end() &&
         bytes <= it->second.bytes - (number(address) - it->first);
}

}  // namespace ascend_emu
