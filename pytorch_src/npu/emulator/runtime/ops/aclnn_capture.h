/* From the arguments of an aclnn function to an OpCall. */
#ifndef ASCENDTORCH_EMU_ACLNN_CAPTURE_H_
#define ASCENDTORCH_EMU_ACLNN_CAPTURE_H_

#include "aclnn_objects.h"
#include "emu_aclnn.h"

namespace ascend_emu {

/* Copies everything: tensors, lists, scalars and arrays may be destroyed afterwards.
   Refusal(ACLNN_ERR_PARAM_NULLPTR or ACLNN_ERR_PARAM_INVALID) names the argument. */
std::shared_ptr<Executor> capture_aclnn(const char *function, const EmuAclnnArgument *arguments,
                                        size_t count);

}  // namespace ascend_emu

#endif
