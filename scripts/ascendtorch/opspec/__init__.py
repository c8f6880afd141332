"""The op spec: which ATen overloads run natively, and the kernels rendered from it."""
