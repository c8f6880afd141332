/* Padding, with a number or with what lies at the edge, and its gradients. */
#include <algorithm>

#include "args.h"
#include "codes.h"
#include "shapes.h"
#include "widen.h"

namespace ascend_emu {

namespace {

constexpr DtypeSet kBasic = kNumber | kWideUnsigned;

/* What is put around: `reflect` leaves the edge itself out, `symmetric` repeats it. */
enum class Edge { kConstant, kReflect, kRepeat, kSymmetric };

Edge edge_of(const Call &call) {
  const std::string mode = call.s("mode");
  if (mode == "constant") return Edge::kConstant;
  if (mode == "edge") return Edge::kRepeat;
  return mode == "SYMMETRIC" ? Edge::kSymmetric : Edge::kReflect;
}

/* Elements before and after each dim. */
struct Paddings {
  Ints before;
  Ints after;
};

/* How far a dim can be padded with its own elements. */
int64_t reach(Edge edge, int64_t size) {
  return edge == Edge::kReflect ? size - 1 : size;
}

void refuse_paddings(const Call &call, int32_t code, const Paddings &pads, const Dims &inner,
                     Edge edge, bool negative) {
  for (size_t d = 0; d < inner.size(); ++d) {
    const int64_t least = std::min(pads.before[d], pads.after[d]);
    const int64_t most = std::max(pads.before[d], pads.after[d]);
    bool fits = (least >= 0 || negative) && inner[d] + pads.before[d] + pads.after[d] >= 0;
    if (edge == Edge::kReflect || edge == Edge::kSymmetric) {
      fits = fits && most <= std::max<int64_t>(reach(edge, inner[d]), 0);
    }
    if (edge == Edge::kRepeat) fits = fits && (most == 0 || inner[d] > 0);
    if (!fits) {
      call.refuse(code, "paddings of dim %zu are %lld and %lld; with %lld elements this mode "
                  "cannot do that", d, static_cast<long long>(pads.before[d]),
                  static_cast<long long>(pads.after[d]), static_cast<long long>(inner[d]));
    }
  }
}

/* Sums of dims and paddings within this cannot overflow. */
constexpr int64_t kMostPadding = int64_t{1} << 60;

/* Pairs for each dim, or all befores and then all afters. */
Paddings from_flat(const Call &call, int32_t code, const Ints &flat, bool pairs) {
  const size_t ndim = call.dims(0).size();
  if (flat.size() != 2 * ndim) {
    call.refuse(code, "paddings has %zu values; two for each of %zu dims are expected",
                flat.size(), ndim);
  }
  for (const int64_t pad : flat) {
    if (pad < -kMostPadding || pad > kMostPadding) {
      call.refuse(code, "paddings holds %lld; no tensor is that large",
                  static_cast<long long>(pad));
    }
  }
  Paddings pads;
  for (size_t d = 0; d < ndim; ++d) {
    pads.before.push_back(flat[pairs ? 2 * d : d]);
    pads.after.push_back(flat[pairs ? 2 * d + 1 : ndim + d]);
  }
  return pads;
}

Ints flattened(const std::vector<Ints> &lists) {
  Ints flat;
  for (const Ints &list : lists) flat.insert(flat.end(), list.begin(), list.end());
  return flat;
}

Dims padded_dims(Dims dims, const Paddings &pads, int64_t sign) {
  for (size_t d = 0; d < dims.size(); ++d) dims[d] += sign * (pads.before[d] + pads.after[d]);
  return dims;
}

at::Tensor constant_padded(const at::Tensor &x, const Paddings &pads, double value) {
  Ints list;
  for (size_t d = pads.before.size(); d-- > 0;) {
    list.push_back(pads.before[d]);
    list.push_back(pads.after[d]);
  }
  return at::constant_pad_nd(x, list, value);
}

/* For each element of a padded axis the one that it repeats. */
at::Tensor repeated(int64_t size, int64_t before, int64_t after, Edge edge) {
  Ints index;
  for (int64_t i = -before; i < size + after; ++i) {
    int64_t from = i;
    if (edge == Edge::kReflect) from = i < 0 ? -i : i >= size ? 2 * size - 2 - i : i;
    if (edge == Edge::kSymmetric) from = i < 0 ? -1 - i : i >= size ? 2 * size - 1 - i : i;
    index.push_back(std::min(std::max<int64_t>(from, 0), size - 1));
  }
  return at::tensor(at::ArrayRef<int64_t>(index));
}

at::Tensor edge_padded(at::Tensor x, const Paddings &pads, Edge edge) {
  for (int64_t d = 0; d < x.dim(); ++d) {
    const size_t k = static_cast<size_t>(d);
    if (pads.before[k] == 0 && pads.after[k] == 0) continue;
    x = x.index_select(d, repeated(x.size(d), pads.before[k], pads.after[k], edge));
  }
  return x;
}

/* The gradient: what was repeated is added up. */
at::Tensor edge_folded(at::Tensor grad, const Paddings &pads, Edge edge) {
  for (int64_t d = 0; d < grad.dim(); ++d) {
    const size_t k = static_cast<size_t>(d);
    if (pads.before[k] == 0 && pads.after[k] == 0) continue;
    Dims dims = grad.sizes().vec();
    dims[k] -= pads.before[k] + pads.after[k];
    const at::Tensor index = repeated(dims[k], pads.before[k], pads.after[k], edge);
    grad = at::zeros(dims, grad.options()).index_add_(d, index, grad);
  }
  return grad;
}

void pad_shape(Shapes &s, const Paddings &pads, Edge edge, bool negative) {
  refuse_paddings(s, kAtCheck, pads, s.dims(0), edge, negative);
  s.set(0, padded_dims(s.dims(0), pads, 1));
}

/* `value`: the number of the input that holds it, or -1. */
void pad_constant(Args &a, const Paddings &pads, int value) {
  const at::Tensor x = a.in(0);
  if (value < 0 || !a.has(value)) return a.out(0, constant_padded(x, pads, 0));
  if (a.dims(value) != Dims{} && a.dims(value) != Dims{1}) {
    a.refuse(kAtCheck, "input constant_values has shape %s; one element is expected",
             dims_text(a.dims(value)).c_str());
  }
  /* As a tensor: a double does not hold every int64 or complex number. */
  const at::Tensor inside = constant_padded(at::ones(x.sizes(), at::kBool), pads, 0);
  a.out(0, at::where(inside, constant_padded(x, pads, 0), a.in(value).reshape({})));
}

EMU_OP(Pad)
    .input("x", kBasic)
    .input("paddings", kIndex)
    .output("y", same_as("x"))
    .shapes([](Shapes &s) {
      if (!s.value_known(1)) return;
      pad_shape(s, from_flat(s, kAtCheck, s.host_ints(1), true), Edge::kConstant, false);
    })
    .body([](Args &a) {
      const Paddings pads = from_flat(a, kAtRun, a.host_ints(1), true);
      refuse_paddings(a, kAtRun, pads, a.dims(0), Edge::kConstant, false);
      pad_constant(a, pads, -1);
    });

EMU_OP(PadD)
    .input("x", kFloats | ACL_INT32)
    .output("y", same_as("x"))
    .required_attr("paddings", EMU_ATTR_LIST_LIST_INT)
    .shapes([](Shapes &s) {
      pad_shape(s, from_flat(s, kAttr, flattened(s.lists("paddings")), true), Edge::kConstant,
                false);
    })
    .body([](Args &a) {
      pad_constant(a, from_flat(a, kAttr, flattened(a.lists("paddings")), true), -1);
    });

EMU_OP(PadV2)
    .input("x", kBasic)
    .input("paddings", kIndex)
    .input("constant_values", same_as("x"))
    .output("y", same_as("x"))
    .shapes([](Shapes &s) {
      if (!s.value_known(1)) return;
      pad_shape(s, from_flat(s, kAtCheck, s.host_ints(1), true), Edge::kConstant, false);
    })
    .body([](Args &a) {
      const Paddings pads = from_flat(a, kAtRun, a.host_ints(1), true);
      refuse_paddings(a, kAtRun, pads, a.dims(0), Edge::kConstant, false);
      pad_constant(a, pads, 2);
    });

EMU_OP(PadV2D)
    .input("x", {ACL_FLOAT16, ACL_FLOAT, ACL_INT32})
    .input("constant_values", same_as("x"))
    .output("y", same_as("x"))
    .required_attr("paddings", EMU_ATTR_LIST_LIST_INT)
    .shapes([](Shapes &s) {
      pad_shape(s, from_flat(s, kAttr, flattened(s.lists("paddings")), true), Edge::kConstant,
                false);
    })
    .body([](Args &a) {
      pad_constant(a, from_flat(a, kAttr, flattened(a.lists("paddings")), true), 1);
    });

/* ONNX's Pad: a constant may also cut, with negative paddings. */
EMU_OP(PadV3)
    .input("x", kBasic)
    .input("paddings", kIndex)
    .optional_input("constant_values", same_as("x"))
    .output("y", same_as("x"))
    .attr("mode", "constant")
    .one_of({"constant", "reflect", "edge"})
    .attr("paddings_contiguous", true)
    .shapes([](Shapes &s) {
      if (!s.value_known(1)) return;
      const Paddings pads = from_flat(s, kAtCheck, s.host_ints(1), s.b("paddings_contiguous"));
      pad_shape(s, pads, edge_of(s), edge_of(s) == Edge::kConstant);
    })
    .body([](Args &a) {
      const Paddings pads = from_flat(a, kAtRun, a.host_ints(1), a.b("paddings_contiguous"));
      const Edge edge = edge_of(a);
      refuse_paddings(a, kAtRun, pads, a.dims(0), edge, edge == Edge::kConstant);
      if (edge == Edge::kConstant) return pad_constant(a, pads, 2);
      a.out(0, edge_padded(a.in(0), pads, edge));
    });

EMU_OP(PadV3D)
    .input("x", {ACL_FLOAT16, ACL_FLOAT, ACL_INT8, ACL_UINT8})
    .output("y", same_as("x"))
    .required_attr("paddings", EMU_ATTR_LIST_LIST_INT)
    .attr("constant_values", 0)
    .attr("mode", "constant")
    .one_of({"constant", "reflect", "edge"})
    .attr("paddings_contiguous", true)
    .shapes([](Shapes &s) {
      const Ints flat = flattened(s.lists("paddings"));
      pad_shape(s, from_flat(s, kAttr, flat, s.b("paddings_contiguous")), edge_of(s),
                edge_of(s) == Edge::kConstant);
    })
    .body([](Args &a) {
      const Ints flat = flattened(a.lists("paddings"));
      const Paddings pads = from_flat(a, kAttr, flat, a.b("paddings_contiguous"));
      const double value = static_cast<double>(a.i("constant_values"));
      if (edge_of(a) == Edge::kConstant) return a.out(0, constant_padded(a.in(0), pads, value));
      a.out(0, edge_padded(a.in(0), pads, edge_of(a)));
    });

/* Gradients: x is the gradient of the padded tensor. */
void fold_shape(Shapes &s, const Paddings &pads, Edge edge) {
  const Dims inner = padded_dims(s.dims(0), pads, -1);
  refuse_paddings(s, kAtCheck, pads, inner, edge, false);
  s.set(0, inner);
}

void fold(Args &a, const Paddings &pads, Edge edge) {
  refuse_paddings(a, kAtRun, pads, padded_dims(a.dims(0), pads, -1), edge, false);
  a.out(0, edge_folded(widened(a.in(0)), pads, edge));
}

EMU_OP(PadV3Grad)
    .input("x", kBasic)
    .input("paddings", kIndex)
    .output("y", same_as("x"))
    .attr("mode", "reflect")
    .one_of({"reflect", "edge"})
    .attr("paddings_contiguous", true)
    .shapes([](Shapes &s) {
      if (!s.value_known(1)) return;
      fold_shape(s, from_flat(s, kAtCheck, s.host_ints(1), s.b("paddings_contiguous")),
                 edge_of(s));
    })
    .body([](Args &a) {
      fold(a, from_flat(a, kAtRun, a.host_ints(1), a.b("paddings_contiguous")), edge_of(a));
    });

EMU_OP(MirrorPad)
    .input("x", kNumber | kBool | ACL_UINT16)
    .input("paddings", kIndex)
    .output("y", same_as("x"))
    .required_attr("mode", EMU_ATTR_STRING)
    .one_of({"REFLECT", "SYMMETRIC"})
    .shapes([](Shapes &s) {
      if (!s.value_known(1)) return;
      pad_shape(s, from_flat(s, kAtCheck, s.host_ints(1), true), edge_of(s), false);
    })
    .body([](Args &a) {
      const Paddings pads = from_flat(a, kAtRun, a.host_ints(1), true);
      refuse_paddings(a, kAtRun, pads, a.dims(0), edge_of(a), false);
      a.out(0, edge_padded(a.in(0), pads, edge_of(a)));
    });

EMU_OP(MirrorPadGrad)
    .input("x", (kNumber | ACL_UINT16).without(ACL_BF16))
    .input("paddings", kIndex)
    .output("y", same_as("x"))
    .required_attr("mode", EMU_ATTR_STRING)
    .one_of({"REFLECT", "SYMMETRIC"})
    .shapes([](Shapes &s) {
      if (!s.value_known(1)) return;
      fold_shape(s, from_flat(s, kAtCheck, s.host_ints(1), true), edge_of(s));
    })
    .body([](Args &a) { fold(a, from_flat(a, kAtRun, a.host_ints(1), true), edge_of(a)); });

}  // namespace

}  // namespace ascend_emu
