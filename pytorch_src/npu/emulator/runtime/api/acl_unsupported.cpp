/* The functions of unsupported.def: each fails, says its name and why. */
#include <cstdint>

#include "core/entry.h"

#include "acl/acl_base.h"

using namespace ascend_emu;

namespace {

constexpr int64_t kAcl = ACL_ERROR_API_NOT_SUPPORT;
constexpr int64_t kRuntime = ACL_ERROR_RT_FEATURE_NOT_SUPPORT;
constexpr int64_t kHccl = 5; /* HCCL_E_NOT_SUPPORT */
constexpr int64_t kNothing = 0;

}  // namespace

/* Without parameters: on x86-64 and aarch64 the caller passes them in registers and cleans up what
   is on the stack, so that a C function may ignore them. The result fills the register that holds
   results of every size. The name is given to the assembler only, because our headers may declare
   the function as it really is. */
#define UNSUPPORTED(name, result, why)                                 \
  extern "C" ACL_API int64_t unsupported_##name() __asm__(#name);      \
  extern "C" int64_t unsupported_##name() {                            \
    not_supported(#name, why);                                         \
    return result;                                                     \
  }
#include "unsupported.def"
#undef UNSUPPORTED
