#include "runtime/fallback.h"

#include <cstdlib>
#include <cstring>
#include <mutex>

#include "runtime/copy.h"
#include "runtime/cpu_fallback.h"

namespace npu {

namespace {

FallbackMode mode_from_environment() {
  const char* word = std::getenv("ASCENDTORCH_FALLBACK");
  if (word == nullptr || *word == '\0' || std::strcmp(word, "warn") == 0) {
    return FallbackMode::kWarn;
  }
  if (std::strcmp(word, "error") == 0) return FallbackMode::kError;
  if (std::strcmp(word, "silent") == 0) return FallbackMode::kSilent;
  TORCH_CHECK(false, "ASCENDTORCH_FALLBACK is \"", word, "\"; it can be error, warn or silent");
}

struct Record {
  std::mutex mutex;
  bool mode_known = false;
  FallbackMode mode = FallbackMode::kWarn;
  std::map<std::string, int64_t> counts;
  std::map<std::string, bool> warned;
};

Record& record() {
  // Never destroyed: a tensor may be computed with while the process ends.
  static Record* made = new Record;
  return *made;
}

FallbackMode mode_of(Record& kept) {
  if (!kept.mode_known) {
    kept.mode = mode_from_environment();
    kept.mode_known = true;
  }
  return kept.mode;
}

std::string full_name(const c10::OperatorHandle& op) {
  const c10::OperatorName& name = op.operator_name();
  return name.overload_name.empty() ? name.name : name.name + "." + name.overload_name;
}

void check_one_device(const std::string& name, const torch::jit::Stack& stack, size_t arguments) {
  std::vector<at::Tensor> tensors;
  for (size_t i = stack.size() - arguments; i < stack.size(); ++i) {
    if (stack[i].isTensor()) tensors.push_back(stack[i].toTensor());
    if (stack[i].isTensorList()) {
      for (const at::Tensor& tensor : stack[i].toTensorVector()) tensors.push_back(tensor);
    }
  }
  check_devices(name.c_str(), tensors);
}

// Counts, and says whether this is the first time that should be told.
bool note(const std::string& name) {
  Record& kept = record();
  std::lock_guard<std::mutex> lock(kept.mutex);
  const FallbackMode mode = mode_of(kept);
  TORCH_CHECK(mode != FallbackMode::kError, name, " has no kernel for an NPU, and "
              "ASCENDTORCH_FALLBACK=error forbids computing it on the CPU; allow it with "
              "ASCENDTORCH_FALLBACK=warn, or see which operators a program needs with "
              "`ascendtorch ops coverage --script`");
  ++kept.counts[name];
  if (mode != FallbackMode::kWarn || kept.warned[name]) return false;
  return kept.warned[name] = true;
}

void boxed_fallback(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  fall_back(op, stack);
}

}  // namespace

FallbackMode fallback_mode() {
  Record& kept = record();
  std::lock_guard<std::mutex> lock(kept.mutex);
  return mode_of(kept);
}

void set_fallback_mode(FallbackMode mode) {
  Record& kept = record();
  std::lock_guard<std::mutex> lock(kept.mutex);
  kept.mode = mode;
  kept.mode_known = true;
}

std::map<std::string, int64_t> fallback_counts() {
  Record& kept = record();
  std::lock_guard<std::mutex> lock(kept.mutex);
  return kept.counts;
}

void reset_fallback_counts() {
  Record& kept = record();
  std::lock_guard<std::mutex> lock(kept.mutex);
  kept.counts.clear();
}

void tell_fallback(const std::string& name) {
  if (!note(name)) return;
  TORCH_WARN(name, " has no kernel for an NPU and is computed on the CPU, with copies both ways "
             "(said once for each operator; ASCENDTORCH_FALLBACK=silent or error)");
}

void fall_back(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  const std::string name = full_name(op);
  check_one_device(name, *stack, op.schema().arguments().size());
  tell_fallback(name);
  compute_on_cpu(op, stack);
}

}  // namespace npu

NPU_LIBRARY_IMPL(_, m) {
  m.fallback(torch::CppFunction::makeFromBoxedFunction<&npu::boxed_fallback>());
}

#if NPU_TORCH_VERSION < 20000
// Operators without a derivative, such as those of other libraries; 2.x does so by itself.
NPU_AUTOGRAD_IMPL(_, m) { m.fallback(torch::CppFunction::makeFallthrough()); }
#endif
