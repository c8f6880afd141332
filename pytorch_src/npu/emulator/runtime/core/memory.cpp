#include "memory.h"

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <map>
#include <mutex>
#include <vector>

#include "address_space.h"
#include "config.h"
#include "refusal.h"

namespace ascend_emu {

/* One allocation, or one reserved range with what is mapped into it. */
struct Block {
  Block(const AddressSpace &space, int device, uintptr_t base, size_t bytes, size_t pages)
      : space(space), device(device), base(base), bytes(bytes), pages(pages) {}
  ~Block() { space.close(base, pages); }

  const AddressSpace &space;
  const int device;
  const uintptr_t base;
  const size_t bytes; /* asked for */
  const size_t pages; /* bytes of whole pages */
  bool reserved = false;
  std::map<uintptr_t, size_t> mapped; /* of a reserved range */
};

namespace {

constexpr size_t kRemembered = 4096;
constexpr size_t kLargeAlignment = size_t{2} << 20;

size_t round_up(size_t value, size_t unit) { return (value + unit - 1) / unit * unit; }

/* Whether the mapped parts of a reserved range cover [start, start + bytes) without a hole. */
bool covers(const std::map<uintptr_t, size_t> &mapped, uintptr_t start, size_t bytes) {
  auto it = mapped.upper_bound(start);
  if (it == mapped.begin()) return false;
  --it;
  uintptr_t reached = it->first + it->second;
  if (reached <= start) return false;
  for (++it; reached < start + bytes && it != mapped.end() && it->first == reached; ++it) {
    reached += it->second;
  }
  return reached >= start + bytes;
}

}  // namespace

struct DeviceMemory::Impl {
  struct Freed {
    uintptr_t base;
    size_t bytes;
  };
  struct Device {
    mutable std::mutex mutex;
    std::map<uintptr_t, std::shared_ptr<Block>> blocks;
    std::vector<Freed> freed; /* a ring of the last ones, for messages */
    size_t freed_next = 0;
    MemoryUse use;
  };

  Impl(const Config &config)
      : addresses(AddressSpace::of(config.devices, config.memory, config.guard)),
        space(*addresses),
        devices(static_cast<size_t>(config.devices)) {
    for (int device = 0; device < config.devices; ++device) {
      at(device).use.total = config.memory;
    }
  }

  Device &at(int device) { return devices[static_cast<size_t>(device)]; }

  void charge(Device &device, int number, size_t bytes) {
    MemoryUse &use = device.use;
    if (bytes > use.total - use.used) {
      refuse(ACL_ERROR_RT_MEMORY_ALLOCATION,
             "out of memory on device %d: %zu bytes asked for, %zu of %zu bytes free "
             "(ASCEND_EMU_MEMORY sets the size)",
             number, bytes, use.total - use.used, use.total);
    }
    use.used += bytes;
    use.peak = std::max(use.peak, use.used);
  }

  /* Where `pages` bytes fit, with a page behind them that stays closed. */
  uintptr_t place(Device &device, int number, size_t pages, size_t alignment) {
    const uintptr_t end = space.base(number) + space.span();
    const size_t needed = pages + page_size();
    if (const uintptr_t fresh = space.take(number, needed, alignment)) return fresh;
    /* All addresses were in use once: gaps between the live blocks are used again. */
    uintptr_t start = round_up(space.base(number), alignment);
    for (const auto &entry : device.blocks) {
      if (start + needed <= entry.first) return start;
      const uintptr_t behind = entry.first + entry.second->pages + page_size();
      start = std::max(start, static_cast<uintptr_t>(round_up(behind, alignment)));
    }
    if (start + needed <= end) return start;
    refuse(ACL_ERROR_RT_MEMORY_ALLOCATION,
           "device %d has no %zu free addresses in one piece left: free blocks of other sizes",
           number, pages);
  }

  std::shared_ptr<Block> block_at(Device &device, uintptr_t address) {
    auto it = device.blocks.upper_bound(address);
    if (it == device.blocks.begin()) return nullptr;
    --it;
    return address < it->first + it->second->pages ? it->second : nullptr;
  }

