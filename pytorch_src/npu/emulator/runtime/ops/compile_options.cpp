#include "compile_options.h"

#include <sys/stat.h>

#include <cstring>
#include <mutex>

#include "core/refusal.h"
#include "core/runtime.h"
#include "core/soc.h"

namespace ascend_emu {

namespace {

enum class Kind { kAny, kOneOf, kFolder };

struct Option {
  const char *name;
  const char *fallback;
  Kind kind;
  const char *allowed; /* kOneOf: separated by single spaces */
};

/* In the order of aclCompileOpt, whose values are 0, 1, 2, ... */
const Option kOptions[] = {
    {"ACL_PRECISION_MODE", "allow_fp32_to_fp16", Kind::kOneOf,
     "force_fp32 force_fp16 cube_fp16in_fp32out allow_fp32_to_fp16 allow_fp32_to_bf16 "
     "must_keep_origin_dtype allow_mix_precision allow_mix_precision_fp16 "
     "allow_mix_precision_bf16"},
    {"ACL_AICORE_NUM", "", Kind::kAny, ""},
    {"ACL_AUTO_TUNE_MODE", "", Kind::kAny, ""},
    {"ACL_OP_SELECT_IMPL_MODE", "high_performance", Kind::kOneOf,
     "high_precision high_performance high_precision_for_all high_performance_for_all"},
    {"ACL_OPTYPELIST_FOR_IMPLMODE", "", Kind::kAny, ""},
    {"ACL_OP_DEBUG_LEVEL", "0", Kind::kOneOf, "0 1 2 3 4"},
    {"ACL_DEBUG_DIR", "", Kind::kFolder, ""},
    {"ACL_OP_COMPILER_CACHE_MODE", "enable", Kind::kOneOf, "enable disable force"},
    {"ACL_OP_COMPILER_CACHE_DIR", "", Kind::kFolder, ""},
    {"ACL_OP_PERFORMANCE_MODE", "normal", Kind::kOneOf, "normal high"},
    {"ACL_OP_JIT_COMPILE", "enable", Kind::kOneOf, "enable disable"},
    {"ACL_OP_DETERMINISTIC", "0", Kind::kOneOf, "0 1"},
    {"ACL_CUSTOMIZE_DTYPES", "", Kind::kAny, ""},
    {"ACL_OP_PRECISION_MODE", "", Kind::kAny, ""},
    {"ACL_ALLOW_HF32", "", Kind::kAny, ""},
    {"ACL_PRECISION_MODE_V2", "", Kind::kOneOf,
     "fp16 origin cube_fp16in_fp32out mixed_float16 mixed_bfloat16 cube_hif8 mixed_hif8"},
    {"ACL_OP_DEBUG_OPTION", "", Kind::kOneOf, "oom"},
};
constexpr int kCount = sizeof kOptions / sizeof *kOptions;

struct Values {
  std::mutex mutex;
  std::string set[kCount];
  bool is_set[kCount] = {};
};

Values &values() {
  static Values *const all = new Values;
  return *all;
}

void check_option(int option) {
  if (option < 0 || option >= kCount) {
    refuse(ACL_ERROR_INVALID_PARAM, "the option is %d, which is no value of aclCompileOpt", option);
  }
}

/* Atlas A2 and later, the processors with bf16, come with compiled operators; the ones before
   compile each when it is first used. */
bool comes_compiled() {
  const Soc *soc = runtime_ready() ? find_soc(runtime().config().soc) : nullptr;
  return soc != nullptr && soc->bf16;
}

bool among(const std::string &value, const char *allowed) {
  const std::string all = std::string(" ") + allowed + " ";
  return value.find(' ') == std::string::npos && all.find(" " + value + " ") != std::string::npos;
}

}  // namespace

void set_compile_option(int option, const char *value) {
  check_option(option);
  const Option &known = kOptions[option];
  if (value == nullptr) refuse(ACL_ERROR_INVALID_PARAM, "the value of %s is null", known.name);
  Values &all = values();
  if (*value == '\0') {
    /* What torch-npu sets for an option that its user has not chosen: back to the default. */
    std::lock_guard<std::mutex> lock(all.mutex);
    all.is_set[option] = false;
    return;
  }
  if (known.kind == Kind::kOneOf && !among(value, known.allowed)) {
    refuse(ACL_ERROR_INVALID_PARAM, "%s is \"%s\"; allowed are: %s", known.name, value,
           known.allowed);
  }
  struct stat status;
  if (known.kind == Kind::kFolder && (stat(value, &status) != 0 || !S_ISDIR(status.st_mode))) {
    refuse(ACL_ERROR_INVALID_PARAM, "%s is \"%s\": there is no such folder; make it first",
           known.name, value);
  }
  std::lock_guard<std::mutex> lock(all.mutex);
  all.set[option] = value;
  all.is_set[option] = true;
}

std::string compile_option(int option) {
  check_option(option);
  Values &all = values();
  std::lock_guard<std::mutex> lock(all.mutex);
  if (all.is_set[option]) return all.set[option];
  if (option == ACL_OP_JIT_COMPILE && comes_compiled()) return "disable";
  return kOptions[option].fallback;
}

}  // namespace ascend_emu
