/* An OpCall's way to the device: checks at launch, the task on the stream. */
#ifndef ASCENDTORCH_EMU_RUN_H_
#define ASCENDTORCH_EMU_RUN_H_

#include <functional>
#include <memory>

#include "core/stream.h"
#include "op_call.h"

namespace ascend_emu {

/* Ask the operator library whether its operator takes this. Refusal with its code and text. */
void check_prototype(const OpCall &call);

/* What the library knows of the outputs' shapes (EmuTensor::actual_dims) without computing.
   False when they follow from the data. Refusal for other errors. */
bool infer_outputs(OpCall &call);

/* Refusal when a device pointer is a host pointer, was freed, is of another device than `device`,
   ends past its block or is not aligned for its type; names the operand. */
void check_operands(const OpCall &call, int device);

/* The task, for a call that both checks let pass; `finished` sees the call when it has run without
   a failure. Failures surface when the stream is synchronised. */
void submit_call(std::shared_ptr<OpCall> call, Stream &stream,
                 std::function<void(const OpCall &)> finished = nullptr);

}  // namespace ascend_emu

#endif
