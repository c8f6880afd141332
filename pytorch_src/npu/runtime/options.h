// Options of AscendCL's operator compiler, for the whole process.
#ifndef ASCENDTORCH_NPU_OPTIONS_H_
#define ASCENDTORCH_NPU_OPTIONS_H_

#include <string>

#include "acl/acl.h"
#include "runtime/export.h"

namespace npu {

// Sets an option for operators compiled from now on; what is queued is compiled before.
// Initialises. Throws c10::Error where AscendCL refuses it.
NPU_API void set_compile_option(aclCompileOpt option, const std::string& value);
// What AscendCL holds; empty where it is not set or not told.
NPU_API std::string compile_option(aclCompileOpt option);

}  // namespace npu

#endif
