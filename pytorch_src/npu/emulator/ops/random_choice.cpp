/* Random orders and choices. */
#include <algorithm>

#include "args.h"
#include "codes.h"
#include "random_numbers.h"
#include "scalars.h"
#include "shapes.h"

namespace ascend_emu {

namespace {

EMU_OP(Randperm)
    .output("out", type_from("dtype"))
    .required_attr("n", EMU_ATTR_INT)
    .attr("layout", 0)
    .attr("dtype", ACL_INT64)
    .shapes([](Shapes &s) {
      const DtypeSet allowed = (kFloating | kInts).without(ACL_BF16);
      if (s.i("n") < 0 || !allowed.has(s.type("dtype"))) {
        s.refuse(kAttr, "attribute [n] is %lld and [dtype] %d; a number of 0 or more and one of %s "
                 "are expected", static_cast<long long>(s.i("n")), s.type("dtype"),
                 allowed.text().c_str());
      }
      s.set(0, {s.i("n")});
    })
    .body([](Args &a) { a.out(0, random_order(a.i("n"), any_place())); });

EMU_OP(RandomShuffle)
    .input("x", (kNumber | kBool | ACL_UINT16).without(ACL_BF16))
    .output("y", same_as("x"))
    .attr("seed", 0)
    .attr("seed2", 0)
    .shapes(like(0))
    .body([](Args &a) {
      const at::Tensor x = a.in(0);
      const RandomPlace place = place_of(a.i("seed"), a.i("seed2"), 0, 0);
      a.out(0, x.dim() == 0 ? x : x.index_select(0, random_order(x.size(0), place)));
    });

/* `count` of the places where x is true, in any order; zeros, and a mask that is false, when
   there are fewer. A count of 0 asks for all. */
EMU_OP(RandomChoiceWithMask)
    .input("x", ACL_BOOL)
    .data_dependent_output("y", ACL_INT32)
    .data_dependent_output("mask", ACL_BOOL)
    .attr("count", 0)
    .attr("seed", 0)
    .attr("seed2", 0)
    .shapes([](Shapes &s) {
      if (s.i("count") < 0 || s.dims(0).empty() || s.dims(0).size() > 5) {
        s.refuse(kAtCheck, "attribute [count] is %lld and x has shape %s; a number of 0 or more "
                 "and 1 to 5 dims are expected", static_cast<long long>(s.i("count")),
                 dims_text(s.dims(0)).c_str());
      }
    })
    .body([](Args &a) {
      const at::Tensor places = a.in(0).nonzero();
      const RandomPlace place = place_of(a.i("seed"), a.i("seed2"), 0, 0);
      const int64_t count = a.i("count") == 0 ? places.size(0) : a.i("count");
      const int64_t found = std::min(count, places.size(0));
      const at::Tensor order = random_order(places.size(0), place).slice(0, 0, found);
      const at::Tensor y = at::zeros({count, places.size(1)}, places.options());
      y.slice(0, 0, found).copy_(places.index_select(0, order));
      a.out(0, y);
      a.out(1, at::arange(count, places.options()).lt(found));
    });

/* Rows of weights, and how many draws are wanted of each. */
Dims draws_dims(const Call &call, int32_t code, int64_t draws) {
  Dims dims = call.dims(0);
  if (dims.empty() || dims.size() > 2 || dims.back() == 0 || draws < 0) {
    call.refuse(code, "%lld draws from %s of shape %s; a number of 0 or more, and one or two dims "
                "with at least one class, are expected", static_cast<long long>(draws),
                call.input_name(0).c_str(), dims_text(dims).c_str());
  }
  dims.back() = draws;
  return dims;
}

/* With replacement: the first class whose cumulated weight is beyond a random part of all. */
at::Tensor drawn(const at::Tensor &weights, const Dims &dims, const RandomPlace &place) {
  const at::Tensor sums = weights.to(at::kDouble).cumsum(-1);
  const at::Tensor u = uniform_numbers(dims, at::kDouble, place);
  const at::Tensor at_weight = u * sums.narrow(-1, sums.size(-1) - 1, 1);
  return at::searchsorted(sums.contiguous(), at_weight.contiguous(), false, true)
      .clamp(0, sums.size(-1) - 1);
}

at::Tensor drawn_by_logits(Args &a, const RandomPlace &place) {
  const Dims dims = draws_dims(a, kAtRun, one_int(a, 1));
  return drawn(at::softmax(a.in(0).to(at::kDouble), -1), dims, place);
}

void logits_shape(Shapes &s) {
  if (s.dims(0).size() != 2) {
    s.refuse(kAtCheck, "input logits has shape %s; two dims are expected",
             dims_text(s.dims(0)).c_str());
  }
  if (s.value_known(1)) s.set(0, draws_dims(s, kAtCheck, one_int(s, 1)));
}

EMU_OP(Multinomial)
    .input("logits", {ACL_FLOAT16, ACL_FLOAT, ACL_DOUBLE})
    .input("num_samples", ACL_INT32)
    .output("y", type_from("dtype"))
    .attr("dtype", ACL_INT64)
    .attr("seed", 0)
    .attr("seed2", 0)
    .shapes(logits_shape)
    .body([](Args &a) {
      a.out(0, drawn_by_logits(a, place_of(a.i("seed"), a.i("seed2"), 0, 0)));
    });

EMU_OP(StatelessMultinomial)
    .input("logits", {ACL_FLOAT16, ACL_FLOAT, ACL_DOUBLE})
    .input("num_samples", ACL_INT32)
    .input("seed", kIndex)
    .output("y", type_from("output_dtype"))
    .attr("output_dtype", ACL_INT64)
    .shapes(logits_shape)
    .body([](Args &a) {
      const Ints seeds = a.host_ints(2);
      if (seeds.size() != 2) {
        a.refuse(kAtRun, "input seed has %zu elements; two are expected", seeds.size());
      }
      a.out(0, drawn_by_logits(a, {static_cast<uint64_t>(seeds[0]), 0,
                                   static_cast<uint64_t>(seeds[1])}));
    });

void refuse_weights(const Call &call, const at::Tensor &weights, int64_t needed) {
  const bool sound = weights.ge(0).logical_and(at::isfinite(weights)).all().item<bool>();
  if (!sound || !weights.gt(0).sum(-1).ge(needed).all().item<bool>()) {
    call.refuse(kAtRun, "input x must hold finite numbers of 0 or more, at least %lld of each row "
                "positive", static_cast<long long>(needed));
  }
}

/* Without replacement: the classes that would come first if each came after an exponential time
   with its weight as the rate. */
at::Tensor drawn_once(const at::Tensor &weights, int64_t draws, const RandomPlace &place) {
  const at::Tensor u = uniform_numbers(weights.sizes().vec(), at::kDouble, place);
  const at::Tensor times = at::log1p(u.neg()).neg() / weights;
  return std::get<1>(at::sort(times, -1)).narrow(-1, 0, draws);
}

EMU_OP(MultinomialWithReplacement)
    .input("x", kFloating)
    .input("seed", ACL_INT64)
    .input("offset", ACL_INT64)
    .output("y", ACL_INT64)
    .required_attr("numsamples", EMU_ATTR_INT)
    .attr("replacement", false)
    .shapes([](Shapes &s) { s.set(0, draws_dims(s, kAttr, s.i("numsamples"))); })
    .body([](Args &a) {
      const int64_t draws = a.i("numsamples");
      const Dims dims = draws_dims(a, kAttr, draws);
      const at::Tensor weights = a.in(0).to(at::kDouble);
      const RandomPlace place = place_of(one_int(a, 1), one_int(a, 2), -1, 0);
      refuse_weights(a, weights, a.b("replacement") ? 1 : draws);
      a.out(0, a.b("replacement") ? drawn(weights, dims, place)
                                  : drawn_once(weights, draws, place));
    });

}  // namespace

}  // namespace ascend_emu
