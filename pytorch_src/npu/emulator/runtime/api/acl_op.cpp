/* acl_op.h: attributes of operators, and what runs them without options. */
#include <sys/stat.h>

#include "acl/acl_op.h"
#include "core/entry.h"
#include "core/log.h"
#include "ops/attrs.h"
#include "ops/launch.h"
#include "ops/types.h"

using namespace ascend_emu;

namespace {

/* Put an attribute into the set behind a handle; `fill` checks and copies its values. */
template <class Fill>
aclError set_attr(const char *function, aclopAttr *attrs, const char *name, EmuAttrKind kind,
                  Fill &&fill) {
  return entry(function, [&] {
    const auto found = op_attrs().get(attrs, ACL_ERROR_INVALID_PARAM);
    need(name, "attrName");
    if (*name == '\0') refuse(ACL_ERROR_INVALID_PARAM, "attrName is empty");
    Attr attr;
    attr.name = name;
    attr.kind = kind;
    fill(attr);
    found->set(std::move(attr));
  });
}

size_t checked_count(const Attr &attr, int count, const void *values) {
  if (count < 0) {
    refuse(ACL_ERROR_INVALID_PARAM, "attribute [%s]: %d values", attr.name.c_str(), count);
  }
  if (count > 0 && values == nullptr) {
    refuse(ACL_ERROR_INVALID_PARAM, "attribute [%s]: the values are null, but there are %d",
           attr.name.c_str(), count);
  }
  return static_cast<size_t>(count);
}

std::string checked_text(const Attr &attr, const char *value) {
  if (value == nullptr) {
    refuse(ACL_ERROR_INVALID_PARAM, "attribute [%s]: a string is null", attr.name.c_str());
  }
  return value;
}

int64_t checked_type(const Attr &attr, aclDataType value) {
  if (find_type(value) == nullptr) {
    refuse(ACL_ERROR_INVALID_PARAM, "attribute [%s]: %d is no value of aclDataType",
           attr.name.c_str(), static_cast<int>(value));
  }
  return value;
}

}  // namespace

