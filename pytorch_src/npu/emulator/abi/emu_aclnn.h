/* The boundary between libopapi.so (the aclnn functions, rendered from a spec) and the runtime
   (libascendcl.so): plain C data, nothing of it kept. */
#ifndef ASCENDTORCH_EMU_ACLNN_H_
#define ASCENDTORCH_EMU_ACLNN_H_

#include <stdint.h>

#include "aclnn/acl_meta.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum EmuAclnnKind {
  EMU_ACLNN_IN = 0,         /* aclTensor, read */
  EMU_ACLNN_OUT = 1,        /* aclTensor, written */
  EMU_ACLNN_INOUT = 2,      /* aclTensor, both: an input, and an output of the same name */
  EMU_ACLNN_IN_LIST = 3,    /* aclTensorList: inputs name0, name1, ... */
  EMU_ACLNN_SCALAR = 4,     /* aclScalar: an input of no dims in host memory, of its type */
  EMU_ACLNN_SCALARS = 5,    /* aclScalarList: an input of one dim in host memory, of the scalars'
                               type, or of double when they differ */
  EMU_ACLNN_INTS = 6,       /* aclIntArray */
  EMU_ACLNN_FLOATS = 7,     /* aclFloatArray */
  EMU_ACLNN_BOOLS = 8,      /* aclBoolArray */
  EMU_ACLNN_INT = 9,        /* `integer`: an integer of any size */
  EMU_ACLNN_BOOL = 10,      /* `integer` */
  EMU_ACLNN_FLOAT = 11,     /* `real` */
  EMU_ACLNN_DTYPE = 12,     /* `integer`: an aclDataType */
  EMU_ACLNN_STRING = 13,    /* `handle`: a char * */
  EMU_ACLNN_OUT_LIST = 14,  /* aclTensorList: outputs name0, name1, ... */
} EmuAclnnKind;

typedef struct EmuAclnnArgument {
  const char *name;
  int32_t kind;     /* EmuAclnnKind */
  int32_t optional; /* 1: the handle may be NULL; then an operand is absent, an attribute not set */
  const void *handle;
  int64_t integer;
  double real;
} EmuAclnnArgument;

/* aclnnXxxGetWorkspaceSize: check the call with the operator library (where the operator is
   called `function`), keep it in an executor. */
ACL_API aclnnStatus ascend_emu_aclnn_prepare(const char *function,
    const EmuAclnnArgument *arguments, uint64_t count, uint64_t *workspace_size,
    aclOpExecutor **executor);

/* aclnnXxx: launch what the executor keeps, which is then used up. */
ACL_API aclnnStatus ascend_emu_aclnn_launch(const char *function, void *workspace,
    uint64_t workspace_size, aclOpExecutor *executor, aclrtStream stream);

#ifdef __cplusplus
}
#endif

#endif
