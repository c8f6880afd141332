/* Operators that turn or re-read the elements of one tensor. */
#include "args.h"
#include "codes.h"
#include "index_rows.h"
#include "scalars.h"
#include "shapes.h"

namespace ascend_emu {

namespace {

constexpr DtypeSet kBasic = kNumber | kWideUnsigned;

Ints axes_from_front(const Call &call, int32_t code, Ints axes, size_t ndim) {
  const int64_t rank = static_cast<int64_t>(ndim);
  std::vector<bool> seen(ndim);
  for (int64_t &axis : axes) {
    const int64_t asked = axis;
    if (axis < 0) axis += rank;
    if (axis < 0 || axis >= rank || seen[static_cast<size_t>(axis)]) {
      call.refuse(code, "axis holds %lld; each of the %zu dims may be named once",
                  static_cast<long long>(asked), ndim);
    }
    seen[static_cast<size_t>(axis)] = true;
  }
  return axes;
}

EMU_OP(ReverseV2)
    .input("x", (kNumber | kBool | ACL_UINT16))
    .input("axis", kIndex)
    .output("y", same_as("x"))
    .shapes(like(0))
    .body([](Args &a) {
      const Ints axes = axes_from_front(a, kAtRun, a.host_ints(1),
                                        a.dims(0).size());
      a.out(0, a.in(0).flip(axes));
    });

EMU_OP(ReverseV2D)
    .input("x", (kNumber | kBool | ACL_UINT16).without(ACL_BF16))
    .output("y", same_as("x"))
    .required_attr("axis", EMU_ATTR_LIST_INT)
    .shapes([](Shapes &s) {
      axes_from_front(s, kAttr, s.ints("axis"), s.dims(0).size());
      s.set(0, s.dims(0));
    })
    .body([](Args &a) {
      const Ints axes = axes_from_front(a, kAttr, a.ints("axis"),
                                        a.dims(0).size());
      a.out(0, a.in(0).flip(axes));
    });

/* The first seq_lengths[b] elements of sequence b backwards, the others as they are. */
EMU_OP(ReverseSequence)
    .input("x", (kNumber | kBool | ACL_UINT16).without(ACL_BF16))
    .input("seq_lengths", kIndex)
    .output("y", same_as("x"))
    .required_attr("seq_dim", EMU_ATTR_INT)
    .attr("batch_dim", 0)
    .shapes([](Shapes &s) {
      const Dims x = s.dims(0);
      const int64_t seq = s.axis(s.i("seq_dim"), x.size(), "attribute [seq_dim]");
      const int64_t batch = s.axis(s.i("batch_dim"), x.size(), "attribute [batch_dim]");
      if (x.empty() || seq == batch || s.dims(1) != Dims{x[static_cast<size_t>(batch)]}) {
        s.refuse(kAtCheck,
                 "seq_lengths %s must hold one length for each element of dim %lld of x %s, and "
                 "seq_dim must be another dim", dims_text(s.dims(1)).c_str(),
                 static_cast<long long>(batch), dims_text(x).c_str());
      }
      s.set(0, x);
    })
    .body([](Args &a) {
      const at::Tensor x = a.in(0);
      const int64_t seq = at::maybe_wrap_dim(a.i("seq_dim"), x.dim());
      const int64_t batch = at::maybe_wrap_dim(a.i("batch_dim"), x.dim());
      Dims along(static_cast<size_t>(x.dim()), 1);
      along[static_cast<size_t>(batch)] = x.size(batch);
      const at::Tensor lengths =
          checked_index(a, a.in(1), 0, x.size(seq) + 1, "seq_lengths").reshape(along);
      along.assign(along.size(), 1);
      along[static_cast<size_t>(seq)] = x.size(seq);
      const at::Tensor steps = at::arange(x.size(seq), lengths.options()).reshape(along);
      const at::Tensor from = at::where(steps.lt(lengths), lengths - 1 - steps, steps);
      a.out(0, x.gather(seq, from.expand(x.sizes())));
    });

EMU_OP(Roll)
    .input("x", kFloats | ACL_INT32 | ACL_UINT32 | ACL_INT8 | ACL_UINT8 | ACL_INT64)
    .output("y", same_as("x"))
    .required_attr("shifts", EMU_ATTR_LIST_INT)
    .attr("dims", Ints{})
    .shapes([](Shapes &s) {
      const size_t shifts = s.ints("shifts").size();
      const Ints dims = s.ints("dims");
      if (shifts != (dims.empty() ? 1 : dims.size())) {
        s.refuse(kAttr, "attribute [shifts] has %zu values, attribute "
                 "[dims] %zu; as many are expected, or one shift without dims", shifts,
                 dims.size());
      }
      for (const int64_t dim : dims) s.axis(dim, s.dims(0).size(), "attribute [dims]");
      s.set(0, s.dims(0));
    })
    .body([](Args &a) { a.out(0, at::roll(a.in(0), a.ints("shifts"), a.ints("dims"))); });

EMU_OP(InvertPermutation)
    .input("x", kIndex)
    .output("y", same_as("x"))
    .shapes([](Shapes &s) {
      if (s.dims(0).size() != 1) {
        s.refuse(kAtCheck, "input x has shape %s; one dim is expected",
                 dims_text(s.dims(0)).c_str());
      }
      s.set(0, s.dims(0));
    })
    .body([](Args &a) {
      const at::Tensor x = a.in(0);
      const at::Tensor index = checked_index(a, x, 0, x.size(0), "x");
      if (!at::bincount(index, {}, x.size(0)).eq(1).all().item<bool>()) {
        a.refuse(kAtRun, "input x holds a number twice; a permutation is "
                 "expected");
      }
      a.out(0, at::argsort(index));
    });

/* Views written as sizes, strides and an offset into the elements as they lie. */
at::Tensor view_of(const Call &call, const at::Tensor &x, int first) {
  const Ints size = call.host_ints(first);
  const Ints stride = call.host_ints(first + 1);
  const int64_t offset = one_int(call, first + 2);
  int64_t last = offset;
  bool fits = size.size() == stride.size() && offset >= 0;
  bool none = false;
  for (size_t d = 0; fits && d < size.size(); ++d) {
    int64_t way = 0;
    none = none || size[d] == 0;
    fits = size[d] >= 0 && stride[d] >= 0 &&
           !__builtin_mul_overflow(size[d] - 1, stride[d], &way) &&
           !__builtin_add_overflow(last, way, &last);
  }
  if (!fits || (!none && last >= x.numel())) {
    call.refuse(kAtRun,
                "%s %s with strides %s from element %lld on does not lie within %lld elements",
                call.input_name(first).c_str(), dims_text(size).c_str(),
                dims_text(stride).c_str(), static_cast<long long>(offset),
                static_cast<long long>(x.numel()));
  }
  return x.as_strided(size, stride, offset);
}

EMU_OP(AsStrided)
    .input("x", kBasic)
    .input("size", kIndex)
    .input("stride", kIndex)
    .input("storage_offset", kIndex)
    .output("y", same_as("x"))
    .shapes([](Shapes &s) {
      if (s.value_known(1)) s.set(0, s.host_ints(1));
    })
    .body([](Args &a) { a.out(0, view_of(a, a.in(0).contiguous(), 1)); });

EMU_OP(ViewCopy)
    .input("dst", kMovable)
    .input("dst_size", kIndex)
    .input("dst_stride", kIndex)
    .input("dst_storage_offset", kIndex)
    .input("src", same_as("dst"))
    .input("src_size", kIndex)
    .input("src_stride", kIndex)
    .input("src_storage_offset", kIndex)
    .output("dst", same_as("dst"))
    .shapes(like(0))
    .body([](Args &a) {
      if (a.host_ints(1) != a.host_ints(5)) {
        a.refuse(kAtRun, "dst_size is %s and src_size %s; they must be the "
                 "same", dims_text(a.host_ints(1)).c_str(), dims_text(a.host_ints(5)).c_str());
      }
      at::Tensor src = view_of(a, a.in(4).contiguous(), 5);
      const EmuTensor &from = a.input(4), &to = a.output(0);
      const char *begin = static_cast<const char *>(from.data);
      const char *first = static_cast<const char *>(to.data);
      /* Both may be views of one tensor: what is read must not have been written to. */
      if (begin < first + to.bytes && first < begin + from.bytes) src = src.clone();
      a.out_changed(0, 0, [&](at::Tensor &dst) { view_of(a, dst, 1).copy_(src); });
    });

}  // namespace

}  // namespace ascend_emu
