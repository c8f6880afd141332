#include "aclnn_capture.h"

#include "aclnn_entry.h"
#include "aclnn_operand.h"
#include "core/refusal.h"
#include "types.h"

namespace ascend_emu {

namespace {

/* The object behind an argument; a refusal names the argument. */
template <class T>
std::shared_ptr<T> object(const Handles<T> &table, const void *handle, const char *name) {
  std::shared_ptr<T> found = table.find(handle);
  if (found) return found;
  try {
    return table.get(handle, handle_code(handle));
  } catch (const Refusal &refusal) {
    refuse(refusal.code(), "argument %s: %s", name, refusal.what());
  }
}

bool given(const EmuAclnnArgument &argument) {
  return argument.optional == 0 || argument.handle != nullptr;
}

std::shared_ptr<AclnnList> list_of(const EmuAclnnArgument &argument, AclnnList::Kind kind) {
  std::shared_ptr<AclnnList> list = object(aclnn_lists(), argument.handle, argument.name);
  if (list->kind != kind) {
    refuse(ACLNN_ERR_PARAM_INVALID, "argument %s is a list of %s", argument.name,
           kind == AclnnList::Kind::kTensor ? "scalars, not of tensors"
                                            : "tensors, not of scalars");
  }
  return list;
}

struct Size {
  size_t inputs = 0, outputs = 0, attrs = 0;
};

size_t list_size(const EmuAclnnArgument &argument) {
  if (!given(argument)) return 0;
  return list_of(argument, AclnnList::Kind::kTensor)->handles.size();
}

Size measure(const EmuAclnnArgument *arguments, size_t count) {
  Size size;
  for (size_t i = 0; i < count; ++i) {
    switch (arguments[i].kind) {
      case EMU_ACLNN_IN:
      case EMU_ACLNN_SCALAR:
      case EMU_ACLNN_SCALARS:
        ++size.inputs;
        break;
      case EMU_ACLNN_OUT:
        ++size.outputs;
        break;
      case EMU_ACLNN_INOUT:
        ++size.inputs;
        ++size.outputs;
        break;
      case EMU_ACLNN_IN_LIST:
        size.inputs += list_size(arguments[i]);
        break;
      case EMU_ACLNN_OUT_LIST:
        size.outputs += list_size(arguments[i]);
        break;
      default:
        ++size.attrs;
    }
  }
  return size;
}

void add_scalar_list(const EmuAclnnArgument &argument, OpCall &call, size_t i) {
  std::vector<std::shared_ptr<AclnnScalar>> scalars;
  for (const void *handle : list_of(argument, AclnnList::Kind::kScalar)->handles) {
    scalars.push_back(object(aclnn_scalars(), handle, argument.name));
  }
  bool alike = true;
  for (const auto &scalar : scalars) alike = alike && scalar->type == scalars[0]->type;
  std::string same;
  std::vector<double> doubles;
  for (const auto &scalar : scalars) {
    same.append(scalar->value, scalar->bytes);
    doubles.push_back(as_double(*scalar));
  }
  const int64_t count = static_cast<int64_t>(scalars.size());
  if (alike && count != 0) {
    add_numbers(same.data(), same.size(), scalars[0]->type, &count, argument.name, call, i);
  } else {
    add_numbers(doubles.data(), doubles.size() * sizeof(double), ACL_DOUBLE, &count, argument.name,
                call, i);
  }
}

void set_ints(OpCall &call, const char *name, EmuAttrKind kind, const int64_t *values, size_t n) {
  call.add_attr(name, kind, n).ints = call.arena().copy(values, n);
}

void set_floats(OpCall &call, const char *name, EmuAttrKind kind, const double *values, size_t n) {
  call.add_attr(name, kind, n).floats = call.arena().copy(values, n);
}

void add_array(const EmuAclnnArgument &argument, OpCall &call) {
  const auto array = object(aclnn_arrays(), argument.handle, argument.name);
  const AclnnArray::Kind wanted = argument.kind == EMU_ACLNN_FLOATS ? AclnnArray::Kind::kFloat
                                  : argument.kind == EMU_ACLNN_BOOLS ? AclnnArray::Kind::kBool
                                                                     : AclnnArray::Kind::kInt;
  if (array->kind != wanted) {
    refuse(ACLNN_ERR_PARAM_INVALID, "argument %s is an array of another element type",
           argument.name);
  }
  if (wanted == AclnnArray::Kind::kFloat) {
    set_floats(call, argument.name, EMU_ATTR_LIST_FLOAT, array->floats.data(),
               array->floats.size());
  } else {
    set_ints(call, argument.name,
             wanted == AclnnArray::Kind::kBool ? EMU_ATTR_LIST_BOOL : EMU_ATTR_LIST_INT,
             array->ints.data(), array->ints.size());
  }
}

void add_value(const EmuAclnnArgument &argument, OpCall &call) {
  switch (argument.kind) {
    case EMU_ACLNN_INTS:
    case EMU_ACLNN_FLOATS:
    case EMU_ACLNN_BOOLS:
      return add_array(argument, call);
    case EMU_ACLNN_INT:
      return set_ints(call, argument.name, EMU_ATTR_INT, &argument.integer, 1);
    case EMU_ACLNN_BOOL:
      return set_ints(call, argument.name, EMU_ATTR_BOOL, &argument.integer, 1);
    case EMU_ACLNN_FLOAT:
      return set_floats(call, argument.name, EMU_ATTR_FLOAT, &argument.real, 1);
    case EMU_ACLNN_DTYPE:
      if (find_type(static_cast<int32_t>(argument.integer)) == nullptr) {
        refuse(ACLNN_ERR_PARAM_INVALID, "argument %s is %lld, which is no value of aclDataType",
               argument.name, static_cast<long long>(argument.integer));
      }
      return set_ints(call, argument.name, EMU_ATTR_DTYPE, &argument.integer, 1);
    default: {
      const char *const text = call.arena().text(static_cast<const char *>(argument.handle));
      call.add_attr(argument.name, EMU_ATTR_STRING, 1).strings = call.arena().copy(&text, 1);
    }
  }
}

/* Puts the operands and attributes into their places, in the order of the arguments. */
class Filler {
 public:
  explicit Filler(Executor &executor)
      : executor_(executor), call_(*executor.call), output_(executor.call->inputs()) {}

