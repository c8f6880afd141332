#include "log.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <mutex>

#include "folders.h"
#include "refusal.h"

namespace ascend_emu {

namespace {

/* A file this large gets a successor; as many as CANN keeps by default are kept. */
constexpr size_t kFileLimit = size_t{20} << 20;
constexpr int kFilesKept = 10;

constexpr int kNone = 4;

/* -1: not read yet. */
std::atomic<int> threshold{-1};
std::atomic<bool> to_stdout{false};

/* One digit of a variable; anything else is the default: a log must not stop a program. */
int digit(const char *name, int most, int fallback) {
  const char *value = std::getenv(name);
  if (value == nullptr || value[0] < '0' || value[0] > '0' + most || value[1] != '\0') {
    return fallback;
  }
  return value[0] - '0';
}

struct Times {
  std::string text; /* 2026-01-31-23:59:59.123.456 */
  std::string name; /* 20260131235959123, for a file */
};

Times now() {
  timeval moment;
  gettimeofday(&moment, nullptr);
  tm parts;
  localtime_r(&moment.tv_sec, &parts);
  const int milli = static_cast<int>(moment.tv_usec / 1000);
  const int micro = static_cast<int>(moment.tv_usec % 1000);
  char day[32];
  Times times;
  std::strftime(day, sizeof day, "%Y-%m-%d-%H:%M:%S", &parts);
  times.text = format("%s.%03d.%03d", day, milli, micro);
  std::strftime(day, sizeof day, "%Y%m%d%H%M%S", &parts);
  times.name = format("%s%03d", day, milli);
  return times;
}

std::string read_process_name() {
  char name[64] = "";
  const int file = open("/proc/self/comm", O_RDONLY | O_CLOEXEC);
  if (file >= 0) {
    const ssize_t length = read(file, name, sizeof name - 1);
    name[length > 0 ? length : 0] = '\0';
    close(file);
  }
  name[std::strcspn(name, "\n")] = '\0';
  return name;
}

const std::string &process_name() {
  static const std::string *const name = new std::string(read_process_name());
  return *name;
}

/* Whole lines only; false when they cannot be written. */
bool write_all(int file, const std::string &line) {
  size_t written = 0;
  while (written < line.size()) {
    const ssize_t count = write(file, line.data() + written, line.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    written += static_cast<size_t>(count);
  }
  return true;
}

/* Held while a line is written, and while the process forks: the child must not find it held by a
   thread that it does not have. */
std::mutex &writing() {
  static std::mutex *const only = [] {
    static std::mutex *made = new std::mutex;
    pthread_atfork([] { made->lock(); }, [] { made->unlock(); }, [] { made->unlock(); });
    return made;
  }();
  return *only;
}

/* The log files of this process, made at the first line. */
class Files {
 public:
  void write_line(const std::string &line) {
    std::lock_guard<std::mutex> lock(writing());
    /* A forked child writes files of its own. */
    if (owner_ != getpid()) start_over();
    if (broken_) return;
    if (file_ < 0 || size_ + line.size() > kFileLimit) open_next();
    if (broken_) return;
    if (!write_all(file_, line)) give_up(path_);
    size_ += line.size();
  }

 private:
  void start_over() {
    if (file_ >= 0) close(file_);
    owner_ = getpid();
    file_ = -1;
    count_ = 0;
    broken_ = false;
  }

  void open_next() {
    if (file_ >= 0) close(file_);
    file_ = -1;
    const std::string folder = log_folder();
    path_ = folder + "/plog-" + std::to_string(getpid()) + "_" + now().name + ".log";
    if (make_folders(folder)) {
      file_ = open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    }
    if (file_ < 0) {
      give_up(path_);
      return;
    }
    size_ = 0;
    std::string &slot = kept_[count_++ % kFilesKept];
    if (count_ > kFilesKept) unlink(slot.c_str());
    slot = path_;
  }

  static std::string log_folder() {
    const char *given = std::getenv("ASCEND_PROCESS_LOG_PATH");
    if (given != nullptr && *given != '\0') return std::string(given) + "/debug/plog";
    const char *home = std::getenv("HOME");
    return std::string(home == nullptr ? "" : home) + "/ascend/log/debug/plog";
  }

  /* Said once: a program must not fail, nor drown in messages, because its log cannot be kept. */
  void give_up(const std::string &path) {
    const std::string text = format(
        "[WARNING] the log file %s cannot be written (%s): set ASCEND_PROCESS_LOG_PATH to a folder "
        "that can be written, or ASCEND_SLOG_PRINT_TO_STDOUT=1; no more log lines are kept\n",
        path.c_str(), std::strerror(errno));
    write_all(STDERR_FILENO, text);
    broken_ = true;
  }

  pid_t owner_ = -1;
  int file_ = -1;
  size_t size_ = 0;
  int count_ = 0;
  bool broken_ = false;
  std::string path_;
  std::string kept_[kFilesKept];
};

Files &files() {
  static Files *const only = new Files; /* lines may come after static destructors */
  return *only;
}

}  // namespace

void configure_log() {
  to_stdout = digit("ASCEND_SLOG_PRINT_TO_STDOUT", 1, 0) == 1;
  threshold = digit("ASCEND_GLOBAL_LOG_LEVEL", kNone, 3);
}

bool log_enabled(LogLevel level) {
  if (threshold.load(std::memory_order_relaxed) < 0) configure_log();
  return static_cast<int>(level) >= threshold.load(std::memory_order_relaxed);
}

void log_line(LogLevel level, const char *module, const char *file, int line,
              const std::string &text) {
  static const char *const kLevels[] = {"DEBUG", "INFO", "WARNING", "ERROR"};
  if (!log_enabled(level)) return;
  const char *slash = std::strrchr(file, '/');
  std::string whole = format("[%s] %s(%d,%s):%s [%s:%d]%ld ", kLevels[static_cast<int>(level)],
                             module, static_cast<int>(getpid()), process_name().c_str(),
                             now().text.c_str(), slash == nullptr ? file : slash + 1, line,
                             static_cast<long>(syscall(SYS_gettid)));
  /* One record is one line, whatever its text holds. */
  for (const char c : text) whole += c == '\n' || c == '\r' ? ' ' : c;
  whole += '\n';
  if (to_stdout.load(std::memory_order_relaxed)) {
    std::lock_guard<std::mutex> lock(writing()); /* long lines take several writes */
    write_all(STDOUT_FILENO, whole);
  } else {
    files().write_line(whole);
  }
}

}  // namespace ascend_emu
