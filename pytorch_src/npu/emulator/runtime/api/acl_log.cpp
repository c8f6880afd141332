/* Lines of the application in the host log. */
#include <cstdarg>
#include <cstdio>
#include <string>
#include <vector>

#include "core/log.h"
#include "core/refusal.h"

#include "acl/acl_base.h"

using namespace ascend_emu;

extern "C" void aclAppLog(aclLogLevel logLevel, const char *func, const char *file, uint32_t line,
                          const char *fmt, ...) {
  if (logLevel < ACL_DEBUG || logLevel > ACL_ERROR || fmt == nullptr) return;
  const LogLevel level = static_cast<LogLevel>(logLevel);
  if (!log_enabled(level)) return;
  va_list arguments;
  va_start(arguments, fmt);
  va_list again;
  va_copy(again, arguments);
  const int length = std::vsnprintf(nullptr, 0, fmt, arguments);
  va_end(arguments);
  /* A C function: nothing may be thrown out of it, and there is nobody to tell. */
  try {
    std::vector<char> text(static_cast<size_t>(length < 0 ? 0 : length) + 1);
    std::vsnprintf(text.data(), text.size(), fmt, again);
    log_line(level, "APP", file == nullptr ? "" : file, static_cast<int>(line),
             format("%s: %s", func == nullptr ? "" : func, text.data()));
  } catch (const std::exception &) {
  }
  va_end(again);
}