  /* "0x... (freed before: a block of 64 bytes at 0x...)" and the like. */
  std::string what_is(uintptr_t address) {
    const int number = space.device_of(address);
    const std::string plain = format("%p", reinterpret_cast<void *>(address));
    if (number < 0) return plain + " is host memory or no memory at all, not device memory";
    Device &device = at(number);
    for (size_t i = 0; i < device.freed.size(); ++i) {
      const size_t newest = (device.freed_next + device.freed.size() - 1 - i) % device.freed.size();
      const Freed &freed = device.freed[newest];
      if (address >= freed.base && address < freed.base + std::max<size_t>(freed.bytes, 1)) {
        return plain + format(" was freed before: it lay in a block of %zu bytes at %p on "
                              "device %d", freed.bytes, reinterpret_cast<void *>(freed.base),
                              number);
      }
    }
    return plain + format(" is not in any block of device %d", number);
  }

  void remember_freed(Device &device, const Block &block) {
    const Freed freed{block.base, block.bytes};
    if (device.freed.size() < kRemembered) {
      device.freed.push_back(freed);
      device.freed_next = device.freed.size() % kRemembered;
    } else {
      device.freed[device.freed_next] = freed;
      device.freed_next = (device.freed_next + 1) % kRemembered;
    }
  }