  void add(const EmuAclnnArgument &argument) {
    if (!given(argument)) return add_absent(argument);
    switch (argument.kind) {
      case EMU_ACLNN_IN:
      case EMU_ACLNN_OUT:
      case EMU_ACLNN_INOUT:
        return add_operand(argument);
      case EMU_ACLNN_IN_LIST:
      case EMU_ACLNN_OUT_LIST:
        return add_list(argument);
      case EMU_ACLNN_SCALAR:
        return add_scalar(argument);
      case EMU_ACLNN_SCALARS:
        return add_scalar_list(argument, call_, input_++);
      case EMU_ACLNN_STRING:
        aclnn_need(argument.handle, argument.name);
        return add_value(argument, call_);
      default:
        return add_value(argument, call_);
    }
  }

 private:
  void add_operand(const EmuAclnnArgument &argument) {
    const auto tensor = object(aclnn_tensors(), argument.handle, argument.name);
    if (argument.kind != EMU_ACLNN_OUT) add_tensor(tensor.get(), argument.name, call_, input_++);
    if (argument.kind != EMU_ACLNN_IN) add_output(tensor, argument.name);
  }

  void add_scalar(const EmuAclnnArgument &argument) {
    const auto scalar = object(aclnn_scalars(), argument.handle, argument.name);
    add_numbers(scalar->value, scalar->bytes, scalar->type, nullptr, argument.name, call_,
                input_++);
  }

  void add_absent(const EmuAclnnArgument &argument) {
    switch (argument.kind) {
      case EMU_ACLNN_IN:
      case EMU_ACLNN_SCALAR:
      case EMU_ACLNN_SCALARS:
        return add_tensor(nullptr, argument.name, call_, input_++);
      case EMU_ACLNN_OUT:
        return add_output(nullptr, argument.name);
      default:
        return; /* an attribute that is not set, a list of no tensors */
    }
  }

  void add_output(std::shared_ptr<AclnnTensor> tensor, const char *name) {
    add_tensor(tensor.get(), name, call_, output_++);
    executor_.outputs.push_back(std::move(tensor));
  }

  void add_list(const EmuAclnnArgument &argument) {
    size_t number = 0;
    for (const void *handle : list_of(argument, AclnnList::Kind::kTensor)->handles) {
      const std::string name = argument.name + std::to_string(number++);
      const auto tensor = object(aclnn_tensors(), handle, name.c_str());
      if (argument.kind == EMU_ACLNN_OUT_LIST) {
        add_output(tensor, name.c_str());
      } else {
        add_tensor(tensor.get(), name.c_str(), call_, input_++);
      }
    }
  }

  Executor &executor_;
  OpCall &call_;
  size_t input_ = 0;
  size_t output_;
};

}  // namespace

std::shared_ptr<Executor> capture_aclnn(const char *function, const EmuAclnnArgument *arguments,
                                        size_t count) {
  const Size size = measure(arguments, count);
  auto executor = std::make_shared<Executor>();
  executor->function = function;
  executor->call = std::make_shared<OpCall>(function, size.inputs, size.outputs, size.attrs);
  Filler filler(*executor);
  for (size_t i = 0; i < count; ++i) filler.add(arguments[i]);
  return executor;
}

}  // namespace ascend_emu
