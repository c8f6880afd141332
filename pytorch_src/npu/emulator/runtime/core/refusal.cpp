#include "refusal.h"

#include <cstdarg>
#include <cstdio>
#include <vector>

#include "acl/acl_rt_errors.h"

namespace ascend_emu {

namespace {

std::string format_list(const char *format, va_list arguments) {
  va_list again;
  va_copy(again, arguments);
  const int length = std::vsnprintf(nullptr, 0, format, again);
  va_end(again);
  std::vector<char> text(static_cast<size_t>(length < 0 ? 0 : length) + 1);
  std::vsnprintf(text.data(), text.size(), format, arguments);
  return std::string(text.data());
}

/* Only what this library gives out. */
const struct {
  aclError code;
  const char *name;
} kNames[] = {
#define NAME(code) {code, #code}
    NAME(ACL_SUCCESS),
    NAME(ACL_ERROR_INVALID_PARAM),
    NAME(ACL_ERROR_UNINITIALIZE),
    NAME(ACL_ERROR_REPEAT_INITIALIZE),
    NAME(ACL_ERROR_INVALID_FILE),
    NAME(ACL_ERROR_PARSE_FILE),
    NAME(ACL_ERROR_INVALID_DUMP_CONFIG),
    NAME(ACL_ERROR_OP_TYPE_NOT_MATCH),
    NAME(ACL_ERROR_OP_INPUT_NOT_MATCH),
    NAME(ACL_ERROR_OP_OUTPUT_NOT_MATCH),
    NAME(ACL_ERROR_OP_ATTR_NOT_MATCH),
    NAME(ACL_ERROR_OP_NOT_FOUND),
    NAME(ACL_ERROR_OP_LOAD_FAILED),
    NAME(ACL_ERROR_UNSUPPORTED_DATA_TYPE),
    NAME(ACL_ERROR_FORMAT_NOT_MATCH),
    NAME(ACL_ERROR_OP_UNSUPPORTED_DYNAMIC),
    NAME(ACL_ERROR_REPEAT_FINALIZE),
    NAME(ACL_ERROR_PROF_ALREADY_RUN),
    NAME(ACL_ERROR_PROF_NOT_RUN),
    NAME(ACL_ERROR_DUMP_ALREADY_RUN),
    NAME(ACL_ERROR_DUMP_NOT_RUN),
    NAME(ACL_ERROR_BAD_ALLOC),
    NAME(ACL_ERROR_API_NOT_SUPPORT),
    NAME(ACL_ERROR_INTERNAL_ERROR),
    NAME(ACL_ERROR_RT_PARAM_INVALID),
    NAME(ACL_ERROR_RT_INVALID_DEVICEID),
    NAME(ACL_ERROR_RT_CONTEXT_NULL),
    NAME(ACL_ERROR_RT_STREAM_CONTEXT),
    NAME(ACL_ERROR_RT_EVENT_TIMESTAMP_INVALID),
    NAME(ACL_ERROR_RT_ADDR_UNALIGNED),
    NAME(ACL_ERROR_RT_THREAD_SUBSCRIBE),
    NAME(ACL_ERROR_RT_STREAM_NO_CB_REG),
    NAME(ACL_ERROR_RT_REPORT_TIMEOUT),
    NAME(ACL_ERROR_RT_MEMORY_ALLOCATION),
    NAME(ACL_ERROR_RT_MEMORY_FREE),
    NAME(ACL_ERROR_RT_STREAM_SYNC_TIMEOUT),
    NAME(ACL_ERROR_RT_EVENT_SYNC_TIMEOUT),
    NAME(ACL_ERROR_RT_AICORE_EXCEPTION),
    NAME(ACL_ERROR_RT_SYS_DMA),
#undef NAME
};

}  // namespace

void refuse(aclError code, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  std::string text = format_list(format, arguments);
  va_end(arguments);
  throw Refusal(code, std::move(text));
}

std::string format(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  std::string text = format_list(format, arguments);
  va_end(arguments);
  return text;
}

std::string error_name(aclError code) {
  for (const auto &entry : kNames) {
    if (entry.code == code) return format("%d (%s)", code, entry.name);
  }
  return std::to_string(code);
}

}  // namespace ascend_emu
