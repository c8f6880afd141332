#include "launch.h"

#include "core/log.h"
#include "core/refusal.h"
#include "core/runtime.h"
#include "op_text.h"
#include "run.h"
#include "tensor_desc.h"

namespace ascend_emu {

namespace {

/* Every refusal between here and the stream names the operator. */
template <class Body>
auto for_op(const OpArguments &arguments, Body &&body) -> decltype(body()) {
  if (arguments.op_type == nullptr) refuse(ACL_ERROR_INVALID_PARAM, "opType is null");
  if (*arguments.op_type == '\0') refuse(ACL_ERROR_INVALID_PARAM, "opType is empty");
  try {
    return body();
  } catch (const Refusal &refusal) {
    throw Refusal(refusal.code(), with_op(arguments.op_type, refusal.text()));
  }
}

std::shared_ptr<OpCall> captured(const OpArguments &arguments, CaptureFor purpose) {
  std::shared_ptr<OpCall> call = capture(arguments, purpose, runtime().memory());
  EMU_LOG(LogLevel::kInfo, "ASCENDCL", "%s", log_text(*call).c_str());
  return call;
}

/* Into the caller's descriptors, as far as the library told. */
void tell_shapes(const OpArguments &arguments, const OpCall &call) {
  for (size_t i = call.inputs(); i < call.operands(); ++i) {
    const EmuTensor &output = call.tensor(i);
    if (output.actual_ndim < 0) continue;
    const auto desc = tensor_descs().get(arguments.output_descs[i - call.inputs()],
                                         ACL_ERROR_INVALID_PARAM);
    desc->dims = checked_dims(output.actual_ndim, output.actual_dims, desc->type);
    /* With its own layout the storage stays what the caller set apart. */
    if (desc->laid_out_format() == desc->format) desc->has_storage_dims = false;
  }
}

}  // namespace

void check_call(const OpArguments &arguments) {
  for_op(arguments, [&] { check_prototype(*captured(arguments, CaptureFor::kCheck)); });
}

void launch(const OpArguments &arguments, void *stream) {
  for_op(arguments, [&] {
    const std::shared_ptr<Stream> found = runtime().stream(stream);
    const std::shared_ptr<OpCall> call = captured(arguments, CaptureFor::kRun);
    check_operands(*call, found->device());
    check_prototype(*call);
    submit_call(call, *found);
  });
}

void launch_and_tell_shapes(const OpArguments &arguments, void *stream) {
  for_op(arguments, [&] {
    const std::shared_ptr<Stream> found = runtime().stream(stream);
    const std::shared_ptr<OpCall> call = captured(arguments, CaptureFor::kRun);
    check_operands(*call, found->device());
    check_prototype(*call);
    const bool known = infer_outputs(*call);
    if (known) tell_shapes(arguments, *call);
    call->forget_actual_dims();
    submit_call(call, *found);
    if (known) return;
    found->synchronize();
    tell_shapes(arguments, *call);
  });
}

void infer_shapes(const OpArguments &arguments) {
  for_op(arguments, [&] {
    const std::shared_ptr<OpCall> call = captured(arguments, CaptureFor::kInfer);
    check_prototype(*call);
    if (!infer_outputs(*call)) {
      refuse(ACL_ERROR_OP_UNSUPPORTED_DYNAMIC,
             "the outputs' shapes follow from the data: they are known after the operator has run "
             "(aclopCompileAndExecuteV2)");
    }
    tell_shapes(arguments, *call);
  });
}

}  // namespace ascend_emu
