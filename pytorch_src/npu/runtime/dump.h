// Dumps of what operators read and write, as AscendCL makes them.
#ifndef ASCENDTORCH_NPU_DUMP_H_
#define ASCENDTORCH_NPU_DUMP_H_

#include <string>

#include "runtime/export.h"

namespace npu {

// Each waits for what was launched before, so that a dump holds exactly the operators between them;
// each throws c10::Error: of an operator that failed, or because the calls came in a wrong order.
NPU_API void init_dump();
// `config` is the path of a JSON file with a "dump" object.
NPU_API void set_dump(const std::string& config);
NPU_API void finalize_dump();

}  // namespace npu

#endif
