/* Host logs in CANN's manner: levels by ASCEND_GLOBAL_LOG_LEVEL, to standard output when
   ASCEND_SLOG_PRINT_TO_STDOUT=1, otherwise to files. */
#ifndef ASCENDTORCH_EMU_LOG_H_
#define ASCENDTORCH_EMU_LOG_H_

#include <string>

namespace ascend_emu {

enum class LogLevel { kDebug = 0, kInfo = 1, kWarning = 2, kError = 3 };

/* Cheap: to be asked before a message is put together. */
bool log_enabled(LogLevel level);

/* Read the variables again: at aclInit. Without it they are read at the first line. */
void configure_log();

/* One line. `module` as in CANN: "ASCENDCL", "RUNTIME", "GE", "APP". */
void log_line(LogLevel level, const char *module, const char *file, int line,
              const std::string &text);

#define EMU_LOG(level, module, ...)                                    \
  do {                                                                 \
    if (::ascend_emu::log_enabled(level)) {                            \
      ::ascend_emu::log_line(level, module, __FILE__, __LINE__,        \
                             ::ascend_emu::format(__VA_ARGS__));       \
    }                                                                  \
  } while (0)

}  // namespace ascend_emu

#endif
