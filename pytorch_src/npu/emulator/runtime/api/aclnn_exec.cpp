/* The two calls that every aclnn function consists of; see emu_aclnn.h. */
#include <cstring>

#include "core/runtime.h"
#include "emu_aclnn.h"
#include "ops/aclnn_capture.h"
#include "ops/aclnn_entry.h"
#include "ops/op_text.h"
#include "ops/run.h"

namespace ascend_emu {

aclnnStatus aclnn_status(aclError code) {
  if (code == ACLNN_ERR_PARAM_NULLPTR || code == ACLNN_ERR_PARAM_INVALID) return code;
  switch (code) {
    case ACL_ERROR_INVALID_PARAM:
    case ACL_ERROR_OP_INPUT_NOT_MATCH:
    case ACL_ERROR_OP_OUTPUT_NOT_MATCH:
    case ACL_ERROR_OP_ATTR_NOT_MATCH:
    case ACL_ERROR_UNSUPPORTED_DATA_TYPE:
    case ACL_ERROR_FORMAT_NOT_MATCH:
      return ACLNN_ERR_PARAM_INVALID;
    case ACL_ERROR_OP_NOT_FOUND:
    case ACL_ERROR_OP_LOAD_FAILED:
    case ACL_ERROR_INTERNAL_ERROR:
      return ACLNN_ERR_INNER;
    default:
      return ACLNN_ERR_RUNTIME_ERROR;
  }
}

namespace {

/* The second call's name is the operator's; the first one's has this behind it. */
std::string first_call(const char *function) { return std::string(function) + "GetWorkspaceSize"; }

/* A launch uses its executor up, so that a wrong one is more than destroyed. */
std::shared_ptr<Executor> find_executor(const aclOpExecutor *handle) {
  aclnn_need(handle, "the executor");
  std::shared_ptr<Executor> found = executors().find(handle);
  if (!found) {
    refuse(ACLNN_ERR_PARAM_INVALID,
           "%p is no executor (aclOpExecutor), or no longer: an executor serves for one launch, "
           "then a new call of the function's GetWorkspaceSize is needed",
           static_cast<const void *>(handle));
  }
  return found;
}

/* Where a result tells its shape, the caller finds it with aclGetViewShape. */
void keep_shapes(const OpCall &call, const Executor &executor) {
  for (size_t i = 0; i < executor.outputs.size(); ++i) {
    const EmuTensor &output = call.tensor(call.inputs() + i);
    if (output.actual_ndim < 0 || !executor.outputs[i]) continue;
    const bool apart = output.origin_ndim >= 0;
    const Dims told(output.actual_dims, output.actual_dims + output.actual_ndim);
    const int64_t *given = apart ? output.origin_dims : output.dims;
    if (told != Dims(given, given + (apart ? output.origin_ndim : output.ndim))) {
      executor.outputs[i]->set_dims(told);
    }
  }
}

}  // namespace

}  // namespace ascend_emu

using namespace ascend_emu;

extern "C" {

aclnnStatus ascend_emu_aclnn_prepare(const char *function, const EmuAclnnArgument *arguments,
                                     uint64_t count, uint64_t *workspace_size,
                                     aclOpExecutor **executor) {
  return aclnn_entry(first_call(function).c_str(), [&] {
    aclnn_need(workspace_size, "workspaceSize");
    aclnn_need(executor, "executor");
    runtime();
    std::shared_ptr<Executor> made = capture_aclnn(function, arguments, count);
    check_prototype(*made->call);
    *workspace_size = 0; /* the operators take what they need from the host */
    *executor = static_cast<aclOpExecutor *>(executors().add(std::move(made)));
  });
}

aclnnStatus ascend_emu_aclnn_launch(const char *function, void *workspace, uint64_t workspace_size,
                                    aclOpExecutor *executor, aclrtStream stream) {
  return aclnn_entry(function, [&] {
    if (workspace_size != 0) aclnn_need(workspace, "workspace");
    const auto found = find_executor(executor);
    if (found->function != function) {
      refuse(ACLNN_ERR_PARAM_INVALID, "the executor was made by %sGetWorkspaceSize",
             found->function.c_str());
    }
    const std::shared_ptr<Stream> launched_on = runtime().stream(stream);
    executors().take(executor, ACLNN_ERR_PARAM_INVALID);
    check_operands(*found->call, launched_on->device());
    submit_call(found->call, *launched_on,
                [found](const OpCall &call) { keep_shapes(call, *found); });
  });
}

aclnnStatus aclDestroyAclOpExecutor(aclOpExecutor *executor) {
  return aclnn_entry("aclDestroyAclOpExecutor", [&] {
    find_executor(executor);
    executors().take(executor, ACLNN_ERR_PARAM_INVALID);
  });
}

}  // extern "C"
