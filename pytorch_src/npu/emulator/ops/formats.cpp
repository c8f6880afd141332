#include "formats.h"

#include <string>
#include <vector>

namespace ascend_emu {

namespace {

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

/* Permutes axes named by the letters of `from` into the order of `to`. */
at::Tensor permute_letters(const at::Tensor &tensor, const std::string &from,
                           const std::string &to) {
  if (from == to) return tensor;
  Dims order;
  for (const char letter : to) order.push_back(static_cast<int64_t>(from.find(letter)));
  return tensor.permute(order);
}

/* Fills an axis up with zeros to `size`. */
at::Tensor grow(const at::Tensor &tensor, int64_t axis, int64_t size) {
  if (tensor.size(axis) == size) return tensor;
  Dims dims = tensor.sizes().vec();
  dims[static_cast<size_t>(axis)] = size;
  at::Tensor grown = at::zeros(dims, tensor.options());
  grown.narrow(axis, 0, tensor.size(axis)).copy_(tensor);
  return grown;
}

/* Splits an axis into blocks: [.., n, ..] becomes [.., n / size, size, ..], filled up. */
at::Tensor split_axis(const at::Tensor &tensor, int64_t axis, int64_t size) {
  const int64_t blocks = ceil_div(tensor.size(axis), size);
  Dims dims = tensor.sizes().vec();
  dims[static_cast<size_t>(axis)] = blocks;
  dims.insert(dims.begin() + axis + 1, size);
  return grow(tensor, axis, blocks * size).reshape(dims);
}

/* The other way: joins axis and axis + 1 and keeps the first `size`. */
at::Tensor join_axis(const at::Tensor &tensor, int64_t axis, int64_t size) {
  Dims dims = tensor.sizes().vec();
  dims[static_cast<size_t>(axis)] *= dims[static_cast<size_t>(axis) + 1];
  dims.erase(dims.begin() + axis + 1);
  return tensor.reshape(dims).narrow(axis, 0, size);
}

bool has_depth(int32_t format) {
  return format == ACL_FORMAT_NDC1HWC0 || format == ACL_FRACTAL_Z_3D;
}

/* Features: NDCHW, with a depth of 1 where there is none. */
at::Tensor pack_features(const at::Tensor &ndchw, int64_t c0) {
  /* N D C1 C0 H W -> N D C1 H W C0 */
  return split_axis(ndchw, 2, c0).permute({0, 1, 2, 4, 5, 3});
}

at::Tensor unpack_features(const at::Tensor &packed, int64_t channels) {
  return join_axis(packed.permute({0, 1, 2, 5, 3, 4}), 2, channels);
}

/* Filters: DCHWN. Groups lie on the diagonal of their block. */
at::Tensor spread_groups(const at::Tensor &filter, const GroupedFilter &grouped, int64_t groups) {
  const int64_t channels = filter.size(1), filters = filter.size(4) / groups;
  at::Tensor spread = at::zeros({grouped.blocks, filter.size(0), grouped.channels, filter.size(2),
                                 filter.size(3), grouped.filters},
                                filter.options());
  for (int64_t g = 0; g < groups; ++g) {
    const int64_t place = g % grouped.together;
    spread[g / grouped.together]
        .narrow(1, place * channels, channels)
        .narrow(4, place * filters, filters)
        .copy_(filter.narrow(4, g * filters, filters));
  }
  return spread;
}

at::Tensor gather_groups(const at::Tensor &spread, const GroupedFilter &grouped, int64_t channels,
                         int64_t filters, int64_t groups) {
  std::vector<at::Tensor> parts;
  for (int64_t g = 0; g < groups; ++g) {
    const int64_t place = g % grouped.together;
    parts.push_back(spread[g / grouped.together]
                        .narrow(1, place * channels, channels)
                        .narrow(4, place * filters, filters));
  }
  return at::cat(parts, 4);
}

at::Tensor pack_filter(const at::Tensor &dchwn, int64_t c0, int64_t groups) {
  at::Tensor spread = dchwn.unsqueeze(0);
  if (groups > 1) {
    spread = spread_groups(
        dchwn, group_filter(dchwn.size(1), dchwn.size(4) / groups, groups, c0), groups);
  }
  /* G D C1 C0 H W N1 N0 -> (G D C1 H W) N1 N0 C0 */
  const at::Tensor blocks = split_axis(split_axis(spread, 5, kBlockRows), 2, c0);
  const at::Tensor ordered = blocks.permute({0, 1, 2, 4, 5, 6, 7, 3});
  int64_t rows = 1;
  for (int64_t axis = 0; axis < 5; ++axis) rows *= ordered.size(axis);
  return ordered.reshape({rows, ordered.size(5), kBlockRows, c0});
}

/* `dims`: D C H W N of the filter. */
at::Tensor unpack_filter(const at::Tensor &packed, const Dims &dims, int64_t c0, int64_t groups) {
  const bool one = groups <= 1;
  const GroupedFilter grouped =
      one ? GroupedFilter{1, 1, ceil_div(dims[1], c0) * c0,
                          ceil_div(dims[4], kBlockRows) * kBlockRows}
          : group_filter(dims[1], dims[4] / groups, groups, c0);
  const at::Tensor ordered = packed.reshape({grouped.blocks, dims[0], grouped.channels / c0,
                                             dims[2], dims[3], grouped.filters / kBlockRows,
                                             kBlockRows, c0});
  const at::Tensor blocks = ordered.permute({0, 1, 2, 7, 3, 4, 5, 6});
  const at::Tensor spread =
      join_axis(join_axis(blocks, 6, grouped.filters), 2, grouped.channels);
  if (one) return spread[0].narrow(1, 0, dims[1]).narrow(4, 0, dims[4]);
  return gather_groups(spread, grouped, dims[1], dims[4] / groups, groups);
}

at::Tensor pack_matrix(const at::Tensor &matrix, int64_t c0) {
  const int64_t rows = matrix.dim() - 2;
  /* .. M1 M0 N1 N0 -> .. N1 M1 M0 N0 */
  const at::Tensor blocks = split_axis(split_axis(matrix, rows + 1, c0), rows, kBlockRows);
  return blocks.transpose(rows + 1, rows + 2).transpose(rows, rows + 1);
}

at::Tensor unpack_matrix(const at::Tensor &packed, const Dims &dims) {
  const int64_t rows = static_cast<int64_t>(dims.size()) - 2;
  const at::Tensor blocks = packed.transpose(rows, rows + 1).transpose(rows + 1, rows + 2);
  return join_axis(join_axis(blocks, rows + 2, dims.back()), rows, dims[dims.size() - 2]);
}

}  // namespace

at::Tensor pack(const at::Tensor &tensor, int32_t format, int32_t plain, int64_t c0,
                int64_t groups) {
  if (format == ACL_FORMAT_FRACTAL_NZ) return pack_matrix(tensor, c0).contiguous();
  const bool deep = has_depth(format);
  const std::string letters = axis_letters(plain);
  if (format == ACL_FORMAT_FRACTAL_Z || format == ACL_FRACTAL_Z_3D) {
    at::Tensor filter = permute_letters(tensor, letters, deep ? "DCHWN" : "CHWN");
    return pack_filter(deep ? filter : filter.unsqueeze(0), c0, groups).contiguous();
  }
  const at::Tensor features = permute_letters(tensor, letters, deep ? "NDCHW" : "NCHW");
  const at::Tensor packed = pack_features(deep ? features : features.unsqueeze(1), c0);
  return (deep ? packed : packed.squeeze(1)).contiguous();
}

at::Tensor unpack(const at::Tensor &packed, int32_t format, int32_t plain, const Dims &dims,
                  int64_t c0, int64_t groups) {
  if (format == ACL_FORMAT_FRACTAL_NZ) return unpack_matrix(packed, dims).contiguous();
  const bool deep = has_depth(format);
  const std::string letters = axis_letters(plain);
  const auto size = [&](char letter) { return dims[letters.find(letter)]; };
  if (format == ACL_FORMAT_FRACTAL_Z || format == ACL_FRACTAL_Z_3D) {
    const at::Tensor filter = unpack_filter(
        packed, {deep ? size('D') : 1, size('C'), size('H'), size('W'), size('N')}, c0, groups);
    const at::Tensor flat = deep ? filter : filter.squeeze(0);
    return permute_letters(flat, deep ? "DCHWN" : "CHWN", letters).contiguous();
  }
  const at::Tensor features = unpack_features(deep ? packed : packed.unsqueeze(1), size('C'));
  const at::Tensor flat = deep ? features : features.squeeze(1);
  return permute_letters(flat, deep ? "NDCHW" : "NCHW", letters).contiguous();
}

at::Tensor transpose_format(const at::Tensor &tensor, int32_t from, int32_t to) {
  return permute_letters(tensor, axis_letters(from), axis_letters(to));
}

}  // namespace ascend_emu
