/* Virtual memory: address ranges of a device, and physical memory mapped into them. */
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/entry.h"

using namespace ascend_emu;

namespace {

/* Pages of one device, shared by every range they are mapped into. */
struct PhysicalMemory {
  PhysicalMemory(int device, size_t bytes, int file) : device(device), bytes(bytes), file(file) {}
  ~PhysicalMemory() {
    close(file); /* the pages stay as long as they are mapped */
    if (runtime_ready()) runtime().memory().give_budget(device, bytes);
  }
  const int device;
  const size_t bytes;
  const int file;
};

Handles<PhysicalMemory> &physical() {
  static Handles<PhysicalMemory> *const only =
      new Handles<PhysicalMemory>(HandleKind::kPhysicalMemory, "physical memory handle");
  return *only;
}

/* Which device a range or piece of memory is for. */
int device_of(const aclrtPhysicalMemProp &prop) {
  if (prop.location.type != ACL_MEM_LOCATION_TYPE_DEVICE) {
    refuse(ACL_ERROR_API_NOT_SUPPORT, "location type %d: only device memory is emulated",
           prop.location.type);
  }
  runtime().check_device(prop.location.id);
  return static_cast<int>(prop.location.id);
}

}  // namespace

extern "C" {

aclError aclrtReserveMemAddress(void **virPtr, size_t size, size_t alignment, void *expectPtr,
    uint64_t flags) {
  return entry(__func__, [&] {
    (void)flags; /* page types: all pages are alike here */
    need(virPtr, "virPtr");
    if (alignment != 0 && alignment != DeviceMemory::kGranularity) {
      refuse(ACL_ERROR_INVALID_PARAM, "alignment %zu: 0 (the default) is needed", alignment);
    }
    if (expectPtr != nullptr) {
      refuse(ACL_ERROR_API_NOT_SUPPORT, "expectPtr %p: addresses cannot be chosen", expectPtr);
    }
    *virPtr = runtime().memory().reserve(runtime().current_context()->device(), size);
  });
}

aclError aclrtReleaseMemAddress(void *virPtr) {
  return entry(__func__, [&] {
    need(virPtr, "virPtr");
    runtime().memory().release(virPtr);
  });
}

aclError aclrtMallocPhysical(aclrtDrvMemHandle *handle, size_t size,
    const aclrtPhysicalMemProp *prop, uint64_t flags) {
  return entry(__func__, [&] {
    need(handle, "handle");
    need(prop, "prop");
    if (flags != 0) {
      refuse(ACL_ERROR_INVALID_PARAM, "flags %llu: 0 is needed",
             static_cast<unsigned long long>(flags));
    }
    if (size == 0 || size % DeviceMemory::kGranularity != 0) {
      refuse(ACL_ERROR_RT_PARAM_INVALID, "%zu bytes: a multiple of %zu is needed", size,
             DeviceMemory::kGranularity);
    }
    const int device = device_of(*prop);
    runtime().memory().take_budget(device, size);
    const int file = memfd_create("ascend_emu", MFD_CLOEXEC);
    if (file < 0 || ftruncate(file, static_cast<off_t>(size)) != 0) {
      const int why = errno;
      if (file >= 0) close(file);
      runtime().memory().give_budget(device, size);
      refuse(ACL_ERROR_RT_MEMORY_ALLOCATION, "the host gave no %zu bytes: %s", size,
             std::strerror(why));
    }
    *handle = physical().add(std::make_shared<PhysicalMemory>(device, size, file));
  });
}

aclError aclrtFreePhysical(aclrtDrvMemHandle handle) {
  return entry(__func__, [&] { physical().take(handle, ACL_ERROR_RT_PARAM_INVALID); });
}

aclError aclrtMapMem(void *virPtr, size_t size, size_t offset, aclrtDrvMemHandle handle,
    uint64_t flags) {
  return entry(__func__, [&] {
    need(virPtr, "virPtr");
    if (flags != 0) {
      refuse(ACL_ERROR_INVALID_PARAM, "flags %llu: 0 is needed",
             static_cast<unsigned long long>(flags));
    }
    const std::shared_ptr<PhysicalMemory> memory =
        physical().get(handle, ACL_ERROR_RT_PARAM_INVALID);
    if (offset % DeviceMemory::kGranularity != 0 || offset > memory->bytes ||
        size > memory->bytes - offset) {
      refuse(ACL_ERROR_RT_PARAM_INVALID,
             "%zu bytes at offset %zu of the %zu bytes of physical memory: inside them, at a "
             "multiple of %zu, are needed",
             size, offset, memory->bytes, DeviceMemory::kGranularity);
    }
    if (runtime().memory().device_of(virPtr) != memory->device) {
      refuse(ACL_ERROR_RT_PARAM_INVALID, "%p is not an address of device %d, whose memory it is",
             virPtr, memory->device);
    }
    runtime().memory().map(virPtr, size, memory->file, offset);
  });
}

aclError aclrtUnmapMem(void *virPtr) {
  return entry(__func__, [&] {
    need(virPtr, "virPtr");
    const int device = runtime().memory().device_of(virPtr);
    if (device >= 0) {
      /* Tasks that still use the pages end first; their failures stay for their streams. */
      for (const std::shared_ptr<Stream> &stream : runtime().streams_of(device)) stream->drain();
    }
    runtime().memory().unmap(virPtr);
  });
}

aclError aclrtMemGetAllocationGranularity(aclrtPhysicalMemProp *prop,
    aclrtMemGranularityOptions option, size_t *granularity) {
  return entry(__func__, [&] {
    need(prop, "prop");
    need(granularity, "granularity");
    device_of(*prop);
    if (option != ACL_RT_MEM_ALLOC_GRANULARITY_MINIMUM &&
        option != ACL_RT_MEM_ALLOC_GRANULARITY_RECOMMENDED) {
      refuse(ACL_ERROR_INVALID_PARAM, "option %d is not an aclrtMemGranularityOptions", option);
    }
    *granularity = DeviceMemory::kGranularity;
  });
}

}  // extern "C"
