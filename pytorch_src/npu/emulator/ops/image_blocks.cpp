/* Operators that move blocks of pixels: to channels, to the batch. */
#include "args.h"
#include "codes.h"
#include "shapes.h"

namespace ascend_emu {

namespace {

constexpr DtypeSet kBasic = kNumber | kWideUnsigned;

/* Larger ones than any image has, and small enough to be multiplied. */
constexpr int64_t kLargestBlock = 1 << 15;

/* The sizes of an image by what they are, whatever the format. */
struct Image {
  int64_t n, c, h, w;
};

Image image_of(const Call &call, bool channels_last) {
  const Dims x = call.dims(0);
  if (x.size() != 4) {
    call.refuse(kAtCheck, "input x has shape %s; four dims are expected", dims_text(x).c_str());
  }
  if (channels_last) return {x[0], x[3], x[1], x[2]};
  return {x[0], x[1], x[2], x[3]};
}

Dims dims_of(const Image &image, bool channels_last) {
  if (channels_last) return {image.n, image.h, image.w, image.c};
  return {image.n, image.c, image.h, image.w};
}

bool last_by_attr(const Call &call) { return call.s("data_format") == "NHWC"; }

at::Tensor to_front(const at::Tensor &x, bool channels_last) {
  return channels_last ? x.permute({0, 3, 1, 2}) : x;
}

at::Tensor from_front(const at::Tensor &x, bool channels_last) {
  return channels_last ? x.permute({0, 2, 3, 1}) : x;
}

Image deep_to_wide(const Call &call) {
  const int64_t block = call.i("block_size");
  const Image x = image_of(call, last_by_attr(call));
  if (block < 2 || block > kLargestBlock || x.c % (block * block) != 0) {
    call.refuse(kAttr, "attribute [block_size] is %lld; a number of 2 or more whose square divides "
                "the %lld channels is expected", static_cast<long long>(block),
                static_cast<long long>(x.c));
  }
  return {x.n, x.c / (block * block), x.h * block, x.w * block};
}

EMU_OP(DepthToSpace)
    .input("x", kBasic)
    .output("y", same_as("x"))
    .required_attr("block_size", EMU_ATTR_INT)
    .attr("mode", "DCR")
    .one_of({"DCR", "CRD"})
    .attr("data_format", "NHWC")
    .one_of({"NHWC", "NCHW"})
    .shapes([](Shapes &s) { s.set(0, dims_of(deep_to_wide(s), last_by_attr(s))); })
    .body([](Args &a) {
      const int64_t b = a.i("block_size");
      const bool last = last_by_attr(a);
      const Image y = deep_to_wide(a);
      const at::Tensor x = to_front(a.in(0), last);
      const int64_t h = y.h / b, w = y.w / b;
      /* DCR: a channel is block row, block column, depth; CRD: depth first. */
      const at::Tensor blocks = a.s("mode") == "DCR"
                                    ? x.reshape({y.n, b, b, y.c, h, w}).permute({0, 3, 4, 1, 5, 2})
                                    : x.reshape({y.n, y.c, b, b, h, w}).permute({0, 1, 4, 2, 5, 3});
      a.out(0, from_front(blocks.reshape({y.n, y.c, y.h, y.w}), last));
    });

Image wide_to_deep(const Call &call) {
  const int64_t block = call.i("block_size");
  const Image x = image_of(call, last_by_attr(call));
  if (block < 2 || block > kLargestBlock || x.h % block != 0 || x.w % block != 0) {
    call.refuse(kAttr, "attribute [block_size] is %lld; a number of 2 or more that divides height "
                "%lld and width %lld is expected", static_cast<long long>(block),
                static_cast<long long>(x.h), static_cast<long long>(x.w));
  }
  return {x.n, x.c * block * block, x.h / block, x.w / block};
}

EMU_OP(SpaceToDepth)
    .input("x", kBasic)
    .output("y", same_as("x"))
    .required_attr("block_size", EMU_ATTR_INT)
    .attr("data_format", "NHWC")
    .one_of({"NHWC", "NCHW"})
    .shapes([](Shapes &s) { s.set(0, dims_of(wide_to_deep(s), last_by_attr(s))); })
    .body([](Args &a) {
      const int64_t b = a.i("block_size");
      const bool last = last_by_attr(a);
      const Image y = wide_to_deep(a);
      const at::Tensor x = to_front(a.in(0), last);
      const at::Tensor blocks = x.reshape({y.n, y.c / (b * b), y.h, b, y.w, b})
                                    .permute({0, 3, 5, 1, 2, 4})
                                    .reshape({y.n, y.c, y.h, y.w});
      a.out(0, from_front(blocks, last));
    });

/* Blocks of the spatial dims, which follow the batch, and what is padded or cropped of them. */
struct Batching {
  Ints block;
  Ints edges; /* before and after each spatial dim */
};

Batching batching_of(const Call &call, int32_t code) {
  const Batching batching{call.host_ints(1), call.host_ints(2)};
  const size_t spatial = batching.block.size();
  bool fits = batching.edges.size() == 2 * spatial && call.dims(0).size() > spatial;
  for (const int64_t size : batching.block) fits = fits && size >= 1 && size <= kLargestBlock;
  for (const int64_t edge : batching.edges) fits = fits && edge >= 0 && edge <= int64_t{1} << 40;
  if (!fits) {
    call.refuse(code, "block_shape is %s and %s %s for x of shape %s; a positive number for each "
                "spatial dim, and two numbers of 0 or more, are expected",
                dims_text(batching.block).c_str(), call.input_name(2).c_str(),
                dims_text(batching.edges).c_str(), dims_text(call.dims(0)).c_str());
  }
  return batching;
}

Dims space_to_batch_dims(const Call &call, int32_t code, const Batching &batching) {
  Dims dims = call.dims(0);
  for (size_t d = 0; d < batching.block.size(); ++d) {
    const int64_t room = dims[1 + d] + batching.edges[2 * d] + batching.edges[2 * d + 1];
    if (room % batching.block[d] != 0) {
      call.refuse(code, "dim %zu of x with its paddings has %lld elements; block_shape %lld does "
                  "not divide it", 1 + d, static_cast<long long>(room),
                  static_cast<long long>(batching.block[d]));
    }
    dims[1 + d] = room / batching.block[d];
    dims[0] *= batching.block[d];
  }
  return dims;
}

EMU_OP(SpaceToBatchND)
    .input("x", kBasic)
    .input("block_shape", kIndex)
    .input("paddings", kIndex)
    .output("y", same_as("x"))
    .shapes([](Shapes &s) {
      if (!s.value_known(1) || !s.value_known(2)) return;
      s.set(0, space_to_batch_dims(s, kAtCheck, batching_of(s, kAtCheck)));
    })
    .body([](Args &a) {
      const Batching batching = batching_of(a, kAtRun);
      const Dims y = space_to_batch_dims(a, kAtRun, batching);
      const size_t spatial = batching.block.size();
      Ints pads(2 * (y.size() - 1 - spatial), 0);
      for (size_t d = spatial; d-- > 0;) {
        pads.push_back(batching.edges[2 * d]);
        pads.push_back(batching.edges[2 * d + 1]);
      }
      /* [N, h, block, w, block, ...] -> [block, block, N, h, w, ...] */
      Dims split{a.dims(0)[0]};
      Ints order;
      for (size_t d = 0; d < spatial; ++d) {
        split.push_back(y[1 + d]);
        split.push_back(batching.block[d]);
        order.push_back(static_cast<int64_t>(2 + 2 * d));
      }
      order.push_back(0);
      for (size_t d = 0; d < spatial; ++d) order.push_back(static_cast<int64_t>(1 + 2 * d));
      for (size_t d = 1 + spatial; d < y.size(); ++d) {
        order.push_back(static_cast<int64_t>(split.size()));
        split.push_back(y[d]);
      }
      a.out(0, at::constant_pad_nd(a.in(0), pads, 0).reshape(split).permute(order).reshape(y));
    });

Dims batch_to_space_dims(const Call &call, int32_t code, const Batching &batching) {
  Dims dims = call.dims(0);
  const int64_t batch = dims[0];
  for (size_t d = 0; d < batching.block.size(); ++d) {
    if (dims[0] % batching.block[d] != 0) {
      call.refuse(code, "the batch of x has %lld elements; the blocks of block_shape %s do not "
                  "divide it", static_cast<long long>(batch), dims_text(batching.block).c_str());
    }
    dims[0] /= batching.block[d];
    dims[1 + d] = dims[1 + d] * batching.block[d] - batching.edges[2 * d] -
                  batching.edges[2 * d + 1];
    if (dims[1 + d] < 0) call.refuse(code, "crops leave less than nothing of dim %zu", 1 + d);
  }
  return dims;
}

EMU_OP(BatchToSpaceND)
    .input("x", kBasic)
    .input("block_shape", kIndex)
    .input("crops", kIndex)
    .output("y", same_as("x"))
    .shapes([](Shapes &s) {
      if (!s.value_known(1) || !s.value_known(2)) return;
      s.set(0, batch_to_space_dims(s, kAtCheck, batching_of(s, kAtCheck)));
    })
    .body([](Args &a) {
      const Batching batching = batching_of(a, kAtRun);
      const Dims x = a.dims(0);
      const Dims y = batch_to_space_dims(a, kAtRun, batching);
      const size_t spatial = batching.block.size();
      /* [block, block, N, h, w, ...] -> [N, h, block, w, block, ...] */
      Dims split(batching.block);
      split.push_back(y[0]);
      split.insert(split.end(), x.begin() + 1, x.end());
      Dims joined{y[0]};
      Ints order{static_cast<int64_t>(spatial)};
      for (size_t d = 0; d < spatial; ++d) {
        order.push_back(static_cast<int64_t>(spatial + 1 + d));
        order.push_back(static_cast<int64_t>(d));
        joined.push_back(x[1 + d] * batching.block[d]);
      }
      for (size_t d = 1 + spatial; d < y.size(); ++d) {
        order.push_back(static_cast<int64_t>(spatial + d));
        joined.push_back(y[d]);
      }
      at::Tensor whole = a.in(0).reshape(split).permute(order).reshape(joined);
      for (size_t d = 0; d < spatial; ++d) {
        whole = whole.narrow(static_cast<int64_t>(1 + d), batching.edges[2 * d], y[1 + d]);
      }
      a.out(0, whole);
    });

EMU_OP(ShuffleChannel)
    .input("x", {ACL_FLOAT16, ACL_FLOAT, ACL_INT8, ACL_UINT8, ACL_INT16, ACL_UINT16, ACL_INT32,
                 ACL_UINT32, ACL_INT64, ACL_UINT64})
    .formats({ACL_FORMAT_NCHW, ACL_FORMAT_ND})
    .output("y", same_as("x"))
    .attr("group", 1)
    .shapes([](Shapes &s) {
      const Image x = image_of(s, false);
      if (s.i("group") <= 0 || x.c % s.i("group") != 0) {
        s.refuse(kAttr, "attribute [group] is %lld; a positive number that divides the %lld "
                 "channels is expected", static_cast<long long>(s.i("group")),
                 static_cast<long long>(x.c));
      }
      s.set(0, s.dims(0));
    })
    .body([](Args &a) {
      const Image x = image_of(a, false);
      const int64_t group = a.i("group");
      a.out(0, a.in(0)
                   .reshape({x.n, group, x.c / group, x.h * x.w})
                   .transpose(1, 2)
                   .reshape(a.dims(0)));
    });

}  // namespace

}  // namespace ascend_emu
