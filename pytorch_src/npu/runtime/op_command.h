// One operator of AscendCL: inputs, attributes and outputs, then run().
//
//   npu::OpCommand("Add").input(a).input(b).output(out).run();
#ifndef ASCENDTORCH_NPU_OP_COMMAND_H_
#define ASCENDTORCH_NPU_OP_COMMAND_H_

#include <memory>
#include <string>

#include "runtime/format.h"

namespace npu {

aclDataType NPU_API to_acl_type(at::ScalarType type);

class NPU_API OpCommand {
 public:
  explicit OpCommand(const char* name);  // a literal
  ~OpCommand();
  OpCommand(OpCommand&&) noexcept;

  // On the device: made plain and contiguous if it is not. A tensor of the CPU is taken only when
  // it has one element (a 0-dim scalar); it is copied to the host side of the operator with the
  // type `type` where given. Throws c10::Error naming the operator for any other.
  OpCommand& input(const at::Tensor& tensor);
  // As it lies, private layout included: for operators that take one.
  OpCommand& input_as_is(const at::Tensor& tensor);
  // A parameter of a dynamic list: each gets the name `<name><index>`.
  OpCommand& inputs(at::TensorList tensors, const char* name);
  // An optional input that is not given.
  OpCommand& no_input();
  // Values the operator reads on the host (shapes, axes, sizes): 1-D.
  OpCommand& host_input(at::IntArrayRef values, at::ScalarType type = at::kLong);
  // A number the operator reads on the host: 0-D of `type`.
  OpCommand& host_scalar(const at::Scalar& value, at::ScalarType type);
  // uint64, which not every release of PyTorch has as a type: 1-D.
  OpCommand& host_unsigned(at::ArrayRef<uint64_t> values);

  // Written: may be non-contiguous (a temporary is moved into it afterwards) but not of another
  // device. Private layouts only with output_as_is.
  OpCommand& output(const at::Tensor& tensor);
  OpCommand& output_as_is(const at::Tensor& tensor);

  // The input or output before it lies in a plain format that the sizes do not tell, such as NHWC.
  OpCommand& input_format(aclFormat format);
  OpCommand& output_format(aclFormat format);

  OpCommand& attr(const char* name, bool value);
  OpCommand& attr(const char* name, int64_t value);
  OpCommand& attr(const char* name, int value) { return attr(name, static_cast<int64_t>(value)); }
  OpCommand& attr(const char* name, double value);  // a float of the operator
  OpCommand& attr(const char* name, const at::Scalar& value) {
    return attr(name, value.toDouble());
  }
  OpCommand& attr(const char* name, const char* value);
  OpCommand& attr(const char* name, const std::string& value) { return attr(name, value.c_str()); }
  OpCommand& attr(const char* name, at::IntArrayRef values);
  OpCommand& attr(const char* name, at::ArrayRef<double> values);  // floats of the operator
  OpCommand& attr(const char* name, at::ScalarType value);         // a data type

  // Launches on the current stream of the tensors' device. Throws c10::Error that names the
  // operator, the code and the recent error text; with the task queue the next synchronisation
  // does.
  void run();
  // For operators whose output shape follows from data: waits, and returns the sizes that each
  // output got (the outputs given are large enough for any).
  std::vector<std::vector<int64_t>> run_and_get_sizes();

 private:
  struct Call;
  std::unique_ptr<Call> call_;
};

}  // namespace npu

#endif
