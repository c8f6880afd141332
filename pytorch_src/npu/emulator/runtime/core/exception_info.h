/* aclrtSetExceptionInfoCallback: whom to tell that a task failed. */
#ifndef ASCENDTORCH_EMU_EXCEPTION_INFO_H_
#define ASCENDTORCH_EMU_EXCEPTION_INFO_H_

#include <cstdint>

#include "acl/acl_rt.h"

/* Opaque in the API; callbacks read it through aclrtGet*FromExceptionInfo. */
struct rtExceptionInfo {
  uint32_t stream;
  uint32_t thread;
  uint32_t device;
  uint32_t code;
};

namespace ascend_emu {

/* Null for nobody. */
void set_exception_callback(aclrtExceptionInfoCallback callback);

/* Called by a stream's worker for each task that failed, before the failure can be seen at a
   synchronisation. `thread` is the kernel's id of the thread that submitted the task. */
void report_exception(int device, int32_t stream, uint32_t thread, aclError code);

}  // namespace ascend_emu

#endif
