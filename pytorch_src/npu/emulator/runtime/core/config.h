/* What the environment says: read once, at aclInit or at the first call before it. */
#ifndef ASCENDTORCH_EMU_CONFIG_H_
#define ASCENDTORCH_EMU_CONFIG_H_

#include <cstddef>
#include <string>

namespace ascend_emu {

struct Config {
  int devices = 2;          /* ASCEND_EMU_DEVICES, 1 to 64 */
  size_t memory = 0;        /* ASCEND_EMU_MEMORY: bytes of each device, "512M", "4G" */
  bool guard = true;        /* ASCEND_EMU_GUARD=0: the host may read and write device memory */
  bool overflow = false;    /* ASCEND_EMU_OVERFLOW=1: look for inf and nan out of finite inputs */
  std::string soc;          /* ASCEND_EMU_SOC, "Ascend910B1" */
  std::string trace;        /* ASCEND_EMU_TRACE, a file; "" for no trace */
  std::string ops_library;  /* ASCEND_EMU_OPS, a file; "" for the one beside this library */
  int log_level = 3;        /* ASCEND_GLOBAL_LOG_LEVEL: debug, info, warning, error, none */
  bool log_stdout = false;  /* ASCEND_SLOG_PRINT_TO_STDOUT=1 */
};

/* Throws Refusal(ACL_ERROR_INVALID_PARAM) naming the variable, its value and what is allowed. */
Config read_config();

}  // namespace ascend_emu

#endif
