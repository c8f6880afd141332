#include "recent_error.h"

#include "entry.h"
#include "log.h"

namespace ascend_emu {

namespace {

struct Recent {
  bool pending = false;
  std::string text;  /* not yet asked for */
  std::string given; /* what the last pointer handed out points to */
  aclError code = ACL_SUCCESS;
};

thread_local Recent recent;

}  // namespace

aclError remember_error(aclError code, const std::string &text) {
  recent.pending = true;
  recent.text = format("%s: %s", error_name(code).c_str(), text.c_str());
  recent.code = code;
  EMU_LOG(LogLevel::kError, "ASCENDCL", "%s", recent.text.c_str());
  return code;
}

const char *take_recent_error() {
  if (!recent.pending) return nullptr;
  recent.pending = false;
  recent.given.swap(recent.text);
  return recent.given.c_str();
}

aclError last_error(bool forget) {
  const aclError code = recent.code;
  if (forget) recent.code = ACL_SUCCESS;
  return code;
}

aclError not_supported(const char *name, const char *why) {
  return remember_error(ACL_ERROR_API_NOT_SUPPORT,
                        format("%s: not supported by the emulator: %s", name, why));
}

}  // namespace ascend_emu
