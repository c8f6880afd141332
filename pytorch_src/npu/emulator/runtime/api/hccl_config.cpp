/* Settings of the collectives, which are there only to be read back: torch-npu makes one before
   its first operator, whether it will communicate or not. The collectives themselves are not
   emulated yet. */
#include <atomic>
#include <cstdint>

#include "core/entry.h"

using namespace ascend_emu;

namespace {

/* Of HcclResult and HcclConfig. */
constexpr int32_t kSuccess = 0, kBadParameter = 1;
constexpr int32_t kDeterministic = 0;

std::atomic<int32_t> deterministic{0};

int32_t result_of(aclError code) { return code == ACL_SUCCESS ? kSuccess : kBadParameter; }

void check_config(int32_t config) {
  if (config != kDeterministic) {
    refuse(ACL_ERROR_INVALID_PARAM, "setting %d: 0 (HCCL_DETERMINISTIC) is known", config);
  }
}

}  // namespace

extern "C" {

union HcclConfigValue {
  int32_t value;
};

ACL_API int32_t HcclSetConfig(int32_t config, HcclConfigValue value);
ACL_API int32_t HcclGetConfig(int32_t config, HcclConfigValue *value);

int32_t HcclSetConfig(int32_t config, HcclConfigValue value) {
  return result_of(entry(__func__, [&] {
    check_config(config);
    if (value.value < 0 || value.value > 2) {
      refuse(ACL_ERROR_INVALID_PARAM, "value %d of HCCL_DETERMINISTIC: 0, 1 or 2 is needed",
             value.value);
    }
    deterministic = value.value;
  }));
}

int32_t HcclGetConfig(int32_t config, HcclConfigValue *value) {
  return result_of(entry(__func__, [&] {
    need(value, "configValue");
    check_config(config);
    value->value = deterministic;
  }));
}

}  // extern "C"
