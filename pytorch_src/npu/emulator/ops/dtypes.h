/* Sets of data types, as prototypes name them. CANN's sets without what has no kernel in ATen:
   quantised types and strings. */
#ifndef ASCENDTORCH_EMU_DTYPES_H_
#define ASCENDTORCH_EMU_DTYPES_H_

#include <cstdint>
#include <initializer_list>
#include <string>

#include "acl/acl_base.h"

namespace ascend_emu {

class DtypeSet {
 public:
  constexpr DtypeSet() : bits_(0) {}
  constexpr DtypeSet(aclDataType type) : bits_(bit(type)) {}
  constexpr DtypeSet(std::initializer_list<aclDataType> types) : bits_(0) {
    for (const aclDataType type : types) bits_ |= bit(type);
  }
  constexpr DtypeSet operator|(DtypeSet other) const { return DtypeSet(bits_ | other.bits_, 0); }
  constexpr DtypeSet without(DtypeSet other) const { return DtypeSet(bits_ & ~other.bits_, 0); }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr bool has(int32_t type) const {
    return type >= 0 && type < 64 && (bits_ >> type & 1) != 0;
  }
  /* "DT_FLOAT16, DT_FLOAT" */
  std::string text() const;

 private:
  constexpr DtypeSet(uint64_t bits, int) : bits_(bits) {}
  static constexpr uint64_t bit(aclDataType type) { return uint64_t{1} << type; }
  uint64_t bits_;
};

constexpr DtypeSet kFloats{ACL_FLOAT16, ACL_FLOAT, ACL_BF16};
constexpr DtypeSet kFloating = kFloats | ACL_DOUBLE;
constexpr DtypeSet kIndex{ACL_INT32, ACL_INT64};
constexpr DtypeSet kInts{ACL_INT8, ACL_INT16, ACL_INT32, ACL_INT64, ACL_UINT8};
/* Operators that compute leave these out: ATen has few kernels for them. Those that only move
   elements take them; their tensors are seen as signed ones of the same size. */
constexpr DtypeSet kWideUnsigned{ACL_UINT16, ACL_UINT32, ACL_UINT64};
constexpr DtypeSet kComplex{ACL_COMPLEX64, ACL_COMPLEX128};
constexpr DtypeSet kReal = kFloating | kInts;
constexpr DtypeSet kNumber = kReal | kComplex;
constexpr DtypeSet kBool = ACL_BOOL;
constexpr DtypeSet kMovable = kNumber | kBool | kWideUnsigned;

}  // namespace ascend_emu

#endif
