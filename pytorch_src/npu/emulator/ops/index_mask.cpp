/* Operators that choose elements by a condition. */
#include "args.h"
#include "codes.h"
#include "shapes.h"

namespace ascend_emu {

namespace {

constexpr DtypeSet kBasic = kNumber | kWideUnsigned;

/* x and mask broadcast to each other. */
Dims masked_dims(const Call &call) {
  Dims dims;
  if (!broadcast_dims(call.dims(0), call.dims(1), &dims)) {
    call.refuse(kAtCheck, "x %s and mask %s do not broadcast",
                dims_text(call.dims(0)).c_str(), dims_text(call.dims(1)).c_str());
  }
  return dims;
}

EMU_OP(MaskedFill)
    .input("x", kFloats | ACL_INT8 | ACL_INT32 | ACL_INT64 | ACL_BOOL)
    .input("mask", ACL_BOOL)
    .input("value", same_as("x"))
    .output("y", same_as("x"))
    .shapes([](Shapes &s) { s.set(0, masked_dims(s)); })
    .body([](Args &a) { a.out(0, at::where(a.in(1), a.in(2), a.in(0))); });

void masked_select(Args &a) {
  const Dims dims = masked_dims(a);
  a.out(0, a.in(0).expand(dims).masked_select(a.in(1).expand(dims)));
}

EMU_OP(MaskedSelect)
    .input("x", kBasic)
    .input("mask", ACL_BOOL)
    .data_dependent_output("y", same_as("x"))
    .shapes([](Shapes &s) { masked_dims(s); })
    .body(masked_select);

EMU_OP(MaskedSelectV2)
    .input("x", {ACL_FLOAT16, ACL_FLOAT})
    .input("mask", ACL_BOOL)
    .data_dependent_output("y", same_as("x"))
    .shapes([](Shapes &s) { masked_dims(s); })
    .body(masked_select);

/* The masked elements of x become the first elements of updates, in order. */
EMU_OP(MaskedScatter)
    .input("x", kReal | kBool)
    .input("mask", ACL_BOOL)
    .input("updates", same_as("x"))
    .output("y", same_as("x"))
    .shapes([](Shapes &s) {
      masked_dims(s);
      s.set(0, s.dims(0));
    })
    .body([](Args &a) {
      const at::Tensor mask = a.in(1).expand(a.dims(0));
      const int64_t wanted = mask.sum().item<int64_t>();
      if (wanted > a.in(2).numel()) {
        a.refuse(kAtRun,
                 "input updates has %lld elements; input mask is true %lld times",
                 static_cast<long long>(a.in(2).numel()), static_cast<long long>(wanted));
      }
      a.out(0, a.in(0).clone().masked_scatter_(mask, a.in(2)));
    });

EMU_OP(Where)
    .input("x", kMovable)
    .data_dependent_output("y", ACL_INT64)
    .body([](Args &a) { a.out(0, a.in(0).nonzero()); });

EMU_OP(NonZero)
    .input("x", kMovable.without(kComplex))
    .data_dependent_output("y", type_from("dtype"))
    .attr("transpose", false)
    .attr("dtype", ACL_INT64)
    .body([](Args &a) {
      const at::Tensor found = a.in(0).nonzero();
      a.out(0, a.b("transpose") ? found.t() : found);
    });

}  // namespace

}  // namespace ascend_emu
