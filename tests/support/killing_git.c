/* Preloaded into the git processes of a run: counts their calls that change the file system, over
 * all of them, and kills one (or the run too) just before the wanted one. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static long* counter;
static long wanted;
static pid_t run;

__attribute__((constructor)) static void begin(void) {
  const char* file = getenv("KILLING_COUNTER");
  if (!file || strncmp(program_invocation_short_name, "git", 3) != 0) return;
  int handle = open(file, O_RDWR | O_CREAT, 0666);
  if (handle < 0 || ftruncate(handle, sizeof(long)) != 0) return;
  void* place = mmap(NULL, sizeof(long), PROT_READ | PROT_WRITE, MAP_SHARED, handle, 0);
  close(handle);
  wanted = atol(getenv("KILLING_AT"));
  run = atoi(getenv("KILLING_RUN"));
  if (place != MAP_FAILED) counter = place;
}

/* Tells the test which git command it was. */
static void bury(void) {
  char words[65536];
  int from = open("/proc/self/cmdline", O_RDONLY);
  int to = open(getenv("KILLING_GRAVE"), O_WRONLY | O_CREAT | O_TRUNC, 0666);
  ssize_t size = read(from, words, sizeof words);
  if (size > 0 && write(to, words, size) != size) abort();
  close(from);
  close(to);
}

static void step(void) {
  if (!counter) return;
  if (__atomic_add_fetch(counter, 1, __ATOMIC_SEQ_CST) != wanted) return;
  counter = NULL;
  bury();
  if (run) kill(run, SIGKILL);
  kill(getpid(), SIGKILL);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define OPEN(name)                                         \
  int name(const char* path, int flags, ...) {             \
    va_list rest;                                          \
    va_start(rest, flags);                                 \
    mode_t mode = flags & O_CREAT ? va_arg(rest, int) : 0; \
    va_end(rest);                                          \
    if (flags & (O_CREAT | O_TRUNC)) step();               \
    return REAL(name)(path, flags, mode);                  \
  }
OPEN(open)
OPEN(open64)

int rename(const char* from, const char* to) {
  step();
  return REAL(rename)(from, to);
}

int link(const char* from, const char* to) {
  step();
  return REAL(link)(from, to);
}

int unlink(const char* path) {
  step();
  return REAL(unlink)(path);
}

int mkdir(const char* path, mode_t mode) {
  step();
  return REAL(mkdir)(path, mode);
}

ssize_t write(int handle, const void* data, size_t size) {
  if (handle > 2) step();
  return REAL(write)(handle, data, size);
}
