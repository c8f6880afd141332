/* What the body of an operator works with: its operands as ATen tensors. */
#ifndef ASCENDTORCH_EMU_ARGS_H_
#define ASCENDTORCH_EMU_ARGS_H_

#include <functional>
#include <vector>

#include "aten.h"
#include "call.h"

namespace ascend_emu {

/* ATen's type for an aclDataType; unsigned types wider than a byte are seen as signed ones of the
   same size. Refusal(ACL_ERROR_UNSUPPORTED_DATA_TYPE) for types that ATen has no tensors of. */
at::ScalarType scalar_type(int32_t dtype);

class Args : public Call {
 public:
  /* `halves_as_float`: in() gives 16-bit floats as float, for want of kernels. */
  Args(const Prototype &prototype, EmuCall &call, bool halves_as_float);

  /* An input, in the dims that the network sees. Not to be written to. */
  at::Tensor in(int i, int k = 0) const;
  /* All tensors of a variadic input. */
  std::vector<at::Tensor> all_in(int i) const;
  /* An undefined tensor when the optional input was not given. */
  at::Tensor in_or_none(int i) const { return has(i) ? in(i) : at::Tensor(); }
  /* An input as its bytes lie: in the dims of its layout. */
  at::Tensor raw_in(int i) const;

  /* The type that a result will be given out in. */
  at::ScalarType out_type(int i, int k = 0) const { return scalar_type(output_dtype(i, k)); }

  /* The same, but float for 16-bit floats when in() gives them as float. */
  at::ScalarType compute_type(int i) const;

  /* Gives a result out: cast to the output's type, laid out in its layout.
     Refusal(ACL_ERROR_RT_AICORE_EXCEPTION) when the shape is not the declared one. Does nothing
     for an optional output that was not asked for. */
  void out(int i, const at::Tensor &result, int k = 0);
  /* Gives a result out by letting `compute` write it into the tensor it gets: into the caller's
     memory where that is possible, which saves a copy. */
  void out_by(int i, const std::function<void(at::Tensor &)> &compute);
  /* Whether an output is to be written over that input, element by element. */
  bool in_place(int i, int of_input) const;
  /* Gives an input out after `change` was applied to it: in the caller's memory where input and
     output are the same bytes, which saves two copies of what does not change. */
  void out_changed(int i, int of_input, const std::function<void(at::Tensor &)> &change);
  /* Gives the bytes of a layout out as they are; for operators with Layouts::kRaw. */
  void raw_out(int i, const at::Tensor &result);

 private:
  at::Tensor view(const EmuTensor &tensor, const Dims &dims) const;
  at::Tensor plain(const EmuTensor &tensor) const;
  int64_t groups_of(const EmuTensor &tensor) const;
  bool overlaps_input(const EmuTensor &output) const;
  bool aliases_input(const at::Tensor &result) const;
  bool can_write_directly(int i) const;
  void write(EmuTensor &output, const Dims &dims, const at::Tensor &result);

  bool halves_as_float_;
};

/* Computes a call with its operator's body. */
void run_body(const Prototype &prototype, EmuCall &call);

}  // namespace ascend_emu

#endif