  const std::shared_ptr<AddressSpace> addresses;
  AddressSpace &space;
  std::vector<Device> devices;
};

DeviceMemory::DeviceMemory(const Config &config) : impl_(new Impl(config)) {}
DeviceMemory::~DeviceMemory() = default;

void *DeviceMemory::allocate(int number, size_t bytes, size_t alignment) {
  if (bytes == 0) refuse(ACL_ERROR_RT_PARAM_INVALID, "a size of 0 bytes was asked for");
  Impl::Device &device = impl_->at(number);
  std::lock_guard<std::mutex> lock(device.mutex);
  /* before rounding overflows */
  if (bytes > device.use.total) impl_->charge(device, number, bytes);
  const size_t pages = round_up(bytes, page_size());
  impl_->charge(device, number, pages);
  try {
    alignment = std::max(alignment, pages >= kLargeAlignment ? kLargeAlignment : page_size());
    const uintptr_t base = impl_->place(device, number, pages, alignment);
    if (!impl_->space.open(base, pages)) {
      refuse(ACL_ERROR_RT_MEMORY_ALLOCATION,
             "device %d has %zu bytes free, but the host gave no %zu bytes for them", number,
             device.use.total - device.use.used + pages, pages);
    }
    device.blocks[base] = std::make_shared<Block>(impl_->space, number, base, bytes, pages);
    return reinterpret_cast<void *>(base);
  } catch (...) {
    device.use.used -= pages;
    throw;
  }
}

void DeviceMemory::free(void *address) {
  const uintptr_t base = reinterpret_cast<uintptr_t>(address);
  const int number = device_of(address);
  if (number < 0) refuse(ACL_ERROR_RT_PARAM_INVALID, "%s", impl_->what_is(base).c_str());
  Impl::Device &device = impl_->at(number);
  std::shared_ptr<Block> gone; /* its pages go outside the lock, unless a task still uses them */
  std::lock_guard<std::mutex> lock(device.mutex);
  auto it = device.blocks.find(base);
  if (it == device.blocks.end()) {
    const std::shared_ptr<Block> around = impl_->block_at(device, base);
    if (around) {
      refuse(ACL_ERROR_RT_PARAM_INVALID, "%p is %zu bytes into the block at %p, not its start",
             address, static_cast<size_t>(base - around->base),
             reinterpret_cast<void *>(around->base));
    }
    refuse(ACL_ERROR_RT_MEMORY_FREE, "%s", impl_->what_is(base).c_str());
  }
  if (it->second->reserved) {
    refuse(ACL_ERROR_RT_PARAM_INVALID,
           "%p was reserved with aclrtReserveMemAddress: aclrtReleaseMemAddress gives it back",
           address);
  }
  gone = std::move(it->second);
  device.blocks.erase(it);
  device.use.used -= gone->pages;
  impl_->remember_freed(device, *gone);
}

void DeviceMemory::free_all(int number) {
  Impl::Device &device = impl_->at(number);
  std::map<uintptr_t, std::shared_ptr<Block>> gone;
  std::lock_guard<std::mutex> lock(device.mutex);
  gone.swap(device.blocks);
  for (const auto &entry : gone) impl_->remember_freed(device, *entry.second);
  device.use.used = 0;
}

Pin DeviceMemory::pin(const void *address, size_t bytes, const char *what) const {
  const uintptr_t start = reinterpret_cast<uintptr_t>(address);
  const int number = device_of(address);
  if (bytes == 0 && address == nullptr) return Pin();
  if (address == nullptr) refuse(ACL_ERROR_RT_PARAM_INVALID, "%s is null", what);
  if (number < 0) {
    refuse(ACL_ERROR_RT_PARAM_INVALID, "%s: %s", what, impl_->what_is(start).c_str());
  }
  Impl::Device &device = impl_->at(number);
  std::lock_guard<std::mutex> lock(device.mutex);
  std::shared_ptr<Block> block = impl_->block_at(device, start);
  if (!block) refuse(ACL_ERROR_RT_PARAM_INVALID, "%s: %s", what, impl_->what_is(start).c_str());
  const size_t offset = start - block->base;
  if (offset > block->bytes || bytes > block->bytes - offset) {
    refuse(ACL_ERROR_RT_PARAM_INVALID,
           "%s: %zu bytes at %p end past the block of %zu bytes at %p on device %d", what, bytes,
           address, block->bytes, reinterpret_cast<void *>(block->base), number);
  }
  if (block->reserved && !covers(block->mapped, start, bytes)) {
    refuse(ACL_ERROR_RT_PARAM_INVALID,
           "%s: %zu bytes at %p are reserved, but not all are mapped (aclrtMapMem)", what, bytes,
           address);
  }
  void *reached = impl_->space.alias(start);
  return Pin(std::move(block), reached);
}

int DeviceMemory::device_of(const void *address) const {
  return impl_->space.device_of(reinterpret_cast<uintptr_t>(address));
}

bool DeviceMemory::find(const void *address, void **base, size_t *bytes) const {
  const int number = device_of(address);
  if (number < 0) return false;
  Impl::Device &device = impl_->at(number);
  std::lock_guard<std::mutex> lock(device.mutex);
  const std::shared_ptr<Block> block =
      impl_->block_at(device, reinterpret_cast<uintptr_t>(address));
  if (!block) return false;
  *base = reinterpret_cast<void *>(block->base);
  *bytes = block->bytes;
  return true;
}

MemoryUse DeviceMemory::use(int number) const {
  Impl::Device &device = impl_->at(number);
  std::lock_guard<std::mutex> lock(device.mutex);
  return device.use;
}

void *DeviceMemory::reserve(int number, size_t bytes) {
  if (bytes == 0 || bytes % kGranularity != 0) {
    refuse(ACL_ERROR_RT_PARAM_INVALID, "%zu bytes: a multiple of %zu is needed", bytes,
           kGranularity);
  }
  Impl::Device &device = impl_->at(number);
  std::lock_guard<std::mutex> lock(device.mutex);
  if (bytes > impl_->space.span()) {
    refuse(ACL_ERROR_RT_MEMORY_ALLOCATION, "%zu bytes: device %d has %zu addresses", bytes, number,
           impl_->space.span());
  }
  const uintptr_t base = impl_->place(device, number, bytes, kGranularity);
  auto block = std::make_shared<Block>(impl_->space, number, base, bytes, bytes);
  block->reserved = true;
  device.blocks[base] = std::move(block);
  return reinterpret_cast<void *>(base);
}

void DeviceMemory::release(void *address) {
  const int number = device_of(address);
  const uintptr_t base = reinterpret_cast<uintptr_t>(address);
  if (number < 0) refuse(ACL_ERROR_RT_PARAM_INVALID, "%s", impl_->what_is(base).c_str());
  Impl::Device &device = impl_->at(number);
  std::lock_guard<std::mutex> lock(device.mutex);
  auto it = device.blocks.find(base);
  if (it == device.blocks.end() || !it->second->reserved) {
    refuse(ACL_ERROR_RT_PARAM_INVALID, "%p is not the start of a reserved range", address);
  }
  if (!it->second->mapped.empty()) {
    refuse(ACL_ERROR_RT_PARAM_INVALID, "the range at %p has %zu mapped parts: unmap them first",
           address, it->second->mapped.size());
  }
  impl_->remember_freed(device, *it->second);
  device.blocks.erase(it);
}

void DeviceMemory::take_budget(int number, size_t bytes) {
  Impl::Device &device = impl_->at(number);
  std::lock_guard<std::mutex> lock(device.mutex);
  impl_->charge(device, number, bytes);
}

void DeviceMemory::give_budget(int number, size_t bytes) {
  Impl::Device &device = impl_->at(number);
  std::lock_guard<std::mutex> lock(device.mutex);
  /* After free_all (aclrtResetDevice) nothing is left to give back. */
  device.use.used -= std::min(device.use.used, bytes);
}

void DeviceMemory::map(void *address, size_t bytes, int memory_fd, size_t offset) {
  const int number = device_of(address);
  const uintptr_t start = reinterpret_cast<uintptr_t>(address);
  if (number < 0) refuse(ACL_ERROR_RT_PARAM_INVALID, "%s", impl_->what_is(start).c_str());
  Impl::Device &device = impl_->at(number);
  std::lock_guard<std::mutex> lock(device.mutex);
  const std::shared_ptr<Block> block = impl_->block_at(device, start);
  if (!block || !block->reserved) {
    refuse(ACL_ERROR_RT_PARAM_INVALID, "%p is not in a reserved range", address);
  }
  if (start % kGranularity != 0 || bytes == 0 || bytes % kGranularity != 0 ||
      bytes > block->base + block->bytes - start) {
    refuse(ACL_ERROR_RT_PARAM_INVALID,
           "%zu bytes at %p: multiples of %zu inside the reserved %zu bytes at %p are needed",
           bytes, address, kGranularity, block->bytes, reinterpret_cast<void *>(block->base));
  }
  const auto behind = block->mapped.lower_bound(start);
  const bool meets_next = behind != block->mapped.end() && behind->first < start + bytes;
  const bool meets_last = behind != block->mapped.begin() &&
                          std::prev(behind)->first + std::prev(behind)->second > start;
  if (meets_next || meets_last) {
    refuse(ACL_ERROR_RT_PARAM_INVALID, "%zu bytes at %p are mapped in part already", bytes,
           address);
  }
  if (!impl_->space.open_file(start, bytes, memory_fd, offset)) {
    refuse(ACL_ERROR_RT_MEMORY_ALLOCATION, "the host could not map %zu bytes", bytes);
  }
  block->mapped[start] = bytes;
}

void DeviceMemory::unmap(void *address) {
  const int number = device_of(address);
  const uintptr_t start = reinterpret_cast<uintptr_t>(address);
  if (number < 0) refuse(ACL_ERROR_RT_PARAM_INVALID, "%s", impl_->what_is(start).c_str());
  Impl::Device &device = impl_->at(number);
  std::lock_guard<std::mutex> lock(device.mutex);
  const std::shared_ptr<Block> block = impl_->block_at(device, start);
  const auto part = block ? block->mapped.find(start) : decltype(block->mapped.end()){};
  if (!block || part == block->mapped.end()) {
    refuse(ACL_ERROR_RT_PARAM_INVALID, "%p is not the start of a mapped range", address);
  }
  impl_->space.close(start, part->second);
  block->mapped.erase(part);
}

bool DeviceMemory::explain_fault(const void *address, char *text, size_t capacity) const {
  const uintptr_t where = reinterpret_cast<uintptr_t>(address);
  const int number = impl_->space.device_of(where);
  if (number < 0) return false;
  Impl::Device &device = impl_->at(number);
  /* A handler must not wait: the faulting thread may be the one that holds the lock. */
  if (!device.mutex.try_lock()) {
    std::snprintf(text, capacity, "%p on device %d", address, number);
    return true;
  }
  auto it = device.blocks.upper_bound(where);
  if (it != device.blocks.begin()) {
    --it;
    const Block &block = *it->second;
    if (where < block.base + block.pages) {
      std::snprintf(text, capacity, "%p, %zu bytes into the block of %zu bytes at %p on device %d",
                    address, static_cast<size_t>(where - block.base), block.bytes,
                    reinterpret_cast<void *>(block.base), number);
      device.mutex.unlock();
      return true;
    }
  }
  for (const Impl::Freed &freed : device.freed) {
    if (where >= freed.base && where < freed.base + freed.bytes) {
      std::snprintf(text, capacity, "%p, in a freed block of %zu bytes at %p on device %d", address,
                    freed.bytes, reinterpret_cast<void *>(freed.base), number);
      device.mutex.unlock();
      return true;
    }
  }
  device.mutex.unlock();
  std::snprintf(text, capacity, "%p, outside every block of device %d", address, number);
  return true;
}

}  // namespace ascend_emu
