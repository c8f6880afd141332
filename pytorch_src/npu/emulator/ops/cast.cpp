/* Cast: numbers of one type as numbers of another. */
#include <limits>

#include "args.h"
#include "shapes.h"

namespace ascend_emu {

namespace {

constexpr double kTwo32 = 4294967296.0, kTwo63 = 9223372036854775808.0;

/* Unsigned types wider than a byte arrive as signed ones of their size: their numbers in a wider
   type. Those of uint64 that do not fit into int64 become doubles. */
at::Tensor numbers(const at::Tensor &x, int32_t dtype, bool to_float) {
  switch (dtype) {
    case ACL_UINT16: return at::__and__(x.to(at::kInt), 0xffff);
    case ACL_UINT32: return at::__and__(x.to(at::kLong), int64_t{0xffffffff});
    case ACL_UINT64: {
      if (!to_float) return x;
      const at::Tensor wide = x.to(at::kDouble);
      return at::where(at::lt(x, 0), at::add(wide, 2 * kTwo63), wide);
    }
    default: return x;
  }
}

/* The least and the most of a type of 32 bits or less. */
void clamp_to(at::Tensor &number, int32_t dtype) {
  switch (dtype) {
    case ACL_INT8: number.clamp_(-128, 127); break;
    case ACL_UINT8: number.clamp_(0, 255); break;
    case ACL_INT16: number.clamp_(-32768, 32767); break;
    case ACL_UINT16: number.clamp_(0, 65535); break;
    case ACL_INT32: number.clamp_(-kTwo32 / 2, kTwo32 / 2 - 1); break;
    default: number.clamp_(0, kTwo32 - 1); break;
  }
}

at::Tensor to_int64(const at::Tensor &number) {
  const at::Tensor over = at::ge(number, kTwo63); /* 2^63 - 1 is no double */
  const at::Tensor inside = at::clamp_min(number, -kTwo63).masked_fill(over, 0);
  return inside.to(at::kLong).masked_fill(over, std::numeric_limits<int64_t>::max());
}

/* The bits of uint64 in an int64. */
at::Tensor to_uint64(const at::Tensor &number) {
  const at::Tensor over = at::ge(number, 2 * kTwo63);
  const at::Tensor inside = at::clamp_min(number, 0).masked_fill(over, 0);
  const at::Tensor upper = at::ge(inside, kTwo63);
  const at::Tensor folded = at::where(upper, at::sub(inside, 2 * kTwo63), inside);
  return folded.to(at::kLong).masked_fill(over, -1);
}

/* Floats to integers: towards zero, what lies outside at the end of the range, nan as 0. Unsigned
   types as the bits of signed ones. */
at::Tensor whole(const at::Tensor &x, int32_t dtype) {
  const at::Tensor wide = x.to(at::kDouble);
  at::Tensor number = at::trunc(wide.masked_fill(at::isnan(wide), 0));
  if (dtype == ACL_INT64) return to_int64(number);
  if (dtype == ACL_UINT64) return to_uint64(number);
  clamp_to(number, dtype);
  return number.to(at::kLong);
}

bool is_integer(int32_t dtype) { return (kInts | kWideUnsigned).has(dtype); }

/* dst_type is an aclDataType, and the output has it. */
EMU_OP(Cast)
    .input("x", kMovable)
    .output("y", type_from("dst_type"))
    .required_attr("dst_type", EMU_ATTR_INT)
    .layouts(Layouts::kPrivate)
    .shapes(like(0))
    .body([](Args &a) {
      const int32_t from = a.dtype(0), to = a.output_dtype(0);
      if (from == to) return a.out(0, a.in(0));
      const at::Tensor x = numbers(a.in(0), from, !is_integer(to));
      if (is_integer(to) && at::isFloatingType(x.scalar_type())) return a.out(0, whole(x, to));
      if (to == ACL_BOOL) return a.out(0, at::ne(x, 0));
      if (at::isComplexType(x.scalar_type()) && !kComplex.has(to)) {
        const at::Tensor real = at::real(x);
        return a.out(0, is_integer(to) ? whole(real, to) : real);
      }
      a.out(0, x);
    });

}  // namespace

}  // namespace ascend_emu
