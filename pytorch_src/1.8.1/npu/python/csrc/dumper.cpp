// torch.utils.dumper: shows a Python function every operator that a program calls.
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/stack.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <torch/csrc/Exceptions.h>
#include <torch/csrc/autograd/python_variable.h>
#include <torch/csrc/autograd/variable.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "python/csrc/module.h"

namespace npu {

namespace {

// The one that nothing else in this release uses. It lies above autograd, so that what is seen is
// what was called, by the same name for every device; a thread's set of keys goes along to the
// threads of a backward pass.
constexpr c10::DispatchKey kDumperKey = c10::DispatchKey::TESTING_ONLY_GenericMode;

std::atomic<bool> watching{false};
PyObject* watcher = nullptr;  // Read and written with the GIL held.

// Numbers that were made tensors for the call are numbers again: a tensor takes part in type
// promotion where a number does not.
pybind11::object tensor_to_python(const at::Tensor& tensor) {
  if (!tensor.defined()) return pybind11::none();
  if (tensor.key_set().has(c10::DispatchKey::Batched)) return pybind11::str("a tensor in vmap");
  auto object = pybind11::reinterpret_steal<pybind11::object>(THPVariable_Wrap(tensor));
  if (!object) throw pybind11::error_already_set();
  if (tensor.unsafeGetTensorImpl()->is_wrapped_number()) return object.attr("item")();
  return object;
}

// What has no form in Python that could be stored is text.
pybind11::object to_python(const c10::IValue& value) {
  if (value.isNone()) return pybind11::none();
  if (value.isTensor()) return tensor_to_python(value.toTensor());
  if (value.isBool()) return pybind11::bool_(value.toBool());
  if (value.isInt()) return pybind11::int_(value.toInt());
  if (value.isDouble()) return pybind11::float_(value.toDouble());
  if (value.isString()) return pybind11::str(value.toStringRef());
  if (value.isList()) {
    pybind11::list items;
    for (const c10::IValue& item : value.toListRef()) items.append(to_python(item));
    return std::move(items);
  }
  std::ostringstream text;
  text << value;
  return pybind11::str(text.str());
}

// `object` in the place of `value`; of None, `value` itself. Its gradient is that of the tensor it
// takes the place of: a node between the two would change the order in which a backward pass calls
// operators.
c10::IValue tensor_from_python(const pybind11::handle& object, const c10::IValue& value) {
  if (object.is_none()) return value;
  if (!THPVariable_Check(object.ptr())) throw pybind11::type_error("a tensor is wanted");
  const at::Tensor tensor = THPVariable_Unpack(object.ptr());
  if (value.isTensor() && value.toTensor().defined() && value.toTensor().requires_grad()) {
    namespace autograd = torch::autograd::impl;
    autograd::set_gradient_edge(tensor, autograd::gradient_edge(value.toTensor()));
  }
  return tensor;
}

// The same for a tensor or for a list, which is as long as before.
c10::IValue from_python(const pybind11::handle& object, const c10::IValue& value) {
  if (!value.isList()) return tensor_from_python(object, value);
  auto items = value.toList().copy();
  const auto given = pybind11::cast<pybind11::sequence>(object);
  if (given.size() != items.size()) throw pybind11::type_error("a list of another length");
  for (size_t i = 0; i < given.size(); i++) {
    items.set(i, tensor_from_python(given[i], items.get(i)));
  }
  return items;
}

// Whether an operator writes an argument; of a list, its tensors.
bool is_written(const c10::AliasInfo& alias) {
  if (alias.isWrite()) return true;
  const auto& items = alias.containedTypes();
  return std::any_of(items.begin(), items.end(), is_written);
}

// One call of an operator. It has all that the operator was called with, so that Python may keep
// it as long as it likes.
class Call {
 public:
  Call(c10::OperatorHandle op, torch::jit::Stack inputs)
      : op_(std::move(op)), inputs_(std::move(inputs)) {}

  std::string name() const { return op_.operator_name().name; }

