#ifndef ASCENDTORCH_NPU_EXPORT_H_
#define ASCENDTORCH_NPU_EXPORT_H_
// What libnpu_runtime.so offers to the kernels and to the Python module.
#define NPU_API __attribute__((visibility("default")))
#endif
