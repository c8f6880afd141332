/* LSTM over a sequence, and its gradient. */
#include "codes.h"
#include "nn_layout.h"
#include "nn_rnn.h"

namespace ascend_emu {

namespace {

const DtypeSet kTypes{ACL_FLOAT16, ACL_FLOAT};

/* The columns of the weights hold the gates in this order: input, new, forget, output. */
struct Gates {
  at::Tensor i, j, f, o;
};

Gates split(const at::Tensor &columns, const std::string &order) {
  const auto parts = columns.chunk(4, -1);
  const auto part = [&](char gate) { return parts[order.find(gate)]; };
  return {part('i'), part('j'), part('f'), part('o')};
}

at::Tensor join(const Gates &gates, const std::string &order) {
  std::vector<at::Tensor> parts;
  for (const char gate : order) {
    parts.push_back(gate == 'i' ? gates.i : gate == 'j' ? gates.j : gate == 'f' ? gates.f
                                                                                : gates.o);
  }
  return at::cat(parts, -1);
}

/* Steps, batch, input and hidden size of x 0 and w 1. */
struct Sizes {
  int64_t steps, batch, input, hidden;
};

Sizes sizes_of(const Call &call) {
  const Dims x = call.dims(0);
  const Dims w = call.dims(1);
  if (x.size() != 3 || w.size() != 2 || w[1] % 4 != 0 || w[0] != x[2] + w[1] / 4) {
    call.refuse(kAtCheck, "input x has shape %s, input w has %s; [T, N, input_size] and "
                "[input_size + hidden_size, 4 * hidden_size] are expected",
                dims_text(x).c_str(), dims_text(w).c_str());
  }
  return {x[0], x[1], x[2], w[1] / 4};
}

Define &&common_attrs(Define &&define, int depth, double keep_prob) {
  return std::move(define)
      .attr("cell_type", "LSTM")
      .one_of({"LSTM"})
      .attr("direction", "UNIDIRECTIONAL")
      .one_of({"UNIDIRECTIONAL"})
      .attr("cell_depth", depth)
      .attr("use_peephole", false)
      .attr("keep_prob", keep_prob)
      .attr("cell_clip", -1.0)
      .attr("num_proj", 0)
      .attr("time_major", true)
      .attr("forget_bias", 0.0)
      .attr("gate_order", "ijfo")
      .one_of({"ijfo", "ifjo"})
      .in_float()
      .shapes([depth, keep_prob](Shapes &shapes) {
        /* 1 says the same as the gradient's defaults of 0 and -1: one layer, no dropout. */
        if (shapes.i("cell_depth") != 1) expect_int(shapes, "cell_depth", depth);
        expect_bool(shapes, "use_peephole", false);
        if (shapes.f("keep_prob") != 1) expect_float(shapes, "keep_prob", keep_prob);
        expect_float(shapes, "cell_clip", -1.0);
        expect_int(shapes, "num_proj", 0);
        expect_bool(shapes, "time_major", true);
      });
}

void forward_shapes(Shapes &shapes) {
  const Sizes sizes = sizes_of(shapes);
  expect_dims(shapes, 2, {4 * sizes.hidden});
  expect_dims(shapes, 3, {sizes.batch});
  expect_state(shapes, 4, sizes.batch, sizes.hidden);
  expect_state(shapes, 5, sizes.batch, sizes.hidden);
  refuse_inputs(shapes, 6, 9);
  for (int output = 0; output < 8; ++output) {
    shapes.set(output, {sizes.steps, sizes.batch, sizes.hidden});
  }
}

void forward(Args &a) {
  const Sizes sizes = sizes_of(a);
  expect_full_length(a, 3, sizes.steps);
  const std::string order = a.s("gate_order");
  const at::Tensor x = a.in(0);
  const at::Tensor input_weight = a.in(1).narrow(0, 0, sizes.input);
  const at::Tensor hidden_weight = a.in(1).narrow(0, sizes.input, sizes.hidden);
  const at::Tensor like = at::empty({sizes.batch, sizes.hidden}, x.options());
  at::Tensor h = state(a, 4, like);
  at::Tensor c = state(a, 5, like);
  /* Of every step: h, c, i, j, f, o, tanh(c). */
  std::vector<std::vector<at::Tensor>> all(7);
  for (int64_t t = 0; t < sizes.steps; ++t) {
    const at::Tensor columns =
        x.select(0, t).matmul(input_weight) + h.matmul(hidden_weight) + a.in(2);
    const Gates raw = split(columns, order);
    const at::Tensor i = at::sigmoid(raw.i);
    const at::Tensor j = at::tanh(raw.j);
    const at::Tensor f = at::sigmoid(raw.f + a.f("forget_bias"));
    const at::Tensor o = at::sigmoid(raw.o);
    c = f * c + i * j;
    const at::Tensor tanh_c = at::tanh(c);
    h = o * tanh_c;
    const at::Tensor step[] = {h, c, i, j, f, o, tanh_c};
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
enum : int { kX, kW, kB, kY, kInitH, kInitC, kH, kC, kDy, kDh, kDc, kI, kJ, kF, kO, kTanh };

void gradient_shapes(Shapes &shapes) {
  const Sizes sizes = sizes_of(shapes);
  const Dims steps{sizes.steps, sizes.batch, sizes.hidden};
  expect_dims(shapes, kB, {4 * sizes.hidden});
  for (const int input : {kY, kH, kC, kDy, kI, kJ, kF, kO, kTanh}) {
    expect_dims(shapes, input, steps);
  }
  for (const int input : {kInitH, kInitC, kDh, kDc}) {
    expect_state(shapes, input, sizes.batch, sizes.hidden);
  }
  expect_dims(shapes, kTanh + 1, {sizes.batch});
  refuse_inputs(shapes, kTanh + 2, kTanh + 5);
  for (int output = 5; output < 8; ++output) {
    if (!shapes.has_output(output)) continue;
    shapes.refuse(ACL_ERROR_OP_OUTPUT_NOT_MATCH, "output %s is of peepholes; leave it out",
                  shapes.output_name(output).c_str());
  }
  shapes.set(0, shapes.dims(kW));
  shapes.set(1, shapes.dims(kB));
  shapes.set(2, shapes.dims(kX));
  shapes.set(3, shapes.dims(kInitH));
  shapes.set(4, shapes.dims(kInitC));
}

void gradient(Args &a) {
  const Sizes sizes = sizes_of(a);
  expect_full_length(a, kTanh + 1, sizes.steps);
  const std::string order = a.s("gate_order");
  const at::Tensor x = a.in(kX);
  const at::Tensor w = a.in(kW);
  const at::Tensor hidden_weight = w.narrow(0, sizes.input, sizes.hidden);
  const at::Tensor like = at::empty({sizes.batch, sizes.hidden}, x.options());
  const at::Tensor tanh_c = a.has(kTanh) ? a.in(kTanh) : at::tanh(a.in(kC));
  at::Tensor dh = state(a, kDh, like);
  at::Tensor dc = state(a, kDc, like);
  at::Tensor dw = at::zeros_like(w);
  at::Tensor db = at::zeros({4 * sizes.hidden}, x.options());
  at::Tensor dx = at::empty(x.sizes(), x.options());
  for (int64_t t = sizes.steps; t-- > 0;) {
    const auto at_step = [t, &a](int input) { return a.in(input).select(0, t); };
    const at::Tensor i = at_step(kI), j = at_step(kJ), f = at_step(kF), o = at_step(kO);
    const at::Tensor tanh = tanh_c.select(0, t);
    const at::Tensor h_before = t > 0 ? a.in(kH).select(0, t - 1) : state(a, kInitH, like);
    const at::Tensor c_before = t > 0 ? a.in(kC).select(0, t - 1) : state(a, kInitC, like);
    dh = dh + at_step(kDy);
    dc = dc + dh * o * (1 - tanh * tanh);
    const at::Tensor columns = join({dc * j * i * (1 - i), dc * i * (1 - j * j),
                                     dc * c_before * f * (1 - f), dh * tanh * o * (1 - o)},
                                    order);
    const at::Tensor both = at::cat({x.select(0, t), h_before}, 1);
    dw.add_(both.t().matmul(columns));
    db.add_(columns.sum(Ints{0}));
    dx.select(0, t).copy_(columns.matmul(w.narrow(0, 0, sizes.input).t()));
    dh = columns.matmul(hidden_weight.t());
    dc = dc * f;
  }
  a.out(0, dw);
  a.out(1, db);
  a.out(2, dx);
  a.out(3, dh.reshape(a.dims(kInitH)));
  a.out(4, dc.reshape(a.dims(kInitC)));
}

const bool defined __attribute__((unused)) = [] {
  common_attrs(Define("DynamicRNN"), 1, 1.0)
      .input("x", kTypes)
      .input("w", kTypes)
      .input("b", kTypes)
      .optional_input("seq_length", ACL_INT32)
      .optional_input("init_h", kTypes)
      .optional_input("init_c", kTypes)
      .optional_input("wci", kTypes)
      .optional_input("wcf", kTypes)
      .optional_input("wco", kTypes)
      .optional_input("mask", ACL_UINT8)
      .output("y", kTypes)
      .output("output_h", kTypes)
      .output("output_c", kTypes)
      .output("i", kTypes)
      .output("j", kTypes)
      .output("f", kTypes)
      .output("o", kTypes)
      .output("tanhc", kTypes)
      .attr("activation", "tanh")
      .one_of({"tanh"})
      .attr("is_training", true)
      .shapes(forward_shapes)
      .body(forward);
  common_attrs(Define("DynamicRNNGrad"), 0, -1.0)
      .input("x", kTypes)
      .input("w", kTypes)
      .input("b", kTypes)
      .input("y", kTypes)
      .input("init_h", kTypes)
      .input("init_c", kTypes)
      .input("h", kTypes)
      .input("c", kTypes)
      .input("dy", kTypes)
      .input("dh", kTypes)
      .input("dc", kTypes)
      .input("i", kTypes)
      .input("j", kTypes)
      .input("f", kTypes)
      .input("o", kTypes)
      .optional_input("tanhct", kTypes)
      .optional_input("seq_length", ACL_INT32)
      .optional_input("mask", ACL_UINT8)
      .optional_input("wci", kTypes)
      .optional_input("wcf", kTypes)
      .optional_input("wco", kTypes)
      .output("dw", kTypes)
      .output("db", kTypes)
      .output("dx", kTypes)
      .output("dh_prev", kTypes)
      .output("dc_prev", kTypes)
      .optional_output("dwci", kTypes)
      .optional_output("dwcf", kTypes)
      .optional_output("dwco", kTypes)
      .shapes(gradient_shapes)
      .body(gradient);
  return true;
}();

}  // namespace

}  // namespace ascend_emu
