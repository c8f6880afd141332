/* Device and host memory, copies, fills. */
#include <cstring>

#include "core/copy.h"
#include "core/entry.h"
#include "core/host_memory.h"

using namespace ascend_emu;

namespace {

constexpr int kPolicies = ACL_MEM_MALLOC_HUGE1G_ONLY_P2P;
constexpr int kPolicyFlags = ACL_MEM_TYPE_LOW_BAND_WIDTH | ACL_MEM_TYPE_HIGH_BAND_WIDTH |
                             ACL_MEM_ACCESS_USER_SPACE_READONLY;

void check_policy(aclrtMemMallocPolicy policy) {
  const int plain = static_cast<int>(policy) & ~kPolicyFlags;
  if (plain < 0 || plain > kPolicies) {
    refuse(ACL_ERROR_INVALID_PARAM, "policy 0x%x is not an aclrtMemMallocPolicy",
           static_cast<unsigned>(policy));
  }
}

aclError allocate(const char *name, void **devPtr, size_t size, aclrtMemMallocPolicy policy) {
  return entry(name, [&] {
    need(devPtr, "devPtr");
    check_policy(policy);
    *devPtr = runtime().memory().allocate(runtime().current_context()->device(), size);
  });
}

void check_count(size_t count, size_t most, const char *limit) {
  if (count == 0) refuse(ACL_ERROR_RT_PARAM_INVALID, "count is 0");
  if (count > most) {
    refuse(ACL_ERROR_RT_PARAM_INVALID, "count %zu is more than %s %zu", count, limit, most);
  }
}

/* Run a copy or fill in the stream; wait for it when it works on memory that may go after the
   call (pageable), as CANN does. */
void run_in_stream(aclrtStream handle, const char *kind, std::string name, std::string details,
                   std::function<void()> work, bool wait) {
  const std::shared_ptr<Stream> stream = runtime().stream(handle);
  std::shared_ptr<Recording> done;
  Task task;
  task.kind = kind;
  task.name = std::move(name);
  task.details = std::move(details);
  if (wait) {
    done = std::make_shared<Recording>();
    /* Reached also when the work fails: whoever waits hears of it at the next synchronisation. */
    task.always = true;
    task.run = [work, done] {
      try {
        work();
      } catch (...) {
        done->reach();
        throw;
      }
      done->reach();
    };
  } else {
    task.run = std::move(work);
  }
  stream->submit(std::move(task));
  if (done) done->wait(-1);
}

void copy_async(void *dst, const void *src, const Rows &rows, aclrtMemcpyKind kind,
                aclrtStream stream) {
  const Copy copy(dst, src, rows, kind);
  run_in_stream(
      stream, "copy", copy.name(), format("\"bytes\": %zu", copy.bytes()),
      [copy] {
        try {
          copy.run();
        } catch (const Refusal &refusal) {
          refuse(ACL_ERROR_RT_SYS_DMA, "%s: %s", copy.name(), refusal.what());
        }
      },
      copy.pageable());
}

Rows plain(size_t destMax, size_t count) {
  check_count(count, destMax, "destMax");
  return Rows{count, 1, count, count};
}

Rows rectangle(size_t dpitch, size_t spitch, size_t width, size_t height) {
  if (width == 0 || height == 0 || width > dpitch || width > spitch) {
    refuse(ACL_ERROR_RT_PARAM_INVALID,
           "width %zu, height %zu, dpitch %zu, spitch %zu: sizes above 0 and pitches of at least "
           "the width are needed",
           width, height, dpitch, spitch);
  }
  const size_t most = SIZE_MAX / 2 / height;
  if (dpitch > most || spitch > most) {
    refuse(ACL_ERROR_RT_PARAM_INVALID, "height %zu times dpitch %zu or spitch %zu is too large",
           height, dpitch, spitch);
  }
  return Rows{width, height, dpitch, spitch};
}

/* Checked at once, filled by the function it returns. */
std::function<void()> fill(void *devPtr, size_t maxCount, int32_t value, size_t count) {
  check_count(count, maxCount, "maxCount");
  need(devPtr, "devPtr");
  DeviceMemory &memory = runtime().memory();
  runtime().current_context();
  if (memory.device_of(devPtr) < 0) {
    return [=] { std::memset(devPtr, value, count); };
  }
  memory.pin(devPtr, count, "devPtr");
  return [=, &memory] {
    std::memset(memory.pin(devPtr, count, "devPtr").bytes(), value, count);
  };
}

void free_device(void *devPtr) {
  if (devPtr == nullptr) refuse(ACL_ERROR_INVALID_PARAM, "devPtr is null");
  runtime().current_context();
  runtime().memory().free(devPtr);
}

void check_host_free(void *hostPtr) {
  need(hostPtr, "hostPtr");
  if (runtime_ready() && runtime().memory().device_of(hostPtr) >= 0) {
    refuse(ACL_ERROR_RT_PARAM_INVALID, "%p is device memory: aclrtFree frees it", hostPtr);
  }
}

}  // namespace

