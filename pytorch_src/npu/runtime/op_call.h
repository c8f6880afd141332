// A call of one operator as plain data: what a queued launch needs after its tensors are gone.
#ifndef ASCENDTORCH_NPU_OP_CALL_H_
#define ASCENDTORCH_NPU_OP_CALL_H_

#include <string>
#include <vector>

#include <c10/util/SmallVector.h>

#include "acl/acl.h"

namespace npu {

// A tensor, or values on the host, or nothing.
struct Operand {
  bool absent = false;
  bool placed_on_host = false;
  aclDataType type = ACL_FLOAT;
  aclFormat format = ACL_FORMAT_ND;
  aclFormat origin = ACL_FORMAT_ND;
  c10::SmallVector<int64_t, 5> dims;
  std::vector<int64_t> storage_dims;  // of a private layout
  std::string name;                   // of a member of a dynamic list
  void* data = nullptr;               // on the device
  size_t bytes = 0;
  c10::SmallVector<unsigned char, 16> host;
};

struct Attr {
  enum Kind { kBool, kInt, kFloat, kString, kInts, kFloats, kType };
  Attr(const char* attr_name, Kind attr_kind) : name(attr_name), kind(attr_kind) {}

  const char* name;
  Kind kind;
  int64_t integer = 0;
  double number = 0;
  std::string text;
  std::vector<int64_t> integers;
  std::vector<float> numbers;
};

struct OpCall {
  explicit OpCall(const char* op) : name(op) {}

  const char* name;
  c10::SmallVector<Operand, 4> inputs;
  c10::SmallVector<Operand, 2> outputs;
  std::vector<Attr> attrs;

  // True when every output that is asked for has no element.
  bool writes_nothing() const;
  // Compiles and launches it on a stream of the current device. Throws c10::Error.
  void execute(aclrtStream stream) const;
  // Likewise; waits, and returns the sizes each output got. A dim of an output that data decides is
  // given as -1 to the operator: all dims of the outputs are.
  std::vector<std::vector<int64_t>> execute_and_get_sizes(aclrtStream stream) const;
};

}  // namespace npu

#endif
