/* aclSetCompileopt and aclGetCompileopt: how operators are compiled. Kept, checked, told again;
   nothing is compiled here, so that none changes what an operator computes. */
#ifndef ASCENDTORCH_EMU_COMPILE_OPTIONS_H_
#define ASCENDTORCH_EMU_COMPILE_OPTIONS_H_

#include <string>

#include "acl/acl_op_compiler.h"

namespace ascend_emu {

/* Refusal(ACL_ERROR_INVALID_PARAM) for an option that is not in the enum, or for a value that the
   option does not have; the text lists the allowed ones. */
void set_compile_option(int option, const char *value);

/* As set; CANN's default when it never was. */
std::string compile_option(int option);

}  // namespace ascend_emu

#endif
