// Random choices: yes or no, an order, and classes by their weights.
#include "kernels/random_support.h"

namespace npu {
namespace kernels {

namespace {

constexpr Types kWeights = kFloats | bit(at::kDouble);
constexpr Types kProbabilities = bit(at::kFloat) | bit(at::kHalf) | bit(at::kDouble);

// Draws 1 with the probability of each element of `p`.
at::Tensor drawn(const at::Tensor& p, at::ScalarType type, const MaybeGenerator& generator) {
  const at::Tensor given = takes(kProbabilities, p.scalar_type()) ? p : cast(p, at::kFloat);
  const RandomPlace place = take_place(generator, p, p.numel());
  const at::Tensor out = empty_like_sizes(p.sizes(), p, type);
  OpCommand("StatelessBernoulliV2")
      .input(given)
      .host_scalar(place.seed(), at::kLong)
      .host_scalar(place.offset(), at::kLong)
      .output(out)
      .attr("dtype", type)
      .run();
  return out;
}

}  // namespace

at::Tensor& bernoulli__float(at::Tensor& self, double p, MaybeGenerator generator) {
  TORCH_CHECK(p >= 0 && p <= 1, "bernoulli_ expects p to be in [0, 1], but got p=", p);
  write_in_place(self, [&](const at::Tensor& work) {
    const RandomPlace place = take_place(generator, work, work.numel());
    OpCommand("StatelessBernoulli")
        .host_input(work.sizes())
        .host_scalar(p, at::kFloat)
        .host_scalar(place.seed(), at::kLong)
        .host_scalar(place.offset(), at::kLong)
        .output(work)
        .attr("dtype", work.scalar_type())
        .run();
  });
  return self;
}

at::Tensor& bernoulli__Tensor(at::Tensor& self, const at::Tensor& p, MaybeGenerator generator) {
  const at::Tensor here = p.device() == self.device() ? p : p.to(self.device());
  return npu::copy_(self, drawn(here.expand(self.sizes()), self.scalar_type(), generator), true);
}

at::Tensor bernoulli(const at::Tensor& self, MaybeGenerator generator) {
  check_floating("bernoulli", self);
  return drawn(self, self.scalar_type(), generator);
}

at::Tensor& bernoulli_out(const at::Tensor& self, MaybeGenerator generator, at::Tensor& out) {
  resize_output(out, self.sizes());
  return npu::copy_(out, drawn(self, out.scalar_type(), generator), true);
}

at::Tensor& randperm_generator_out(int64_t n, MaybeGenerator generator, at::Tensor& out) {
  TORCH_CHECK(n >= 0, "randperm: n is ", n, "; it cannot be negative");
  resize_output(out, {n});
  const RandomPlace place = take_place(generator, out, n);
  OpCommand("StatelessRandperm")
      .host_scalar(n, at::kLong)
      .host_scalar(place.seed(), at::kLong)
      .host_scalar(place.offset(), at::kLong)
      .output(out)
      .attr("dtype", out.scalar_type())
      .run();
  return out;
}

#if NPU_TORCH_VERSION >= 20000
at::Tensor& randperm_out(int64_t n, at::Tensor& out) {
  return randperm_generator_out(n, c10::nullopt, out);
}
#endif

at::Tensor multinomial(const at::Tensor& self, int64_t num_samples, bool replacement,
                       MaybeGenerator generator) {
  const at::ScalarType type = self.scalar_type();
  TORCH_CHECK(takes(kWeights, type), "multinomial only supports floating-point dtypes for input, "
              "got: ", type);
  TORCH_CHECK(self.dim() == 1 || self.dim() == 2, "prob_dist must be 1 or 2 dim; it has ",
              self.dim());
  TORCH_CHECK(num_samples > 0, "cannot sample n_sample <= 0 samples");
  TORCH_CHECK(replacement || num_samples <= self.size(-1), "cannot sample n_sample > "
              "prob_dist.size(-1) samples without replacement: ", num_samples, " of ",
              self.size(-1));
  std::vector<int64_t> sizes = self.sizes().vec();
  sizes.back() = num_samples;
  const at::Tensor out = empty_like_sizes(sizes, self, at::kLong);
  const RandomPlace place = take_place(generator, out, replacement ? out.numel() : self.numel());
  OpCommand("MultinomialWithReplacement")
      .input(self)
      .host_scalar(place.seed(), at::kLong)
      .host_scalar(place.offset(), at::kLong)
      .output(out)
      .attr("numsamples", num_samples)
      .attr("replacement", replacement)
      .run();
  return out;
}

at::Tensor& multinomial_out(const at::Tensor& self, int64_t num_samples, bool replacement,
                            MaybeGenerator generator, at::Tensor& out) {
  TORCH_CHECK(out.scalar_type() == at::kLong, "multinomial: out= is of ", out.scalar_type(),
              "; int64 is expected");
  give("multinomial", kernels::multinomial(self, num_samples, replacement, generator), out);
  return out;
}

}  // namespace kernels
}  // namespace npu
