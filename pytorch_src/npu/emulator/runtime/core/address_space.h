/* Reserved address ranges: where device memory lies, and where its bytes are reached. */
#ifndef ASCENDTORCH_EMU_ADDRESS_SPACE_H_
#define ASCENDTORCH_EMU_ADDRESS_SPACE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace ascend_emu {

/* One range of `span` bytes for each device, twice when guarded: device addresses, which are
   never opened, and their alias at a constant distance. */
class AddressSpace {
 public:
  /* The one of the last call when it is large enough: reservations are never given back while a
     late thread may hold an address in them, and a process may call aclInit many times. Refusal
     when the host has no addresses left. */
  static std::shared_ptr<AddressSpace> of(int devices, size_t budget, bool guard);

  AddressSpace(int devices, size_t budget, bool guard);
  ~AddressSpace();
  AddressSpace(const AddressSpace &) = delete;
  AddressSpace &operator=(const AddressSpace &) = delete;

  size_t span() const { return span_; }
  uintptr_t base(int device) const { return base_ + static_cast<size_t>(device) * span_; }
  int device_of(uintptr_t address) const {
    if (address < base_ || address - base_ >= span_ * static_cast<size_t>(devices_)) return -1;
    return static_cast<int>((address - base_) / span_);
  }
  void *alias(uintptr_t address) const {
    return reinterpret_cast<void *>(address - base_ + alias_base_);
  }

  /* Take addresses of a device that were never taken before: the start of `bytes` of them, or 0
     when they are used up. */
  uintptr_t take(int device, size_t bytes, size_t alignment);

  /* Put pages behind [address, address + bytes), page-aligned: fresh ones, or those of a memory
     file. False when the host has none left. */
  bool open(uintptr_t address, size_t bytes) const;
  bool open_file(uintptr_t address, size_t bytes, int memory_fd, size_t offset) const;
  /* Take the pages away; the addresses stay reserved. */
  void close(uintptr_t address, size_t bytes) const;

 private:
  const int devices_;
  const bool guard_;
  std::vector<std::atomic<uintptr_t>> next_;
  size_t span_ = 0;
  uintptr_t base_ = 0;
  uintptr_t alias_base_ = 0;
};

size_t page_size();

}  // namespace ascend_emu

#endif
