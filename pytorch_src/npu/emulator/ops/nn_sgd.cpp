/* Stochastic gradient descent with momentum. */
#include "args.h"
#include "codes.h"
#include "nn_layout.h"
#include "nn_reduction.h"
#include "nn_update.h"
#include "shapes.h"

namespace ascend_emu {

namespace {

/* As CANN documents it: dampening counts even without momentum, and without momentum nothing is
   remembered. */
EMU_OP(SGD)
    .input("parameters", kFloats)
    .input("gradient", same_as("parameters"))
    .input("learning_rate", same_as("parameters"))
    .input("accum", same_as("parameters"))
    .input("momentum", same_as("parameters"))
    .input("stat", same_as("parameters"))
    .output("parameters", same_as("parameters"))
    .attr("dampening", 0.0)
    .attr("weight_decay", 0.0)
    .attr("nesterov", false)
    .layouts(Layouts::kPrivate)
    .in_float()
    .shapes([](Shapes &shapes) {
      for (const int input : {1, 3, 5}) expect_same_dims(shapes, 0, input);
      expect_one_element(shapes, 2, 2);
      expect_one_element(shapes, 4, 4);
      if (shapes.f("weight_decay") < 0 || (shapes.b("nesterov") && shapes.f("dampening") != 0)) {
        shapes.refuse(kAttr, "attribute [weight_decay] is %g, [dampening] is %g; 0 or more and, "
                      "with nesterov, 0 are allowed", shapes.f("weight_decay"),
                      shapes.f("dampening"));
      }
      shapes.set(0, shapes.dims(0));
    })
    .body([](Args &a) {
      const at::Tensor parameters = a.in(0);
      const at::Tensor rate = a.in(2).reshape(Dims{});
      const at::Tensor momentum = a.in(4).reshape(Dims{});
      const double decay = a.f("weight_decay");
      const double dampening = a.f("dampening");
      const at::Tensor grad = decay != 0 ? a.in(1) + parameters * decay : a.in(1);
      at::Tensor accum = a.in(3) * momentum + grad;
      if (dampening != 0) accum = accum - grad * (1 - a.in(5)) * dampening;
      const at::Tensor step = a.b("nesterov") ? grad + accum * momentum : accum;
      const bool remembers = momentum.item<double>() != 0;
      const at::Tensor stat = at::zeros_like(parameters);
      a.out(0, parameters - step * rate);
      if (!remembers) return;
      update_input(a, 3, accum);
      update_input(a, 5, stat);
    });

}  // namespace

}  // namespace ascend_emu
