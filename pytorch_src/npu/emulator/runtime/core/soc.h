/* The processors that ASCEND_EMU_SOC can name. */
#ifndef ASCENDTORCH_EMU_SOC_H_
#define ASCENDTORCH_EMU_SOC_H_

#include <cstdint>
#include <string>

namespace ascend_emu {

struct Soc {
  const char *name;
  int32_t ai_cores;     /* cube cores, where cube and vector are apart */
  int32_t vector_cores; /* 0 when the AI cores do that too */
  int32_t ai_cpus;
  int64_t l2_bytes;
  int64_t ub_bytes;     /* unified buffer of one vector core */
  int32_t architecture; /* as in its platform file's NpuArch */
  bool inf_nan; /* overflow gives inf and nan; otherwise it saturates by default */
  bool bf16;
};

/* Null when the name is not known. */
const Soc *find_soc(const std::string &name);

/* Refusal(ACL_ERROR_INVALID_PARAM) with every name for one that is not known. */
void check_soc(const std::string &name);

}  // namespace ascend_emu

#endif
