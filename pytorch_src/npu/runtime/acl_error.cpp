#include "runtime/acl_error.h"

#include <c10/util/Exception.h>

#include <cstdio>

#include "acl/loader.h"

namespace npu {

namespace {

struct Named {
  aclError code;
  const char* name;
};

#define NPU_NAMED(code) {code, #code}
// The codes that the calls of this runtime meet.
const Named kNames[] = {
    NPU_NAMED(ACL_ERROR_INVALID_PARAM),
    NPU_NAMED(ACL_ERROR_UNINITIALIZE),
    NPU_NAMED(ACL_ERROR_REPEAT_INITIALIZE),
    NPU_NAMED(ACL_ERROR_OP_TYPE_NOT_MATCH),
    NPU_NAMED(ACL_ERROR_OP_INPUT_NOT_MATCH),
    NPU_NAMED(ACL_ERROR_OP_OUTPUT_NOT_MATCH),
    NPU_NAMED(ACL_ERROR_OP_ATTR_NOT_MATCH),
    NPU_NAMED(ACL_ERROR_OP_NOT_FOUND),
    NPU_NAMED(ACL_ERROR_UNSUPPORTED_DATA_TYPE),
    NPU_NAMED(ACL_ERROR_FORMAT_NOT_MATCH),
    NPU_NAMED(ACL_ERROR_BAD_ALLOC),
    NPU_NAMED(ACL_ERROR_API_NOT_SUPPORT),
    NPU_NAMED(ACL_ERROR_INVALID_DEVICE),
    NPU_NAMED(ACL_ERROR_FEATURE_UNSUPPORTED),
    NPU_NAMED(ACL_ERROR_STORAGE_OVER_LIMIT),
    NPU_NAMED(ACL_ERROR_INTERNAL_ERROR),
    NPU_NAMED(ACL_ERROR_FAILURE),
    NPU_NAMED(ACL_ERROR_RT_PARAM_INVALID),
    NPU_NAMED(ACL_ERROR_RT_INVALID_DEVICEID),
    NPU_NAMED(ACL_ERROR_RT_CONTEXT_NULL),
    NPU_NAMED(ACL_ERROR_RT_STREAM_CONTEXT),
    NPU_NAMED(ACL_ERROR_RT_WAIT_TIMEOUT),
    NPU_NAMED(ACL_ERROR_RT_TASK_TIMEOUT),
    NPU_NAMED(ACL_ERROR_RT_FEATURE_NOT_SUPPORT),
    NPU_NAMED(ACL_ERROR_RT_MEMORY_ALLOCATION),
    NPU_NAMED(ACL_ERROR_RT_MEMORY_FREE),
    NPU_NAMED(ACL_ERROR_RT_INTERNAL_ERROR),
    NPU_NAMED(ACL_ERROR_RT_AICORE_TIMEOUT),
    NPU_NAMED(ACL_ERROR_RT_AICORE_EXCEPTION),
    NPU_NAMED(ACL_ERROR_RT_DEVICE_MEM_ERROR),
};
#undef NPU_NAMED

// The emulator's texts begin with the code, as "507015 (ACL_ERROR_...): "; CANN's do not.
std::string without_code(const std::string& text, aclError code) {
  const std::string number = std::to_string(code);
  const size_t end = text.find(": ");
  const bool begins = text.find(number + " (") == 0 || text.find(number + ": ") == 0;
  return begins && end != std::string::npos ? text.substr(end + 2) : text;
}

std::string describe(aclError code, const char* call, const char* op) {
  std::string text = std::string(call) + " failed: " + error_name(code);
  if (op != nullptr) text += std::string(", operator ") + op;
  const std::string said = without_code(recent_error(), code);
  return said.empty() ? text : text + ": " + said;
}

}  // namespace

std::string error_name(aclError code) {
  for (const Named& named : kNames) {
    if (named.code == code) return std::string(named.name) + " (" + std::to_string(code) + ")";
  }
  return "error " + std::to_string(code);
}

std::string recent_error() {
  const char* text = aclGetRecentErrMsg();
  return text == nullptr ? "" : text;
}

void throw_acl_error(aclError code, const char* call, const char* op) {
  if (code == kNoSuchFunction) {
    TORCH_CHECK(acl_available(), acl_missing());
    const std::string name = std::string(call).substr(0, std::string(call).find('('));
    TORCH_CHECK(false, "this AscendCL library (", acl_path(), ") has no function ", name,
                "; use a newer CANN");
  }
  TORCH_CHECK(false, describe(code, call, op));
}

void warn_acl_error(aclError code, const char* call) noexcept {
  try {
    std::fprintf(stderr, "torch.npu: %s\n", describe(code, call, nullptr).c_str());
  } catch (...) {
    std::fprintf(stderr, "torch.npu: %s failed\n", call);
  }
}

}  // namespace npu