extern "C" {

aclError aclrtMalloc(void **devPtr, size_t size, aclrtMemMallocPolicy policy) {
  return allocate(__func__, devPtr, size, policy);
}

aclError aclrtMallocAlign32(void **devPtr, size_t size, aclrtMemMallocPolicy policy) {
  return allocate(__func__, devPtr, size, policy);
}

aclError aclrtMallocCached(void **devPtr, size_t size, aclrtMemMallocPolicy policy) {
  return allocate(__func__, devPtr, size, policy);
}

aclError aclrtMallocWithCfg(void **devPtr, size_t size, aclrtMemMallocPolicy policy,
    aclrtMallocConfig *) {
  return allocate(__func__, devPtr, size, policy);
}

aclError aclrtFree(void *devPtr) {
  return entry(__func__, [&] { free_device(devPtr); });
}

aclError aclrtFreeWithDevSync(void *devPtr) {
  return entry(__func__, [&] {
    runtime().synchronize_device(runtime().current_context()->device());
    free_device(devPtr);
  });
}

aclError aclrtMallocHost(void **hostPtr, size_t size) {
  return entry(__func__, [&] {
    need(hostPtr, "hostPtr");
    runtime().current_context();
    *hostPtr = allocate_host(size);
  });
}

aclError aclrtMallocHostWithCfg(void **ptr, uint64_t size, aclrtMallocConfig *) {
  return entry(__func__, [&] {
    need(ptr, "ptr");
    runtime().current_context();
    *ptr = allocate_host(size);
  });
}

aclError aclrtFreeHost(void *hostPtr) {
  return entry(__func__, [&] {
    check_host_free(hostPtr);
    free_host(hostPtr);
  });
}

aclError aclrtFreeHostWithDevSync(void *hostPtr) {
  return entry(__func__, [&] {
    check_host_free(hostPtr);
    runtime().synchronize_device(runtime().current_context()->device());
    free_host(hostPtr);
  });
}

/* The emulated devices share the host's caches: nothing to flush, but wrong ranges are wrong. */
aclError aclrtMemFlush(void *devPtr, size_t size) {
  return entry(__func__, [&] { runtime().memory().pin(devPtr, size, "devPtr"); });
}

aclError aclrtMemInvalidate(void *devPtr, size_t size) {
  return entry(__func__, [&] { runtime().memory().pin(devPtr, size, "devPtr"); });
}

aclError aclrtMemcpy(void *dst, size_t destMax, const void *src, size_t count,
    aclrtMemcpyKind kind) {
  return entry(__func__, [&] { Copy(dst, src, plain(destMax, count), kind).run(); });
}

aclError aclrtMemcpyAsync(void *dst, size_t destMax, const void *src, size_t count,
    aclrtMemcpyKind kind, aclrtStream stream) {
  return entry(__func__, [&] { copy_async(dst, src, plain(destMax, count), kind, stream); });
}

aclError aclrtMemcpy2d(void *dst, size_t dpitch, const void *src, size_t spitch, size_t width,
    size_t height, aclrtMemcpyKind kind) {
  return entry(__func__, [&] {
    Copy(dst, src, rectangle(dpitch, spitch, width, height), kind).run();
  });
}

aclError aclrtMemcpy2dAsync(void *dst, size_t dpitch, const void *src, size_t spitch,
    size_t width, size_t height, aclrtMemcpyKind kind, aclrtStream stream) {
  return entry(__func__, [&] {
    copy_async(dst, src, rectangle(dpitch, spitch, width, height), kind, stream);
  });
}

aclError aclrtMemset(void *devPtr, size_t maxCount, int32_t value, size_t count) {
  return entry(__func__, [&] { fill(devPtr, maxCount, value, count)(); });
}

aclError aclrtMemsetAsync(void *devPtr, size_t maxCount, int32_t value, size_t count,
    aclrtStream stream) {
  return entry(__func__, [&] {
    std::function<void()> work = fill(devPtr, maxCount, value, count);
    const bool host = runtime().memory().device_of(devPtr) < 0;
    run_in_stream(stream, "copy", "memset", format("\"bytes\": %zu", count), std::move(work),
                  host && !is_pinned(devPtr, count));
  });
}

aclError aclrtGetMemInfo(aclrtMemAttr attr, size_t *free, size_t *total) {
  return entry(__func__, [&] {
    need(free, "free");
    need(total, "total");
    if (attr < ACL_DDR_MEM || attr > ACL_MEM_P2P_HUGE1G) {
      refuse(ACL_ERROR_INVALID_PARAM, "attr %d is not an aclrtMemAttr", attr);
    }
    const MemoryUse use = runtime().memory().use(runtime().current_context()->device());
    *free = use.total - use.used;
    *total = use.total;
  });
}

aclError aclrtGetMemUsageInfo(int32_t deviceId, aclrtMemUsageInfo *memUsageInfo, size_t inputNum,
    size_t *outputNum) {
  return entry(__func__, [&] {
    need(memUsageInfo, "memUsageInfo");
    need(outputNum, "outputNum");
    runtime().check_device(deviceId);
    if (inputNum == 0) refuse(ACL_ERROR_INVALID_PARAM, "inputNum is 0");
    const MemoryUse use = runtime().memory().use(deviceId);
    *memUsageInfo = aclrtMemUsageInfo();
    std::strncpy(memUsageInfo->name, "APP", sizeof(memUsageInfo->name) - 1);
    memUsageInfo->curMemSize = use.used;
    memUsageInfo->memPeakSize = use.peak;
    *outputNum = 1;
  });
}

aclError aclrtPointerGetAttributes(const void *ptr, aclrtPtrAttributes *attributes) {
  return entry(__func__, [&] {
    need(ptr, "ptr");
    need(attributes, "attributes");
    *attributes = aclrtPtrAttributes();
    const int device = runtime().memory().device_of(ptr);
    if (device >= 0) {
      attributes->location.id = static_cast<uint32_t>(device);
      attributes->location.type = ACL_MEM_LOCATION_TYPE_DEVICE;
    } else {
      attributes->location.type = is_pinned(ptr, 1) ? ACL_MEM_LOCATION_TYPE_HOST
                                                    : ACL_MEM_LOCATION_TYPE_UNREGISTERED;
    }
  });
}

aclError aclrtMemGetAddressRange(void *ptr, void **pbase, size_t *psize) {
  return entry(__func__, [&] {
    need(ptr, "ptr");
    need(pbase, "pbase");
    need(psize, "psize");
    if (!runtime().memory().find(ptr, pbase, psize)) {
      refuse(ACL_ERROR_RT_PARAM_INVALID, "%p is in no block of device memory", ptr);
    }
  });
}

aclError aclrtHostRegister(void *, uint64_t, aclrtHostRegisterType, void **) {
  return not_supported(__func__, "host memory is not mapped into devices; "
                                 "aclrtHostRegisterV2 with ACL_HOST_REG_PINNED pins it");
}

aclError aclrtHostRegisterV2(void *ptr, uint64_t size, uint32_t flag) {
  if (flag != ACL_HOST_REG_PINNED) {
    return not_supported(__func__, "host memory is not mapped into devices; "
                                   "ACL_HOST_REG_PINNED alone pins it");
  }
  return entry(__func__, [&] {
    need(ptr, "ptr");
    runtime().current_context();
    register_host(ptr, size);
  });
}

aclError aclrtHostUnregister(void *ptr) {
  return entry(__func__, [&] {
    need(ptr, "ptr");
    unregister_host(ptr);
  });
}

aclError aclrtHostGetDevicePointer(void *, void **, uint32_t) {
  return not_supported(__func__, "host memory is not mapped into devices");
}

}  // extern "C"
