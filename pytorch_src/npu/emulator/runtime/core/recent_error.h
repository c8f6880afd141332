/* What aclGetRecentErrMsg and aclrtGetLastError tell: kept for each thread. */
#ifndef ASCENDTORCH_EMU_RECENT_ERROR_H_
#define ASCENDTORCH_EMU_RECENT_ERROR_H_

#include <string>

#include "acl/acl_rt.h"

namespace ascend_emu {

/* Remember a failure of the calling thread and log it at level ERROR; returns `code`. */
aclError remember_error(aclError code, const std::string &text);

/* The last text, which is then forgotten; NULL when nothing failed since the last call. The
   pointer stays valid until this thread asks again. */
const char *take_recent_error();

/* The last code; `forget` resets it to ACL_SUCCESS. */
aclError last_error(bool forget);

}  // namespace ascend_emu

#endif
