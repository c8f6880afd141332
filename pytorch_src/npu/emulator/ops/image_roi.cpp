/* Regions of images pooled to one size: ROIAlign and its gradient. */
#include <algorithm>
#include <cmath>

#include "args.h"
#include "codes.h"
#include "index_rows.h"
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

}  // namespace

}  // namespace ascend_emu
