/* Sequences of numbers. */
#include <cmath>

#include "args.h"
#include "codes.h"
#include "scalars.h"
#include "shapes.h"

namespace ascend_emu {

namespace {

struct Sequence {
  double start;
  double limit;
  double delta;
};

/* How many numbers lie from start on, before limit. */
int64_t length_of(const Call &call, int32_t code, const Sequence &sequence) {
  const double steps = std::ceil((sequence.limit - sequence.start) / sequence.delta);
  if (sequence.delta == 0 || !std::isfinite(steps) || steps > 9e15) {
    call.refuse(code, "start is %g, limit %g and delta %g; a sequence of finite length is "
                "expected", sequence.start, sequence.limit, sequence.delta);
  }
  return steps < 0 ? 0 : static_cast<int64_t>(steps);
}

Sequence from_inputs(const Call &call) {
  return {one_float(call, 0), one_float(call, 1), one_float(call, 2)};
}

Sequence from_attrs(const Call &call) {
  return {call.f("start"), call.f("limit"), call.f("delta")};
}

/* Integers beyond 2^53 are exact only in int64. */
at::Tensor integers(Args &a, int64_t count) {
  const at::Tensor steps = at::arange(count, at::TensorOptions().dtype(at::kLong));
  return steps * one_int(a, 2) + one_int(a, 0);
}

at::Tensor numbers(const Sequence &sequence, int64_t count) {
  return at::arange(count, at::TensorOptions().dtype(at::kDouble)) * sequence.delta +
         sequence.start;
}

EMU_OP(Range)
    .input("start", kFloating | kIndex)
    .input("limit", same_as("start"))
    .input("delta", same_as("start"))
    .output("y", same_as("start"))
    .shapes([](Shapes &s) {
      if (!s.value_known(0) || !s.value_known(1) || !s.value_known(2)) return;
      s.set(0, {length_of(s, kAtCheck, from_inputs(s))});
    })
    .body([](Args &a) {
      const Sequence sequence = from_inputs(a);
      const int64_t count = length_of(a, kAtRun, sequence);
      a.out(0, kIndex.has(a.dtype(0)) ? integers(a, count) : numbers(sequence, count));
    });

/* x is a helper of as many elements; only its type and length are used. */
EMU_OP(RangeD)
    .input("x", {ACL_FLOAT, ACL_INT32})
    .output("y", same_as("x"))
    .required_attr("start", EMU_ATTR_FLOAT)
    .required_attr("limit", EMU_ATTR_FLOAT)
    .required_attr("delta", EMU_ATTR_FLOAT)
    .shapes([](Shapes &s) {
      const Dims dims{length_of(s, kAttr, from_attrs(s))};
      if (s.dims(0) != dims) {
        s.refuse(kAtCheck, "input x has shape %s; the attributes give %s",
                 dims_text(s.dims(0)).c_str(), dims_text(dims).c_str());
      }
      s.set(0, dims);
    })
    .body([](Args &a) {
      a.out(0, numbers(from_attrs(a), length_of(a, kAttr, from_attrs(a))));
    });

int64_t count_of(const Call &call, int32_t code) {
  const int64_t count = one_int(call, 2);
  if (count <= 0) {
    call.refuse(code, "input num is %lld; a positive number is expected",
                static_cast<long long>(count));
  }
  return count;
}

EMU_OP(LinSpace)
    .input("start", {ACL_FLOAT, ACL_DOUBLE})
    .input("stop", same_as("start"))
    .input("num", kIndex)
    .output("output", same_as("start"))
    .shapes([](Shapes &s) {
      if (s.value_known(2)) s.set(0, {count_of(s, kAtCheck)});
    })
    .body([](Args &a) {
      a.out(0, at::linspace(one_float(a, 0), one_float(a, 1), count_of(a, kAtRun),
                            at::TensorOptions().dtype(a.out_type(0))));
    });

}  // namespace

}  // namespace ascend_emu
