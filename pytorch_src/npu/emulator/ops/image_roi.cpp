/* Regions of images: pooling them, cutting them out, choosing among them. */
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

/* How the corners of a region become coordinates of the feature map: CANN's roi_end_mode. */
enum EndMode : int64_t {
  kAtLeastOne = 0, /* as they are; a region is at least 1 wide and high */
  kPixelMore = 1,  /* the end lies one pixel of the image further */
  kHalfPixel = 2,  /* all lie half a pixel of the map before */
};

constexpr int64_t kMostSamples = 4096;

struct Pooling {
  double scale;
  int64_t height;
  int64_t width;
  int64_t samples; /* per axis and result; 0: as many as pixels, rounded up */
  int64_t mode;
};

Pooling pooling_of(const Call &call) {
  const Pooling pooling{call.f("spatial_scale"), call.i("pooled_height"), call.i("pooled_width"),
                        call.i("sample_num"), call.i("roi_end_mode")};
  if (pooling.height <= 0 || pooling.width <= 0 || pooling.samples < 0 ||
      pooling.samples > kMostSamples || pooling.mode < 0 ||
      pooling.mode > 2) {
    call.refuse(kAttr, "attributes [pooled_height], [pooled_width], [sample_num] and "
                "[roi_end_mode] are %lld, %lld, %lld and %lld; two positive numbers, 0 to 4096, "
                "and 0 to 2 are expected", static_cast<long long>(pooling.height),
                static_cast<long long>(pooling.width), static_cast<long long>(pooling.samples),
                static_cast<long long>(pooling.mode));
  }
  return pooling;
}

/* [results, size]: how much of each pixel of an axis is in each result. Samples are taken between
   two pixels; those more than a pixel outside count as 0. */
at::Tensor pooling_weights(double from, double to, int64_t results, int64_t size,
                           const Pooling &pooling) {
  at::Tensor weights = at::zeros({results, size}, at::kFloat);
  float *rows = weights.data_ptr<float>();
  const double bin = (to - from) / static_cast<double>(results);
  const int64_t samples =
      pooling.samples > 0 ? pooling.samples : std::max<int64_t>(std::llround(std::ceil(bin)), 1);
  for (int64_t i = 0; i < results * samples; ++i) {
    const double at = from + bin * (static_cast<double>(i) + 0.5) / static_cast<double>(samples);
    if (at < -1 || at > static_cast<double>(size)) continue;
    const double inside = std::min(std::max(at, 0.0), static_cast<double>(size - 1));
    const int64_t low = static_cast<int64_t>(inside);
    const int64_t high = std::min(low + 1, size - 1);
    const double rest = inside - static_cast<double>(low);
    float *row = rows + i / samples * size;
    row[low] += static_cast<float>((1 - rest) / static_cast<double>(samples));
    row[high] += static_cast<float>(rest / static_cast<double>(samples));
  }
  return weights;
}

/* Beyond this a region would need more samples than there is time for. */
constexpr double kLargestRoi = 1e6;

struct Region {
  int64_t image;
  at::Tensor rows;    /* [pooled height, height] */
  at::Tensor columns; /* [pooled width, width] */
};

std::vector<Region> regions_of(const Args &a, int rois_at, const Dims &features) {
  const Pooling pooling = pooling_of(a);
  const at::Tensor rois = a.in(rois_at).to(at::kDouble).contiguous();
  if (!rois.abs().lt(kLargestRoi).all().item<bool>()) {
    a.refuse(kAtRun, "input rois holds a number that is not finite, or beyond %g", kLargestRoi);
  }
  checked_index(a, rois.select(1, 0), 0, features[0], "rois");
  std::vector<Region> regions;
  for (int64_t n = 0; n < rois.size(0); ++n) {
    const double *roi = rois.data_ptr<double>() + n * 5;
    const double shift = pooling.mode == kHalfPixel ? 0.5 : 0;
    const double more = pooling.mode == kPixelMore ? 1 : 0;
    const auto weights = [&](int corner, int64_t results, int64_t size) {
      const double from = roi[corner] * pooling.scale - shift;
      double to = (roi[corner + 2] + more) * pooling.scale - shift;
      if (pooling.mode == kAtLeastOne) to = std::max(to, from + 1);
      return pooling_weights(from, to, results, size, pooling);
    };
    regions.push_back({static_cast<int64_t>(roi[0]), weights(2, pooling.height, features[2]),
                       weights(1, pooling.width, features[3])});
  }
  return regions;
}