  std::string schema() const {
    std::ostringstream text;
    text << op_.schema();
    return text.str();
  }

  // Of each argument its name, whether the operator writes it, whether that is all it does with
  // it, and the value.
  pybind11::list inputs() const {
    pybind11::list all;
    const auto& arguments = op_.schema().arguments();
    for (size_t i = 0; i < arguments.size(); i++) {
      const c10::Argument& argument = arguments[i];
      const bool written = argument.alias_info() && is_written(*argument.alias_info());
      all.append(pybind11::make_tuple(argument.name(), written, written && argument.kwarg_only(),
                                      to_python(inputs_[i])));
    }
    return all;
  }

  // Calls the operator, with `changes` at their places of its inputs, and returns the outputs.
  pybind11::list run(const pybind11::dict& changes) {
    torch::jit::Stack stack = inputs_;
    for (const auto& change : changes) {
      c10::IValue& input = stack.at(pybind11::cast<size_t>(change.first));
      input = from_python(change.second, input);
    }
    try {
      pybind11::gil_scoped_release others;
      op_.callBoxed(&stack);
    } catch (...) {
      failure_ = std::current_exception();
      throw;
    }
    outputs_ = std::move(stack);
    ran_ = true;
    pybind11::list all;
    for (const c10::IValue& output : outputs_) all.append(to_python(output));
    return all;
  }

  // What the operator itself threw, if it did.
  std::exception_ptr failure() const { return failure_; }

  // The outputs of the last run, for the program.
  torch::jit::Stack take_outputs() {
    TORCH_INTERNAL_ASSERT(ran_, "the dumper did not run ", name());
    return std::move(outputs_);
  }

 private:
  c10::OperatorHandle op_;
  torch::jit::Stack inputs_;
  torch::jit::Stack outputs_;
  std::exception_ptr failure_;
  bool ran_ = false;
};

// The program is to see the operator's own error, or the watcher's with its own type.
[[noreturn]] void raise(pybind11::error_already_set& error, const Call& call) {
  if (call.failure()) std::rethrow_exception(call.failure());
  error.restore();
  python_error raised;
  raised.persist();
  throw raised;
}

void show(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  const c10::impl::ExcludeDispatchKeyGuard not_again(kDumperKey);
  if (!watching) return op.callBoxed(stack);

  pybind11::gil_scoped_acquire gil;
  if (watcher == nullptr) {
    pybind11::gil_scoped_release others;
    return op.callBoxed(stack);
  }
  const auto watch = pybind11::reinterpret_borrow<pybind11::object>(watcher);
  const size_t count = op.schema().arguments().size();
  auto call = std::make_shared<Call>(op, torch::jit::pop(*stack, count));
  try {
    watch(call);
  } catch (pybind11::error_already_set& error) {
    raise(error, *call);
  }
  for (c10::IValue& output : call->take_outputs()) stack->push_back(std::move(output));
}

void begin(const pybind11::object& watch) {
  if (watcher != nullptr) throw std::runtime_error("another dumper is active");
  watcher = pybind11::object(watch).release().ptr();
  watching = true;
  c10::impl::tls_set_dispatch_key_included(kDumperKey, true);
}

void end() {
  c10::impl::tls_set_dispatch_key_included(kDumperKey, false);
  watching = false;
  Py_CLEAR(watcher);
}

}  // namespace

void bind_dumper(pybind11::module& m) {
  pybind11::class_<Call, std::shared_ptr<Call>>(m, "OperatorCall")
      .def_property_readonly("name", &Call::name)
      .def_property_readonly("schema", &Call::schema)
      .def("inputs", &Call::inputs)
      .def("run", &Call::run);
  m.def("begin_dumper", &begin);
  m.def("end_dumper", &end);
}

}  // namespace npu

TORCH_LIBRARY_IMPL(_, TESTING_ONLY_GenericMode, m) {
  m.fallback(torch::CppFunction::makeFromBoxedFunction<&npu::show>());
}