extern "C" {

aclopAttr *aclopCreateAttr(void) {
  return entry_pointer("aclopCreateAttr", [] {
    return static_cast<aclopAttr *>(op_attrs().add(std::make_shared<OpAttrs>()));
  });
}

void aclopDestroyAttr(const aclopAttr *attr) {
  entry("aclopDestroyAttr", [&] { op_attrs().take(attr, ACL_ERROR_INVALID_PARAM); });
}

aclError aclopSetAttrBool(aclopAttr *attr, const char *attrName, uint8_t attrValue) {
  return set_attr("aclopSetAttrBool", attr, attrName, EMU_ATTR_BOOL,
                  [&](Attr &made) { made.ints.push_back(attrValue != 0 ? 1 : 0); });
}

aclError aclopSetAttrInt(aclopAttr *attr, const char *attrName, int64_t attrValue) {
  return set_attr("aclopSetAttrInt", attr, attrName, EMU_ATTR_INT,
                  [&](Attr &made) { made.ints.push_back(attrValue); });
}

aclError aclopSetAttrFloat(aclopAttr *attr, const char *attrName, float attrValue) {
  return set_attr("aclopSetAttrFloat", attr, attrName, EMU_ATTR_FLOAT,
                  [&](Attr &made) { made.floats.push_back(static_cast<double>(attrValue)); });
}

aclError aclopSetAttrString(aclopAttr *attr, const char *attrName, const char *attrValue) {
  return set_attr("aclopSetAttrString", attr, attrName, EMU_ATTR_STRING,
                  [&](Attr &made) { made.strings.push_back(checked_text(made, attrValue)); });
}

aclError aclopSetAttrDataType(aclopAttr *attr, const char *attrName, aclDataType attrValue) {
  return set_attr("aclopSetAttrDataType", attr, attrName, EMU_ATTR_DTYPE,
                  [&](Attr &made) { made.ints.push_back(checked_type(made, attrValue)); });
}

aclError aclopSetAttrListBool(aclopAttr *attr, const char *attrName, int numValues,
                              const uint8_t *values) {
  return set_attr("aclopSetAttrListBool", attr, attrName, EMU_ATTR_LIST_BOOL, [&](Attr &made) {
    const size_t count = checked_count(made, numValues, values);
    for (size_t i = 0; i < count; ++i) made.ints.push_back(values[i] != 0 ? 1 : 0);
  });
}

aclError aclopSetAttrListInt(aclopAttr *attr, const char *attrName, int numValues,
                             const int64_t *values) {
  return set_attr("aclopSetAttrListInt", attr, attrName, EMU_ATTR_LIST_INT, [&](Attr &made) {
    made.ints.assign(values, values + checked_count(made, numValues, values));
  });
}

aclError aclopSetAttrListFloat(aclopAttr *attr, const char *attrName, int numValues,
                               const float *values) {
  return set_attr("aclopSetAttrListFloat", attr, attrName, EMU_ATTR_LIST_FLOAT, [&](Attr &made) {
    made.floats.assign(values, values + checked_count(made, numValues, values));
  });
}

aclError aclopSetAttrListString(aclopAttr *attr, const char *attrName, int numValues,
                                const char **values) {
  return set_attr("aclopSetAttrListString", attr, attrName, EMU_ATTR_LIST_STRING, [&](Attr &made) {
    const size_t count = checked_count(made, numValues, values);
    for (size_t i = 0; i < count; ++i) made.strings.push_back(checked_text(made, values[i]));
  });
}

aclError aclopSetAttrListDataType(aclopAttr *attr, const char *attrName, int numValues,
                                  const aclDataType values[]) {
  return set_attr("aclopSetAttrListDataType", attr, attrName, EMU_ATTR_LIST_DTYPE,
                  [&](Attr &made) {
                    const size_t count = checked_count(made, numValues, values);
                    for (size_t i = 0; i < count; ++i) {
                      made.ints.push_back(checked_type(made, values[i]));
                    }
                  });
}

aclError aclopSetAttrListListInt(aclopAttr *attr, const char *attrName, int numLists,
                                 const int *numValues, const int64_t *const values[]) {
  return set_attr("aclopSetAttrListListInt", attr, attrName, EMU_ATTR_LIST_LIST_INT,
                  [&](Attr &made) {
                    const size_t count = checked_count(made, numLists, values);
                    if (count != 0) need(numValues, "numValues");
                    for (size_t i = 0; i < count; ++i) {
                      const size_t length = checked_count(made, numValues[i], values[i]);
                      made.lists.emplace_back(values[i], values[i] + length);
                    }
                  });
}

aclError aclopSetModelDir(const char *modelDir) {
  return entry("aclopSetModelDir", [&] {
    need(modelDir, "modelDir");
    struct stat status;
    if (stat(modelDir, &status) != 0 || !S_ISDIR(status.st_mode)) {
      refuse(ACL_ERROR_INVALID_FILE, "there is no folder %s", modelDir);
    }
    EMU_LOG(LogLevel::kWarning, "ASCENDCL",
            "aclopSetModelDir(%s): the emulator takes every operator from its own library and "
            "reads no models",
            modelDir);
  });
}

aclError aclopSetMaxOpQueueNum(uint64_t maxOpNum) {
  return entry("aclopSetMaxOpQueueNum", [&] {
    runtime();
    if (maxOpNum == 0) {
      refuse(ACL_ERROR_INVALID_MAX_OPQUEUE_NUM_CONFIG, "maxOpNum is 0: at least 1 is needed");
    }
    /* The limit is on compiled operators that are kept; here none is compiled. */
  });
}

aclError aclopExecuteV2(const char *opType, int numInputs, aclTensorDesc *inputDesc[],
                        aclDataBuffer *inputs[], int numOutputs, aclTensorDesc *outputDesc[],
                        aclDataBuffer *outputs[], aclopAttr *attr, aclrtStream stream) {
  return entry("aclopExecuteV2", [&] {
    const OpArguments arguments{opType, numInputs,  inputDesc, inputs,
                                numOutputs, outputDesc, outputs,   attr};
    launch_and_tell_shapes(arguments, stream);
  });
}

aclError aclopInferShape(const char *opType, int numInputs, aclTensorDesc *inputDesc[],
                         aclDataBuffer *inputs[], int numOutputs, aclTensorDesc *outputDesc[],
                         aclopAttr *attr) {
  return entry("aclopInferShape", [&] {
    const OpArguments arguments{opType, numInputs,  inputDesc, inputs,
                                numOutputs, outputDesc, nullptr,   attr};
    infer_shapes(arguments);
  });
}

}  // extern "C"
