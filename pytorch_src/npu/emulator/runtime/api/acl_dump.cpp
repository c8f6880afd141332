/* Dumps of operators' data and signatures. */
#include "core/dump.h"
#include "core/entry.h"

#include "acl/acl_op.h"

using namespace ascend_emu;

namespace {

void need_dump_type(uint32_t type) {
  if (type != ACL_OP_DUMP_OP_AICORE_ARGS) {
    refuse(ACL_ERROR_INVALID_PARAM, "dumpType %u is not ACL_OP_DUMP_OP_AICORE_ARGS (%u)", type,
           ACL_OP_DUMP_OP_AICORE_ARGS);
  }
}

}  // namespace

extern "C" {

aclError aclmdlInitDump() {
  return entry(__func__, [] {
    runtime();
    init_dump();
  });
}

aclError aclmdlSetDump(const char *dumpCfgPath) {
  return entry(__func__, [&] {
    need(dumpCfgPath, "dumpCfgPath");
    runtime();
    set_dump(dumpCfgPath);
  });
}

aclError aclmdlFinalizeDump() {
  return entry(__func__, [] {
    runtime();
    finalize_dump();
  });
}

aclError aclopStartDumpArgs(uint32_t dumpType, const char *path) {
  return entry(__func__, [&] {
    need_dump_type(dumpType);
    need(path, "path");
    if (*path == '\0') refuse(ACL_ERROR_INVALID_PARAM, "path is empty");
    start_args_dump(path);
  });
}

aclError aclopStopDumpArgs(uint32_t dumpType) {
  return entry(__func__, [&] {
    need_dump_type(dumpType);
    stop_args_dump();
  });
}

}  // extern "C"
