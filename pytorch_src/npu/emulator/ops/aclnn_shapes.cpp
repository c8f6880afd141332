#include "aclnn_shapes.h"

#include <algorithm>
#include <string>

#include "acl/acl_rt_errors.h"

namespace ascend_emu {

namespace {

void set_all(Shapes &shapes, const Dims &dims) {
  const int outputs = static_cast<int>(shapes.prototype().outputs.size());
  for (int o = 0; o < outputs; ++o) shapes.set(o, dims);
}

std::string argument(const char *attr) { return std::string("argument ") + attr; }

Dims without(const Shapes &shapes, const Ints &axes, bool keep, const char *attr) {
  const Dims dims = shapes.dims(0);
  std::vector<bool> gone(std::max<size_t>(dims.size(), 1), axes.empty());
  for (const int64_t axis : axes) {
    gone[static_cast<size_t>(shapes.axis(axis, dims.size(), argument(attr).c_str()))] = true;
  }
  Dims left;
  for (size_t d = 0; d < dims.size(); ++d) {
    if (!gone[d]) {
      left.push_back(dims[d]);
    } else if (keep) {
      left.push_back(1);
    }
  }
  return left;
}

/* As in ATen: a vector on the left is a row, one on the right a column, and goes afterwards. */
Dims product_dims(const Shapes &shapes, int left, int right) {
  Dims a = shapes.dims(left), b = shapes.dims(right);
  const bool row = a.size() == 1, column = b.size() == 1;
  if (row) a.insert(a.begin(), 1);
  if (column) b.push_back(1);
  Dims batch;
  const bool fits = a.size() >= 2 && b.size() >= 2 && a.back() == b[b.size() - 2] &&
                    broadcast_dims(Dims(a.begin(), a.end() - 2), Dims(b.begin(), b.end() - 2),
                                   &batch);
  if (!fits) {
    shapes.refuse(ACL_ERROR_OP_INPUT_NOT_MATCH,
                  "%s of shape %s cannot be multiplied by %s of shape %s: the last dim of the "
                  "first must be the last but one of the second, and the others must broadcast",
                  shapes.input_name(left).c_str(), dims_text(shapes.dims(left)).c_str(),
                  shapes.input_name(right).c_str(), dims_text(shapes.dims(right)).c_str());
  }
  if (!row) batch.push_back(a[a.size() - 2]);
  if (!column) batch.push_back(b.back());
  return batch;
}

}  // namespace

ShapeRule reduced(const char *dims_attr, const char *keep_attr) {
  return [dims_attr, keep_attr](Shapes &shapes) {
    set_all(shapes, without(shapes, shapes.ints(dims_attr), shapes.b(keep_attr), dims_attr));
  };
}

ShapeRule reduced_one(const char *dim_attr, const char *keep_attr) {
  return [dim_attr, keep_attr](Shapes &shapes) {
    set_all(shapes, without(shapes, {shapes.i(dim_attr)}, shapes.b(keep_attr), dim_attr));
  };
}

void like_along_dim(Shapes &shapes) {
  const Dims dims = shapes.dims(0);
  shapes.axis(shapes.i("dim"), dims.size(), "argument dim");
  set_all(shapes, dims);
}

void one_number(Shapes &shapes) { set_all(shapes, {}); }

void product(Shapes &shapes) { shapes.set(0, product_dims(shapes, 0, 1)); }

void added_product(Shapes &shapes) {
  const Dims made = product_dims(shapes, 1, 2);
  Dims all;
  if (!broadcast_dims(shapes.dims(0), made, &all) || all != made) {
    shapes.refuse(ACL_ERROR_OP_INPUT_NOT_MATCH,
                  "%s of shape %s does not broadcast to the product of shape %s",
                  shapes.input_name(0).c_str(), dims_text(shapes.dims(0)).c_str(),
                  dims_text(made).c_str());
  }
  shapes.set(0, made);
}

void joined(Shapes &shapes) {
  Dims all;
  bool found = false;
  size_t along = 0;
  for (int k = 0; k < shapes.count(0); ++k) {
    const Dims dims = shapes.dims(0, k);
    if (dims == Dims{0}) continue;
    if (!found) {
      found = true;
      all = dims;
      along = static_cast<size_t>(shapes.axis(shapes.i("dim"), dims.size(), "argument dim"));
      continue;
    }
    Dims alike = dims;
    if (alike.size() == all.size() && along < all.size()) alike[along] = all[along];
    if (alike != all || all.empty()) {
      shapes.refuse(ACL_ERROR_OP_INPUT_NOT_MATCH,
                    "%s has shape %s, which does not join %s along dim %zu: the other dims must be "
                    "the same",
                    shapes.input_name(0, k).c_str(), dims_text(dims).c_str(),
                    dims_text(all).c_str(), along);
    }
    all[along] += dims[along];
  }
  shapes.set(0, found ? all : Dims{0});
}

void stacked(Shapes &shapes) {
  Dims dims = shapes.dims(0, 0);
  for (int k = 1; k < shapes.count(0); ++k) {
    if (shapes.dims(0, k) == dims) continue;
    shapes.refuse(ACL_ERROR_OP_INPUT_NOT_MATCH, "%s has shape %s, but %s has %s",
                  shapes.input_name(0, k).c_str(), dims_text(shapes.dims(0, k)).c_str(),
                  shapes.input_name(0, 0).c_str(), dims_text(dims).c_str());
  }
  const int64_t at = shapes.axis(shapes.i("dim"), dims.size() + 1, "argument dim");
  dims.insert(dims.begin() + at, shapes.count(0));
  shapes.set(0, dims);
}

void permuted(Shapes &shapes) {
  const Dims dims = shapes.dims(0);
  const Ints order = shapes.ints("dims");
  std::vector<bool> taken(std::max<size_t>(dims.size(), 1));
  Dims made;
  for (const int64_t axis : order) {
    const size_t from = static_cast<size_t>(shapes.axis(axis, dims.size(), "argument dims"));
    if (taken[from] || made.size() == dims.size()) break;
    taken[from] = true;
    made.push_back(dims[from]);
  }
  if (made.size() != dims.size() || order.size() != dims.size()) {
    shapes.refuse(ACL_ERROR_OP_ATTR_NOT_MATCH,
                  "argument dims is %s: each of the %zu dims of %s is needed once",
                  dims_text(order).c_str(), dims.size(), shapes.input_name(0).c_str());
  }
  shapes.set(0, made);
}

void looked_up(Shapes &shapes) {
  const Dims weight = shapes.dims(0);
  if (weight.size() != 2) {
    shapes.refuse(ACL_ERROR_OP_INPUT_NOT_MATCH, "%s has shape %s; 2 dims are allowed",
                  shapes.input_name(0).c_str(), dims_text(weight).c_str());
  }
  Dims made = shapes.dims(1);
  made.push_back(weight[1]);
  shapes.set(0, made);
}

void selected(Shapes &shapes) {
  Dims made = shapes.dims(0);
  const Dims index = shapes.dims(1);
  if (index.size() > 1) {
    shapes.refuse(ACL_ERROR_OP_INPUT_NOT_MATCH, "%s has shape %s; at most 1 dim is allowed",
                  shapes.input_name(1).c_str(), dims_text(index).c_str());
  }
  const int64_t at = shapes.axis(shapes.i("dim"), made.size(), "argument dim");
  if (!made.empty()) made[static_cast<size_t>(at)] = index.empty() ? 1 : index[0];
  shapes.set(0, made);
}

void split(Shapes &shapes) {
  Dims dims = shapes.dims(0);
  const size_t at =
      static_cast<size_t>(shapes.axis(shapes.i("dim"), dims.size(), "argument dim"));
  const Ints sizes = shapes.ints("splitSize");
  int64_t all = 0;
  for (const int64_t size : sizes) all += size;
  const int count = shapes.output_count(0);
  if (dims.empty() || all != dims[at] || sizes.size() != static_cast<size_t>(count)) {
    shapes.refuse(ACL_ERROR_OP_ATTR_NOT_MATCH,
                  "%s of shape %s cannot be split along dim %zu into %s for %d outputs",
                  shapes.input_name(0).c_str(), dims_text(dims).c_str(), at,
                  dims_text(sizes).c_str(), count);
  }
  for (int k = 0; k < count; ++k) {
    dims[at] = sizes[static_cast<size_t>(k)];
    shapes.set(0, dims, k);
  }
}

void topmost(Shapes &shapes) {
  Dims made = shapes.dims(0);
  const size_t at =
      static_cast<size_t>(shapes.axis(shapes.i("dim"), made.size(), "argument dim"));
  const int64_t k = shapes.i("k"), most = made.empty() ? 1 : made[at];
  if (k < 0 || k > most) {
    shapes.refuse(ACL_ERROR_OP_ATTR_NOT_MATCH, "argument k is %lld; 0 to %lld are allowed",
                  static_cast<long long>(k), static_cast<long long>(most));
  }
  if (!made.empty()) made[at] = k;
  set_all(shapes, made);
}

}  // namespace ascend_emu
