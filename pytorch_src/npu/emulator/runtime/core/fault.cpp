#include "fault.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <mutex>

#include "runtime.h"

namespace ascend_emu {

namespace {

const int kSignals[] = {SIGSEGV, SIGBUS};

/* Who had the signals before. Written only while `installed` is false. */
struct sigaction previous[2];
std::atomic<bool> installed{false};
std::mutex *const changing = new std::mutex;

int index_of(int number) { return number == SIGSEGV ? 0 : 1; }

/* Parts at a time: a handler may not allocate. */
void say(const char *text) {
  size_t left = std::strlen(text);
  while (left > 0) {
    const ssize_t count = write(STDERR_FILENO, text, left);
    if (count <= 0) return;
    text += count;
    left -= static_cast<size_t>(count);
  }
}

bool explain(int number, const siginfo_t *info) {
  /* Only faults of the processor carry an address; kill() does not. */
  if (info == nullptr || info->si_code <= 0 || !runtime_ready()) return false;
  char where[256];
  if (!runtime().memory().explain_fault(info->si_addr, where, sizeof where)) return false;
  char text[640];
  std::snprintf(text, sizeof text,
                "\nAscend emulator: %s: the host touched device memory: address %s.\n"
                "  Device memory is not readable or writable on the host, as on an NPU. Copy with "
                "aclrtMemcpy (in PyTorch: tensor.cpu()),\n"
                "  or set ASCEND_EMU_GUARD=0 to allow it on the emulator.\n",
                number == SIGSEGV ? "SIGSEGV" : "SIGBUS", where);
  say(text);
  return true;
}

/* What the kernel would have done with the signal, had our handler not been there. */
void pass_on(int number, siginfo_t *info, void *context) {
  const struct sigaction &before = previous[index_of(number)];
  const bool fault = info != nullptr && info->si_code > 0;
  if ((before.sa_flags & SA_SIGINFO) == 0 && before.sa_handler == SIG_IGN && !fault) return;
  if ((before.sa_flags & SA_SIGINFO) == 0 &&
      (before.sa_handler == SIG_DFL || before.sa_handler == SIG_IGN)) {
    sigaction(number, &before, nullptr);
    /* A fault happens again when the instruction is tried again; a sent signal does not. */
    if (!fault) raise(number);
    return;
  }
  pthread_sigmask(SIG_BLOCK, &before.sa_mask, nullptr);
  if ((before.sa_flags & SA_SIGINFO) != 0) {
    before.sa_sigaction(number, info, context);
  } else {
    before.sa_handler(number);
  }
}

void handle(int number, siginfo_t *info, void *context) {
  if (explain(number, info)) {
    /* The instruction is tried again and faults again, in the hands of whoever came before. */
    sigaction(number, &previous[index_of(number)], nullptr);
    return;
  }
  pass_on(number, info, context);
}

/* A stack for handlers, given back when its thread ends. */
class FaultStack {
 public:
  FaultStack() {
    stack_t now;
    if (sigaltstack(nullptr, &now) != 0 || (now.ss_flags & SS_DISABLE) == 0) return;
    size_ = std::max<size_t>(64 * 1024, 4 * static_cast<size_t>(MINSIGSTKSZ));
    base_ = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base_ == MAP_FAILED) {
      base_ = nullptr;
      return;
    }
    stack_t ours;
    std::memset(&ours, 0, sizeof ours);
    ours.ss_sp = base_;
    ours.ss_size = size_;
    sigaltstack(&ours, nullptr);
  }
  ~FaultStack() {
    if (base_ == nullptr) return;
    stack_t now;
    if (sigaltstack(nullptr, &now) == 0 && now.ss_sp == base_) {
      std::memset(&now, 0, sizeof now);
      now.ss_flags = SS_DISABLE;
      sigaltstack(&now, nullptr);
    }
    munmap(base_, size_);
  }
  FaultStack(const FaultStack &) = delete;
  FaultStack &operator=(const FaultStack &) = delete;

 private:
  void *base_ = nullptr;
  size_t size_ = 0;
};

bool is_ours(const struct sigaction &action) {
  return (action.sa_flags & SA_SIGINFO) != 0 && action.sa_sigaction == handle;
}

}  // namespace

void use_fault_stack() {
  static thread_local FaultStack stack;
  (void)stack;
}

void install_fault_handler() {
  use_fault_stack();
  std::lock_guard<std::mutex> lock(*changing);
  if (installed) return;
  struct sigaction ours;
  std::memset(&ours, 0, sizeof ours);
  ours.sa_sigaction = handle;
  ours.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&ours.sa_mask);
  for (const int number : kSignals) {
    struct sigaction before;
    sigaction(number, nullptr, &before);
    /* Ours is still in somebody's chain: put in a second time, it would call itself. */
    if (is_ours(before)) continue;
    previous[index_of(number)] = before;
    sigaction(number, &ours, nullptr);
  }
  installed = true;
}

void remove_fault_handler() {
  std::lock_guard<std::mutex> lock(*changing);
  if (!installed) return;
  bool all = true;
  for (const int number : kSignals) {
    struct sigaction now;
    sigaction(number, nullptr, &now);
    if (is_ours(now)) {
      sigaction(number, &previous[index_of(number)], nullptr);
    } else {
      all = false;
    }
  }
  /* Somebody who came after us may call our handler for ever: then it stays as it is. */
  if (all) installed = false;
}

}  // namespace ascend_emu
