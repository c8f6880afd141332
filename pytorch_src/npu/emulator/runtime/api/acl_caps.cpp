/* Which processor this is, and what it can do. */
#include <cstring>

#include "core/entry.h"
#include "core/soc.h"

using namespace ascend_emu;

namespace {

const Soc &soc() { return *find_soc(runtime().config().soc); }

int32_t attribute(aclCannAttr attr) {
  switch (attr) {
    case ACL_CANN_ATTR_INF_NAN: return soc().inf_nan ? 1 : 0;
    case ACL_CANN_ATTR_BF16: return soc().bf16 ? 1 : 0;
    case ACL_CANN_ATTR_JIT_COMPILE: return 1;
    default: break;
  }
  refuse(ACL_ERROR_INVALID_PARAM,
         "attribute %d: 0 (INF_NAN), 1 (BF16) and 2 (JIT_COMPILE) are known",
         static_cast<int>(attr));
}

int64_t device_info(aclrtDevAttr attr, int64_t device) {
  switch (attr) {
    case ACL_DEV_ATTR_AICPU_CORE_NUM: return soc().ai_cpus;
    case ACL_DEV_ATTR_AICORE_CORE_NUM:
    case ACL_DEV_ATTR_CUBE_CORE_NUM: return soc().ai_cores;
    case ACL_DEV_ATTR_VECTOR_CORE_NUM: return soc().vector_cores;
    case ACL_DEV_ATTR_UBUF_PER_VECTOR_CORE: return soc().ub_bytes;
    case ACL_DEV_ATTR_TOTAL_GLOBAL_MEM_SIZE:
      return static_cast<int64_t>(runtime().config().memory);
    case ACL_DEV_ATTR_L2_CACHE_SIZE: return soc().l2_bytes;
    case ACL_DEV_ATTR_PHY_CHIP_ID: return device;
    case ACL_DEV_ATTR_IS_VIRTUAL: return 0;
    case ACL_DEV_ATTR_NPU_ARCH: return soc().architecture;
    default: break;
  }
  refuse(ACL_ERROR_RT_FEATURE_NOT_SUPPORT, "device attribute %d is not known of %s",
         static_cast<int>(attr), soc().name);
}

}  // namespace

extern "C" {

const char *aclrtGetSocName() {
  return entry_pointer(__func__, []() -> const char * {
    /* As on CANN, it may be asked for before aclInit. */
    const std::string name = runtime_ready() ? runtime().config().soc : read_config().soc;
    check_soc(name);
    return find_soc(name)->name;
  });
}

aclError aclGetCannAttributeList(const aclCannAttr **cannAttrList, size_t *num) {
  return entry(__func__, [&] {
    need(cannAttrList, "cannAttrList");
    need(num, "num");
    static const aclCannAttr kAll[] = {ACL_CANN_ATTR_JIT_COMPILE, ACL_CANN_ATTR_INF_NAN,
                                       ACL_CANN_ATTR_BF16};
    *cannAttrList = kAll;
    *num = soc().bf16 ? 3 : soc().inf_nan ? 2 : 1;
  });
}

aclError aclGetCannAttribute(aclCannAttr cannAttr, int32_t *value) {
  return entry(__func__, [&] {
    need(value, "value");
    *value = attribute(cannAttr);
  });
}

aclError aclGetDeviceCapability(uint32_t deviceId, aclDeviceInfo deviceInfo, int64_t *value) {
  return entry(__func__, [&] {
    need(value, "value");
    runtime().check_device(deviceId);
    switch (deviceInfo) {
      case ACL_DEVICE_INFO_AI_CORE_NUM: *value = soc().ai_cores; return;
      case ACL_DEVICE_INFO_VECTOR_CORE_NUM: *value = soc().vector_cores; return;
      case ACL_DEVICE_INFO_L2_SIZE: *value = soc().l2_bytes; return;
      default: break;
    }
    refuse(ACL_ERROR_INVALID_PARAM,
           "deviceInfo %d: 0 (AI cores), 1 (vector cores) and 2 (bytes of L2) are known",
           static_cast<int>(deviceInfo));
  });
}

aclError aclrtGetDeviceInfo(uint32_t deviceId, aclrtDevAttr attr, int64_t *value) {
  return entry(__func__, [&] {
    need(value, "value");
    runtime().check_device(deviceId);
    *value = device_info(attr, deviceId);
  });
}

aclError aclrtDeviceGetUuid(int32_t deviceId, aclrtUuid *uuid) {
  return entry(__func__, [&] {
    need(uuid, "uuid");
    runtime().check_device(deviceId);
    std::memset(uuid->bytes, 0, sizeof uuid->bytes);
    std::memcpy(uuid->bytes, "ascend-emulator", 15);
    uuid->bytes[15] = static_cast<char>(deviceId);
  });
}

}  // extern "C"
