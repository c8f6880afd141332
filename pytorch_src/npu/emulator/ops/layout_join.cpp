/* Operators that join tensors and take them apart. */
#include <numeric>

#include "args.h"
#include "codes.h"
#include "scalars.h"
#include "shapes.h"

namespace ascend_emu {

namespace {

/* An axis as an attribute, or as an input of one element. */
bool axis_known(const Shapes &shapes, const char *name) {
  return shapes.prototype().attr(name) != nullptr ||
         shapes.value_known(shapes.prototype().input_index(name));
}

/* `ndim`: of the tensors that have the axis. */
int64_t axis_of(const Call &call, const char *name, size_t ndim) {
  const bool attr = call.prototype().attr(name) != nullptr;
  const std::string what = attr ? std::string("attribute [") + name + "]"
                                : std::string("input ") + name;
  return normal_axis(call, attr ? call.i(name) : one_int(call, call.prototype().input_index(name)),
                     ndim, what.c_str());
}

int joined_input(const Call &call) { return call.prototype().input_index("x"); }

/* [N] says how many tensors are joined; its default says nothing. */
void check_count(Shapes &shapes) {
  const int count = shapes.count(joined_input(shapes));
  if (!shapes.given("N") || shapes.i("N") == count) return;
  shapes.refuse(kAttr, "attribute [N] is %lld, but there are %d tensors x",
                static_cast<long long>(shapes.i("N")), count);
}

void refuse_to_join(const Shapes &shapes, int x, int k) {
  shapes.refuse(kAtCheck, "input x[0] has shape %s, input x[%d] has %s; they cannot be joined",
                dims_text(shapes.dims(x, 0)).c_str(), k, dims_text(shapes.dims(x, k)).c_str());
}

void concat_shapes(Shapes &shapes) {
  check_count(shapes);
  if (!axis_known(shapes, "concat_dim")) return;
  const int x = joined_input(shapes);
  Dims joined = shapes.dims(x, 0);
  if (joined.empty()) shapes.refuse(kAtCheck, "input x[0] has no dims to join along");
  const size_t axis = static_cast<size_t>(axis_of(shapes, "concat_dim", joined.size()));
  for (int k = 1; k < shapes.count(x); ++k) {
    Dims dims = shapes.dims(x, k);
    if (dims.size() != joined.size()) refuse_to_join(shapes, x, k);
    const int64_t more = dims[axis];
    dims[axis] = joined[axis];
    if (dims != joined) refuse_to_join(shapes, x, k);
    joined[axis] += more;
  }
  shapes.set(0, joined);
}

void concat(Args &a) {
  const int x = joined_input(a);
  const int64_t axis = axis_of(a, "concat_dim", a.dims(x, 0).size());
  a.out(0, at::cat(a.all_in(x), axis));
}

constexpr DtypeSet kJoined = kFloats | kInts | kWideUnsigned;

Defined concat_d(const char *op) {
  return Define(op)
      .variadic_input("x", kJoined)
      .output("y", same_as("x"))
      .required_attr("concat_dim", EMU_ATTR_INT)
      .attr("N", 1)
      .layouts(Layouts::kPrivate)
      .shapes(concat_shapes)
      .body(concat);
}

const Defined kConcat[] __attribute__((unused)) = {concat_d("ConcatD"), concat_d("ConcatV2D")};

EMU_OP(Concat)
    .input("concat_dim", kIndex)
    .variadic_input("x", kMovable)
    .output("y", same_as("x"))
    .attr("N", 1)
    .layouts(Layouts::kPrivate)
    .shapes(concat_shapes)
    .body(concat);

EMU_OP(ConcatV2)
    .variadic_input("x", kMovable)
    .input("concat_dim", kIndex)
    .output("y", same_as("x"))
    .attr("N", 1)
    .layouts(Layouts::kPrivate)
    .shapes(concat_shapes)
    .body(concat);

EMU_OP(Pack)
    .variadic_input("x", kMovable)
    .output("y", same_as("x"))
    .attr("axis", 0)
    .attr("N", 1)
    .shapes([](Shapes &shapes) {
      check_count(shapes);
      all_alike(shapes);
      Dims dims = shapes.dims(0);
      const int64_t axis = axis_of(shapes, "axis", dims.size() + 1);
      dims.insert(dims.begin() + axis, shapes.count(0));
      shapes.set(0, dims);
    })
    .body([](Args &a) {
      a.out(0, at::stack(a.all_in(0), axis_of(a, "axis", a.dims(0).size() + 1)));
    });

/* An attribute says how many outputs there are. */
void check_outputs(Shapes &shapes, const char *attr) {
  const int64_t said = shapes.i(attr);
  if (said == shapes.output_count(0)) return;
  shapes.refuse(kAttr, "attribute [%s] is %lld, but there are %d outputs y", attr,
                static_cast<long long>(said), shapes.output_count(0));
}

EMU_OP(Unpack)
    .input("x", kMovable)
    .variadic_output("y", same_as("x"))
    .required_attr("num", EMU_ATTR_INT)
    .attr("axis", 0)
    .shapes([](Shapes &shapes) {
      check_outputs(shapes, "num");
      Dims dims = shapes.dims(0);
      if (dims.empty()) shapes.refuse(kAtCheck, "input x has no dims to take apart");
      const int64_t axis = axis_of(shapes, "axis", dims.size());
      if (dims[static_cast<size_t>(axis)] != shapes.output_count(0)) {
        shapes.refuse(kAttr, "attribute [num] is %d, but x has shape %s", shapes.output_count(0),
                      dims_text(dims).c_str());
      }
      dims.erase(dims.begin() + axis);
      for (int k = 0; k < shapes.output_count(0); ++k) shapes.set(0, dims, k);
    })
    .body([](Args &a) {
      const at::Tensor x = a.in(0);
      const int64_t axis = axis_of(a, "axis", a.dims(0).size());
      for (int k = 0; k < a.output_count(0); ++k) a.out(0, x.select(axis, k), k);
    });

/* How long the parts are that a dim is split into; -1 in `sizes` is what is left. */
Ints part_sizes(const Call &call, Ints sizes, int64_t whole) {
  int64_t sum = 0, unknown = 0;
  for (const int64_t size : sizes) {
    if (size == -1) ++unknown;
    else sum += size;
  }
  for (int64_t &size : sizes) {
    if (size == -1 && unknown == 1) size = whole - sum;
  }
  const bool fits = std::accumulate(sizes.begin(), sizes.end(), int64_t{0}) == whole;
  if (!fits || any_unknown(sizes) || sizes.size() != static_cast<size_t>(call.output_count(0))) {
    call.refuse(kAttr, "size_splits are %s; %d sizes with the sum %lld are needed",
                dims_text(sizes).c_str(), call.output_count(0), static_cast<long long>(whole));
  }
  return sizes;
}

Ints equal_parts(const Call &call, int64_t whole) {
  const int64_t parts = call.output_count(0);
  if (whole % parts != 0) {
    call.refuse(kAttr, "a dim of %lld does not divide into %lld parts",
                static_cast<long long>(whole), static_cast<long long>(parts));
  }
  return Ints(static_cast<size_t>(parts), whole / parts);
}

/* The four forms of Split differ in where they have the axis and the sizes of the parts. */
struct Parts {
  int64_t axis;
  Ints sizes;
};

bool has_sizes(const Call &call) {
  return call.prototype().attr("size_splits") != nullptr ||
         call.prototype().input_index("size_splits") >= 0;
}

Parts parts_of(const Call &call) {
  const Dims dims = call.dims(joined_input(call));
  if (dims.empty()) call.refuse(kAtCheck, "input x has no dims to split");
  const int64_t axis = axis_of(call, "split_dim", dims.size());
  const int64_t whole = dims[static_cast<size_t>(axis)];
  if (!has_sizes(call)) return {axis, equal_parts(call, whole)};
  const bool attr = call.prototype().attr("size_splits") != nullptr;
  return {axis, part_sizes(call,
                           attr ? call.ints("size_splits")
                                : call.host_ints(call.prototype().input_index("size_splits")),
                           whole)};
}

void split_shapes(Shapes &shapes) {
  check_outputs(shapes, "num_split");
  const bool sizes_known =
      !has_sizes(shapes) || axis_known(shapes, "size_splits"); /* an attribute or an input too */
  if (!axis_known(shapes, "split_dim") || !sizes_known) return;
  const Parts parts = parts_of(shapes);
  Dims dims = shapes.dims(joined_input(shapes));
  for (int k = 0; k < shapes.output_count(0); ++k) {
    dims[static_cast<size_t>(parts.axis)] = parts.sizes[static_cast<size_t>(k)];
    shapes.set(0, dims, k);
  }
}

void split(Args &a) {
  const Parts parts = parts_of(a);
  const at::Tensor x = a.in(joined_input(a));
  int64_t start = 0;
  for (int k = 0; k < a.output_count(0); ++k) {
    const int64_t size = parts.sizes[static_cast<size_t>(k)];
    a.out(0, x.narrow(parts.axis, start, size), k);
    start += size;
  }
}

EMU_OP(Split)
    .input("split_dim", ACL_INT32)
    .input("x", kMovable)
    .variadic_output("y", same_as("x"))
    .required_attr("num_split", EMU_ATTR_INT)
    .layouts(Layouts::kPrivate)
    .shapes(split_shapes)
    .body(split);

EMU_OP(SplitD)
    .input("x", kJoined | kBool)
    .variadic_output("y", same_as("x"))
    .required_attr("split_dim", EMU_ATTR_INT)
    .required_attr("num_split", EMU_ATTR_INT)
    .layouts(Layouts::kPrivate)
    .shapes(split_shapes)
    .body(split);

EMU_OP(SplitV)
    .input("x", kMovable)
    .input("size_splits", kIndex)
    .input("split_dim", kIndex)
    .variadic_output("y", same_as("x"))
    .required_attr("num_split", EMU_ATTR_INT)
    .layouts(Layouts::kPrivate)
    .shapes(split_shapes)
    .body(split);

EMU_OP(SplitVD)
    .input("x", kJoined | kBool)
    .variadic_output("y", same_as("x"))
    .required_attr("size_splits", EMU_ATTR_LIST_INT)
    .required_attr("split_dim", EMU_ATTR_INT)
    .required_attr("num_split", EMU_ATTR_INT)
    .layouts(Layouts::kPrivate)
    .shapes(split_shapes)
    .body(split);

}  // namespace

}  // namespace ascend_emu
