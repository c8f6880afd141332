/* Operators that move elements: between layouts, formats and types. */
#include "args.h"
#include "core/refusal.h"
#include "formats.h"
#include "ops/types.h"
#include "shapes.h"

namespace ascend_emu {

namespace {

int32_t format_by_name(const Call &call, const char *attr) {
  const std::string name = call.s(attr);
  for (int32_t format = 0; format < 64; ++format) {
    if (find_format_name(format) != nullptr && name == find_format_name(format)) return format;
  }
  call.refuse(ACL_ERROR_OP_ATTR_NOT_MATCH, "attribute [%s]: there is no format \"%s\"", attr,
              name.c_str());
}

/* One side of a TransData: as which format it lies, and the plain tensor it stands for. */
struct Side {
  int32_t format;
  int32_t plain;
  Dims plain_dims;
  Dims laid_out;
};

Side side_of(const Call &call, const EmuTensor &tensor, const char *attr) {
  Side side;
  side.format = format_by_name(call, attr);
  side.laid_out = Dims(tensor.dims, tensor.dims + tensor.ndim);
  const bool origin = tensor.origin_ndim >= 0;
  side.plain_dims =
      origin ? Dims(tensor.origin_dims, tensor.origin_dims + tensor.origin_ndim) : side.laid_out;
  side.plain = tensor.origin_format >= 0 ? tensor.origin_format : side.format;
  return side;
}

/* ND says nothing about axes: where layouts need to know, 4 dims of ND are NCHW, 5 are NCDHW. */
int32_t lettered(int32_t plain, size_t ndim) {
  if (plain != ACL_FORMAT_ND) return plain;
  return ndim == 4 ? ACL_FORMAT_NCHW : ndim == 5 ? ACL_FORMAT_NCDHW : plain;
}

struct Trans {
  Side src, dst;
  int64_t groups;
};

Trans trans_of(const Call &call) {
  Trans trans{side_of(call, call.input(0), "src_format"),
              side_of(call, call.output(0), "dst_format"), call.i("groups")};
  /* A private side takes its plain shape from the plain side, unless it says so itself. */
  if (is_private(trans.src.format) && !is_private(trans.dst.format)) {
    trans.src.plain = lettered(trans.dst.format, trans.dst.laid_out.size());
    trans.src.plain_dims = trans.dst.laid_out;
  } else if (is_private(trans.dst.format) && !is_private(trans.src.format)) {
    trans.dst.plain = lettered(trans.src.format, trans.src.laid_out.size());
    trans.dst.plain_dims = trans.src.laid_out;
  }
  return trans;
}

void check_side(const Shapes &shapes, const Side &side, int32_t dtype, int64_t groups,
                const char *name) {
  if (!is_private(side.format)) return;
  Dims packed;
  std::string why;
  if (!packed_dims(side.format, side.plain, side.plain_dims, dtype, groups, &packed, &why)) {
    shapes.refuse(ACL_ERROR_FORMAT_NOT_MATCH, "%s: shape %s in %s cannot be laid out as %s: %s",
                  name, dims_text(side.plain_dims).c_str(), format_name(side.plain).c_str(),
                  format_name(side.format).c_str(), why.c_str());
  }
  if (packed != side.laid_out) {
    shapes.refuse(ACL_ERROR_FORMAT_NOT_MATCH, "%s has shape %s in %s; shape %s in %s needs %s",
                  name, dims_text(side.laid_out).c_str(), format_name(side.format).c_str(),
                  dims_text(side.plain_dims).c_str(), format_name(side.plain).c_str(),
                  dims_text(packed).c_str());
  }
}

void trans_data_shapes(Shapes &shapes) {
  const Trans trans = trans_of(shapes);
  const int32_t dtype = shapes.dtype(0);
  check_side(shapes, trans.src, dtype, trans.groups, "input src");
  check_side(shapes, trans.dst, dtype, trans.groups, "output dst");
  if (is_private(trans.src.format) || is_private(trans.dst.format)) return;
  const std::string from = axis_letters(trans.src.format), to = axis_letters(trans.dst.format);
  if (trans.src.format != trans.dst.format && from.size() != to.size()) {
    shapes.refuse(ACL_ERROR_FORMAT_NOT_MATCH, "%s cannot be made %s",
                  format_name(trans.src.format).c_str(), format_name(trans.dst.format).c_str());
  }
}

at::Tensor to_plain(const at::Tensor &laid_out, const Side &side, int64_t c0, int64_t groups) {
  if (!is_private(side.format)) return laid_out;
  return unpack(laid_out, side.format, side.plain, side.plain_dims, c0, groups);
}

EMU_OP(TransData)
    .input("src", kMovable)
    .output("dst", same_as("src"))
    .required_attr("src_format", EMU_ATTR_STRING)
    .required_attr("dst_format", EMU_ATTR_STRING)
    .attr("src_subformat", 0)
    .attr("dst_subformat", 0)
    .attr("groups", 1)
    .layouts(Layouts::kRaw)
    .shapes(trans_data_shapes)
    .body([](Args &a) {
      const Trans trans = trans_of(a);
      const int64_t c0 = block_channels(a.dtype(0));
      at::Tensor plain = to_plain(a.raw_in(0), trans.src, c0, trans.groups);
      /* Where one side is private, its plain shape was taken from the other. */
      if (is_private(trans.src.format) == is_private(trans.dst.format)) {
        plain = transpose_format(plain, trans.src.plain, trans.dst.plain);
      }
      a.raw_out(0, is_private(trans.dst.format)
                       ? pack(plain, trans.dst.format, trans.dst.plain, c0, trans.groups)
                       : plain);
    });

}  // namespace

}  // namespace ascend_emu
