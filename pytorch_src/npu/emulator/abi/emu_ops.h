/* The boundary between the runtime (libascendcl.so, no torch) and the operator library
   (libascend_emu_ops.so, ATen): plain C data, so that the two may use different C++ ABIs.

   The runtime owns everything it passes; the operator library keeps nothing after a call. */
#ifndef ASCENDTORCH_EMU_OPS_H_
#define ASCENDTORCH_EMU_OPS_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define EMU_OPS_ABI 1u
#define EMU_OPS_MAX_DIMS 16

/* One input or output of an operator. Sizes in elements unless said otherwise. */
typedef struct EmuTensor {
  const char *name;   /* as set by aclSetTensorDescName, or "" */
  void *data;         /* readable (inputs) or writable (outputs) now; NULL when absent, when it
                         has no elements, or in `check`, where only host constants have data */
  uint64_t bytes;     /* size of the buffer at `data` */
  int32_t absent;     /* 1: an optional operand that was not given */
  int32_t host;       /* 1: `data` was given in host memory (a constant such as axes or a shape) */
  int32_t dtype;      /* aclDataType */
  int32_t format;     /* aclFormat of the buffer: how its bytes are laid out */
  int32_t ndim;       /* dims of the buffer as laid out (5 for NC1HWC0, ...) */
  const int64_t *dims;
  int32_t origin_format; /* aclFormat before any private layout; -1 when not set */
  int32_t origin_ndim;   /* -1 when not set */
  const int64_t *origin_dims;
  const int64_t *strides; /* NULL: contiguous. Only aclnn tensors have strides. */
  int64_t offset;         /* in elements, from `data`; 0 when strides is NULL */
  /* Written by `run` for outputs whose shape follows from the data (NonZero, Unique, ...);
     -1 as long as nothing was written. The buffer holds the packed result. */
  int32_t actual_ndim;
  int64_t actual_dims[EMU_OPS_MAX_DIMS];
} EmuTensor;

typedef enum EmuAttrKind {
  EMU_ATTR_BOOL = 0,        /* ints[0] */
  EMU_ATTR_INT = 1,         /* ints[0] */
  EMU_ATTR_FLOAT = 2,       /* floats[0] */
  EMU_ATTR_STRING = 3,      /* strings[0] */
  EMU_ATTR_DTYPE = 4,       /* ints[0], an aclDataType */
  EMU_ATTR_LIST_BOOL = 5,   /* ints[count] */
  EMU_ATTR_LIST_INT = 6,    /* ints[count] */
  EMU_ATTR_LIST_FLOAT = 7,  /* floats[count] */
  EMU_ATTR_LIST_STRING = 8, /* strings[count] */
  EMU_ATTR_LIST_DTYPE = 9,  /* ints[count] */
  EMU_ATTR_LIST_LIST_INT = 10, /* lists[count], each ints of lengths[i] */
} EmuAttrKind;

typedef struct EmuAttr {
  const char *name;
  int32_t kind; /* EmuAttrKind */
  uint64_t count;
  const int64_t *ints;
  const double *floats;
  const char *const *strings;
  const int64_t *const *lists;
  const uint64_t *lengths;
} EmuAttr;

typedef struct EmuCall {
  const char *op; /* "Add", or for the aclnn family "aclnnAdd" */
  int32_t num_inputs;
  EmuTensor *inputs;
  int32_t num_outputs;
  EmuTensor *outputs;
  int32_t num_attrs;
  const EmuAttr *attrs;
} EmuCall;

/* Where text goes: errors and descriptions. Truncated, always ended by '\0'. */
typedef struct EmuText {
  char *text;
  size_t capacity;
} EmuText;

typedef struct EmuOps {
  uint32_t abi; /* EMU_OPS_ABI */

  /* Compare a call with the operator's prototype before it is launched: known operator, number
     of operands, dtypes, attributes by name, kind and value, shapes as far as they follow from
     shapes. Returns an aclError: 0, ACL_ERROR_OP_NOT_FOUND, ACL_ERROR_OP_INPUT_NOT_MATCH,
     ACL_ERROR_OP_OUTPUT_NOT_MATCH, ACL_ERROR_OP_ATTR_NOT_MATCH, ACL_ERROR_UNSUPPORTED_DATA_TYPE,
     ACL_ERROR_FORMAT_NOT_MATCH; the text says operator, what was given, what is allowed. */
  int32_t (*check)(const EmuCall *call, EmuText *error);

  /* Compute, on the calling thread. Called only with what `check` accepted; a failure that shows
     only with the data (an index out of range, a shape that follows from values) is reported as
     ACL_ERROR_RT_AICORE_EXCEPTION with text. Safe on many threads at once. */
  int32_t (*run)(EmuCall *call, EmuText *error);

  /* Fill actual_ndim and actual_dims of the outputs from shapes alone, without computing.
     ACL_ERROR_OP_UNSUPPORTED_DYNAMIC when they follow from the data. */
  int32_t (*infer)(EmuCall *call, EmuText *error);

  /* Every operator as one JSON array (name, inputs, outputs, attributes, dtypes, formats);
     owned by the library, valid for ever. */
  const char *(*describe)(void);
} EmuOps;

/* The one symbol the runtime asks for by name: "ascend_emu_ops". NULL when `abi` is not known. */
typedef const EmuOps *(*EmuOpsEntry)(uint32_t abi);
__attribute__((visibility("default"))) const EmuOps *ascend_emu_ops(uint32_t abi);

#ifdef __cplusplus
}
#endif

#endif
