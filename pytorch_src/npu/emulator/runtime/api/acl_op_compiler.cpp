/* acl_op_compiler.h: compile options, compile and execute, dumps of single-operator graphs. */
#include "acl/acl_op_compiler.h"

#include <cstring>

#include "core/entry.h"
#include "core/handles.h"
#include "ops/compile_options.h"
#include "ops/launch.h"

using namespace ascend_emu;

namespace {

void check_engine(aclopEngineType engine, aclopCompileType flag, const char *path) {
  if (engine < ACL_ENGINE_SYS || engine > ACL_ENGINE_VECTOR) {
    refuse(ACL_ERROR_INVALID_PARAM, "engineType is %d, which is no value of aclopEngineType",
           static_cast<int>(engine));
  }
  if (flag != ACL_COMPILE_SYS && flag != ACL_COMPILE_UNREGISTERED) {
    refuse(ACL_ERROR_INVALID_PARAM, "compileFlag is %d, which is no value of aclopCompileType",
           static_cast<int>(flag));
  }
  if (flag == ACL_COMPILE_UNREGISTERED) {
    need(path, "opPath, which ACL_COMPILE_UNREGISTERED needs,");
    refuse(ACL_ERROR_API_NOT_SUPPORT,
           "ACL_COMPILE_UNREGISTERED: not supported by the emulator: an operator's own source (%s) "
           "is for the NPU's compiler",
           path);
  }
}

struct GraphDumpOption {};

Handles<GraphDumpOption> &graph_dump_options() {
  static auto *const all =
      new Handles<GraphDumpOption>(HandleKind::kGraphDumpOption, "graph dump option");
  return *all;
}

}  // namespace

extern "C" {

aclError aclSetCompileopt(aclCompileOpt opt, const char *value) {
  return entry("aclSetCompileopt", [&] {
    runtime();
    set_compile_option(opt, value);
  });
}

size_t aclGetCompileoptSize(aclCompileOpt opt) {
  size_t size = 0;
  entry("aclGetCompileoptSize", [&] { size = compile_option(opt).size() + 1; });
  return size;
}

aclError aclGetCompileopt(aclCompileOpt opt, char *value, size_t length) {
  return entry("aclGetCompileopt", [&] {
    need(value, "value");
    const std::string text = compile_option(opt);
    if (length < text.size() + 1) {
      refuse(ACL_ERROR_INVALID_PARAM, "length is %zu, but the value needs %zu bytes", length,
             text.size() + 1);
    }
    std::memcpy(value, text.c_str(), text.size() + 1);
  });
}

aclError aclopSetCompileFlag(aclOpCompileFlag flag) {
  return entry("aclopSetCompileFlag", [&] {
    if (flag != ACL_OP_COMPILE_DEFAULT && flag != ACL_OP_COMPILE_FUZZ) {
      refuse(ACL_ERROR_INVALID_PARAM, "flag is %d, which is no value of aclOpCompileFlag",
             static_cast<int>(flag));
    }
    /* Exact or fuzzy compilation: here both mean none. */
  });
}

aclError aclopCompile(const char *opType, int numInputs, const aclTensorDesc *const inputDesc[],
                      int numOutputs, const aclTensorDesc *const outputDesc[],
                      const aclopAttr *attr, aclopEngineType engineType,
                      aclopCompileType compileFlag, const char *opPath) {
  return entry("aclopCompile", [&] {
    check_engine(engineType, compileFlag, opPath);
    check_call({opType, numInputs, inputDesc, nullptr, numOutputs, outputDesc, nullptr, attr});
  });
}

aclError aclopCompileAndExecute(const char *opType, int numInputs,
                                const aclTensorDesc *const inputDesc[],
                                const aclDataBuffer *const inputs[], int numOutputs,
                                const aclTensorDesc *const outputDesc[],
                                aclDataBuffer *const outputs[], const aclopAttr *attr,
                                aclopEngineType engineType, aclopCompileType compileFlag,
                                const char *opPath, aclrtStream stream) {
  return entry("aclopCompileAndExecute", [&] {
    check_engine(engineType, compileFlag, opPath);
    launch({opType, numInputs, inputDesc, inputs, numOutputs, outputDesc, outputs, attr}, stream);
  });
}

aclError aclopCompileAndExecuteV2(const char *opType, int numInputs, aclTensorDesc *inputDesc[],
                                  aclDataBuffer *inputs[], int numOutputs,
                                  aclTensorDesc *outputDesc[], aclDataBuffer *outputs[],
                                  aclopAttr *attr, aclopEngineType engineType,
                                  aclopCompileType compileFlag, const char *opPath,
                                  aclrtStream stream) {
  return entry("aclopCompileAndExecuteV2", [&] {
    check_engine(engineType, compileFlag, opPath);
    launch_and_tell_shapes(
        {opType, numInputs, inputDesc, inputs, numOutputs, outputDesc, outputs, attr}, stream);
  });
}

aclGraphDumpOption *aclCreateGraphDumpOpt(void) {
  return entry_pointer("aclCreateGraphDumpOpt", [] {
    return static_cast<aclGraphDumpOption *>(
        graph_dump_options().add(std::make_shared<GraphDumpOption>()));
  });
}

aclError aclDestroyGraphDumpOpt(const aclGraphDumpOption *graphDumpOpt) {
  return entry("aclDestroyGraphDumpOpt",
               [&] { graph_dump_options().take(graphDumpOpt, ACL_ERROR_INVALID_PARAM); });
}

aclError aclGenGraphAndDumpForOp(const char *opType, int numInputs,
                                 const aclTensorDesc *const inputDesc[],
                                 const aclDataBuffer *const inputs[], int numOutputs,
                                 const aclTensorDesc *const outputDesc[],
                                 aclDataBuffer *const outputs[], const aclopAttr *attr,
                                 aclopEngineType engineType, const char *graphDumpPath,
                                 const aclGraphDumpOption *graphDumpOpt) {
  static_cast<void>(inputs);
  static_cast<void>(outputs);
  const aclError checked = entry("aclGenGraphAndDumpForOp", [&] {
    check_engine(engineType, ACL_COMPILE_SYS, nullptr);
    need(graphDumpPath, "graphDumpPath");
    if (graphDumpOpt != nullptr) graph_dump_options().get(graphDumpOpt, ACL_ERROR_INVALID_PARAM);
    check_call({opType, numInputs, inputDesc, nullptr, numOutputs, outputDesc, nullptr, attr});
  });
  if (checked != ACL_SUCCESS) return checked;
  return not_supported("aclGenGraphAndDumpForOp",
                       "it makes no graphs for the NPU's tuning tools; ASCEND_EMU_TRACE and the "
                       "INFO log tell operators with their shapes");
}

}  // extern "C"
