// Calls of AscendCL whose failure is an exception with code, call and recent error text.
#ifndef ASCENDTORCH_NPU_ACL_ERROR_H_
#define ASCENDTORCH_NPU_ACL_ERROR_H_

#include <string>

#include "acl/acl.h"
#include "runtime/export.h"

namespace npu {

// "ACL_ERROR_RT_MEMORY_ALLOCATION (207001)", or the number alone where a code has no name.
NPU_API std::string error_name(aclError code);

// What AscendCL says of the last failure of this thread; taken once, empty where there is none.
NPU_API std::string recent_error();

// Throws c10::Error (in Python a RuntimeError):
// "<call> failed: <name (code)>[, operator <op>]: <text>".
// Where no AscendCL library was found it says what to install or to source.
[[noreturn]] NPU_API void throw_acl_error(aclError code, const char* call,
                                          const char* op = nullptr);

inline void check(aclError code, const char* call, const char* op = nullptr) {
  if (__builtin_expect(code != ACL_SUCCESS, 0)) throw_acl_error(code, call, op);
}

// Says on standard error what failed: for destructors and other places that cannot throw.
NPU_API void warn_acl_error(aclError code, const char* call) noexcept;

}  // namespace npu

#define NPU_CHECK(call) ::npu::check((call), #call)
#define NPU_WARN(call)                                                     \
  do {                                                                     \
    const aclError npu_code_ = (call);                                     \
    if (npu_code_ != ACL_SUCCESS) ::npu::warn_acl_error(npu_code_, #call); \
  } while (false)

#endif
