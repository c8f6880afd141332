#include "runtime/op_call.h"

#include <c10/util/ArrayRef.h>
#include <c10/util/Exception.h>

#include "acl/acl_op_compiler.h"
#include "runtime/acl_error.h"

namespace npu {

namespace {

// Descriptions and buffers of some operands, as AscendCL wants them: arrays of handles.
class Handles {
 public:
  // Delegates, so that handles made before a failure are destroyed.
  Handles(const char* op, c10::ArrayRef<Operand> operands, bool sizes_unknown) : Handles(op) {
    descs_.reserve(operands.size());
    buffers_.reserve(operands.size());
    for (const Operand& operand : operands) add(operand, sizes_unknown);
  }
  ~Handles() {
    for (const aclTensorDesc* desc : descs_) aclDestroyTensorDesc(desc);
    for (const aclDataBuffer* buffer : buffers_) {
      NPU_WARN(aclDestroyDataBuffer(buffer));
    }
  }
  Handles(const Handles&) = delete;
  Handles& operator=(const Handles&) = delete;

  int size() const { return static_cast<int>(descs_.size()); }
  aclTensorDesc** descs() { return descs_.data(); }
  aclDataBuffer** buffers() { return buffers_.data(); }

 private:
  explicit Handles(const char* op) : op_(op) {}

  void add(const Operand& operand, bool sizes_unknown) {
    if (operand.absent) {
      push(aclCreateTensorDesc(ACL_DT_UNDEFINED, 0, nullptr, ACL_FORMAT_UNDEFINED));
      push(aclCreateDataBuffer(nullptr, 0));
      return;
    }
    std::vector<int64_t> dims(operand.dims.begin(), operand.dims.end());
    if (sizes_unknown) dims.assign(dims.size(), -1);
    aclTensorDesc* desc = push(aclCreateTensorDesc(operand.type, static_cast<int>(dims.size()),
                                                   dims.data(), operand.origin));
    if (!operand.storage_dims.empty()) {
      check(aclSetTensorFormat(desc, operand.format), "aclSetTensorFormat", op_);
      check(aclSetTensorShape(desc, static_cast<int>(operand.storage_dims.size()),
                              operand.storage_dims.data()),
            "aclSetTensorShape", op_);
    }
    if (!operand.name.empty()) aclSetTensorDescName(desc, operand.name.c_str());
    if (!operand.placed_on_host) {
      push(aclCreateDataBuffer(operand.data, operand.bytes));
      return;
    }
    void* values = const_cast<unsigned char*>(operand.host.data());
    check(aclSetTensorPlaceMent(desc, ACL_MEMTYPE_HOST), "aclSetTensorPlaceMent", op_);
    // An empty list of values is no constant: there is nothing to read.
    if (!operand.host.empty()) {
      check(aclSetTensorConst(desc, values, operand.host.size()), "aclSetTensorConst", op_);
    }
    push(aclCreateDataBuffer(operand.host.empty() ? nullptr : values, operand.host.size()));
  }

  aclTensorDesc* push(aclTensorDesc* desc) {
    if (desc == nullptr) throw_acl_error(ACL_ERROR_BAD_ALLOC, "aclCreateTensorDesc", op_);
    descs_.push_back(desc);
    return desc;
  }
  void push(aclDataBuffer* buffer) {
    if (buffer == nullptr) throw_acl_error(ACL_ERROR_BAD_ALLOC, "aclCreateDataBuffer", op_);
    buffers_.push_back(buffer);
  }

  const char* op_;
  c10::SmallVector<aclTensorDesc*, 6> descs_;
  c10::SmallVector<aclDataBuffer*, 6> buffers_;
};

class Attributes {
 public:
  Attributes(const char* op, const std::vector<Attr>& attrs) : Attributes() {
    if (attrs_ == nullptr) throw_acl_error(ACL_ERROR_BAD_ALLOC, "aclopCreateAttr", op);
    for (const Attr& attr : attrs) check(set(attr), "aclopSetAttr", op);
  }
  ~Attributes() {
    if (attrs_ != nullptr) aclopDestroyAttr(attrs_);
  }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;

  aclopAttr* get() const { return attrs_; }

 private:
  Attributes() : attrs_(aclopCreateAttr()) {}

  aclError set(const Attr& attr) {
    switch (attr.kind) {
      case Attr::kBool: return aclopSetAttrBool(attrs_, attr.name, attr.integer != 0);
      case Attr::kInt: return aclopSetAttrInt(attrs_, attr.name, attr.integer);
      case Attr::kFloat:
        return aclopSetAttrFloat(attrs_, attr.name, static_cast<float>(attr.number));
      case Attr::kString: return aclopSetAttrString(attrs_, attr.name, attr.text.c_str());
      case Attr::kInts:
        return aclopSetAttrListInt(attrs_, attr.name, static_cast<int>(attr.integers.size()),
                                   attr.integers.data());
      case Attr::kFloats:
        return aclopSetAttrListFloat(attrs_, attr.name, static_cast<int>(attr.numbers.size()),
                                     attr.numbers.data());
      case Attr::kType:
        return aclopSetAttrDataType(attrs_, attr.name, static_cast<aclDataType>(attr.integer));
    }
    return ACL_ERROR_INVALID_PARAM;
  }

  aclopAttr* attrs_;
};

std::vector<int64_t> sizes_of(const aclTensorDesc* desc, const char* op) {
  std::vector<int64_t> sizes(aclGetTensorDescNumDims(desc));
  for (size_t i = 0; i < sizes.size(); ++i) {
    check(aclGetTensorDescDimV2(desc, i, &sizes[i]), "aclGetTensorDescDimV2", op);
  }
  return sizes;
}

}  // namespace

bool OpCall::writes_nothing() const {
  for (const Operand& output : outputs) {
    if (output.bytes != 0) return false;
  }
  return true;
}

void OpCall::execute(aclrtStream stream) const {
  Handles in(name, inputs, false), out(name, outputs, false);
  const Attributes attributes(name, attrs);
  check(aclopCompileAndExecute(name, in.size(), in.descs(), in.buffers(), out.size(), out.descs(),
                               out.buffers(), attributes.get(), ACL_ENGINE_SYS, ACL_COMPILE_SYS,
                               nullptr, stream),
        "aclopCompileAndExecute", name);
}

std::vector<std::vector<int64_t>> OpCall::execute_and_get_sizes(aclrtStream stream) const {
  Handles in(name, inputs, false), out(name, outputs, true);
  const Attributes attributes(name, attrs);
  check(aclopCompileAndExecuteV2(name, in.size(), in.descs(), in.buffers(), out.size(), out.descs(),
                                 out.buffers(), attributes.get(), ACL_ENGINE_SYS, ACL_COMPILE_SYS,
                                 nullptr, stream),
        "aclopCompileAndExecuteV2", name);
  check(aclrtSynchronizeStream(stream), "aclrtSynchronizeStream", name);
  std::vector<std::vector<int64_t>> sizes;
  for (int i = 0; i < out.size(); ++i) sizes.push_back(sizes_of(out.descs()[i], name));
  return sizes;
}

}  // namespace npu
