/* Dropout: masks of random bits or bytes, and their use. */
#include <random>

#include "args.h"
#include "codes.h"
#include "nn_layout.h"
#include "philox.h"
#include "scalars.h"
#include "shapes.h"

namespace ascend_emu {

namespace {

constexpr int64_t kBlockBits = 128; /* masks of bits are filled up to so many */

int64_t elements_of(const Dims &dims) {
  int64_t elements = 1;
  for (const int64_t dim : dims) elements *= dim;
  return elements;
}

int64_t rounded_up(int64_t value, int64_t unit) { return (value + unit - 1) / unit * unit; }

int64_t bit_mask_bytes(int64_t elements) { return rounded_up(elements, kBlockBits) / 8; }

/* The shape that input 0 gives. */
Dims wanted_shape(const Call &call) {
  const Dims shape = call.host_ints(0);
  for (const int64_t dim : shape) {
    if (dim < 0) {
      call.refuse(kAtRun, "input shape is %s; dims of 0 or more are allowed",
                  dims_text(shape).c_str());
    }
  }
  return shape;
}

/* How likely a 1 is. */
double probability(const Call &call) {
  const double value = one_float(call, 1);
  if (!(value >= 0 && value <= 1)) {
    call.refuse(kAtRun, "input prob is %g; 0 to 1 is allowed", value);
  }
  return value;
}

struct Seed {
  uint64_t seed;
  uint64_t offset;
  uint64_t stream;
};

/* Two seeds of 0 ask for numbers that nobody can repeat. */
Seed seed_of_attrs(const Call &call) {
  uint64_t seed = static_cast<uint64_t>(call.i("seed"));
  const uint64_t second = static_cast<uint64_t>(call.i("seed2"));
  if (seed == 0 && second == 0) {
    std::random_device source;
    seed = static_cast<uint64_t>(source()) << 32 | source();
  }
  return {seed, 0, second};
}

/* Inputs seed, seed1 and offset. */
Seed seed_of_inputs(const Call &call) {
  return {static_cast<uint64_t>(one_int(call, 2)),
          call.has(4) ? static_cast<uint64_t>(call.host_ints(4).at(0)) : 0,
          static_cast<uint64_t>(one_int(call, 3))};
}

at::Tensor kept(const Call &call, const Dims &dims, const Seed &seed) {
  return philox_uniform(dims, seed.seed, seed.offset, seed.stream).lt(probability(call));
}

/* 1, 2, 4, ... 128: bit b of byte k is of element 8 * k + b. */
at::Tensor bit_values() {
  std::vector<int64_t> values;
  for (int bit = 0; bit < 8; ++bit) values.push_back(int64_t{1} << bit);
  return at::tensor(values, at::TensorOptions().dtype(at::kLong));
}

at::Tensor to_bits(const at::Tensor &flags) {
  const int64_t bits = bit_mask_bytes(flags.numel()) * 8;
  const at::Tensor filled =
      at::constant_pad_nd(flags.reshape({-1}).to(at::kLong), {0, bits - flags.numel()}, 0);
  return filled.reshape({bits / 8, 8}).mul(bit_values()).sum(-1).to(at::kByte);
}

at::Tensor from_bits(const at::Tensor &mask, int64_t elements) {
  return mask.to(at::kLong).unsqueeze(-1).__and__(bit_values()).ne(0).reshape({-1}).narrow(
      0, 0, elements);
}

void bit_mask_shapes(Shapes &shapes) {
  expect_one_element(shapes, 1, 1);
  if (!shapes.value_known(0)) return;
  shapes.set(0, {bit_mask_bytes(elements_of(wanted_shape(shapes)))});
}

EMU_OP(DropOutGenMask)
    .input("shape", kIndex)
    .input("prob", {ACL_FLOAT16, ACL_FLOAT})
    .output("y", ACL_UINT8)
    .attr("seed", 0)
    .attr("seed2", 0)
    .shapes(bit_mask_shapes)
    .body([](Args &a) {
      const Dims flat{elements_of(wanted_shape(a))};
      a.out(0, to_bits(kept(a, flat, seed_of_attrs(a))));
    });

EMU_OP(StatelessDropOutGenMask)
    .input("shape", kIndex)
    .input("prob", kFloats)
    .input("seed", kIndex)
    .input("seed1", kIndex)
    .optional_input("offset", ACL_INT64)
    .output("y", ACL_UINT8)
    .shapes([](Shapes &shapes) {
      expect_one_element(shapes, 2, 3);
      if (shapes.has(4) && elements_of(shapes.dims(4)) < 1) {
        shapes.refuse(kAtCheck, "input offset has shape %s; one element or more is expected",
                      dims_text(shapes.dims(4)).c_str());
      }
    })
    .shapes(bit_mask_shapes)
    .body([](Args &a) {
      const Dims flat{elements_of(wanted_shape(a))};
      a.out(0, to_bits(kept(a, flat, seed_of_inputs(a))));
    });

/* A byte of 0 or 1 for each element. */
EMU_OP(DropOutGenMaskV3)
    .input("shape", kIndex)
    .input("prob", {ACL_FLOAT16, ACL_FLOAT})
    .output("y", ACL_UINT8)
    .attr("seed", 0)
    .attr("seed2", 0)
    .shapes([](Shapes &shapes) {
      expect_one_element(shapes, 1, 1);
      if (!shapes.value_known(0)) return;
      shapes.set(0, {rounded_up(elements_of(wanted_shape(shapes)), 16)});
    })
    .body([](Args &a) {
      const int64_t elements = elements_of(wanted_shape(a));
      const at::Tensor flags = kept(a, {elements}, seed_of_attrs(a)).to(at::kByte);
      a.out(0, at::constant_pad_nd(flags, {0, rounded_up(elements, 16) - elements}, 0));
    });

EMU_OP(DropOutGenMaskV4)
    .input("shape", kIndex)
    .input("prob", {ACL_FLOAT16, ACL_FLOAT})
    .output("y", ACL_BOOL)
    .attr("seed", 0)
    .attr("seed2", 0)
    .attr("dtype", ACL_BOOL)
    .shapes([](Shapes &shapes) {
      if (shapes.type("dtype") != ACL_BOOL) {
        shapes.refuse(kAttr, "attribute [dtype] must be DT_BOOL; the emulator has no DT_UINT1");
      }
      expect_one_element(shapes, 1, 1);
      if (shapes.value_known(0)) shapes.set(0, wanted_shape(shapes));
    })
    .body([](Args &a) { a.out(0, kept(a, wanted_shape(a), seed_of_attrs(a))); });

/* x / keep_prob where the mask has a 1. */
void apply_mask(Args &a, const at::Tensor &flags) {
  const at::Tensor x = a.in(0);
  const at::Tensor scaled = x / a.in(2).reshape(Dims{});
  a.out(0, scaled.masked_fill(flags.reshape(x.sizes()).logical_not(), 0));
}

void expect_mask(const Shapes &shapes, int64_t length, int64_t other) {
  const Dims mask = shapes.dims(1);
  if (mask == Dims{length} || mask == Dims{other}) return;
  shapes.refuse(kAtCheck, "input mask has shape %s; for x of shape %s [%lld] is expected",
                dims_text(mask).c_str(), dims_text(shapes.dims(0)).c_str(), ll(length));
}

EMU_OP(DropOutDoMask)
    .input("x", kFloats)
    .input("mask", ACL_UINT8)
    .input("keep_prob", same_as("x"))
    .output("y", same_as("x"))
    .in_float()
    .shapes([](Shapes &shapes) {
      const int64_t length = bit_mask_bytes(elements_of(shapes.dims(0)));
      expect_mask(shapes, length, length);
      expect_one_element(shapes, 2, 2);
      shapes.set(0, shapes.dims(0));
    })
    .body([](Args &a) { apply_mask(a, from_bits(a.in(1), elements_of(a.dims(0)))); });

EMU_OP(DropOutDoMaskV3)
    .input("x", {ACL_FLOAT16, ACL_FLOAT})
    .input("mask", {ACL_UINT8, ACL_BOOL})
    .input("keep_prob", same_as("x"))
    .output("y", same_as("x"))
    .in_float()
    .shapes([](Shapes &shapes) {
      const int64_t elements = elements_of(shapes.dims(0));
      /* The mask that DropOutGenMaskV3 gives is shorter than the one that is asked for here. */
      expect_mask(shapes, rounded_up(elements, kBlockBits), rounded_up(elements, 16));
      expect_one_element(shapes, 2, 2);
      shapes.set(0, shapes.dims(0));
    })
    .body([](Args &a) {
      apply_mask(a, a.in(1).ne(0).narrow(0, 0, elements_of(a.dims(0))));
    });

}  // namespace

}  // namespace ascend_emu
