/* The way into the aclnn functions: as entry(), with the codes that aclnn has. */
#ifndef ASCENDTORCH_EMU_ACLNN_ENTRY_H_
#define ASCENDTORCH_EMU_ACLNN_ENTRY_H_

#include <new>
#include <utility>

#include "aclnn/acl_meta.h"
#include "core/recent_error.h"
#include "core/refusal.h"

namespace ascend_emu {

/* aclnn has fewer codes than AscendCL; the text still says everything. */
aclnnStatus aclnn_status(aclError code);

template <class Body>
aclnnStatus aclnn_entry(const char *name, Body &&body) {
  try {
    std::forward<Body>(body)();
    return ACLNN_SUCCESS;
  } catch (const Refusal &refusal) {
    return remember_error(aclnn_status(refusal.code()), format("%s: %s", name, refusal.what()));
  } catch (const std::bad_alloc &) {
    return remember_error(ACLNN_ERR_INNER, format("%s: the host is out of memory", name));
  } catch (const std::exception &error) {
    return remember_error(ACLNN_ERR_INNER, format("%s: %s", name, error.what()));
  }
}

/* Refusal(ACLNN_ERR_PARAM_NULLPTR). */
inline void aclnn_need(const void *argument, const char *what) {
  if (argument == nullptr) refuse(ACLNN_ERR_PARAM_NULLPTR, "%s is null", what);
}

/* The code for a handle that is not one: null has its own. */
inline aclnnStatus handle_code(const void *handle) {
  return handle == nullptr ? ACLNN_ERR_PARAM_NULLPTR : ACLNN_ERR_PARAM_INVALID;
}

}  // namespace ascend_emu

#endif
