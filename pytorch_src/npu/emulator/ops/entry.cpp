/* The library's one symbol. Nothing thrown gets past here. */
#include <algorithm>
#include <cstring>
#include <new>
#include <string>

#include "acl/acl_rt_errors.h"
#include "args.h"
#include "check.h"
#include "core/refusal.h"
#include "describe.h"

namespace ascend_emu {

namespace {

void put(EmuText *out, const std::string &text) {
  if (out == nullptr || out->capacity == 0) return;
  const size_t length = std::min(out->capacity - 1, text.size());
  std::memcpy(out->text, text.data(), length);
  out->text[length] = '\0';
}

/* ATen's message without the stack of C++ functions that it ends with. */
std::string first_part(const c10::Error &error) {
#if EMU_TORCH >= 107
  return error.what_without_backtrace();
#else
  return error.msg_without_backtrace();
#endif
}

template <class Work>
int32_t guarded(const char *op, EmuText *error, Work &&work) {
  const std::string prefix = std::string("Op [") + op + "]: ";
  try {
    work();
    return ACL_SUCCESS;
  } catch (const Refusal &refusal) {
    const bool named = refusal.text().compare(0, 4, "Op [") == 0;
    put(error, named ? refusal.text() : prefix + refusal.text());
    return refusal.code();
  } catch (const c10::Error &failure) {
    put(error, prefix + first_part(failure));
  } catch (const std::bad_alloc &) {
    put(error, prefix + "no memory for intermediate results");
  } catch (const std::exception &failure) {
    put(error, prefix + failure.what());
  } catch (...) {
    put(error, prefix + "failed for an unknown reason");
  }
  return ACL_ERROR_RT_AICORE_EXCEPTION;
}

int32_t check(const EmuCall *call, EmuText *error) {
  return guarded(call->op, error, [&] {
    /* Only infer and run write to a call. */
    check_call(require_prototype(call->op), *const_cast<EmuCall *>(call));
  });
}

int32_t run(EmuCall *call, EmuText *error) {
  return guarded(call->op, error, [&] { run_body(require_prototype(call->op), *call); });
}

int32_t infer(EmuCall *call, EmuText *error) {
  return guarded(call->op, error, [&] { infer_call(require_prototype(call->op), *call); });
}

const char *describe() {
  static const std::string *all = new std::string(describe_all());
  return all->c_str();
}

const EmuOps kOps = {EMU_OPS_ABI, check, run, infer, describe};

}  // namespace

}  // namespace ascend_emu

extern "C" const EmuOps *ascend_emu_ops(uint32_t abi) {
  return abi == EMU_OPS_ABI ? &ascend_emu::kOps : nullptr;
}
