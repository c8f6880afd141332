#include "run.h"

#include <cstring>
#include <string>
#include <vector>

#include "core/dump.h"
#include "core/log.h"
#include "core/refusal.h"
#include "core/runtime.h"
#include "core/trace.h"
#include "library.h"
#include "op_text.h"
#include "overflow.h"
#include "types.h"

namespace ascend_emu {

namespace {

/* Calls a function of the operator library; `error` is what it wrote. */
struct LibraryError {
  char error[2048] = "";
  EmuText text{error, sizeof error};
};

[[noreturn]] void refuse_op(int32_t code, const OpCall &call, const char *error) {
  refuse(code, "%s",
         with_op(call.op(), *error != '\0' ? error : "failed without a text").c_str());
}

/* The bytes of every operand for as long as the operator computes. */
std::vector<Pin> pin_operands(OpCall &call, const DeviceMemory &memory) {
  std::vector<Pin> pins;
  pins.reserve(call.operands());
  for (size_t i = 0; i < call.operands(); ++i) {
    const Operand &place = call.operand(i);
    if (place.address == nullptr) continue;
    try {
      pins.push_back(memory.pin(place.address, place.bytes, call.operand_name(i)));
    } catch (const Refusal &refusal) {
      /* It was all right when it was launched. */
      refuse(ACL_ERROR_RT_AICORE_EXCEPTION,
             "Op [%s]: memory was freed between launch and execution: %s", call.op(),
             refusal.what());
    }
    call.tensor(i).data = pins.back().bytes();
  }
  return pins;
}

/* On the stream's worker. */
void run_call(OpCall &call, const EmuOps &ops, const DeviceMemory &memory, bool always_look,
              Stream &stream) {
  const std::vector<Pin> pins = pin_operands(call, memory);
  const bool look = (always_look || stream.overflow_check()) && inputs_are_finite(call);
  LibraryError library;
  const int32_t code = ops.run(&call.emu(), &library.text);
  if (code != ACL_SUCCESS) refuse_op(code, call, library.error);
  if (dump_enabled()) dump_operator(call.emu(), stream.device(), stream.id());
  if (look) {
    const std::string output = output_with_overflow(call);
    if (!output.empty()) {
      stream.raise_overflow();
      EMU_LOG(LogLevel::kWarning, "ASCENDCL",
              "overflow: Op [%s] on stream %d of device %d: %s has inf or nan, all inputs were "
              "finite",
              call.op(), stream.id(), stream.device(), output.c_str());
    }
  }
}

}  // namespace

void check_prototype(const OpCall &call) {
  LibraryError library;
  const int32_t code = op_library().check(&call.emu(), &library.text);
  if (code != ACL_SUCCESS) refuse_op(code, call, library.error);
}

bool infer_outputs(OpCall &call) {
  LibraryError library;
  const int32_t code = op_library().infer(&call.emu(), &library.text);
  if (code == ACL_ERROR_OP_UNSUPPORTED_DYNAMIC) return false;
  if (code != ACL_SUCCESS) refuse_op(code, call, library.error);
  return true;
}

void check_operands(const OpCall &call, int device) {
  const DeviceMemory &memory = runtime().memory();
  for (size_t i = 0; i < call.operands(); ++i) {
    const Operand &place = call.operand(i);
    if (place.bytes == 0) continue;
    const int lies_on = memory.device_of(place.address);
    if (lies_on >= 0 && lies_on != device) {
      refuse(ACL_ERROR_RT_PARAM_INVALID, "%s: %p lies on device %d, but the stream is of device %d",
             call.operand_name(i), place.address, lies_on, device);
    }
    memory.pin(place.address, place.bytes, call.operand_name(i));
    const size_t alignment = type_alignment(call.tensor(i).dtype);
    if (reinterpret_cast<uintptr_t>(place.address) % alignment != 0) {
      refuse(ACL_ERROR_RT_ADDR_UNALIGNED, "%s: %p is not aligned to %zu bytes, as %s needs",
             call.operand_name(i), place.address, alignment,
             type_name(call.tensor(i).dtype).c_str());
    }
  }
}

void submit_call(std::shared_ptr<OpCall> call, Stream &stream,
                 std::function<void(const OpCall &)> finished) {
  Runtime &running = runtime();
  const DeviceMemory &memory = running.memory();
  const EmuOps &ops = op_library();
  const bool always_look = running.config().overflow;
  Task task;
  task.name = call->op();
  if (trace_enabled()) task.details = trace_details(*call);
  /* The stream outlives its tasks, and stopped runtimes are kept: see Stream and runtime(). */
  task.run = [call, &ops, &memory, always_look, &stream, finished] {
    run_call(*call, ops, memory, always_look, stream);
    if (finished) finished(*call);
  };
  stream.submit(std::move(task));
}

}  // namespace ascend_emu
