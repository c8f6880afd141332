#include "acl/loader.h"

#include <dlfcn.h>

#include <cstdlib>
#include <cstring>

namespace npu {

namespace {

constexpr const char* kLibrary = "libascendcl.so";
// Exported by the emulator alone.
constexpr const char* kEmulatorMark = "ascend_emu_aclnn_launch";

struct Library {
  void* handle = nullptr;
  std::string path;
  std::string missing;
  bool emulator = false;
};

// The folder of the library that this code is in.
std::string own_folder() {
  Dl_info info;
  if (dladdr(reinterpret_cast<const void*>(&acl_available), &info) == 0) return "";
  const std::string path = info.dli_fname;
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

// The path as a person would look for it: the emulator is found beside this library, with "..".
std::string real_path(const std::string& path) {
  char resolved[PATH_MAX];
  return realpath(path.c_str(), resolved) == nullptr ? path : resolved;
}

// CANN's own libraries look for each other's symbols, so all of it is made global.
bool open_at(Library* library, const std::string& path) {
  library->handle = dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL);
  if (library->handle == nullptr) {
    const char* why = dlerror();
    library->missing = why == nullptr ? path + " cannot be opened" : why;
    return false;
  }
  Dl_info info;
  void* known = dlsym(library->handle, "aclInit");
  if (known == nullptr) {
    library->missing = path + " has no aclInit: it is no AscendCL library";
    dlclose(library->handle);
    library->handle = nullptr;
    return false;
  }
  library->path = real_path(dladdr(known, &info) != 0 ? info.dli_fname : path);
  library->emulator = dlsym(library->handle, kEmulatorMark) != nullptr;
  library->missing.clear();
  return true;
}

bool open_emulator(Library* library) {
  const std::string folder = own_folder();
  return open_at(library, folder + "/../emulator/lib/" + kLibrary) ||
         open_at(library, folder + "/emulator/lib/" + kLibrary) ||
         // torch/lib and torch/npu, where this is a part of PyTorch
         open_at(library, folder + "/../npu/emulator/lib/" + kLibrary);
}

Library find() {
  Library library;
  const char* asked = std::getenv("ASCENDTORCH_ACL");
  const std::string choice = asked == nullptr ? "" : asked;
  bool found = false;
  if (choice == "emulator") {
    found = open_emulator(&library);
  } else if (choice == "cann") {
    found = open_at(&library, kLibrary);
  } else if (!choice.empty()) {
    found = open_at(&library, choice);
  } else {
    found = open_at(&library, kLibrary) || open_emulator(&library);
  }
  if (!found) {
    library.missing =
        "no AscendCL library was found (" + library.missing +
        "). With an NPU: install CANN and `source` its set_env.sh, or `source env.sh`."
        " Without one: use a torch_npu wheel that carries the emulator, or run the "
        "program with `ascendtorch emulate --`. ASCENDTORCH_ACL=<path of "
        "libascendcl.so> names one";
  }
  return library;
}

const Library& library() {
  static const Library* found = new Library(find());
  return *found;
}

void* symbol(const char* name) {
  return library().handle == nullptr ? nullptr : dlsym(library().handle, name);
}

// What a call gives where there is nothing to call.
template <typename T>
struct Nothing {
  static T value() { return T(); }
};
template <>
struct Nothing<void> {
  static void value() {}
};
template <>
struct Nothing<aclError> {
  static aclError value() { return kNoSuchFunction; }
};

}  // namespace

bool acl_available() { return library().handle != nullptr; }
bool acl_is_emulator() { return library().emulator; }
const std::string& acl_path() { return library().path; }
const std::string& acl_missing() { return library().missing; }

}  // namespace npu

// Each of them looks its function up once. They are seen in this library alone (ACL_API is hidden
// when it is compiled), and so never stand in CANN's way.
#define NPU_ACL(result, name, parameters, arguments)                                   \
  extern "C" result name parameters {                                                  \
    using Function = result(*) parameters;                                             \
    static const Function function = reinterpret_cast<Function>(::npu::symbol(#name)); \
    if (function == nullptr) return ::npu::Nothing<result>::value();                   \
    return function arguments;                                                         \
  }
#include "acl/functions.inc"
#undef NPU_ACL
