/* Operators that repeat the elements of one tensor. */
#include "args.h"
#include "codes.h"
#include "shapes.h"
#include "widen.h"

namespace ascend_emu {

namespace {

void refuse_multiples(const Call &call, int32_t code, const Ints &multiples) {
  const Dims x = call.dims(0);
  bool fits = multiples.size() == x.size();
  int64_t tiled = 0;
  for (size_t d = 0; fits && d < x.size(); ++d) {
    fits = multiples[d] >= 0 && !__builtin_mul_overflow(x[d], multiples[d], &tiled);
  }
  if (!fits) {
    call.refuse(code, "multiples is %s; a number of copies is expected for each dim of x %s",
                dims_text(multiples).c_str(), dims_text(x).c_str());
  }
}

void tile_shape(Shapes &s, const Ints &multiples) {
  refuse_multiples(s, kAtCheck, multiples);
  Dims dims = s.dims(0);
  for (size_t d = 0; d < dims.size(); ++d) dims[d] *= multiples[d];
  s.set(0, dims);
}

void tile(Args &a, const Ints &multiples) {
  refuse_multiples(a, kAtRun, multiples);
  a.out(0, a.in(0).repeat(multiples));
}

EMU_OP(Tile)
    .input("x", kMovable)
    .input("multiples", kIndex)
    .output("y", same_as("x"))
    .shapes([](Shapes &s) {
      if (s.value_known(1)) tile_shape(s, s.host_ints(1));
    })
    .body([](Args &a) { tile(a, a.host_ints(1)); });

EMU_OP(TileD)
    .input("x", kFloats | ACL_INT32)
    .output("y", same_as("x"))
    .required_attr("multiples", EMU_ATTR_LIST_INT)
    .shapes([](Shapes &s) { tile_shape(s, s.ints("multiples")); })
    .body([](Args &a) { tile(a, a.ints("multiples")); });

Ints tiles_of_axis(const Call &call) {
  Ints multiples(call.dims(0).size(), 1);
  const int64_t rank = static_cast<int64_t>(multiples.size());
  const int64_t axis = call.i("axis") < 0 ? call.i("axis") + rank : call.i("axis");
  if (axis < 0 || axis >= rank || call.i("tiles") < 1) {
    call.refuse(kAttr, "attribute [axis] is %lld and [tiles] %lld; an axis "
                "of x %s and a positive number are expected",
                static_cast<long long>(call.i("axis")), static_cast<long long>(call.i("tiles")),
                dims_text(call.dims(0)).c_str());
  }
  multiples[static_cast<size_t>(axis)] = call.i("tiles");
  return multiples;
}

EMU_OP(TileWithAxis)
    .input("x", kFloats | kInts | kWideUnsigned)
    .output("y", same_as("x"))
    .attr("axis", 1)
    .required_attr("tiles", EMU_ATTR_INT)
    .shapes([](Shapes &s) { tile_shape(s, tiles_of_axis(s)); })
    .body([](Args &a) { tile(a, tiles_of_axis(a)); });

/* Expand broadcasts both ways: where the shape has 1 the dim of x stays. */
Dims expanded(const Call &call, int32_t code, const Dims &shape) {
  Dims dims;
  if (!broadcast_dims(call.dims(0), shape, &dims)) {
    call.refuse(code, "shape is %s; it does not broadcast with x %s", dims_text(shape).c_str(),
                dims_text(call.dims(0)).c_str());
  }
  return dims;
}

EMU_OP(Expand)
    .input("x", kFloats | ACL_INT32 | ACL_INT64 | ACL_INT8 | ACL_UINT8 | ACL_BOOL)
    .input("shape", kIndex | ACL_INT16)
    .output("y", same_as("x"))
    .shapes([](Shapes &s) {
      if (s.value_known(1)) s.set(0, expanded(s, kAtCheck, s.host_ints(1)));
    })
    .body([](Args &a) {
      a.out(0, a.in(0).expand(expanded(a, kAtRun, a.host_ints(1))));
    });

EMU_OP(ExpandD)
    .input("x", {ACL_FLOAT16, ACL_FLOAT, ACL_INT32, ACL_INT8, ACL_UINT8, ACL_BOOL})
    .output("y", same_as("x"))
    .required_attr("shape", EMU_ATTR_LIST_INT)
    .shapes([](Shapes &s) {
      s.set(0, expanded(s, kAttr, s.ints("shape")));
    })
    .body([](Args &a) {
      a.out(0, a.in(0).expand(expanded(a, kAttr, a.ints("shape"))));
    });

/* 1000 stands for no axis: x is seen as one dim. */
constexpr int64_t kNoAxis = 1000;

void refuse_repeats(const Call &call, int64_t size) {
  const Dims repeats = call.dims(1);
  if (repeats.size() > 1 || (repeats.size() == 1 && repeats[0] != 1 && repeats[0] != size)) {
    call.refuse(kAtCheck, "input repeats has shape %s; one number, or one for each of %lld "
                "elements, is expected", dims_text(repeats).c_str(),
                static_cast<long long>(size));
  }
}

/* For each repeated element the one that it repeats. */
at::Tensor repeated_from(const Args &a, int64_t size) {
  refuse_repeats(a, size);
  const at::Tensor repeats = a.in(1).to(at::kLong).reshape({-1}).expand({size});
  if (size != 0 && repeats.min().item<int64_t>() < 0) {
    a.refuse(kAtRun, "input repeats holds a negative number");
  }
  return at::repeat_interleave(repeats.contiguous());
}

EMU_OP(RepeatInterleave)
    .input("x", kMovable)
    .input("repeats", kIndex)
    .output("y", same_as("x"))
    .attr("axis", kNoAxis)
    .shapes([](Shapes &s) {
      if (s.i("axis") != kNoAxis) s.axis(s.i("axis"), s.dims(0).size(), "attribute [axis]");
    })
    .body([](Args &a) {
      const bool flat = a.i("axis") == kNoAxis || a.dims(0).empty();
      const at::Tensor x = flat ? a.in(0).reshape({-1}) : a.in(0);
      const int64_t axis = flat ? 0 : at::maybe_wrap_dim(a.i("axis"), x.dim());
      a.out(0, x.index_select(axis, repeated_from(a, x.size(axis))));
    });

EMU_OP(RepeatInterleaveGrad)
    .input("y_grad", kFloats)
    .input("repeats", kIndex)
    .output("x_grad", same_as("y_grad"))
    .attr("axis", -1)
    .shapes([](Shapes &s) {
      const size_t axis = static_cast<size_t>(
          s.axis(s.i("axis"), s.dims(0).size(), "attribute [axis]"));
      Dims x = s.output_dims(0);
      if (axis < x.size() && axis < s.dims(0).size()) x[axis] = s.dims(0)[axis];
      if (x.empty() || x != s.dims(0)) {
        s.refuse(ACL_ERROR_OP_OUTPUT_NOT_MATCH, "output x_grad has shape %s; that of y_grad %s, "
                 "but for dim %zu, is expected", dims_text(s.output_dims(0)).c_str(),
                 dims_text(s.dims(0)).c_str(), axis);
      }
    })
    .body([](Args &a) {
      const at::Tensor grad = widened(a.in(0));
      const int64_t axis = at::maybe_wrap_dim(a.i("axis"), grad.dim());
      Dims x = a.output_dims(0);
      const at::Tensor from = repeated_from(a, x.at(static_cast<size_t>(axis)));
      if (from.numel() != grad.size(axis)) {
        a.refuse(kAtRun, "input repeats gives %lld elements; y_grad has %lld",
                 static_cast<long long>(from.numel()), static_cast<long long>(grad.size(axis)));
      }
      a.out(0, at::zeros(x, grad.options()).index_add_(axis, from, grad));
    });

}  // namespace

}  // namespace ascend_emu
