/* One step of an optimiser: new values of a variable and of what is remembered about it (slots).

   The inputs begin with var and the slots. Operators named ...D give all of them out; the others
   give var out and write the slots where they are. */
#include "args.h"
#include "nn_layout.h"
#include "nn_reduction.h"
#include "nn_update.h"
#include "shapes.h"

namespace ascend_emu {

namespace {

using Names = std::vector<const char *>;
using Values = std::vector<at::Tensor>;

bool is_gradient(const std::string &name) { return name == "grad" || name == "delta"; }

/* Inputs and, where a ...D operator has them so, attributes by their names. */
class Named {
 public:
  Named(const Args &a, size_t slots) : a_(a), slots_(slots) {}

  at::Tensor operator[](const char *name) const {
    const int input = a_.prototype().input_index(name);
    if (input < 0) return at::scalar_tensor(a_.f(name), a_.in(0).options());
    const at::Tensor value = a_.in(input);
    const bool whole = static_cast<size_t>(input) <= slots_ || is_gradient(name);
    return whole ? value : value.reshape(Dims{});
  }
  bool flag(const char *attr) const { return a_.b(attr); }

 private:
  const Args &a_;
  size_t slots_;
};

/* New values of var and the slots, in their order. */
using Step = Values (*)(const Named &);

struct Optimizer {
  Names inputs;
  size_t slots;
  Step step;
  Names off; /* attributes that are false unless given */
  Names on;  /* attributes that are true unless given */
  Names required;
};

ShapeRule step_shapes(size_t slots) {
  return [slots](Shapes &shapes) {
    const int inputs = static_cast<int>(shapes.prototype().inputs.size());
    for (int input = 1; input < inputs; ++input) {
      const std::string &name = shapes.prototype().inputs[static_cast<size_t>(input)].name;
      if (static_cast<size_t>(input) <= slots || is_gradient(name)) {
        expect_same_dims(shapes, 0, input);
      } else {
        expect_one_element(shapes, input, input);
      }
    }
    const int outputs = static_cast<int>(shapes.prototype().outputs.size());
    for (int output = 0; output < outputs; ++output) shapes.set(output, shapes.dims(0));
  };
}

Body step_body(size_t slots, bool gives_slots, Step step) {
  return [slots, gives_slots, step](Args &a) {
    const Values values = step(Named(a, slots));
    a.out(0, values[0]);
    for (size_t slot = 1; slot <= slots; ++slot) {
      const int place = static_cast<int>(slot);
      if (gives_slots) {
        a.out(place, values[slot]);
      } else {
        update_input(a, place, values[slot]);
      }
    }
  };
}

void define(const std::string &op, const Optimizer &optimizer, bool gives_slots) {
  Define definition(op.c_str());
  std::move(definition).layouts(Layouts::kPrivate).in_float();
  for (size_t i = 0; i < optimizer.inputs.size(); ++i) {
    std::move(definition).input(optimizer.inputs[i], i == 0 ? TypeRule(kFloating) : same_as("var"));
  }
  for (size_t i = 0; i <= (gives_slots ? optimizer.slots : 0); ++i) {
    std::move(definition).output(optimizer.inputs[i], same_as("var"));
  }
  for (const char *attr : optimizer.required) {
    std::move(definition).required_attr(attr, EMU_ATTR_FLOAT);
  }
  for (const char *attr : optimizer.on) std::move(definition).attr(attr, true);
  for (const char *attr : optimizer.off) std::move(definition).attr(attr, false);
  std::move(definition)
      .shapes(step_shapes(optimizer.slots))
      .body(step_body(optimizer.slots, gives_slots, optimizer.step));
}

/* Both the operator and its ...D, which have the same inputs. */
void define_both(const std::string &op, const Optimizer &optimizer) {
  define(op, optimizer, false);
  define(op + "D", optimizer, true);
}

Values gradient_descent(const Named &v) { return {v["var"] - v["delta"] * v["alpha"]}; }

/* What the proximal operators do with a regular step: shrink by l1, scale by l2. */
at::Tensor proximal(const Named &v, const at::Tensor &stepped, const at::Tensor &rate) {
  return stepped.sign() * (stepped.abs() - rate * v["l1"]).clamp_min(0) / (1 + rate * v["l2"]);
}

Values proximal_gradient_descent(const Named &v) {
  return {proximal(v, v["var"] - v["delta"] * v["alpha"], v["alpha"])};
}

Values momentum(const Named &v) {
  const at::Tensor grad = v["grad"];
  const at::Tensor accum = v["accum"] * v["momentum"] + grad;
  const at::Tensor step = v.flag("use_nesterov") ? grad + accum * v["momentum"] : accum;
  return {v["var"] - step * v["lr"], accum};
}

Values keras_momentum(const Named &v) {
  const at::Tensor stepped = v["grad"] * v["lr"];
  const at::Tensor accum = v["accum"] * v["momentum"] - stepped;
  const at::Tensor step = v.flag("use_nesterov") ? accum * v["momentum"] - stepped : accum;
  return {v["var"] + step, accum};
}

Values adam(const Named &v) {
  const at::Tensor grad = v["grad"];
  const at::Tensor m = v["m"] + (grad - v["m"]) * (1 - v["beta1"]);
  const at::Tensor second = v["v"] + (grad * grad - v["v"]) * (1 - v["beta2"]);
  const at::Tensor rate = v["lr"] * at::sqrt(1 - v["beta2_power"]) / (1 - v["beta1_power"]);
  const at::Tensor ahead =
      v.flag("use_nesterov") ? m * v["beta1"] + grad * (1 - v["beta1"]) : m;
  return {v["var"] - rate * ahead / (at::sqrt(second) + v["epsilon"]), m, second};
}

Values ada_max(const Named &v) {
  const at::Tensor grad = v["grad"];
  const at::Tensor m = v["m"] * v["beta1"] + grad * (1 - v["beta1"]);
  const at::Tensor largest = at::max(v["v"] * v["beta2"], grad.abs());
  const at::Tensor rate = v["lr"] / (1 - v["beta1_power"]);
  return {v["var"] - rate * m / (largest + v["epsilon"]), m, largest};
}

at::Tensor accumulated(const Named &v) {
  const at::Tensor grad = v["grad"];
  return v.flag("update_slots") ? v["accum"] + grad * grad : v["accum"].clone();
}

Values adagrad(const Named &v) {
  const at::Tensor accum = accumulated(v);
  return {v["var"] - v["lr"] * v["grad"] * at::rsqrt(accum), accum};
}

Values adagrad_v2(const Named &v) {
  const at::Tensor accum = accumulated(v);
  return {v["var"] - v["lr"] * v["grad"] / (at::sqrt(accum) + v["epsilon"]), accum};
}

Values proximal_adagrad(const Named &v) {
  const at::Tensor grad = v["grad"];
  const at::Tensor accum = v["accum"] + grad * grad;
  const at::Tensor rate = v["lr"] * at::rsqrt(accum);
  return {proximal(v, v["var"] - rate * grad, rate), accum};
}

Values adadelta(const Named &v) {
  const at::Tensor grad = v["grad"];
  const at::Tensor accum = v["accum"] * v["rho"] + grad * grad * (1 - v["rho"]);
  const at::Tensor update = at::sqrt(v["accum_update"] + v["epsilon"]) *
                            at::rsqrt(accum + v["epsilon"]) * grad;
  return {v["var"] - update * v["lr"], accum,
          v["accum_update"] * v["rho"] + update * update * (1 - v["rho"])};
}

Values rms_prop(const Named &v) {
  const at::Tensor grad = v["grad"];
  const at::Tensor ms = v["ms"] * v["rho"] + grad * grad * (1 - v["rho"]);
  const at::Tensor mom =
      v["mom"] * v["momentum"] + v["lr"] * grad * at::rsqrt(ms + v["epsilon"]);
  return {v["var"] - mom, ms, mom};
}

Values centered_rms_prop(const Named &v) {
  const at::Tensor grad = v["grad"];
  const at::Tensor mg = v["mg"] * v["rho"] + grad * (1 - v["rho"]);
  const at::Tensor ms = v["ms"] * v["rho"] + grad * grad * (1 - v["rho"]);
  const at::Tensor mom =
      v["mom"] * v["momentum"] + v["lr"] * grad * at::rsqrt(ms - mg * mg + v["epsilon"]);
  return {v["var"] - mom, mg, ms, mom};
}

Values ftrl(const Named &v) {
  const at::Tensor grad = v["grad"];
  const at::Tensor accum = v["accum"] + grad * grad;
  const at::Tensor power = at::pow(accum, -v["lr_power"]);
  const at::Tensor linear =
      v["linear"] + grad - (power - at::pow(v["accum"], -v["lr_power"])) / v["lr"] * v["var"];
  const at::Tensor quadratic = power / v["lr"] + v["l2"] * 2;
  const at::Tensor var = (linear.sign() * v["l1"] - linear) / quadratic;
  return {at::where(linear.abs().gt(v["l1"]), var, at::zeros_like(var)), accum, linear};
}

Values add_sign(const Named &v) {
  const at::Tensor grad = v["grad"];
  const at::Tensor m = v["m"] * v["beta"] + grad * (1 - v["beta"]);
  const at::Tensor agree = grad.sign() * m.sign();
  return {v["var"] - v["lr"] * (v["alpha"] + v["sign_decay"] * agree) * grad, m};
}

Values power_sign(const Named &v) {
  const at::Tensor grad = v["grad"];
  const at::Tensor m = v["m"] * v["beta"] + grad * (1 - v["beta"]);
  const at::Tensor agree = grad.sign() * m.sign();
  return {v["var"] - v["lr"] * at::exp(v["logbase"] * v["sign_decay"] * agree) * grad, m};
}

const bool defined __attribute__((unused)) = [] {
  const Names lock{"use_locking"};
  const Names nesterov{"use_nesterov", "use_locking"};
  const Names slots{"update_slots"};
  define("ApplyGradientDescent",
         {{"var", "alpha", "delta"}, 0, gradient_descent, lock, {}, {}}, false);
  define("ApplyProximalGradientDescent",
         {{"var", "alpha", "l1", "l2", "delta"}, 0, proximal_gradient_descent, lock, {}, {}},
         false);
  define_both("ApplyMomentum",
              {{"var", "accum", "lr", "grad", "momentum"}, 1, momentum, nesterov, {}, {}});
  define_both("ApplyKerasMomentum",
              {{"var", "accum", "lr", "grad", "momentum"}, 1, keras_momentum, nesterov, {}, {}});
  define_both("ApplyAdam", {{"var", "m", "v", "beta1_power", "beta2_power", "lr", "beta1",
                             "beta2", "epsilon", "grad"},
                            2, adam, nesterov, {}, {}});
  define_both("ApplyAdaMax", {{"var", "m", "v", "beta1_power", "lr", "beta1", "beta2", "epsilon",
                               "grad"},
                              2, ada_max, lock, {}, {}});
  define_both("ApplyAdagrad", {{"var", "accum", "lr", "grad"}, 1, adagrad, lock, slots, {}});
  define("ApplyAdagradV2",
         {{"var", "accum", "lr", "epsilon", "grad"}, 1, adagrad_v2, lock, slots, {}}, false);
  define("ApplyAdagradV2D",
         {{"var", "accum", "lr", "grad"}, 1, adagrad_v2, lock, slots, {"epsilon"}}, true);
  define_both("ApplyProximalAdagrad",
              {{"var", "accum", "lr", "l1", "l2", "grad"}, 1, proximal_adagrad, lock, {}, {}});
  define_both("ApplyAdadelta", {{"var", "accum", "accum_update", "lr", "rho", "epsilon", "grad"},
                                2, adadelta, lock, {}, {}});
  define("ApplyRMSProp", {{"var", "ms", "mom", "lr", "rho", "momentum", "epsilon", "grad"},
                          2, rms_prop, lock, {}, {}}, false);
  define("ApplyRMSPropD", {{"var", "ms", "mom", "lr", "grad"}, 2, rms_prop, lock, {},
                           {"rho", "momentum", "epsilon"}}, true);
  define_both("ApplyCenteredRMSProp",
              {{"var", "mg", "ms", "mom", "lr", "rho", "momentum", "epsilon", "grad"}, 3,
               centered_rms_prop, lock, {}, {}});
  define_both("ApplyFtrl", {{"var", "accum", "linear", "grad", "lr", "l1", "l2", "lr_power"}, 2,
                            ftrl, lock, {}, {}});
  define_both("ApplyAddSign", {{"var", "m", "lr", "alpha", "sign_decay", "beta", "grad"}, 1,
                               add_sign, lock, {}, {}});
  define_both("ApplyPowerSign", {{"var", "m", "lr", "logbase", "sign_decay", "beta", "grad"}, 1,
                                 power_sign, lock, {}, {}});
  return true;
}();

}  // namespace

}  // namespace ascend_emu
