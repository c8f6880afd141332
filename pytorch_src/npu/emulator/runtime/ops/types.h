/* Facts on data types and storage formats: names, sizes, which values exist. */
#ifndef ASCENDTORCH_EMU_TYPES_H_
#define ASCENDTORCH_EMU_TYPES_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "acl/acl_base.h"

namespace ascend_emu {

struct TypeFacts {
  aclDataType type;
  const char *name; /* "DT_FLOAT" */
  unsigned bits;    /* of one element; 0 when elements have no fixed size */
};

/* NULL for a value that is no aclDataType; ACL_DT_UNDEFINED is one, of 0 bits. */
const TypeFacts *find_type(int32_t type);

/* "DT_FLOAT"; "99 (no aclDataType)" for other values. */
std::string type_name(int32_t type);

/* "NC1HWC0"; NULL for a value that is no aclFormat. */
const char *find_format_name(int32_t format);
std::string format_name(int32_t format);

/* Bytes of one element for an address to be aligned to; 1 for types below a byte. */
size_t type_alignment(int32_t type);

/* How many elements a shape has: 1 for no dims. False when there are 2^63 or more. Dims below 0
   stand for unknown ones and must not be given. */
bool count_elements(const int64_t *dims, size_t ndim, uint64_t *count);

/* Bytes of so many elements, types below a byte packed. False when there are 2^63 or more. */
bool count_bytes(uint64_t elements, int32_t type, uint64_t *bytes);

/* "[2, 3]" */
std::string dims_text(const int64_t *dims, size_t ndim);

}  // namespace ascend_emu

#endif
