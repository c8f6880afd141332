/* Host memory that devices may copy from and to asynchronously: pinned, by us or by the caller. */
#ifndef ASCENDTORCH_EMU_HOST_MEMORY_H_
#define ASCENDTORCH_EMU_HOST_MEMORY_H_

#include <cstddef>

namespace ascend_emu {

/* `bytes` > 0 of pinned memory. Refusal(ACL_ERROR_BAD_ALLOC) when the host has none. */
void *allocate_host(size_t bytes);
/* Refusal for anything allocate_host did not return, or freed before. */
void free_host(void *address);

/* The caller's own memory, pinned until unregistered. Ranges must not overlap. */
void register_host(void *address, size_t bytes);
void unregister_host(void *address);

/* Whether [address, address + bytes) lies in one pinned range. */
bool is_pinned(const void *address, size_t bytes);

}  // namespace ascend_emu

#endif
