#include "runtime/generator.h"

#include <c10/core/GeneratorImpl.h>

#include <array>
#include <cstring>
#include <mutex>

#include "runtime/device.h"

#if NPU_TORCH_VERSION < 20000
#include <ATen/Utils.h>
#else
#include <ATen/EmptyTensor.h>
#endif

namespace npu {

namespace {

class PhiloxGenerator final : public c10::GeneratorImpl {
 public:
  explicit PhiloxGenerator(c10::DeviceIndex index)
      : c10::GeneratorImpl(npu::device(index), c10::DispatchKeySet(kDispatchKey)) {}

  void set_current_seed(uint64_t seed) override {
    seed_ = seed;
    offset_ = 0;
  }
#if NPU_TORCH_VERSION >= 20000
  void set_offset(uint64_t offset) override { place(offset); }
  uint64_t get_offset() const override { return offset_; }
#endif
  uint64_t current_seed() const override { return seed_; }
  uint64_t seed() override {
    set_current_seed(c10::detail::getNonDeterministicRandom());
    return seed_;
  }

  void set_state(const c10::TensorImpl& state) override {
    TORCH_CHECK(state.device().is_cpu() && state.dtype() == caffe2::TypeMeta::Make<uint8_t>() &&
                    state.is_contiguous() && state.numel() == kStateBytes,
                "the state of an NPU generator is a contiguous CPU tensor of ", kStateBytes,
                " bytes (uint8), as get_state() returns it");
    const char* bytes = static_cast<const char*>(state.data());
    uint64_t seed = 0, offset = 0;
    std::memcpy(&seed, bytes, sizeof(seed));
    std::memcpy(&offset, bytes + sizeof(seed), sizeof(offset));
    set_current_seed(seed);
    place(offset);
  }
  c10::intrusive_ptr<c10::TensorImpl> get_state() const override {
    const at::Tensor state = at::detail::empty_cpu({kStateBytes}, at::kByte, c10::nullopt,
                                                   c10::nullopt, c10::nullopt, c10::nullopt);
    char* bytes = static_cast<char*>(state.data_ptr());
    std::memcpy(bytes, &seed_, sizeof(seed_));
    std::memcpy(bytes + sizeof(seed_), &offset_, sizeof(offset_));
    return state.getIntrusivePtr();
  }

  PhiloxState take(uint64_t count) {
    const PhiloxState begin{seed_, offset_};
    offset_ += (count + 3) / 4 * 4;
    return begin;
  }

 private:
  static constexpr int64_t kStateBytes = 16;

  void place(uint64_t offset) {
    TORCH_CHECK(offset % 4 == 0, "the offset of an NPU generator is a multiple of 4; ", offset,
                " was given");
    offset_ = offset;
  }

  PhiloxGenerator* clone_impl() const override {
    auto* made = new PhiloxGenerator(device().index());
    made->seed_ = seed_;
    made->offset_ = offset_;
    return made;
  }

  uint64_t seed_ = c10::default_rng_seed_val;
  uint64_t offset_ = 0;
};

constexpr int64_t PhiloxGenerator::kStateBytes;

c10::DeviceIndex chosen(c10::DeviceIndex index) { return index < 0 ? current_device() : index; }

}  // namespace

at::Generator make_generator(c10::DeviceIndex index) {
  return at::make_generator<PhiloxGenerator>(chosen(index));
}

const at::Generator& default_generator(c10::DeviceIndex index) {
  static auto* generators = new std::array<at::Generator, kMaxDevices>();
  static std::mutex mutex;
  const c10::DeviceIndex asked = chosen(index);
  TORCH_CHECK(asked < device_count(), "there is no device npu:", static_cast<int>(asked),
              "; this process has ", static_cast<int>(device_count()));
  at::Generator& generator = (*generators)[static_cast<size_t>(asked)];
  std::lock_guard<std::mutex> lock(mutex);
  if (!generator.defined()) {
    generator = make_generator(asked);
    generator.seed();
  }
  return generator;
}

PhiloxState take(const c10::optional<at::Generator>& generator, uint64_t count,
                 c10::DeviceIndex index) {
  at::Generator chosen =
      generator.has_value() && generator->defined() ? *generator : default_generator(index);
  TORCH_CHECK(chosen.device().type() == kDeviceType, "a generator of an NPU is wanted; this one is "
              "of ", chosen.device(), " (torch.Generator(device=\"npu\") makes one)");
  std::lock_guard<std::mutex> lock(chosen.mutex());
  return static_cast<PhiloxGenerator*>(chosen.unsafeGetGeneratorImpl())->take(count);
}

}  // namespace npu
