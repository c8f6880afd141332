/* Everything of AscendCL that this project declares, but for aclnn. */
#ifndef ASCENDTORCH_ACL_ACL_H_
#define ASCENDTORCH_ACL_ACL_H_

#include "acl_base.h"
#include "acl_op.h"
#include "acl_op_compiler.h"
#include "acl_prof.h"
#include "acl_rt.h"

#endif
