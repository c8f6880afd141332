/* Random numbers from a place that the inputs name: equal inputs, equal numbers. */
#include "args.h"
#include "codes.h"
#include "random_numbers.h"
#include "scalars.h"
#include "shapes.h"

namespace ascend_emu {

namespace {

constexpr DtypeSet kWideInts{ACL_INT32, ACL_INT64, ACL_UINT32, ACL_UINT64};

Dims shape_of(const Call &call, int32_t code) {
  const Dims dims = call.host_ints(0);
  for (const int64_t dim : dims) {
    if (dim < 0) {
      call.refuse(code, "input shape is %s; no dim may be negative", dims_text(dims).c_str());
    }
  }
  return dims;
}

void from_shape(Shapes &s) {
  if (s.value_known(0)) s.set(0, shape_of(s, kAtCheck));
}

/* Inputs 1 to 3 of TensorFlow's second generation: key, counter of 128 bits, algorithm. */
RandomPlace keyed_place(const Call &call) {
  const Ints counter = call.host_ints(2);
  const int64_t algorithm = one_int(call, 3);
  if (counter.empty() || counter.size() > 2) {
    call.refuse(kAtRun, "input counter has %zu elements; one or two are expected",
                counter.size());
  }
  if (algorithm != 1 && algorithm != 3) {
    call.refuse(kAtRun, "input alg is %lld; the emulator has Philox: 1, or 3 for any algorithm",
                static_cast<long long>(algorithm));
  }
  return {static_cast<uint64_t>(one_int(call, 1)), static_cast<uint64_t>(counter[0]),
          counter.size() == 2 ? static_cast<uint64_t>(counter[1]) : 0};
}

Define keyed(const char *name) {
  return Define(name)
      .input("shape", kIndex)
      .input("key", ACL_UINT64)
      .input("counter", ACL_UINT64)
      .input("alg", ACL_INT32)
      .shapes(from_shape);
}

void refuse_other_types(Shapes &s, DtypeSet allowed) {
  if (!allowed.has(s.type("dtype"))) {
    s.refuse(kAttr, "attribute [dtype] is %d; allowed are %s", s.type("dtype"),
             allowed.text().c_str());
  }
}

const Defined stateless_random_uniform_v2 =
    keyed("StatelessRandomUniformV2")
        .output("y", type_from("dtype"))
        .attr("dtype", ACL_FLOAT)
        .shapes([](Shapes &s) { refuse_other_types(s, kFloating); })
        .body([](Args &a) {
          a.out(0, uniform_numbers(shape_of(a, kAtRun), a.out_type(0), keyed_place(a)));
        });

const Defined stateless_random_normal_v2 =
    keyed("StatelessRandomNormalV2")
        .output("y", type_from("dtype"))
        .attr("dtype", ACL_FLOAT)
        .shapes([](Shapes &s) { refuse_other_types(s, kFloating); })
        .body([](Args &a) {
          a.out(0, normal_numbers(shape_of(a, kAtRun), a.out_type(0), keyed_place(a)));
        });

const Defined stateless_truncated_normal_v2 =
    keyed("StatelessTruncatedNormalV2")
        .output("y", type_from("dtype"))
        .attr("dtype", ACL_FLOAT)
        .shapes([](Shapes &s) { refuse_other_types(s, kFloating); })
        .body([](Args &a) {
          a.out(0, truncated_normal_numbers(shape_of(a, kAtRun), keyed_place(a)));
        });

const Defined stateless_random_uniform_full_int_v2 =
    keyed("StatelessRandomUniformFullIntV2")
        .output("y", type_from("dtype"))
        .attr("dtype", ACL_INT32)
        .shapes([](Shapes &s) { refuse_other_types(s, kWideInts); })
        .body([](Args &a) { a.out(0, random_bits(shape_of(a, kAtRun), keyed_place(a))); });

/* Integers from one bound to before the other, which are inputs. */
at::Tensor bounded(const Args &a, int first, const RandomPlace &place) {
  const int64_t low = one_int(a, first);
  const int64_t high = one_int(a, first + 1);
  const bool rises = a.dtype(first) == ACL_UINT64
                         ? static_cast<uint64_t>(low) < static_cast<uint64_t>(high)
                         : low < high;
  if (!rises) {
    a.refuse(kAtRun, "input %s is not less than input %s", a.input_name(first).c_str(),
             a.input_name(first + 1).c_str());
  }
  return random_integers(shape_of(a, kAtRun), low, high, place);
}

const Defined stateless_random_uniform_int_v2 =
    keyed("StatelessRandomUniformIntV2")
        .input("minval", kWideInts)
        .input("maxval", same_as("minval"))
        .output("y", same_as("minval"))
        .body([](Args &a) { a.out(0, bounded(a, 4, keyed_place(a))); });

/* TensorFlow's first generation has two seeds in one input. */
RandomPlace seeded_place(const Call &call, int seeds) {
  const Ints values = call.host_ints(seeds);
  if (values.size() != 2) {
    call.refuse(kAtRun, "input seed has %zu elements; two are expected", values.size());
  }
  return {static_cast<uint64_t>(values[0]), 0, static_cast<uint64_t>(values[1])};
}

EMU_OP(StatelessRandomUniformInt)
    .input("shape", kIndex)
    .input("seed", kIndex)
    .input("minval", kIndex)
    .input("maxval", same_as("minval"))
    .output("y", same_as("minval"))
    .shapes(from_shape)
    .body([](Args &a) { a.out(0, bounded(a, 2, seeded_place(a, 1))); });

/* A seed of -1 with an offset of 0 asks for any numbers. */
RandomPlace offset_place(const Call &call, int seed) {
  return place_of(one_int(call, seed), one_int(call, seed + 1), -1, 0);
}

/* With 24 random digits, as float has, whatever the types. */
at::Tensor bernoulli(const at::Tensor &probability, const Dims &dims, const RandomPlace &place) {
  return uniform_numbers(dims, at::kFloat, place).to(at::kDouble).lt(probability.to(at::kDouble));
}

constexpr DtypeSet kDrawn = kFloating | kInts | kWideUnsigned | kBool;

EMU_OP(StatelessBernoulli)
    .input("shape", kIndex)
    .input("prob", kFloating)
    .input("seed", ACL_INT64)
    .input("offset", ACL_INT64)
    .output("y", type_from("dtype"))
    .attr("dtype", ACL_FLOAT)
    .shapes(from_shape)
    .shapes([](Shapes &s) { refuse_other_types(s, kDrawn); })
    .body([](Args &a) {
      const double probability = one_float(a, 1);
      if (!(probability >= 0 && probability <= 1)) {
        a.refuse(kAtRun, "input prob is %g; a number from 0 to 1 is expected", probability);
      }
      a.out(0, bernoulli(at::full({}, probability, at::kDouble), shape_of(a, kAtRun),
                         offset_place(a, 2)));
    });

EMU_OP(StatelessBernoulliV2)
    .input("x", {ACL_FLOAT16, ACL_FLOAT, ACL_DOUBLE})
    .input("seed", ACL_INT64)
    .input("offset", ACL_INT64)
    .output("y", kDrawn)
    .attr("dtype", ACL_DT_UNDEFINED)
    .shapes([](Shapes &s) {
      const int32_t asked = s.type("dtype");
      if (s.output_dtype(0) != (asked == ACL_DT_UNDEFINED ? s.dtype(0) : asked)) {
        s.refuse(ACL_ERROR_OP_OUTPUT_NOT_MATCH, "output y must have the type that attribute "
                 "[dtype] says, or that of input x when it says none");
      }
      s.set(0, s.dims(0));
    })
    .body([](Args &a) {
      const at::Tensor x = a.in(0);
      if (x.numel() != 0 && !x.ge(0).logical_and(x.le(1)).all().item<bool>()) {
        a.refuse(kAtRun, "input x holds a number that is not from 0 to 1");
      }
      a.out(0, bernoulli(x, a.dims(0), offset_place(a, 1)));
    });

EMU_OP(StatelessRandperm)
    .input("n", ACL_INT64)
    .input("seed", ACL_INT64)
    .input("offset", ACL_INT64)
    .output("y", type_from("dtype"))
    .attr("layout", 0)
    .attr("dtype", ACL_INT64)
    .shapes([](Shapes &s) {
      refuse_other_types(s, kFloating | kInts);
      if (s.value_known(0)) s.set(0, {one_int(s, 0)});
    })
    .body([](Args &a) {
      const int64_t count = one_int(a, 0);
      if (count < 0) a.refuse(kAtRun, "input n is negative");
      a.out(0, random_order(count, offset_place(a, 1)));
    });

}  // namespace

}  // namespace ascend_emu
