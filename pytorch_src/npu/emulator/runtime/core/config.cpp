#include "config.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "refusal.h"

namespace ascend_emu {

namespace {

std::string text_of(const char *name) {
  const char *value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

long number(const char *name, long fallback, long least, long most) {
  const std::string text = text_of(name);
  if (text.empty()) return fallback;
  char *end = nullptr;
  errno = 0;
  const long value = std::strtol(text.c_str(), &end, 10);
  if (errno != 0 || *end != '\0' || value < least || value > most) {
    refuse(ACL_ERROR_INVALID_PARAM, "%s=%s: a whole number from %ld to %ld is needed", name,
           text.c_str(), least, most);
  }
  return value;
}

bool flag(const char *name, bool fallback) {
  return number(name, fallback ? 1 : 0, 0, 1) == 1;
}

size_t host_memory() {
  const long pages = sysconf(_SC_PHYS_PAGES);
  const long page = sysconf(_SC_PAGESIZE);
  return pages > 0 && page > 0 ? static_cast<size_t>(pages) * static_cast<size_t>(page)
                               : size_t{4} << 30;
}

/* "4G" -> 4294967296; bare numbers are bytes. */
size_t bytes(const char *name, size_t fallback) {
  const std::string text = text_of(name);
  if (text.empty()) return fallback;
  const auto wrong = [&] {
    refuse(ACL_ERROR_INVALID_PARAM,
           "%s=%s: a number of bytes of at least 1M is needed, with K, M, G or T for the unit",
           name, text.c_str());
  };
  char *end = nullptr;
  errno = 0;
  const double value = std::strtod(text.c_str(), &end);
  int shift = 0;
  switch (*end) {
    case 'T': case 't': shift = 40; break;
    case 'G': case 'g': shift = 30; break;
    case 'M': case 'm': shift = 20; break;
    case 'K': case 'k': shift = 10; break;
    default: break;
  }
  if (shift != 0) ++end;
  const double amount = value * static_cast<double>(size_t{1} << shift);
  /* Written so that a nan is wrong too. */
  if (errno != 0 || end == text.c_str() || *end != '\0' ||
      !(amount >= 1048576.0 && amount <= 70368744177664.0)) {
    wrong();
  }
  return static_cast<size_t>(amount);
}

}  // namespace

Config read_config() {
  Config config;
  config.devices = static_cast<int>(number("ASCEND_EMU_DEVICES", 2, 1, 64));
  config.memory = bytes("ASCEND_EMU_MEMORY", host_memory() / 4);
  config.guard = flag("ASCEND_EMU_GUARD", true);
  config.overflow = flag("ASCEND_EMU_OVERFLOW", false);
  config.soc = text_of("ASCEND_EMU_SOC");
  if (config.soc.empty()) config.soc = "Ascend910B1";
  config.trace = text_of("ASCEND_EMU_TRACE");
  config.ops_library = text_of("ASCEND_EMU_OPS");
  config.log_level = static_cast<int>(number("ASCEND_GLOBAL_LOG_LEVEL", 3, 0, 4));
  config.log_stdout = flag("ASCEND_SLOG_PRINT_TO_STDOUT", false);
  return config;
}

}  // namespace ascend_emu
