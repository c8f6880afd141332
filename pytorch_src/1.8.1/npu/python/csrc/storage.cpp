// Storages: this release has a Python class for each type of element and each device.
#include <torch/csrc/Device.h>
#include <torch/csrc/Dtype.h>
#include <torch/csrc/DynamicTypes.h>
#include <torch/csrc/PythonTypes.h>

#include <cstddef>
#include <utility>

#include <structmember.h>

#include "python/csrc/module.h"

namespace npu {

namespace {

// As PyTorch makes an object for a storage: it allocates one of the class that is registered for
// the device and the type, and puts the storage where its own classes keep it.
struct StorageObject {
  PyObject head;
  c10::StorageImpl* cdata;
};
static_assert(offsetof(StorageObject, cdata) == offsetof(torch::THPVoidStorage, cdata),
              "an object of PyTorch for a storage has another layout");

c10::StorageImpl* impl_of(PyObject* object) {
  return reinterpret_cast<StorageObject*>(object)->cdata;
}

void deallocate(PyObject* self) {
  if (impl_of(self) != nullptr) c10::raw::intrusive_ptr::decref(impl_of(self));
  Py_TYPE(self)->tp_free(self);
}

PyObject* get_device(PyObject* self, void*) { return THPDevice_New(impl_of(self)->device()); }

PyObject* nbytes(PyObject* self, PyObject*) { return PyLong_FromSize_t(impl_of(self)->nbytes()); }

PyObject* data_ptr(PyObject* self, PyObject*) { return PyLong_FromVoidPtr(impl_of(self)->data()); }

PyMemberDef members[] = {
    {"_cdata", T_ULONGLONG, offsetof(StorageObject, cdata), READONLY, "The storage's address."},
    {nullptr, 0, 0, 0, nullptr}};

PyGetSetDef properties[] = {{"device", get_device, nullptr, "Where the memory is.", nullptr},
                            {nullptr, nullptr, nullptr, nullptr, nullptr}};

PyMethodDef methods[] = {{"nbytes", nbytes, METH_NOARGS, "Return how many bytes it has."},
                         {"data_ptr", data_ptr, METH_NOARGS, "Return the address on the device."},
                         {nullptr, nullptr, 0, nullptr}};

// What the classes of torch.npu stand on. Those of the CPU would read the device's memory.
PyTypeObject base_type;

PyObject* storage_base() {
  base_type.ob_base.ob_base.ob_refcnt = 1;
  base_type.tp_name = "torch.npu._C.StorageBase";
  base_type.tp_doc = "Memory of an NPU that tensors share.";
  base_type.tp_basicsize = sizeof(StorageObject);
  base_type.tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE;
  base_type.tp_dealloc = deallocate;
  base_type.tp_members = members;
  base_type.tp_getset = properties;
  base_type.tp_methods = methods;
  if (PyType_Ready(&base_type) < 0) throw pybind11::error_already_set();
  return reinterpret_cast<PyObject*>(&base_type);
}

// Makes the first object of a class, and the class known to torch.is_storage(). No sooner: programs
// make one of each class that PyTorch knows, which where there is no NPU would fail.
PyObject* allocate_first(PyTypeObject* type, Py_ssize_t items) {
  const auto torch = pybind11::reinterpret_steal<pybind11::object>(PyImport_ImportModule("torch"));
  if (!torch) return nullptr;
  const auto known = pybind11::reinterpret_steal<pybind11::object>(
      PyObject_GetAttrString(torch.ptr(), "_storage_classes"));
  if (!known || PySet_Add(known.ptr(), reinterpret_cast<PyObject*>(type)) < 0) return nullptr;
  type->tp_alloc = PyType_GenericAlloc;
  return PyType_GenericAlloc(type, items);
}

void register_storage_type(const pybind11::object& type, const pybind11::object& dtype) {
  if (!PyType_Check(type.ptr()) || !THPDtype_Check(dtype.ptr())) {
    throw pybind11::type_error("register_storage_type takes a class and a torch.dtype");
  }
  // PyTorch keeps it as long as the process lives.
  pybind11::object(type).release();
  reinterpret_cast<PyTypeObject*>(type.ptr())->tp_alloc = allocate_first;
  torch::registerStoragePyTypeObject(reinterpret_cast<PyTypeObject*>(type.ptr()), c10::Backend::NPU,
                                     reinterpret_cast<THPDtype*>(dtype.ptr())->scalar_type);
}

c10::StorageImpl* checked_impl(const pybind11::object& object) {
  if (PyObject_TypeCheck(object.ptr(), &base_type) == 0) {
    throw pybind11::type_error("a storage of an NPU is wanted");
  }
  return impl_of(object.ptr());
}

// The tensors that share `object` see the other one's memory from now on.
void exchange_storage_memory(const pybind11::object& object, const pybind11::object& other) {
  c10::StorageImpl* one = checked_impl(object);
  c10::StorageImpl* two = checked_impl(other);
  const size_t bytes = one->nbytes();
  one->set_nbytes(two->nbytes());
  two->set_nbytes(bytes);
  two->set_data_ptr(one->set_data_ptr(std::move(two->data_ptr())));
}

}  // namespace

void bind_storage(pybind11::module& m) {
  m.add_object("StorageBase", storage_base());
  m.def("register_storage_type", &register_storage_type);
  m.def("exchange_storage_memory", &exchange_storage_memory);
}

}  // namespace npu
