/* What the aclop functions do, with their arguments in one value. */
#ifndef ASCENDTORCH_EMU_LAUNCH_H_
#define ASCENDTORCH_EMU_LAUNCH_H_

#include "capture.h"

namespace ascend_emu {

/* aclopCompile: compare with the operator's prototype. */
void check_call(const OpArguments &arguments);

/* aclopCompileAndExecute: check, then submit to the stream (NULL: the default one). */
void launch(const OpArguments &arguments, void *stream);

/* The V2 functions: the same, and outputs whose shape follows from the data get their true dims
   in the descriptors, for which the stream is synchronised. */
void launch_and_tell_shapes(const OpArguments &arguments, void *stream);

/* aclopInferShape: the outputs' dims in the descriptors, nothing computed. */
void infer_shapes(const OpArguments &arguments);

}  // namespace ascend_emu

#endif
