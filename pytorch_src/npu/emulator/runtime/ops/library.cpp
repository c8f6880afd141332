#include "library.h"

#include <dlfcn.h>

#include <atomic>
#include <mutex>
#include <string>

#include "core/log.h"
#include "core/refusal.h"
#include "core/runtime.h"

namespace ascend_emu {

namespace {

constexpr const char *kName = "libascend_emu_ops.so";

std::string library_path() {
  const std::string &configured = runtime().config().ops_library;
  if (!configured.empty()) return configured;
  Dl_info info;
  /* Any address inside this library does. */
  if (dladdr(reinterpret_cast<const void *>(&op_library), &info) == 0 ||
      info.dli_fname == nullptr) {
    return kName;
  }
  const std::string here = info.dli_fname;
  const size_t slash = here.rfind('/');
  return slash == std::string::npos ? kName : here.substr(0, slash + 1) + kName;
}

const EmuOps &load() {
  const std::string path = library_path();
  void *library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char *why = dlerror();
    refuse(ACL_ERROR_OP_LOAD_FAILED,
           "the operator library %s could not be loaded: %s. Build it against the torch that the "
           "program uses, or set ASCEND_EMU_OPS to where it is",
           path.c_str(), why == nullptr ? "unknown reason" : why);
  }
  const auto ask = reinterpret_cast<EmuOpsEntry>(dlsym(library, "ascend_emu_ops"));
  const EmuOps *ops = ask == nullptr ? nullptr : ask(EMU_OPS_ABI);
  if (ops == nullptr || ops->abi != EMU_OPS_ABI) {
    refuse(ACL_ERROR_OP_LOAD_FAILED, "%s %s: build the operator library again, with this emulator",
           path.c_str(),
           ask == nullptr ? "does not export ascend_emu_ops" : "is of another version");
  }
  EMU_LOG(LogLevel::kInfo, "ASCENDCL", "operators are computed by %s", path.c_str());
  return *ops;
}

std::mutex loading;
std::atomic<const EmuOps *> loaded{nullptr};

}  // namespace

const EmuOps &op_library() {
  const EmuOps *ops = loaded.load(std::memory_order_acquire);
  if (ops != nullptr) return *ops;
  std::lock_guard<std::mutex> lock(loading);
  ops = loaded.load(std::memory_order_acquire);
  if (ops == nullptr) {
    ops = &load();
    loaded.store(ops, std::memory_order_release);
  }
  return *ops;
}

}  // namespace ascend_emu
