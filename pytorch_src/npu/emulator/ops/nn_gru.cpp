/* GRU over a sequence, and its gradient: h' = (1 - update) * new + update * h. */
#include "codes.h"
#include "nn_layout.h"
#include "nn_rnn.h"

namespace ascend_emu {

namespace {

const DtypeSet kTypes{ACL_FLOAT16, ACL_FLOAT};

/* The columns of the weights hold update (z), reset (r) and new (h) in an order. */
struct Gates {
  at::Tensor z, r, h;
};

Gates split(const at::Tensor &columns, const std::string &order) {
  const auto parts = columns.chunk(3, -1);
  return {parts[order.find('z')], parts[order.find('r')], parts[order.find('h')]};
}

at::Tensor join(const Gates &gates, const std::string &order) {
  std::vector<at::Tensor> parts;
  for (const char gate : order) {
    parts.push_back(gate == 'z' ? gates.z : gate == 'r' ? gates.r : gates.h);
  }
  return at::cat(parts, -1);
}

struct Sizes {
  int64_t steps, batch, input, hidden;
};

/* Of x 0, weight_input 1 and weight_hidden 2. */
Sizes sizes_of(const Call &call) {
  const Dims x = call.dims(0);
  const Dims wi = call.dims(1);
  const Dims wh = call.dims(2);
  const bool right = x.size() == 3 && wh.size() == 2 && wh[1] == 3 * wh[0] &&
                     wi == Dims{x[2], wh[1]};
  if (!right) {
    call.refuse(kAtCheck, "input x has shape %s, weight_input %s, weight_hidden %s; [T, N, "
                "input_size], [input_size, 3 * hidden_size] and [hidden_size, 3 * hidden_size] "
                "are expected", dims_text(x).c_str(), dims_text(wi).c_str(),
                dims_text(wh).c_str());
  }
  return {x[0], x[1], x[2], wh[0]};
}

Define &&common_attrs(Define &&define, int depth, double keep_prob) {
  return std::move(define)
      .attr("direction", "UNIDIRECTIONAL")
      .one_of({"UNIDIRECTIONAL"})
      .attr("cell_depth", depth)
      .attr("keep_prob", keep_prob)
      .attr("cell_clip", -1.0)
      .attr("num_proj", 0)
      .attr("time_major", true)
      .attr("gate_order", "zrh")
      .one_of({"zrh", "rzh"})
      .attr("reset_after", true)
      .in_float()
      .shapes([depth, keep_prob](Shapes &shapes) {
        /* 1 says the same as the gradient's defaults of 0 and -1: one layer, no dropout. */
        if (shapes.i("cell_depth") != 1) expect_int(shapes, "cell_depth", depth);
        if (shapes.f("keep_prob") != 1) expect_float(shapes, "keep_prob", keep_prob);
        expect_float(shapes, "cell_clip", -1.0);
        expect_int(shapes, "num_proj", 0);
        expect_bool(shapes, "time_major", true);
        expect_bool(shapes, "reset_after", true);
      });
}

void forward_shapes(Shapes &shapes) {
  const Sizes sizes = sizes_of(shapes);
  expect_dims(shapes, 3, {3 * sizes.hidden});
  expect_dims(shapes, 4, {3 * sizes.hidden});
  expect_dims(shapes, 5, {sizes.batch});
  expect_state(shapes, 6, sizes.batch, sizes.hidden);
  for (int output = 0; output < 6; ++output) {
    shapes.set(output, {sizes.steps, sizes.batch, sizes.hidden});
  }
}

at::Tensor plus_bias(const at::Tensor &columns, const Args &a, int bias) {
  return a.has(bias) ? columns + a.in(bias) : columns;
}

void forward(Args &a) {
  const Sizes sizes = sizes_of(a);
  expect_full_length(a, 5, sizes.steps);
  const std::string order = a.s("gate_order");
  const at::Tensor x = a.in(0);
  at::Tensor h = state(a, 6, at::empty({sizes.batch, sizes.hidden}, x.options()));
  /* Of every step: h, update, reset, new, the hidden part of new. */
  std::vector<std::vector<at::Tensor>> all(5);
  for (int64_t t = 0; t < sizes.steps; ++t) {
    const Gates of_x = split(plus_bias(x.select(0, t).matmul(a.in(1)), a, 3), order);
    const Gates of_h = split(plus_bias(h.matmul(a.in(2)), a, 4), order);
    const at::Tensor update = at::sigmoid(of_x.z + of_h.z);
    const at::Tensor reset = at::sigmoid(of_x.r + of_h.r);
    const at::Tensor fresh = at::tanh(of_x.h + reset * of_h.h);
    h = (1 - update) * fresh + update * h;
    const at::Tensor step[] = {h, update, reset, fresh, of_h.h};
    for (size_t k = 0; k < all.size(); ++k) all[k].push_back(step[k]);
  }
  const auto gathered = [&](size_t k) {
    return all[k].empty() ? at::empty({0, sizes.batch, sizes.hidden}, x.options())
                          : at::stack(all[k]);
  };
  a.out(0, gathered(0)); /* y is h of every step */
  for (size_t k = 0; k < all.size(); ++k) a.out(static_cast<int>(k) + 1, gathered(k));
}

/* Inputs of the gradient. */
enum : int {
  kX, kWeightInput, kWeightHidden, kY, kInitH, kH, kDy, kDh, kUpdate, kReset, kNew, kHiddenNew
};

void gradient_shapes(Shapes &shapes) {
  const Sizes sizes = sizes_of(shapes);
  for (const int input : {kY, kH, kDy, kUpdate, kReset, kNew, kHiddenNew}) {
    expect_dims(shapes, input, {sizes.steps, sizes.batch, sizes.hidden});
  }
  expect_state(shapes, kInitH, sizes.batch, sizes.hidden);
  expect_state(shapes, kDh, sizes.batch, sizes.hidden);
  expect_dims(shapes, kHiddenNew + 1, {sizes.batch});
  refuse_inputs(shapes, kHiddenNew + 2, kHiddenNew + 2);
  shapes.set(0, shapes.dims(kWeightInput));
  shapes.set(1, shapes.dims(kWeightHidden));
  shapes.set(2, {3 * sizes.hidden});
  shapes.set(3, {3 * sizes.hidden});
  shapes.set(4, shapes.dims(kX));
  shapes.set(5, shapes.dims(kInitH));
}

void gradient(Args &a) {
  const Sizes sizes = sizes_of(a);
  expect_full_length(a, kHiddenNew + 1, sizes.steps);
  const std::string order = a.s("gate_order");
  const at::Tensor x = a.in(kX);
  const at::Tensor input_weight = a.in(kWeightInput);
  const at::Tensor hidden_weight = a.in(kWeightHidden);
  const at::Tensor like = at::empty({sizes.batch, sizes.hidden}, x.options());
  at::Tensor dh = state(a, kDh, like);
  at::Tensor dw_input = at::zeros_like(input_weight);
  at::Tensor dw_hidden = at::zeros_like(hidden_weight);
  at::Tensor db_input = at::zeros({3 * sizes.hidden}, x.options());
  at::Tensor db_hidden = at::zeros_like(db_input);
  at::Tensor dx = at::empty(x.sizes(), x.options());
  for (int64_t t = sizes.steps; t-- > 0;) {
    const auto at_step = [t, &a](int input) { return a.in(input).select(0, t); };
    const at::Tensor z = at_step(kUpdate), r = at_step(kReset), n = at_step(kNew);
    const at::Tensor before = t > 0 ? a.in(kH).select(0, t - 1) : state(a, kInitH, like);
    dh = dh + at_step(kDy);
    const at::Tensor dn = dh * (1 - z) * (1 - n * n);
    const at::Tensor dz = dh * (before - n) * z * (1 - z);
    const at::Tensor dr = dn * at_step(kHiddenNew) * r * (1 - r);
    const at::Tensor of_x = join({dz, dr, dn}, order);
    const at::Tensor of_h = join({dz, dr, dn * r}, order);
    dw_input.add_(x.select(0, t).t().matmul(of_x));
    dw_hidden.add_(before.t().matmul(of_h));
    db_input.add_(of_x.sum(Ints{0}));
    db_hidden.add_(of_h.sum(Ints{0}));
    dx.select(0, t).copy_(of_x.matmul(input_weight.t()));
    dh = dh * z + of_h.matmul(hidden_weight.t());
  }
  a.out(0, dw_input);
  a.out(1, dw_hidden);
  a.out(2, db_input);
  a.out(3, db_hidden);
  a.out(4, dx);
  a.out(5, dh.reshape(a.dims(kInitH)));
}

const bool defined __attribute__((unused)) = [] {
  common_attrs(Define("DynamicGRUV2"), 1, 1.0)
      .input("x", ACL_FLOAT16)
      .input("weight_input", ACL_FLOAT16)
      .input("weight_hidden", ACL_FLOAT16)
      .optional_input("bias_input", kTypes)
      .optional_input("bias_hidden", kTypes)
      .optional_input("seq_length", ACL_INT32)
      .optional_input("init_h", kTypes)
      .output("y", kTypes)
      .output("output_h", kTypes)
      .output("update", kTypes)
      .output("reset", kTypes)
      .output("new", kTypes)
      .output("hidden_new", kTypes)
      .attr("activation", "tanh")
      .one_of({"tanh"})
      .attr("is_training", true)
      .shapes(forward_shapes)
      .body(forward);
  common_attrs(Define("DynamicGRUV2Grad"), 0, -1.0)
      .input("x", kTypes)
      .input("weight_input", kTypes)
      .input("weight_hidden", kTypes)
      .input("y", kTypes)
      .input("init_h", kTypes)
      .input("h", kTypes)
      .input("dy", kTypes)
      .input("dh", kTypes)
      .input("update", kTypes)
      .input("reset", kTypes)
      .input("new", kTypes)
      .input("hidden_new", kTypes)
      .optional_input("seq_length", ACL_INT32)
      .optional_input("mask", ACL_UINT8)
      .output("dw_input", kTypes)
      .output("dw_hidden", kTypes)
      .output("db_input", kTypes)
      .output("db_hidden", kTypes)
      .output("dx", kTypes)
      .output("dh_prev", kTypes)
      .shapes(gradient_shapes)
      .body(gradient);
  return true;
}();

}  // namespace

}  // namespace ascend_emu
