/* For the tests of operators: the fake operator library, and calls with few words. */
#ifndef ASCENDTORCH_EMU_OP_FIXTURE_H_
#define ASCENDTORCH_EMU_OP_FIXTURE_H_

#include <cstdlib>
#include <string>
#include <vector>

#include "acl_fixture.h"

class OpTest : public AclTest {
 protected:
  void SetUp() override {
    setenv("ASCEND_EMU_OPS", FAKE_OPS, 1);
    AclTest::SetUp();
  }

  void *floats(const std::vector<float> &values) {
    return copied(values.data(), values.size() * 4);
  }
  void *copied(const void *bytes, size_t size) {
    void *memory = device_memory(size);
    EXPECT_EQ(aclrtMemcpy(memory, size, bytes, size, ACL_MEMCPY_HOST_TO_DEVICE), ACL_SUCCESS);
    return memory;
  }
  std::vector<float> read(const void *memory, size_t count) {
    std::vector<float> values(count);
    EXPECT_EQ(aclrtMemcpy(values.data(), count * 4, memory, count * 4, ACL_MEMCPY_DEVICE_TO_HOST),
              ACL_SUCCESS);
    return values;
  }
  std::string read_text(const void *memory, size_t size) {
    std::string text(size, '\0');
    EXPECT_EQ(aclrtMemcpy(&text[0], size, memory, size, ACL_MEMCPY_DEVICE_TO_HOST), ACL_SUCCESS);
    return text.c_str();
  }
};

/* The arguments of one aclop call; destroys what it made. */
class Call {
 public:
  explicit Call(const char *op) : op_(op), attr_(aclopCreateAttr()) {}
  ~Call() { destroy(); }
  Call(const Call &) = delete;
  Call &operator=(const Call &) = delete;

  Call &input(void *data, const std::vector<int64_t> &dims, aclDataType type = ACL_FLOAT) {
    return operand(input_descs_, inputs_, data, bytes_of(dims, type), dims, type);
  }
  Call &output(void *data, const std::vector<int64_t> &dims, aclDataType type = ACL_FLOAT) {
    return operand(output_descs_, outputs_, data, bytes_of(dims, type), dims, type);
  }
  Call &sized_output(void *data, size_t bytes, const std::vector<int64_t> &dims,
                     aclDataType type = ACL_FLOAT) {
    return operand(output_descs_, outputs_, data, bytes, dims, type);
  }
  Call &absent_input() {
    input_descs_.push_back(
        aclCreateTensorDesc(ACL_DT_UNDEFINED, 0, nullptr, ACL_FORMAT_UNDEFINED));
    inputs_.push_back(aclCreateDataBuffer(nullptr, 0));
    return *this;
  }
  Call &attr(const char *name, float value) {
    EXPECT_EQ(aclopSetAttrFloat(attr_, name, value), ACL_SUCCESS);
    return *this;
  }

  std::vector<aclTensorDesc *> &input_descs() { return input_descs_; }
  std::vector<aclTensorDesc *> &output_descs() { return output_descs_; }
  std::vector<aclDataBuffer *> &inputs() { return inputs_; }
  std::vector<aclDataBuffer *> &outputs() { return outputs_; }
  aclopAttr *attrs() { return attr_; }

  aclError run(aclrtStream stream = nullptr) {
    return aclopCompileAndExecute(op_, count(input_descs_), input_descs_.data(), inputs_.data(),
                                  count(output_descs_), output_descs_.data(), outputs_.data(),
                                  attr_, ACL_ENGINE_SYS, ACL_COMPILE_SYS, nullptr, stream);
  }
  aclError run_v2(aclrtStream stream = nullptr) {
    return aclopCompileAndExecuteV2(op_, count(input_descs_), input_descs_.data(), inputs_.data(),
                                    count(output_descs_), output_descs_.data(), outputs_.data(),
                                    attr_, ACL_ENGINE_SYS, ACL_COMPILE_SYS, nullptr, stream);
  }
  aclError execute(aclrtStream stream = nullptr) {
    return aclopExecuteV2(op_, count(input_descs_), input_descs_.data(), inputs_.data(),
                          count(output_descs_), output_descs_.data(), outputs_.data(), attr_,
                          stream);
  }
  aclError compile() {
    return aclopCompile(op_, count(input_descs_), input_descs_.data(), count(output_descs_),
                        output_descs_.data(), attr_, ACL_ENGINE_SYS, ACL_COMPILE_SYS, nullptr);
  }
  aclError infer() {
    return aclopInferShape(op_, count(input_descs_), input_descs_.data(), inputs_.data(),
                           count(output_descs_), output_descs_.data(), attr_);
  }

  void destroy() {
    for (aclTensorDesc *desc : input_descs_) aclDestroyTensorDesc(desc);
    for (aclTensorDesc *desc : output_descs_) aclDestroyTensorDesc(desc);
    for (aclDataBuffer *buffer : inputs_) aclDestroyDataBuffer(buffer);
    for (aclDataBuffer *buffer : outputs_) aclDestroyDataBuffer(buffer);
    if (attr_ != nullptr) aclopDestroyAttr(attr_);
    input_descs_.clear();
    output_descs_.clear();
    inputs_.clear();
    outputs_.clear();
    attr_ = nullptr;
  }

 private:
  template <class T>
  static int count(const std::vector<T> &items) {
    return static_cast<int>(items.size());
  }
  static size_t bytes_of(const std::vector<int64_t> &dims, aclDataType type) {
    size_t bytes = aclDataTypeSize(type);
    for (int64_t dim : dims) bytes *= static_cast<size_t>(dim);
    return bytes;
  }
  Call &operand(std::vector<aclTensorDesc *> &descs, std::vector<aclDataBuffer *> &buffers,
                void *data, size_t bytes, const std::vector<int64_t> &dims, aclDataType type) {
    descs.push_back(aclCreateTensorDesc(type, count(dims), dims.data(), ACL_FORMAT_ND));
    buffers.push_back(aclCreateDataBuffer(bytes == 0 ? nullptr : data, bytes));
    EXPECT_NE(descs.back(), nullptr);
    EXPECT_NE(buffers.back(), nullptr);
    return *this;
  }

  const char *op_;
  aclopAttr *attr_;
  std::vector<aclTensorDesc *> input_descs_, output_descs_;
  std::vector<aclDataBuffer *> inputs_, outputs_;
};

#endif
