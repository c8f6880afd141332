/* How a call of the API says no: an exception inside, an ACL code and text outside. */
#ifndef ASCENDTORCH_EMU_REFUSAL_H_
#define ASCENDTORCH_EMU_REFUSAL_H_

#include <exception>
#include <string>

#include "acl/acl_rt.h"

namespace ascend_emu {

/* Thrown by everything in core/; never crosses the C API (see entry.h). */
class Refusal : public std::exception {
 public:
  Refusal(aclError code, std::string text) : code_(code), text_(std::move(text)) {}
  aclError code() const noexcept { return code_; }
  const std::string &text() const noexcept { return text_; }
  const char *what() const noexcept override { return text_.c_str(); }

 private:
  aclError code_;
  std::string text_;
};

/* Throw a Refusal with a printf-style text. */
[[noreturn]] void refuse(aclError code, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* printf into a string. */
std::string format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "107000 (ACL_ERROR_RT_PARAM_INVALID)"; the bare number when the code has no name here. */
std::string error_name(aclError code);

}  // namespace ascend_emu

#endif
