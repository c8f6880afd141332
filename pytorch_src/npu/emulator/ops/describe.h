/* All prototypes as JSON, for tables and tools. */
#ifndef ASCENDTORCH_EMU_DESCRIBE_H_
#define ASCENDTORCH_EMU_DESCRIBE_H_

#include <string>

namespace ascend_emu {

/* [{"name": "Add", "inputs": [{"name": "x1", "dtypes": ["DT_FLOAT", ...]}, ...],
     "outputs": [...], "attributes": [{"name", "kind", "default" or "required"}], "layouts"}] */
std::string describe_all();

}  // namespace ascend_emu

#endif
