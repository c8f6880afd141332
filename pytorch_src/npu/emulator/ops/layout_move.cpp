/* Operators that copy, permute and repeat elements, and those that fill a tensor. */
#include <algorithm>

#include "args.h"
#include "codes.h"
#include "scalars.h"
#include "shapes.h"

namespace ascend_emu {

namespace {

/* An input of integers, or the attribute that the operator's D form has in its place. */
bool from_attr(const Call &call, const char *name) {
  return call.prototype().attr(name) != nullptr;
}

Ints ints_of(const Call &call, const char *name) {
  return from_attr(call, name) ? call.ints(name)
                               : call.host_ints(call.prototype().input_index(name));
}

bool known(const Shapes &shapes, const char *name) {
  return from_attr(shapes, name) || shapes.value_known(shapes.prototype().input_index(name));
}

Ints permutation(const Call &call) {
  const Ints perm = ints_of(call, "perm");
  Ints sorted = perm;
  std::sort(sorted.begin(), sorted.end());
  const size_t ndim = call.dims(0).size();
  bool fits = sorted.size() == ndim;
  for (size_t i = 0; fits && i < ndim; ++i) fits = sorted[i] == static_cast<int64_t>(i);
  if (!fits) {
    call.refuse(kAttr, "perm is %s; it must have each of the axes of x %s once",
                dims_text(perm).c_str(), dims_text(call.dims(0)).c_str());
  }
  return perm;
}

void transpose_shapes(Shapes &shapes) {
  if (!known(shapes, "perm")) return;
  const Dims dims = shapes.dims(0);
  Dims permuted;
  for (const int64_t axis : permutation(shapes)) {
    permuted.push_back(dims[static_cast<size_t>(axis)]);
  }
  shapes.set(0, permuted);
}

void transpose(Args &a) { a.out(0, a.in(0).permute(permutation(a))); }

EMU_OP(Transpose)
    .input("x", kMovable)
    .input("perm", kIndex)
    .output("y", same_as("x"))
    .shapes(transpose_shapes)
    .body(transpose);

EMU_OP(TransposeD)
    .input("x", kInts | kWideUnsigned | DtypeSet{ACL_FLOAT16, ACL_FLOAT})
    .output("y", same_as("x"))
    .required_attr("perm", EMU_ATTR_LIST_INT)
    .shapes(transpose_shapes)
    .body(transpose);

/* -1 keeps a dim. */
Dims broadcast_target(const Call &call) {
  const Dims dims = call.dims(0);
  Dims target = ints_of(call, "shape");
  Dims both;
  const size_t added = target.size() - std::min(target.size(), dims.size());
  for (size_t i = added; i < target.size(); ++i) {
    if (target[i] == -1) target[i] = dims[i - added];
  }
  if (any_unknown(target) || !broadcast_dims(dims, target, &both) || both != target) {
    call.refuse(kAttr, "x %s cannot be broadcast to shape %s", dims_text(dims).c_str(),
                dims_text(target).c_str());
  }
  return target;
}

void broadcast_to_shapes(Shapes &shapes) {
  if (known(shapes, "shape")) shapes.set(0, broadcast_target(shapes));
}

void broadcast_to(Args &a) { a.out(0, a.in(0).expand(broadcast_target(a))); }

EMU_OP(BroadcastTo)
    .input("x", kMovable)
    .input("shape", kIndex)
    .output("y", same_as("x"))
    .shapes(broadcast_to_shapes)
    .body(broadcast_to);

EMU_OP(BroadcastToD)
    .input("x", kMovable)
    .output("y", same_as("x"))
    .required_attr("shape", EMU_ATTR_LIST_INT)
    .shapes(broadcast_to_shapes)
    .body(broadcast_to);

Defined copy(const char *op) {
  return Define(op)
      .input("x", kMovable)
      .output("y", same_as("x"))
      .layouts(Layouts::kPrivate)
      .shapes(like(0))
      .body([](Args &a) { a.out(0, a.in(0)); });
}

const Defined kCopies[] __attribute__((unused)) = {copy("TensorMove"), copy("Identity")};

void alike_by_number(Shapes &shapes) {
  if (shapes.count(0) != shapes.output_count(0)) {
    shapes.refuse(ACL_ERROR_OP_OUTPUT_NOT_MATCH, "%d inputs x, but %d outputs y", shapes.count(0),
                  shapes.output_count(0));
  }
  for (int k = 0; k < shapes.count(0); ++k) shapes.set(0, shapes.dims(0, k), k);
}

EMU_OP(IdentityN)
    .variadic_input("x", kMovable)
    .variadic_output("y", kMovable)
    .shapes(alike_by_number)
    .body([](Args &a) {
      for (int k = 0; k < a.count(0); ++k) a.out(0, a.in(0, k), k);
    });

EMU_OP(Flatten)
    .input("x", kMovable)
    .output("y", same_as("x"))
    .attr("axis", 1)
    .shapes([](Shapes &shapes) {
      const Dims dims = shapes.dims(0);
      const int64_t rank = static_cast<int64_t>(dims.size());
      int64_t axis = shapes.i("axis");
      if (axis < -rank || axis > rank) {
        shapes.refuse(kAttr, "attribute [axis] is %lld; -%lld to %lld are allowed",
                      static_cast<long long>(axis), static_cast<long long>(rank),
                      static_cast<long long>(rank));
      }
      if (axis < 0) axis += rank;
      Dims flat{1, 1};
      for (int64_t i = 0; i < rank; ++i) flat[i < axis ? 0 : 1] *= dims[static_cast<size_t>(i)];
      shapes.set(0, flat);
    })
    .body([](Args &a) { a.out(0, a.in(0).reshape(a.output_dims(0))); });

/* In-place operators: the output is the memory of the first input. */
Defined assign(const char *op, DtypeSet types, const char *target,
               at::Tensor (*compute)(const at::Tensor &, const at::Tensor &)) {
  Define define(op);
  std::move(define).input(target, types).input("value", same_as(target));
  std::move(define).output(target, same_as(target));
  if (std::string(op) == "Assign") std::move(define).attr("validate_shape", true);
  return std::move(define)
      .attr("use_locking", false)
      .layouts(Layouts::kPrivate)
      .shapes(all_alike)
      .body([compute](Args &a) { a.out(0, compute(a.in(0), a.in(1))); });
}

const Defined kAssign[] __attribute__((unused)) = {
    assign("Assign", kMovable, "ref",
           [](const at::Tensor &, const at::Tensor &value) { return value; }),
    assign("AssignAdd", kNumber, "ref",
           [](const at::Tensor &ref, const at::Tensor &value) { return at::add(ref, value); }),
    assign("AssignSub", kNumber, "var",
           [](const at::Tensor &var, const at::Tensor &value) { return at::sub(var, value); }),
};

/* What one element of a tensor is repeated as. */
at::Tensor single(const Args &a, int input) {
  const at::Tensor value = a.in(input);
  if (value.numel() != 1) {
    a.refuse(kAtRun, "input %s must have one element, it has %lld", a.input_name(input).c_str(),
             static_cast<long long>(value.numel()));
  }
  return value.reshape({});
}

Dims wanted_dims(const Call &call) {
  const Dims dims = ints_of(call, "dims");
  if (any_unknown(dims)) {
    call.refuse(kAttr, "dims are %s; none may be negative", dims_text(dims).c_str());
  }
  return dims;
}

void filled_shapes(Shapes &shapes) {
  if (known(shapes, "dims")) shapes.set(0, wanted_dims(shapes));
}

EMU_OP(Fill)
    .input("dims", kIndex)
    .input("value", kMovable)
    .output("y", same_as("value"))
    .shapes(filled_shapes)
    .body([](Args &a) { a.out(0, single(a, 1).expand(wanted_dims(a))); });

EMU_OP(FillD)
    .input("value", (kReal | kBool | kWideUnsigned))
    .output("y", same_as("value"))
    .required_attr("dims", EMU_ATTR_LIST_INT)
    .shapes(filled_shapes)
    .body([](Args &a) { a.out(0, single(a, 0).expand(wanted_dims(a))); });

EMU_OP(FillV2D)
    .output("y", kInts | DtypeSet{ACL_FLOAT16, ACL_FLOAT, ACL_DOUBLE})
    .attr("value", 0.0)
    .required_attr("dims", EMU_ATTR_LIST_INT)
    .shapes(filled_shapes)
    .body([](Args &a) {
      a.out(0, at::full({}, a.f("value"), at::kDouble).expand(wanted_dims(a)));
    });

EMU_OP(Fills)
    .input("x", kNumber | kBool)
    .output("y", same_as("x"))
    .required_attr("value", EMU_ATTR_FLOAT)
    .layouts(Layouts::kPrivate)
    .shapes(like(0))
    .body([](Args &a) { a.out(0, at::full({}, a.f("value"), at::kDouble).expand(a.dims(0))); });

Defined constant_like(const char *op, double value) {
  return Define(op)
      .input("x", kMovable)
      .output("y", same_as("x"))
      .layouts(Layouts::kPrivate)
      .shapes(like(0))
      .body([value](Args &a) { a.out(0, at::full({}, value, at::kDouble).expand(a.dims(0))); });
}

const Defined kConstants[] __attribute__((unused)) = {
    constant_like("ZerosLike", 0),
    constant_like("OnesLike", 1),
};

}  // namespace

}  // namespace ascend_emu
