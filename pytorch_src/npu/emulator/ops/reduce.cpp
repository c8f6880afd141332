/* Operators that make one element of many, along axes: ReduceSum takes the axes as an input,
   ReduceSumD as an attribute, and so on. */
#include <functional>

#include "args.h"
#include "axes.h"

namespace ascend_emu {

namespace {

/* x, normal axes, whether to keep them as dims of 1. */
using Reduce = at::Tensor (*)(const at::Tensor &, const Ints &, bool);

bool axes_are_input(const Call &call) { return call.prototype().attr("axes") == nullptr; }

Ints axes_of(const Call &call) {
  const bool input = axes_are_input(call);
  /* As in TensorFlow, no axes reduce nothing; where ONNX's meaning can be asked for, all. */
  const bool all = call.prototype().attr("noop_with_empty_axes") != nullptr &&
                   !call.b("noop_with_empty_axes");
  return normal_axes(call, input ? call.host_ints(1) : call.ints("axes"), call.dims(0).size(),
                     all ? NoAxes::kAll : NoAxes::kNone, input ? "input axes" : "attribute [axes]");
}

void reduce_shapes(Shapes &shapes) {
  if (axes_are_input(shapes) && !shapes.value_known(1)) return;
  shapes.set(0, reduced_dims(shapes.dims(0), axes_of(shapes), shapes.b("keep_dims")));
}

Body reduce_body(Reduce compute) {
  return [compute](Args &a) {
    const Ints axes = axes_of(a);
    const at::Tensor x = a.in(0);
    a.out(0, axes.empty() ? x : compute(x, axes, a.b("keep_dims")));
  };
}

/* ReduceXxx; `noop`: it has the attribute that says what no axes mean. */
Defined reduce(const char *op, DtypeSet types, Reduce compute, bool noop) {
  Define define(op);
  std::move(define).input("x", types).input("axes", kIndex).output("y", same_as("x"));
  std::move(define).attr("keep_dims", false);
  if (noop) std::move(define).attr("noop_with_empty_axes", true);
  return std::move(define).in_float().shapes(reduce_shapes).body(reduce_body(compute));
}

/* ReduceXxxD */
Defined reduce_d(const char *op, DtypeSet types, Reduce compute, bool noop = false) {
  Define define(op);
  std::move(define).input("x", types).output("y", same_as("x"));
  std::move(define).required_attr("axes", EMU_ATTR_LIST_INT).attr("keep_dims", false);
  if (noop) std::move(define).attr("noop_with_empty_axes", false);
  return std::move(define).in_float().shapes(reduce_shapes).body(reduce_body(compute));
}

/* For functions of ATen that take one axis: the last first, so that those before keep their
   numbers. */
template <class OneAxis>
at::Tensor axis_by_axis(at::Tensor x, const Ints &axes, bool keep, OneAxis &&reduce_axis) {
  for (auto axis = axes.rbegin(); axis != axes.rend(); ++axis) x = reduce_axis(x, *axis, keep);
  return x;
}

at::Tensor sum(const at::Tensor &x, const Ints &axes, bool keep) {
  return at::sum(x, axes, keep, x.scalar_type());
}

at::Tensor mean(const at::Tensor &x, const Ints &axes, bool keep) {
  if (!at::isIntegralType(x.scalar_type(), false)) return at::mean(x, axes, keep);
  int64_t count = 1;
  for (const int64_t axis : axes) count *= x.size(axis);
  const at::Tensor total = at::sum(x, axes, keep, at::kLong);
  return trunc_div(total, at::full({}, count, total.options()));
}

at::Tensor max(const at::Tensor &x, const Ints &axes, bool keep) { return largest(x, axes, keep); }
at::Tensor min(const at::Tensor &x, const Ints &axes, bool keep) { return smallest(x, axes, keep); }

at::Tensor prod(const at::Tensor &x, const Ints &axes, bool keep) {
  return axis_by_axis(x, axes, keep, [](const at::Tensor &t, int64_t axis, bool keepdim) {
    return at::prod(t, axis, keepdim, t.scalar_type());
  });
}

at::Tensor all(const at::Tensor &x, const Ints &axes, bool keep) {
  return axis_by_axis(x, axes, keep, [](const at::Tensor &t, int64_t axis, bool keepdim) {
    return at::all(t, axis, keepdim);
  });
}

at::Tensor any(const at::Tensor &x, const Ints &axes, bool keep) {
  return axis_by_axis(x, axes, keep, [](const at::Tensor &t, int64_t axis, bool keepdim) {
    return at::any(t, axis, keepdim);
  });
}

const Defined kReduce[] __attribute__((unused)) = {
    reduce("ReduceSum", kNumber, sum, true),
    reduce("ReduceMean", kNumber, mean, true),
    reduce("ReduceMax", kReal, max, true),
    reduce("ReduceMin", kReal, min, true),
    reduce("ReduceProd", kNumber, prod, true),
    reduce("ReduceAll", kBool, all, false),
    reduce("ReduceAny", kBool, any, false),
    reduce_d("ReduceSumD", kFloats, sum),
    reduce_d("ReduceMeanD", kFloats, mean, true),
    reduce_d("ReduceMaxD", kFloats | DtypeSet{ACL_INT8, ACL_UINT8, ACL_INT32}, max),
    reduce_d("ReduceMinD", kFloats | DtypeSet{ACL_INT8, ACL_UINT8, ACL_INT32}, min),
    reduce_d("ReduceProdD", kFloats | DtypeSet{ACL_INT8, ACL_UINT8, ACL_INT32}, prod),
    reduce_d("ReduceAllD", kBool, all),
    reduce_d("ReduceAnyD", kBool, any),
};

/* Functions of the sum; without axes, of every element. */
Defined reduce_function(const char *op, DtypeSet types, Reduce compute) {
  return Define(op)
      .input("x", types)
      .input("axes", kIndex)
      .output("y", same_as("x"))
      .attr("keep_dims", false)
      .in_float()
      .shapes(reduce_shapes)
      .body([compute](Args &a) { a.out(0, compute(a.in(0), axes_of(a), a.b("keep_dims"))); });
}

/* at::sum takes no axes for all of them. */
at::Tensor sum_or_same(const at::Tensor &x, const Ints &axes, bool keep) {
  return axes.empty() ? x : sum(x, axes, keep);
}

at::Tensor log_sum(const at::Tensor &x, const Ints &axes, bool keep) {
  return at::log(sum_or_same(x, axes, keep));
}

at::Tensor log_sum_exp(const at::Tensor &x, const Ints &axes, bool keep) {
  return axes.empty() ? x : at::logsumexp(x, axes, keep);
}

at::Tensor nan_sum(const at::Tensor &x, const Ints &axes, bool keep) {
  return sum_or_same(x.masked_fill(at::isnan(x), 0), axes, keep);
}

at::Tensor euclidean_norm(const at::Tensor &x, const Ints &axes, bool keep) {
  return at::sqrt(sum_or_same(at::mul(x, x), axes, keep));
}

const Defined kFunctions[] __attribute__((unused)) = {
    reduce_function("ReduceLogSum", kFloating, log_sum),
    reduce_function("ReduceLogSumExp", kFloating, log_sum_exp),
    reduce_function("ReduceNansum", kFloats, nan_sum),
    reduce_function("EuclideanNorm", kFloating, euclidean_norm),
};

}  // namespace

}  // namespace ascend_emu
