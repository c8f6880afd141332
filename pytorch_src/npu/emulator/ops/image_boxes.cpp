/* Boxes in images: cutting them out, and choosing among those that overlap. */
#include <algorithm>
#include <cmath>

#include "args.h"
#include "codes.h"
#include "image_taps.h"
#include "index_rows.h"
#include "scalars.h"
#include "shapes.h"

namespace ascend_emu {

namespace {

/* One axis of a crop: where its results lie in the image, and which of them lie inside. */
struct CropAxis {
  Taps taps;
  at::Tensor inside;
};

CropAxis crop_axis(double from, double to, int64_t results, int64_t size, bool nearest) {
  const double last = static_cast<double>(size - 1);
  const at::Tensor steps = at::arange(results, at::TensorOptions().dtype(at::kDouble));
  const at::Tensor place = results > 1
                            ? steps * ((to - from) * last / static_cast<double>(results - 1)) +
                                  from * last
                            : steps + 0.5 * (from + to) * last;
  const at::Tensor at = at::where(at::isfinite(place), place, at::full_like(place, -1));
  const at::Tensor clamped = at.clamp(0, last);
  const at::Tensor low = nearest ? (clamped + 0.5).floor() : clamped.floor();
  CropAxis axis{{}, at.ge(0).logical_and(at.le(last))};
  if (nearest) {
    axis.taps = {{low.to(at::kLong), at::ones_like(low)}};
  } else {
    axis.taps = {{low.to(at::kLong), low + 1 - clamped},
                 {clamped.ceil().to(at::kLong), clamped - low}};
  }
  return axis;
}

void crop_shape(Shapes &s) {
  const Dims x = s.dims(0);
  const Dims boxes = s.dims(1);
  if (x.size() != 4 || x[1] == 0 || x[2] == 0 || boxes.size() != 2 || boxes[1] != 4 ||
      s.dims(2) != Dims{boxes[0]}) {
    s.refuse(kAtCheck, "x has shape %s, boxes %s and box_index %s; an image with pixels, rows of "
             "y1, x1, y2, x2, and one image number for each row are expected",
             dims_text(x).c_str(), dims_text(boxes).c_str(), dims_text(s.dims(2)).c_str());
  }
  if (!s.value_known(3)) return;
  const Ints size = s.host_ints(3);
  if (size.size() != 2) s.refuse(kAtCheck, "input crop_size has %zu elements; two are expected",
                                 size.size());
  s.set(0, {boxes[0], size[0], size[1], x[3]});
}

void crop(Args &a) {
  const at::Tensor x = a.in(0);
  const at::Tensor boxes = a.in(1).to(at::kDouble).contiguous();
  const at::Tensor index = checked_index(a, a.in(2), 0, x.size(0), "box_index");
  const Ints size = a.host_ints(3);
  if (size.size() != 2 || size[0] <= 0 || size[1] <= 0) {
    a.refuse(kAtRun, "input crop_size is %s; a positive height and width are expected",
             dims_text(size).c_str());
  }
  const bool nearest = a.s("method") == "nearest";
  at::Tensor y = at::full({boxes.size(0), size[0], size[1], x.size(3)},
                          a.f("extrapolation_value"), at::kFloat);
  for (int64_t n = 0; n < boxes.size(0); ++n) {
    const double *box = boxes.data_ptr<double>() + n * 4;
    const CropAxis rows = crop_axis(box[0], box[2], size[0], x.size(1), nearest);
    const CropAxis columns = crop_axis(box[1], box[3], size[1], x.size(2), nearest);
    const at::Tensor image = x.select(0, index.data_ptr<int64_t>()[n]).to(at::kFloat);
    const at::Tensor cut = resampled(resampled(image, 1, columns.taps), 0, rows.taps);
    const at::Tensor inside = rows.inside.unsqueeze(1).logical_and(columns.inside).unsqueeze(2);
    y.select(0, n).copy_(at::where(inside, cut, y.select(0, n)));
  }
  a.out(0, y);
}

const std::vector<aclFormat> kRows{ACL_FORMAT_NHWC, ACL_FORMAT_ND};

EMU_OP(CropAndResize)
    .input("x", kReal.without(ACL_BF16) | ACL_UINT16)
    .formats(kRows)
    .input("boxes", {ACL_FLOAT16, ACL_FLOAT})
    .input("box_index", ACL_INT32)
    .input("crop_size", ACL_INT32)
    .output("y", {ACL_FLOAT16, ACL_FLOAT})
    .formats(kRows)
    .attr("extrapolation_value", 0.0)
    .attr("method", "bilinear")
    .one_of({"bilinear", "nearest"})
    .shapes(crop_shape)
    .body(crop);

EMU_OP(CropAndResizeV2)
    .input("x", kReal.without(ACL_BF16) | ACL_UINT16)
    .formats(kRows)
    .input("boxes", ACL_FLOAT)
    .input("box_index", ACL_INT32)
    .input("crop_size", ACL_INT32)
    .output("y", type_from("dtype"))
    .formats(kRows)
    .attr("extrapolation_value", 0.0)
    .attr("method", "bilinear")
    .one_of({"bilinear", "nearest"})
    .attr("dtype", ACL_FLOAT)
    .shapes(crop_shape)
    .shapes([](Shapes &s) {
      if (s.type("dtype") != ACL_FLOAT && s.type("dtype") != ACL_FLOAT16) {
        s.refuse(kAttr, "attribute [dtype] is %d; the emulator has DT_FLOAT and DT_FLOAT16",
                 s.type("dtype"));
      }
    })
    .body(crop);

/* Boxes in the order of their scores, without those that overlap one that was taken. */
double overlap(const double *a, const double *b, double offset) {
  const auto side = [&](double from, double to) { return std::max(to - from + offset, 0.0); };
  const double shared = side(std::max(a[0], b[0]), std::min(a[2], b[2])) *
                        side(std::max(a[1], b[1]), std::min(a[3], b[3]));
  const double all = side(a[0], a[2]) * side(a[1], a[3]) + side(b[0], b[2]) * side(b[1], b[3]);
  return all - shared > 0 ? shared / (all - shared) : 0;
}

EMU_OP(NonMaxSuppressionV3)
    .input("boxes", {ACL_FLOAT16, ACL_FLOAT})
    .input("scores", same_as("boxes"))
    .input("max_output_size", ACL_INT32)
    .input("iou_threshold", {ACL_FLOAT16, ACL_FLOAT})
    .input("score_threshold", {ACL_FLOAT16, ACL_FLOAT})
    .data_dependent_output("selected_indices", ACL_INT32)
    .attr("offset", 0)
    .shapes([](Shapes &s) {
      const Dims boxes = s.dims(0);
      if (boxes.size() != 2 || boxes[1] != 4 || s.dims(1) != Dims{boxes[0]}) {
        s.refuse(kAtCheck, "input boxes has shape %s and scores %s; rows of x1, y1, x2, y2 and one "
                 "score for each are expected", dims_text(boxes).c_str(),
                 dims_text(s.dims(1)).c_str());
      }
    })
    .body([](Args &a) {
      const std::vector<double> boxes = a.host_floats(0);
      std::vector<double> scores = a.host_floats(1);
      /* What is not a number has no place in an order; last, it is never taken. */
      for (double &score : scores) score = std::isnan(score) ? -INFINITY : score;
      const size_t most = static_cast<size_t>(std::max<int64_t>(one_int(a, 2), 0));
      const double shared = one_float(a, 3);
      const double least = one_float(a, 4);
      const double offset = static_cast<double>(a.i("offset"));
      std::vector<int64_t> order(scores.size());
      for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int64_t>(i);
      std::stable_sort(order.begin(), order.end(),
                       [&](int64_t i, int64_t j) { return scores[i] > scores[j]; });
      std::vector<int64_t> taken;
      for (const int64_t box : order) {
        if (taken.size() == most || !(scores[box] > least)) break;
        const bool free = std::none_of(taken.begin(), taken.end(), [&](int64_t other) {
          return overlap(&boxes[box * 4], &boxes[other * 4], offset) > shared;
        });
        if (free) taken.push_back(box);
      }
      a.out(0, at::tensor(at::ArrayRef<int64_t>(taken)));
    });

}  // namespace

}  // namespace ascend_emu
