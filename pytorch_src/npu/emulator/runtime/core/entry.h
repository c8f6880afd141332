/* The way into every function of the C API: refusals become codes and text. */
#ifndef ASCENDTORCH_EMU_ENTRY_H_
#define ASCENDTORCH_EMU_ENTRY_H_

#include <new>
#include <utility>

#include "recent_error.h"
#include "refusal.h"
#include "runtime.h"

namespace ascend_emu {

/* Run `body` for the API function `name`; its Refusal becomes "name: text" for
   aclGetRecentErrMsg and its code the result. */
template <class Body>
aclError entry(const char *name, Body &&body) {
  try {
    std::forward<Body>(body)();
    return ACL_SUCCESS;
  } catch (const Refusal &refusal) {
    return remember_error(refusal.code(), format("%s: %s", name, refusal.what()));
  } catch (const std::bad_alloc &) {
    return remember_error(ACL_ERROR_BAD_ALLOC, format("%s: the host is out of memory", name));
  } catch (const std::exception &error) {
    return remember_error(ACL_ERROR_INTERNAL_ERROR, format("%s: %s", name, error.what()));
  }
}

/* The same for functions that return a pointer: null after a refusal. */
template <class Body>
auto entry_pointer(const char *name, Body &&body) -> decltype(body()) {
  decltype(body()) result = nullptr;
  entry(name, [&] { result = body(); });
  return result;
}

/* Refusal(ACL_ERROR_INVALID_PARAM) when an out parameter or argument is null. */
inline void need(const void *argument, const char *what) {
  if (argument == nullptr) refuse(ACL_ERROR_INVALID_PARAM, "%s is null", what);
}

/* For what the emulator does not do: the not-supported code and the name, loudly. */
aclError not_supported(const char *name, const char *why);

}  // namespace ascend_emu

#endif
