// What the rendered kernels share: which types an operator takes, promotion, broadcasting, where
// the result goes, and the way to the CPU for what AscendCL's operator does not take.
#ifndef ASCENDTORCH_NPU_KERNELS_SUPPORT_H_
#define ASCENDTORCH_NPU_KERNELS_SUPPORT_H_

#include "runtime/copy.h"
#include "runtime/fallback.h"

namespace npu {
namespace kernels {

// A set of data types.
using Types = uint32_t;

constexpr Types bit(at::ScalarType type) {
  return static_cast<int>(type) < 32 ? Types(1) << static_cast<int>(type) : 0;
}

// Whether an optional argument is given.
inline bool is_given(const c10::optional<at::Tensor>& value) {
  return value.has_value() && value->defined();
}
template <class T>
bool is_given(const c10::optional<T>& value) {
  return value.has_value();
}

// What an operator of AscendCL takes. Types in `widened` are computed in another type that holds
// their values, and those of the result, exactly.
struct TypeRule {
  struct Widened {
    at::ScalarType from, to;
  };
  Types taken;
  Widened widened[8];

  // The type to compute in; Undefined where there is none.
  at::ScalarType compute_type(at::ScalarType type) const;
  bool takes(at::ScalarType type) const { return compute_type(type) != at::ScalarType::Undefined; }
};

// The type of a result, given the common type of the operands.
enum class ResultType {
  kSame,   // that type
  kFloat,  // of integers the default floating type, which they are computed in too
  kBool,
  kSum,  // of integers int64, which they are computed in too
};

at::ScalarType result_type_of(ResultType rule, at::ScalarType common);

// An elementwise operator: operands with promotion and broadcasting, and one result.
class Elementwise {
 public:
  // `name` is the overload's, such as "add.out", for messages.
  explicit Elementwise(const char* name) : name_(name) {}

  Elementwise& operand(const at::Tensor& tensor);
  Elementwise& operand(const at::Scalar& number);
  // One that is not given counts, and takes no part.
  template <class T>
  Elementwise& operand(const c10::optional<T>& value) {
    if (is_given(value)) return operand(*value);
    operands_.emplace_back();
    return *this;
  }
  // The result goes into `out`, which gets its size, or into an operand, whose size it must have.
  Elementwise& into(at::Tensor& out);
  Elementwise& in_place(at::Tensor& self);

  // The common type of the operands, as ATen promotes.
  at::ScalarType dtype() const;
  at::ScalarType compute_type() const { return compute_; }
  // Whether the operator takes that type; makes the result ready. Operands are converted to
  // `operands_as` where it is given. Throws c10::Error for shapes that do not broadcast, a result
  // that does not fit, and tensors on other devices.
  bool plan(const TypeRule& rule, ResultType result,
            at::ScalarType operands_as = at::ScalarType::Undefined);

  // Adds the operand of that number, in the type to compute in.
  void input(OpCommand& command, size_t number) const;
  // Adds a number that is no operand, in that type.
  void number(OpCommand& command, const at::Scalar& value) const;
  void output(OpCommand& command) const { command.output(to_); }
  // The result, in its place and type.
  at::Tensor finish();
  // Puts a result that other operators have computed in its place.
  at::Tensor assign(const at::Tensor& result);

 private:
  struct Operand {
    at::Tensor tensor;  // undefined for a number
    at::Scalar number;
    bool absent = true;
  };
  enum class Place { kNew, kOut, kInPlace };

  const at::Tensor& device_tensor() const;
  void check_place(at::ScalarType result) const;

  const char* name_;
  Place place_ = Place::kNew;
  std::vector<Operand> operands_;
  at::Tensor out_;  // what the caller gave
  at::Tensor to_;   // what the operator writes
  at::ScalarType compute_ = at::ScalarType::Undefined;
  at::ScalarType result_ = at::ScalarType::Undefined;
};

// Throws c10::Error, which names what is supported, where computing on the CPU is forbidden.
void check_cpu_allowed(const char* name, at::ScalarType type, Types taken);

// Computes an overload on the CPU, in whatever types it takes there.
template <class... Args>
torch::jit::Stack on_cpu(const char* name, const char* overload, const Args&... args) {
  torch::jit::Stack stack;
  torch::jit::push(stack, args...);
  fall_back(c10::Dispatcher::singleton().findSchemaOrThrow(name, overload), &stack);
  return stack;
}

// Attributes and conditions over the arguments of an overload.
inline double to_double(const at::Scalar& value) { return value.toDouble(); }
inline double to_double(double value) { return value; }
inline int64_t to_int(const at::Scalar& value) { return value.toLong(); }
inline int64_t to_int(int64_t value) { return value; }
inline at::Scalar to_scalar(const at::Scalar& value) { return value; }
inline at::Scalar to_scalar(const c10::optional<at::Scalar>& value) { return *value; }
// A number where ATen's function needs a tensor; it is promoted as a number.
at::Tensor as_tensor(const at::Scalar& value);
inline bool equals(const at::Scalar& a, const at::Scalar& b) {
  return !a.isComplex() && a.toDouble() == b.toDouble();
}
inline bool is_text(c10::string_view given, const char* text) {
  return given == c10::string_view(text);
}
template <class Text>
bool is_text(const c10::optional<Text>& given, const char* text) {
  return given.has_value() && is_text(*given, text);
}
inline bool is_integral(at::ScalarType type) { return c10::isIntegralType(type, true); }
inline bool is_floating(at::ScalarType type) { return c10::isFloatingType(type); }
inline bool is_fraction(const at::Scalar& value) {
  return value.isFloatingPoint() || value.isComplex();
}

}  // namespace kernels
}  // namespace npu

#endif
