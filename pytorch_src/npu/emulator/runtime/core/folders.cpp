#include "folders.h"

#include <sys/stat.h>
#include <sys/time.h>

#include <cerrno>
#include <ctime>

namespace ascend_emu {

bool make_folders(const std::string &folder) {
  for (size_t end = folder.find('/', 1); ; end = folder.find('/', end + 1)) {
    const std::string part = folder.substr(0, end);
    if (mkdir(part.c_str(), 0750) != 0 && errno != EEXIST) return false;
    if (end == std::string::npos) break;
  }
  struct stat found;
  if (stat(folder.c_str(), &found) != 0) return false;
  if (S_ISDIR(found.st_mode)) return true;
  errno = ENOTDIR;
  return false;
}

std::string time_stamp() {
  const time_t seconds = time(nullptr);
  tm parts;
  localtime_r(&seconds, &parts);
  char text[24];
  const size_t length = std::strftime(text, sizeof text, "%Y%m%d%H%M%S", &parts);
  return std::string(text, length);
}

long long unix_microseconds() {
  timeval moment;
  gettimeofday(&moment, nullptr);
  return static_cast<long long>(moment.tv_sec) * 1000000 + moment.tv_usec;
}

}  // namespace ascend_emu
