/* What aclopAttr stands for: named values of an operator, each with its kind. */
#ifndef ASCENDTORCH_EMU_ATTRS_H_
#define ASCENDTORCH_EMU_ATTRS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "emu_ops.h"
#include "core/handles.h"

namespace ascend_emu {

struct Attr {
  std::string name;
  EmuAttrKind kind = EMU_ATTR_BOOL;
  std::vector<int64_t> ints; /* also bools and data types */
  std::vector<double> floats;
  std::vector<std::string> strings;
  std::vector<std::vector<int64_t>> lists;
};

/* A few attributes in the order in which they were first set; setting one again replaces it. */
struct OpAttrs {
  std::vector<Attr> all;
  void set(Attr attr);
};

/* "{axes: [0, 1], keep_dims: true}" */
std::string attrs_text(const EmuAttr *attrs, int32_t count);

Handles<OpAttrs> &op_attrs();

}  // namespace ascend_emu

#endif
