#include "soc.h"

#include "refusal.h"

namespace ascend_emu {

namespace {

constexpr int64_t kMega = int64_t{1} << 20;
constexpr int64_t kKilo = 1024;

/* Published numbers of each processor (platform files and product pages). */
const Soc kSocs[] = {
    /* name              AI  vec cpu  L2           UB           arch  inf    bf16 */
    {"Ascend310", 2, 0, 4, 8 * kMega, 256 * kKilo, 1001, false, false},
    {"Ascend310P1", 10, 8, 7, 16 * kMega, 256 * kKilo, 2002, false, false},
    {"Ascend310P3", 8, 7, 7, 16 * kMega, 256 * kKilo, 2002, false, false},
    {"Ascend910A", 32, 0, 14, 32 * kMega, 256 * kKilo, 1001, false, false},
    {"Ascend910B", 32, 0, 14, 32 * kMega, 256 * kKilo, 1001, false, false},
    {"Ascend910ProA", 32, 0, 14, 32 * kMega, 256 * kKilo, 1001, false, false},
    {"Ascend910ProB", 32, 0, 14, 32 * kMega, 256 * kKilo, 1001, false, false},
    {"Ascend910PremiumA", 32, 0, 14, 32 * kMega, 256 * kKilo, 1001, false, false},
    {"Ascend910B1", 24, 48, 6, 192 * kMega, 192 * kKilo, 2201, true, true},
    {"Ascend910B2", 24, 48, 6, 192 * kMega, 192 * kKilo, 2201, true, true},
    {"Ascend910B2C", 24, 48, 6, 192 * kMega, 192 * kKilo, 2201, true, true},
    {"Ascend910B3", 20, 40, 6, 192 * kMega, 192 * kKilo, 2201, true, true},
    {"Ascend910B4", 20, 40, 6, 96 * kMega, 192 * kKilo, 2201, true, true},
    {"Ascend910_9362", 20, 40, 6, 192 * kMega, 192 * kKilo, 2201, true, true},
    {"Ascend910_9372", 20, 40, 6, 192 * kMega, 192 * kKilo, 2201, true, true},
    {"Ascend910_9381", 24, 48, 6, 192 * kMega, 192 * kKilo, 2201, true, true},
    {"Ascend910_9382", 24, 48, 6, 192 * kMega, 192 * kKilo, 2201, true, true},
    {"Ascend910_9391", 24, 48, 6, 192 * kMega, 192 * kKilo, 2201, true, true},
    {"Ascend910_9392", 24, 48, 6, 192 * kMega, 192 * kKilo, 2201, true, true},
};

}  // namespace

const Soc *find_soc(const std::string &name) {
  for (const Soc &soc : kSocs) {
    if (name == soc.name) return &soc;
  }
  return nullptr;
}

void check_soc(const std::string &name) {
  if (find_soc(name) != nullptr) return;
  std::string names;
  for (const Soc &soc : kSocs) names += std::string(names.empty() ? "" : ", ") + soc.name;
  refuse(ACL_ERROR_INVALID_PARAM, "ASCEND_EMU_SOC=%s: the emulator knows %s", name.c_str(),
         names.c_str());
}

}  // namespace ascend_emu
