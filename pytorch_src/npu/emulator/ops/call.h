/* A call seen through its operator's prototype: operands by position, attributes by name with
   their defaults, values of inputs that the host may read. No torch here. */
#ifndef ASCENDTORCH_EMU_CALL_H_
#define ASCENDTORCH_EMU_CALL_H_

#include <cstdint>
#include <string>
#include <vector>

#include "prototype.h"

namespace ascend_emu {

class Call {
 public:
  /* Refusal(ACL_ERROR_OP_INPUT_NOT_MATCH, ACL_ERROR_OP_OUTPUT_NOT_MATCH) when there are too few
     or too many operands. Both arguments must outlive this. */
  Call(const Prototype &prototype, EmuCall &call);

  const Prototype &prototype() const { return prototype_; }

  /* Operands are numbered as in the prototype; `k` numbers the tensors of a variadic one. */
  bool has(int input) const;
  bool has_output(int output) const;
  int count(int input) const { return inputs_[static_cast<size_t>(input)].count; }
  int output_count(int output) const { return outputs_[static_cast<size_t>(output)].count; }
  const EmuTensor &input(int i, int k = 0) const;
  EmuTensor &output(int i, int k = 0) const;
  /* "x1", or "x[2]" for the third of a variadic operand. */
  std::string input_name(int i, int k = 0) const;
  std::string output_name(int i, int k = 0) const;

  /* Shapes as the network sees them, before any private layout. Dims below 0 of outputs stand
     for unknown ones. */
  Dims dims(int i, int k = 0) const { return plain_dims(input(i, k)); }
  Dims output_dims(int i, int k = 0) const { return plain_dims(output(i, k)); }
  int32_t dtype(int i, int k = 0) const { return input(i, k).dtype; }
  int32_t output_dtype(int i, int k = 0) const { return output(i, k).dtype; }
  /* The plain format (NCHW, NHWC, ...) of an operand, whatever its layout. */
  int32_t format(int i, int k = 0) const { return plain_format(input(i, k)); }
  int32_t output_format(int i, int k = 0) const { return plain_format(output(i, k)); }

  /* Attributes, or their defaults. */
  bool b(const char *attr) const;
  int64_t i(const char *attr) const;
  double f(const char *attr) const;
  std::string s(const char *attr) const;
  int32_t type(const char *attr) const;
  Ints ints(const char *attr) const; /* list of int, of bool or of data type */
  std::vector<double> floats(const char *attr) const;
  std::vector<Ints> lists(const char *attr) const;
  /* Whether the caller gave it. */
  bool given(const char *attr) const;

  /* Whether the value of an input can be read now: always while the operator runs, before that
     only when it is a constant in host memory. */
  bool value_known(int input) const;
  /* The value of an input of any integer type, or of any type for host_floats; flat. */
  Ints host_ints(int input) const;
  std::vector<double> host_floats(int input) const;

  /* Refusal with "Op [Add]: " before a printf-style text. */
  [[noreturn]] void refuse(int32_t code, const char *format, ...) const
      __attribute__((format(printf, 3, 4)));

 private:
  struct Span {
    int first;
    int count; /* 0: an optional operand that was not given */
  };

  static Dims plain_dims(const EmuTensor &tensor);
  static int32_t plain_format(const EmuTensor &tensor);
  std::vector<Span> resolve(const std::vector<OperandRule> &rules, const EmuTensor *tensors,
                            int given, const char *which, int32_t code) const;
  const EmuAttr *find(const char *attr) const;
  const AttrRule &rule(const char *attr) const;

  const Prototype &prototype_;
  EmuCall &call_;
  std::vector<Span> inputs_;
  std::vector<Span> outputs_;
};

/* "[2, 3]" */
std::string dims_text(const Dims &dims);

/* Whether a dim is not known before the operator has run. */
bool any_unknown(const Dims &dims);

/* Writes actual_ndim and actual_dims. Refusal(ACL_ERROR_RT_AICORE_EXCEPTION) when the dims are
   more than EMU_OPS_MAX_DIMS. */
void record_dims(EmuTensor &output, const Dims &dims);

}  // namespace ascend_emu

#endif
