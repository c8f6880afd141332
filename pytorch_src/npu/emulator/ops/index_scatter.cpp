/* Operators that write at indices. */
#include "args.h"
#include "codes.h"
#include "index_rows.h"
#include "shapes.h"

namespace ascend_emu {

namespace {

constexpr DtypeSet kSmall{ACL_FLOAT16, ACL_FLOAT, ACL_INT32, ACL_INT8, ACL_UINT8};
constexpr DtypeSet kBasic = kNumber | kWideUnsigned;

void refuse_updates(const Call &call, int updates, const Dims &expected) {
  if (call.dims(updates) != expected) {
    call.refuse(kAtCheck, "input %s has shape %s; %s is expected",
                call.input_name(updates).c_str(), dims_text(call.dims(updates)).c_str(),
                dims_text(expected).c_str());
  }
}

/* ScatterElements: y[indices[i][j]][j] = updates[i][j] for axis 0, and so on. */
void elements_shape(Shapes &s) {
  const Dims data = s.dims(0);
  const Dims indices = s.dims(1);
  s.axis(s.i("axis"), data.size(), "attribute [axis]");
  refuse_updates(s, 2, indices);
  if (indices.size() != data.size()) {
    s.refuse(kAtCheck, "input indices has shape %s; as many dims as %s are "
             "expected", dims_text(indices).c_str(), dims_text(data).c_str());
  }
  s.set(0, data);
}

void scatter_elements(Args &a) {
  const at::Tensor data = a.in(0);
  const int64_t axis = a.i("axis") < 0 && data.dim() > 0 ? a.i("axis") + data.dim() : a.i("axis");
  const at::Tensor index =
      wrapped_index(a, a.in(1), data.dim() == 0 ? 1 : data.size(axis), "indices");
  const std::string reduction = a.s("reduction");
  if (reduction == "add") return a.out(0, data.scatter_add(axis, index, a.in(2)));
  at::Tensor y = data.clone();
  if (reduction == "mul") return a.out(0, y.scatter_(axis, index, a.in(2), "multiply"));
  a.out(0, y.scatter_(axis, index, a.in(2)));
}

EMU_OP(ScatterElements)
    .input("data", kNumber)
    .input("indices", kIndex)
    .input("updates", same_as("data"))
    .output("y", same_as("data"))
    .attr("axis", 0)
    .attr("reduction", "none")
    .one_of({"none", "add", "mul"})
    .shapes(elements_shape)
    .body(scatter_elements);

EMU_OP(ScatterElementsV2)
    .input("var", kNumber)
    .input("indices", kIndex)
    .input("updates", same_as("var"))
    .output("var", same_as("var"))
    .attr("axis", 0)
    .attr("reduction", "none")
    .one_of({"none", "add"})
    .shapes(elements_shape)
    .body(scatter_elements);

/* ScatterUpdate and the like: var[indices[i], ...] = combine(var[...], updates[i, ...]). */
void first_dim_shape(Shapes &s) {
  const Dims var = s.dims(0);
  if (var.empty()) {
    s.refuse(kAtCheck, "input %s has no dims; at least one is expected",
             s.input_name(0).c_str());
  }
  Dims updates = s.dims(1);
  updates.insert(updates.end(), var.begin() + 1, var.end());
  refuse_updates(s, 2, updates);
  s.set(0, var);
}

Body first_dim(Combine combine) {
  return [combine](Args &a) {
    at::Tensor var = a.in(0).clone();
    const at::Tensor ids = checked_index(a, a.in(1), 0, var.size(0), "indices").reshape({-1});
    scatter_rows(a, as_rows(var, 1), ids, as_rows(a.in(2), a.in(1).dim()), combine);
    a.out(0, var);
  };
}

Define var_scatter(const char *name, DtypeSet types) {
  return Define(name)
      .input("var", types)
      .input("indices", kIndex)
      .input("updates", same_as("var"))
      .output("var", same_as("var"))
      .attr("use_locking", false);
}

#define VAR_SCATTER(name, types, shape, body_)                                \
  static const Defined emu_op_##name __attribute__((unused)) =                \
      var_scatter(#name, types).shapes(shape).body(body_)

VAR_SCATTER(ScatterUpdate, kSmall | ACL_BF16 | ACL_INT64, first_dim_shape,
            first_dim(Combine::kUpdate));
VAR_SCATTER(ScatterAdd, kSmall, first_dim_shape, first_dim(Combine::kAdd));
VAR_SCATTER(ScatterSub, kSmall, first_dim_shape, first_dim(Combine::kSub));
VAR_SCATTER(ScatterMul, kSmall, first_dim_shape, first_dim(Combine::kMul));
VAR_SCATTER(ScatterDiv, kSmall, first_dim_shape, first_dim(Combine::kDiv));
VAR_SCATTER(ScatterMax, kSmall, first_dim_shape, first_dim(Combine::kMax));
VAR_SCATTER(ScatterMin, kSmall, first_dim_shape, first_dim(Combine::kMin));

/* ScatterNdUpdate and the like: the last dim of indices holds coordinates. */
void points_shape(Shapes &s) {
  refuse_deep_points(s, 1, s.dims(0));
  refuse_updates(s, 2, dims_at_points(s.dims(0), s.dims(1)));
  s.set(0, s.dims(0));
}

Body points(Combine combine) {
  return [combine](Args &a) {
    at::Tensor var = a.in(0).clone();
    const at::Tensor indices = a.in(1);
    const at::Tensor ids = nd_rows(a, indices, a.dims(0), false);
    scatter_rows(a, as_rows(var, indices.size(-1)), ids, as_rows(a.in(2), indices.dim() - 1),
                 combine);
    a.out(0, var);
  };
}

VAR_SCATTER(ScatterNdUpdate, kMovable, points_shape, points(Combine::kUpdate));
VAR_SCATTER(ScatterNdAdd, kSmall | ACL_BOOL, points_shape, points(Combine::kAdd));
VAR_SCATTER(ScatterNdSub, kSmall, points_shape, points(Combine::kSub));
VAR_SCATTER(ScatterNdMax, kReal, points_shape, points(Combine::kMax));
VAR_SCATTER(ScatterNdMin, kReal, points_shape, points(Combine::kMin));
#undef VAR_SCATTER

Define tensor_scatter(const char *name, const char *x, const char *y, DtypeSet types) {
  return Define(name)
      .input(x, types)
      .input("indices", kIndex)
      .input("updates", same_as(x))
      .output(y, same_as(x))
      .shapes(points_shape);
}

#define TENSOR_SCATTER(name, x, y, types, combine)                \
  static const Defined emu_op_##name __attribute__((unused)) =    \
      tensor_scatter(#name, x, y, types).body(points(combine))

TENSOR_SCATTER(TensorScatterUpdate, "x", "y", kMovable, Combine::kUpdate);
TENSOR_SCATTER(TensorScatterAdd, "x", "y", kSmall, Combine::kAdd);
TENSOR_SCATTER(TensorScatterSub, "x", "y", kSmall, Combine::kSub);
TENSOR_SCATTER(TensorScatterMax, "input", "output", kReal, Combine::kMax);
TENSOR_SCATTER(TensorScatterMin, "input", "output", kReal, Combine::kMin);
#undef TENSOR_SCATTER

/* ScatterNd: the updates added into zeros, as TensorFlow does with equal indices. */
void scatter_nd_shape(Shapes &s, const Dims &shape) {
  refuse_deep_points(s, 0, shape);
  refuse_updates(s, 1, dims_at_points(shape, s.dims(0)));
  s.set(0, shape);
}

void scatter_nd(Args &a, const Dims &shape) {
  const at::Tensor indices = a.in(0);
  const at::Tensor x = a.in(1);
  at::Tensor y = at::zeros(shape, x.options());
  const at::Tensor ids = nd_rows(a, indices, shape, false);
  scatter_rows(a, as_rows(y, indices.size(-1)), ids, as_rows(x, indices.dim() - 1),
               Combine::kAdd);
  a.out(0, y);
}

EMU_OP(ScatterNd)
    .input("indices", kIndex)
    .input("x", kBasic)
    .input("shape", kIndex)
    .output("y", same_as("x"))
    .shapes([](Shapes &s) {
      if (s.value_known(2)) scatter_nd_shape(s, s.host_ints(2));
    })
    .body([](Args &a) { scatter_nd(a, a.host_ints(2)); });

EMU_OP(ScatterNdD)
    .input("indices", kIndex)
    .input("x", kSmall)
    .output("y", same_as("x"))
    .required_attr("shape", EMU_ATTR_LIST_INT)
    .shapes([](Shapes &s) { scatter_nd_shape(s, s.ints("shape")); })
    .body([](Args &a) { scatter_nd(a, a.ints("shape")); });

/* InplaceUpdate and the like: rows of x, one for each index. */
void rows_shape(Shapes &s) {
  if (s.dims(1).size() != 1) {
    s.refuse(kAtCheck, "input indices has shape %s; one dim is expected",
             dims_text(s.dims(1)).c_str());
  }
  first_dim_shape(s);
}

EMU_OP(InplaceUpdate)
    .input("x", kBasic)
    .input("indices", ACL_INT32)
    .input("v", same_as("x"))
    .output("y", same_as("x"))
    .shapes(rows_shape)
    .body(first_dim(Combine::kUpdate));

EMU_OP(InplaceAdd)
    .input("x", kNumber)
    .input("indices", ACL_INT32)
    .input("v", same_as("x"))
    .output("y", same_as("x"))
    .shapes(rows_shape)
    .body(first_dim(Combine::kAdd));

EMU_OP(InplaceSub)
    .input("x", kNumber)
    .input("indices", ACL_INT32)
    .input("v", same_as("x"))
    .output("y", same_as("x"))
    .shapes(rows_shape)
    .body(first_dim(Combine::kSub));

/* index_add: along an axis, each slice of updates is added to the slice that indices names. */
void index_add_shape(Shapes &s) {
  const Dims var = s.dims(0);
  const size_t axis = static_cast<size_t>(s.axis(s.i("axis"), var.size(), "attribute [axis]"));
  Dims expected = var;
  if (!var.empty()) expected[axis] = s.dims(1).empty() ? 1 : s.dims(1)[0];
  refuse_updates(s, 2, expected);
  s.set(0, var);
}

at::Tensor index_add(Args &a, const at::Tensor &updates) {
  const at::Tensor var = a.in(0);
  const int64_t axis = a.i("axis") < 0 && var.dim() > 0 ? a.i("axis") + var.dim() : a.i("axis");
  const int64_t size = var.dim() == 0 ? 1 : var.size(axis);
  const at::Tensor index = checked_index(a, a.in(1), 0, size, "indices").reshape({-1});
  return var.clone().index_add_(axis, index, updates);
}

EMU_OP(IndexAdd)
    .input("var", kSmall)
    .input("indices", ACL_INT32)
    .input("updates", same_as("var"))
    .output("var_out", same_as("var"))
    .attr("axis", 0)
    .shapes(index_add_shape)
    .body([](Args &a) { a.out(0, index_add(a, a.in(2))); });

EMU_OP(InplaceIndexAdd)
    .input("var", kReal | kBool)
    .input("indices", kIndex)
    .input("updates", same_as("var"))
    .optional_input("alpha", same_as("var"))
    .output("var", same_as("var"))
    .required_attr("axis", EMU_ATTR_INT)
    .shapes(index_add_shape)
    .body([](Args &a) {
      a.out(0, index_add(a, a.has(3) ? a.in(2) * a.in(3).reshape({}) : a.in(2)));
    });

}  // namespace

}  // namespace ascend_emu
