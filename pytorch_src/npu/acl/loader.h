// The AscendCL library of this process. It is looked for at run time and never linked, so that the
// package can be imported where there is none.
#ifndef ASCENDTORCH_ACL_LOADER_H_
#define ASCENDTORCH_ACL_LOADER_H_

#include <string>

#include "acl/acl.h"

namespace npu {

// What a forwarded function returns where there is no library, or where the library lacks it. No
// AscendCL call returns it.
constexpr aclError kNoSuchFunction = -1;

// True where an AscendCL library was found. ASCENDTORCH_ACL chooses: "cann" (what the dynamic
// linker finds), "emulator" (the one in the package), or the path of a libascendcl.so; unset: CANN
// if it is found, else the emulator.
bool acl_available();
// True where the library computes on the CPU.
bool acl_is_emulator();
// Of the library; empty where there is none.
const std::string& acl_path();
// Why there is no library, and what to do; empty where there is one.
const std::string& acl_missing();

}  // namespace npu

#endif
