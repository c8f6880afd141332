/* Device memory: guarded address ranges, a budget for each device, and who uses what right now.

   A device address is only a number to the host. With the guard on, the pages at device addresses
   are never opened (PROT_NONE for ever); the bytes live at a second address range, an alias that
   only tasks of this library see while they hold a Pin. So a host thread that dereferences device
   memory faults even while a kernel works on it. With the guard off, both ranges are one. */
#ifndef ASCENDTORCH_EMU_MEMORY_H_
#define ASCENDTORCH_EMU_MEMORY_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace ascend_emu {

struct Config;
struct Block; /* one allocation; memory.cpp */

/* Keeps an allocation's bytes mapped while a task uses them. Pins nest: the bytes of a block that
   is freed meanwhile go when its last pin goes. Empty (no bytes) for a size of 0. */
class Pin {
 public:
  Pin() = default;
  Pin(std::shared_ptr<Block> block, void *bytes) : block_(std::move(block)), bytes_(bytes) {}
  /* Where the host can reach the bytes as long as this lives. */
  void *bytes() const { return bytes_; }

 private:
  std::shared_ptr<Block> block_;
  void *bytes_ = nullptr;
};

struct MemoryUse {
  size_t total = 0; /* bytes of the budget */
  size_t used = 0;
  size_t peak = 0;
};

class DeviceMemory {
 public:
  /* Reserves address space for config.devices devices. Refusal when the host gives none. */
  explicit DeviceMemory(const Config &config);
  ~DeviceMemory();
  DeviceMemory(const DeviceMemory &) = delete;
  DeviceMemory &operator=(const DeviceMemory &) = delete;

  /* `bytes` > 0 of uninitialised memory, aligned to `alignment` (a power of two, at least 512).
     Refusal(ACL_ERROR_RT_MEMORY_ALLOCATION) names size, free and total bytes. */
  void *allocate(int device, size_t bytes, size_t alignment = 512);

  /* Refusal for a pointer into a block, freed before, of the host, or not of any device. */
  void free(void *address);

  /* Free all of a device (aclrtResetDevice). */
  void free_all(int device);

  /* The bytes [address, address + bytes) for use by a task. Refusal(ACL_ERROR_RT_PARAM_INVALID)
     when they are not wholly inside one live block: says host pointer, freed, or how far the
     range goes past the end. `what` names the operand in the text ("dst", "input x1"). */
  Pin pin(const void *address, size_t bytes, const char *what) const;

  /* The device an address belongs to, whether allocated or not; -1 for host addresses. */
  int device_of(const void *address) const;

  /* The live block around an address. Returns false for none. */
  bool find(const void *address, void **base, size_t *bytes) const;

  MemoryUse use(int device) const;

  /* Virtual memory management, aclrtReserveMemAddress and kin. Sizes are multiples of
     kGranularity. A mapped range counts as one block. */
  static constexpr size_t kGranularity = size_t{2} << 20;
  void *reserve(int device, size_t bytes);
  void release(void *address);
  void take_budget(int device, size_t bytes);   /* physical memory, not mapped yet */
  void give_budget(int device, size_t bytes);
  void map(void *address, size_t bytes, int memory_fd, size_t offset);
  void unmap(void *address);

  /* For the fault handler: one line on the block around or before an address, written without
     allocating; false when the address is not device memory. */
  bool explain_fault(const void *address, char *text, size_t capacity) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ascend_emu

#endif