void refuse_rois(const Call &call, int rois_at, const Dims &features) {
  const Dims rois = call.dims(rois_at);
  const bool empty = std::any_of(features.begin(), features.end(),
                                 [](int64_t dim) { return dim <= 0; });
  if (features.size() != 4 || empty || rois.size() != 2 || rois[1] != 5) {
    call.refuse(kAtCheck, "the features have shape %s and rois %s; four dims, none of them 0, and "
                "rows of image number, x0, y0, x1, y1 are expected", dims_text(features).c_str(),
                dims_text(rois).c_str());
  }
}

EMU_OP(ROIAlign)
    .input("features", {ACL_FLOAT16, ACL_FLOAT})
    .input("rois", same_as("features"))
    .optional_input("rois_n", ACL_INT32)
    .output("y", same_as("features"))
    .required_attr("spatial_scale", EMU_ATTR_FLOAT)
    .required_attr("pooled_height", EMU_ATTR_INT)
    .required_attr("pooled_width", EMU_ATTR_INT)
    .attr("sample_num", 2)
    .attr("roi_end_mode", 1)
    .attr("pool_mode", "avg")
    .one_of({"avg"})
    .layouts(Layouts::kPrivate)
    .shapes([](Shapes &s) {
      refuse_rois(s, 1, s.dims(0));
      const Pooling pooling = pooling_of(s);
      s.set(0, {s.dims(1)[0], s.dims(0)[1], pooling.height, pooling.width});
    })
    .body([](Args &a) {
      const at::Tensor features = a.in(0).to(at::kFloat);
      std::vector<at::Tensor> pooled;
      for (const Region &region : regions_of(a, 1, a.dims(0))) {
        const at::Tensor image = features.select(0, region.image);
        pooled.push_back(at::matmul(at::matmul(region.rows, image), region.columns.t()));
      }
      if (!pooled.empty()) return a.out(0, at::stack(pooled));
      a.out(0, at::empty({0, features.size(1), a.i("pooled_height"), a.i("pooled_width")}));
    });

EMU_OP(ROIAlignGrad)
    .input("ydiff", ACL_FLOAT)
    .input("rois", ACL_FLOAT)
    .optional_input("rois_n", ACL_INT32)
    .output("xdiff", ACL_FLOAT)
    .required_attr("xdiff_shape", EMU_ATTR_LIST_INT)
    .required_attr("pooled_width", EMU_ATTR_INT)
    .required_attr("pooled_height", EMU_ATTR_INT)
    .required_attr("spatial_scale", EMU_ATTR_FLOAT)
    .attr("sample_num", 2)
    .attr("roi_end_mode", 1)
    .layouts(Layouts::kPrivate)
    .shapes([](Shapes &s) {
      const Dims features = s.ints("xdiff_shape");
      refuse_rois(s, 1, features);
      const Pooling pooling = pooling_of(s);
      const Dims grad{s.dims(1)[0], features[1], pooling.height, pooling.width};
      if (s.dims(0) != grad) {
        s.refuse(kAtCheck, "input ydiff has shape %s; %s is expected",
                 dims_text(s.dims(0)).c_str(), dims_text(grad).c_str());
      }
      s.set(0, features);
    })
    .body([](Args &a) {
      const Dims features = a.ints("xdiff_shape");
      const at::Tensor grad = a.in(0);
      at::Tensor x = at::zeros(features, grad.options());
      int64_t n = 0;
      for (const Region &region : regions_of(a, 1, features)) {
        x.select(0, region.image)
            .add_(at::matmul(at::matmul(region.rows.t(), grad.select(0, n++)), region.columns));
      }
      a.out(0, x);
    });

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
