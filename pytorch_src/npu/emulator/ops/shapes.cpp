#include "shapes.h"

#include <algorithm>

#include "core/refusal.h"

namespace ascend_emu {

namespace {

void set_all(Shapes &shapes, const Dims &dims) {
  const int outputs = static_cast<int>(shapes.prototype().outputs.size());
  for (int o = 0; o < outputs; ++o) {
    for (int k = 0; k < shapes.output_count(o); ++k) shapes.set(o, dims, k);
  }
}

/* Every given tensor among the inputs, with its name. */
template <class Visit>
void each_input(const Shapes &shapes, Visit &&visit) {
  const int inputs = static_cast<int>(shapes.prototype().inputs.size());
  for (int i = 0; i < inputs; ++i) {
    for (int k = 0; k < shapes.count(i); ++k) visit(shapes.dims(i, k), shapes.input_name(i, k));
  }
}

}  // namespace

Shapes::Shapes(const Prototype &prototype, EmuCall &call) : Call(prototype, call) {
  entries_.resize(prototype.outputs.size());
  for (size_t o = 0; o < entries_.size(); ++o) {
    entries_[o].resize(static_cast<size_t>(output_count(static_cast<int>(o))));
  }
}

void Shapes::set(int output, Dims dims, int k) {
  if (k >= output_count(output)) return; /* an optional one that was not asked for */
  Entry &entry = entries_[static_cast<size_t>(output)][static_cast<size_t>(k)];
  entry.known = true;
  entry.dims = std::move(dims);
}

bool Shapes::known(int output, int k) const {
  return entries_[static_cast<size_t>(output)][static_cast<size_t>(k)].known;
}

const Dims &Shapes::found(int output, int k) const {
  return entries_[static_cast<size_t>(output)][static_cast<size_t>(k)].dims;
}

int64_t normal_axis(const Call &call, int64_t axis, size_t ndim, const char *what) {
  const int64_t rank = static_cast<int64_t>(std::max<size_t>(ndim, 1));
  if (axis < -rank || axis >= rank) {
    call.refuse(ACL_ERROR_OP_ATTR_NOT_MATCH, "%s is %lld; -%lld to %lld are allowed for %zu dims",
                what, static_cast<long long>(axis), static_cast<long long>(rank),
                static_cast<long long>(rank - 1), ndim);
  }
  return axis < 0 ? axis + rank : axis;
}

ShapeRule like(int input) {
  return [input](Shapes &shapes) {
    if (shapes.has(input)) set_all(shapes, shapes.dims(input));
  };
}

bool broadcast_dims(const Dims &a, const Dims &b, Dims *result) {
  const size_t ndim = std::max(a.size(), b.size());
  Dims dims(ndim);
  for (size_t i = 0; i < ndim; ++i) {
    const int64_t left = i + a.size() < ndim ? 1 : a[i + a.size() - ndim];
    const int64_t right = i + b.size() < ndim ? 1 : b[i + b.size() - ndim];
    if (left != right && left != 1 && right != 1) return false;
    dims[i] = left == 1 ? right : left;
  }
  *result = std::move(dims);
  return true;
}

namespace {

/* Broadcasts one shape after the other, and says which were tried when they do not fit. */
class Broadcast {
 public:
  explicit Broadcast(Shapes &shapes) : shapes_(shapes) {}
  void add(const Dims &dims, const std::string &name) {
    given_ += (given_.empty() ? "" : ", ") + name + " " + dims_text(dims);
    if (broadcast_dims(all_, dims, &all_)) return;
    shapes_.refuse(ACL_ERROR_OP_INPUT_NOT_MATCH,
                   "the shapes of %s do not broadcast: dims, counted from the last, must be equal "
                   "or 1",
                   given_.c_str());
  }
  const Dims &dims() const { return all_; }

 private:
  Shapes &shapes_;
  Dims all_;
  std::string given_;
};

}  // namespace

void broadcast(Shapes &shapes) {
  Broadcast all(shapes);
  each_input(shapes, [&](const Dims &dims, const std::string &name) { all.add(dims, name); });
  set_all(shapes, all.dims());
}

ShapeRule broadcast_of(std::vector<int> inputs) {
  return [inputs](Shapes &shapes) {
    Broadcast all(shapes);
    for (const int i : inputs) {
      for (int k = 0; k < shapes.count(i); ++k) all.add(shapes.dims(i, k), shapes.input_name(i, k));
    }
    set_all(shapes, all.dims());
  };
}

void all_alike(Shapes &shapes) {
  Dims first;
  std::string first_name;
  each_input(shapes, [&](const Dims &dims, const std::string &name) {
    if (first_name.empty()) {
      first = dims;
      first_name = name;
    } else if (dims != first) {
      shapes.refuse(ACL_ERROR_OP_INPUT_NOT_MATCH,
                    "input %s has shape %s, input %s has %s; they must be the same",
                    first_name.c_str(), dims_text(first).c_str(), name.c_str(),
                    dims_text(dims).c_str());
    }
  });
  set_all(shapes, first);
}

}  // namespace ascend_emu
