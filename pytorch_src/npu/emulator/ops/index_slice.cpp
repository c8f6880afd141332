/* Slice and StridedSlice, their gradient and assignment. */
#include "args.h"
#include "codes.h"
#include "index_slice_plan.h"
#include "scalars.h"
#include "shapes.h"

namespace ascend_emu {

namespace {

constexpr DtypeSet kBasic = kNumber | kWideUnsigned;

/* Slice: `size` elements from `offsets` on in each dim; -1 is all that are left. */
SliceSpec by_size(const Call &call, int32_t code, const Ints &offsets, const Ints &size,
                  const Dims &x) {
  SliceSpec spec;
  if (offsets.size() != x.size() || size.size() != x.size()) {
    call.refuse(code, "offsets and size have %zu and %zu values; %zu of each are expected for x "
                "of shape %s", offsets.size(), size.size(), x.size(), dims_text(x).c_str());
  }
  for (size_t d = 0; d < x.size(); ++d) {
    const bool fits = offsets[d] >= 0 && offsets[d] <= x[d] && size[d] >= -1 &&
                      size[d] <= x[d] - offsets[d];
    if (!fits) {
      call.refuse(code, "offsets[%zu] is %lld and size[%zu] is %lld; that dim of x has %lld "
                  "elements", d, static_cast<long long>(offsets[d]), d,
                  static_cast<long long>(size[d]), static_cast<long long>(x[d]));
    }
    spec.begin.push_back(offsets[d]);
    spec.end.push_back(size[d] == -1 ? x[d] : offsets[d] + size[d]);
    spec.strides.push_back(1);
  }
  return spec;
}

/* SliceWithAxes: the same for some dims, all of the others. */
SliceSpec by_axes(const Call &call, int32_t code, const Ints &offsets, const Ints &size,
                  const Dims &x) {
  const Ints axes = call.ints("axes");
  if (offsets.size() != axes.size() || size.size() != axes.size()) {
    call.refuse(code, "offsets and size have %zu and %zu values; %zu of each are expected, one "
                "for each of attribute [axes]", offsets.size(), size.size(), axes.size());
  }
  Ints all_offsets(x.size(), 0);
  Ints all_sizes(x.size(), -1);
  for (size_t k = 0; k < axes.size(); ++k) {
    const int64_t rank = static_cast<int64_t>(x.size());
    const int64_t axis = axes[k] < 0 ? axes[k] + rank : axes[k];
    if (axis < 0 || axis >= rank) {
      call.refuse(code, "attribute [axes] holds %lld; x has %zu dims",
                  static_cast<long long>(axes[k]), x.size());
    }
    all_offsets[static_cast<size_t>(axis)] = offsets[k];
    all_sizes[static_cast<size_t>(axis)] = size[k];
  }
  return by_size(call, code, all_offsets, all_sizes, x);
}

SliceSpec with_masks(const Call &call, Ints begin, Ints end, Ints strides) {
  SliceSpec spec;
  spec.begin = std::move(begin);
  spec.end = std::move(end);
  spec.strides = std::move(strides);
  spec.begin_mask = call.i("begin_mask");
  spec.end_mask = call.i("end_mask");
  spec.ellipsis_mask = call.i("ellipsis_mask");
  spec.new_axis_mask = call.i("new_axis_mask");
  spec.shrink_axis_mask = call.i("shrink_axis_mask");
  return spec;
}

/* begin, end and strides in three inputs from `first` on, or in three attributes. */
SliceSpec from_inputs(const Call &call, int first) {
  return with_masks(call, call.host_ints(first), call.host_ints(first + 1),
                    call.host_ints(first + 2));
}

SliceSpec from_attrs(const Call &call) {
  return with_masks(call, call.ints("begin"), call.ints("end"), call.ints("strides"));
}

bool three_known(const Call &call, int first) {
  return call.value_known(first) && call.value_known(first + 1) && call.value_known(first + 2);
}

void slice_shape(Shapes &s, const SliceSpec &spec) {
  s.set(0, SlicePlan(s, kAtCheck, spec, s.dims(0)).shape());
}

void slice(Args &a, const SliceSpec &spec) {
  a.out(0, SlicePlan(a, kAtRun, spec, a.dims(0)).read(a.in(0)));
}


EMU_OP(Slice)
    .input("x", kBasic)
    .input("offsets", kIndex)
    .input("size", kIndex)
    .output("y", same_as("x"))
    .shapes([](Shapes &s) {
      if (!s.value_known(1) || !s.value_known(2)) return;
      slice_shape(s, by_size(s, kAtCheck, s.host_ints(1), s.host_ints(2), s.dims(0)));
    })
    .body([](Args &a) {
      slice(a, by_size(a, kAtRun, a.host_ints(1), a.host_ints(2), a.dims(0)));
    });

EMU_OP(SliceD)
    .input("x", kBasic)
    .output("y", same_as("x"))
    .required_attr("offsets", EMU_ATTR_LIST_INT)
    .required_attr("size", EMU_ATTR_LIST_INT)
    .shapes([](Shapes &s) {
      slice_shape(s, by_size(s, kAtCheck, s.ints("offsets"), s.ints("size"), s.dims(0)));
    })
    .body([](Args &a) {
      slice(a, by_size(a, kAtRun, a.ints("offsets"), a.ints("size"), a.dims(0)));
    });

EMU_OP(SliceDV2)
    .input("x", kBasic)
    .input("offsets", kIndex)
    .output("y", same_as("x"))
    .required_attr("size", EMU_ATTR_LIST_INT)
    .shapes([](Shapes &s) {
      if (!s.value_known(1)) return;
      slice_shape(s, by_size(s, kAtCheck, s.host_ints(1), s.ints("size"), s.dims(0)));
    })
    .body([](Args &a) {
      slice(a, by_size(a, kAtRun, a.host_ints(1), a.ints("size"), a.dims(0)));
    });

EMU_OP(SliceWithAxes)
    .input("x", kBasic)
    .input("offsets", kIndex)
    .input("size", kIndex)
    .output("y", same_as("x"))
    .required_attr("axes", EMU_ATTR_LIST_INT)
    .shapes([](Shapes &s) {
      if (!s.value_known(1) || !s.value_known(2)) return;
      slice_shape(s, by_axes(s, kAtCheck, s.host_ints(1), s.host_ints(2), s.dims(0)));
    })
    .body([](Args &a) {
      slice(a, by_axes(a, kAtRun, a.host_ints(1), a.host_ints(2), a.dims(0)));
    });

Define &&masks(Define &&op) {
  return std::move(op)
      .attr("begin_mask", 0)
      .attr("end_mask", 0)
      .attr("ellipsis_mask", 0)
      .attr("new_axis_mask", 0)
      .attr("shrink_axis_mask", 0);
}

Define &&ranges(Define &&op) {
  return masks(std::move(op)
                   .required_attr("begin", EMU_ATTR_LIST_INT)
                   .required_attr("end", EMU_ATTR_LIST_INT)
                   .required_attr("strides", EMU_ATTR_LIST_INT));
}

const Defined strided_slice =
    masks(Define("StridedSlice")
              .input("x", kBasic)
              .input("begin", kIndex)
              .input("end", kIndex)
              .input("strides", kIndex)
              .output("y", same_as("x")))
        .shapes([](Shapes &s) {
          if (three_known(s, 1)) slice_shape(s, from_inputs(s, 1));
        })
        .body([](Args &a) { slice(a, from_inputs(a, 1)); });

const Defined strided_slice_d =
    ranges(Define("StridedSliceD")
               .input("x", {ACL_FLOAT, ACL_FLOAT16, ACL_INT32, ACL_INT64, ACL_UINT8, ACL_INT8,
                            ACL_BOOL, ACL_BF16, ACL_COMPLEX64})
               .output("y", same_as("x")))
        .shapes([](Shapes &s) { slice_shape(s, from_attrs(s)); })
        .body([](Args &a) { slice(a, from_attrs(a)); });

/* The gradient: dy where the slice read, 0 elsewhere. */
void slice_grad(Args &a, const Ints &shape, const SliceSpec &spec, int dy) {
  at::Tensor x = at::zeros(shape, a.in(dy).options());
  const SlicePlan plan(a, kAtRun, spec, shape);
  if (plan.shape() != a.dims(dy)) {
    a.refuse(kAtRun, "input dy has shape %s; the slice has %s", dims_text(a.dims(dy)).c_str(),
             dims_text(plan.shape()).c_str());
  }
  plan.write(x, a.in(dy));
  a.out(0, x);
}

const Defined strided_slice_grad =
    masks(Define("StridedSliceGrad")
              .input("shape", kIndex)
              .input("begin", kIndex)
              .input("end", kIndex)
              .input("strides", kIndex)
              .input("dy", kBasic)
              .output("output", same_as("dy")))
        .shapes([](Shapes &s) {
          if (s.value_known(0)) s.set(0, s.host_ints(0));
        })
        .body([](Args &a) { slice_grad(a, a.host_ints(0), from_inputs(a, 1), 4); });

const Defined strided_slice_grad_d =
    ranges(Define("StridedSliceGradD")
               .input("dy", kBasic)
               .output("output", same_as("dy"))
               .required_attr("shape", EMU_ATTR_LIST_INT))
        .shapes([](Shapes &s) { s.set(0, s.ints("shape")); })
        .body([](Args &a) { slice_grad(a, a.ints("shape"), from_attrs(a), 0); });

/* The assignment. CANN says that the value does not broadcast. */
void slice_assign(Args &a, const SliceSpec &spec, int value) {
  at::Tensor var = a.in(0).clone();
  const SlicePlan plan(a, kAtRun, spec, a.dims(0));
  if (plan.shape() != a.dims(value)) {
    a.refuse(kAtRun, "input input_value has shape %s; the slice has %s",
             dims_text(a.dims(value)).c_str(), dims_text(plan.shape()).c_str());
  }
  plan.write(var, a.in(value));
  a.out(0, var);
}

const Defined strided_slice_assign =
    masks(Define("StridedSliceAssign")
              .input("var", kBasic)
              .input("begin", kIndex)
              .input("end", kIndex)
              .input("strides", kIndex)
              .input("input_value", same_as("var"))
              .output("var", same_as("var")))
        .shapes(like(0))
        .body([](Args &a) { slice_assign(a, from_inputs(a, 1), 4); });

const Defined strided_slice_assign_d =
    ranges(Define("StridedSliceAssignD")
               .input("var", {ACL_FLOAT16, ACL_FLOAT, ACL_INT32, ACL_INT16, ACL_BF16})
               .input("input_value", same_as("var"))
               .output("var", same_as("var")))
        .shapes(like(0))
        .body([](Args &a) { slice_assign(a, from_attrs(a), 1); });

}  // namespace

}  // namespace ascend_emu
