/* Sampling at the places of a flow field. */
#include "args.h"
#include "codes.h"
#include "shapes.h"
#include "widen.h"

namespace ascend_emu {

namespace {

constexpr DtypeSet kHalfToDouble{ACL_FLOAT16, ACL_FLOAT, ACL_DOUBLE};

/* ATen's numbers for the names of interpolations and paddings. */
int64_t interpolation(const Call &call) {
  const std::string name = call.s("interpolation_mode");
  return name == "bilinear" ? 0 : name == "nearest" ? 1 : 2;
}

int64_t padding(const Call &call) {
  const std::string name = call.s("padding_mode");
  return name == "zeros" ? 0 : name == "border" ? 1 : 2;
}

Define &&sampling(Define &&op, std::vector<std::string> interpolations) {
  return std::move(op)
      .attr("interpolation_mode", "bilinear")
      .one_of(std::move(interpolations))
      .attr("padding_mode", "zeros")
      .one_of({"zeros", "border", "reflection"})
      .attr("align_corners", false);
}

/* [N, C, out...] for x [N, C, in...] and grid [N, out..., spatial dims]. */
Dims sampled_dims(const Call &call, int x_at, int grid_at, size_t spatial) {
  const Dims x = call.dims(x_at);
  const Dims grid = call.dims(grid_at);
  const bool fits = x.size() == spatial + 2 && grid.size() == spatial + 2 && x[0] == grid[0] &&
                    grid.back() == static_cast<int64_t>(spatial);
  if (!fits) {
    call.refuse(kAtCheck, "input x has shape %s and grid %s; %zu dims of each, as many samples, "
                "and %zu coordinates in the last dim of grid are expected", dims_text(x).c_str(),
                dims_text(grid).c_str(), spatial + 2, spatial);
  }
  Dims dims{x[0], x[1]};
  dims.insert(dims.end(), grid.begin() + 1, grid.end() - 1);
  return dims;
}

const Defined grid_sampler_2d =
    sampling(Define("GridSampler2D")
                 .input("x", kHalfToDouble)
                 .input("grid", same_as("x"))
                 .output("y", same_as("x")),
             {"bilinear", "nearest", "bicubic"})
        .shapes([](Shapes &s) { s.set(0, sampled_dims(s, 0, 1, 2)); })
        .body([](Args &a) {
          a.out(0, at::grid_sampler_2d(as_floats(a.in(0)), as_floats(a.in(1)), interpolation(a),
                                       padding(a), a.b("align_corners")));
        });

const Defined grid_sampler_3d =
    sampling(Define("GridSampler3D")
                 .input("x", kHalfToDouble)
                 .input("grid", same_as("x"))
                 .output("y", same_as("x"))
                 .attr("data_format", "NCDHW")
                 .one_of({"NCDHW"}),
             {"bilinear", "nearest"})
        .shapes([](Shapes &s) { s.set(0, sampled_dims(s, 0, 1, 3)); })
        .body([](Args &a) {
          a.out(0, at::grid_sampler_3d(as_floats(a.in(0)), as_floats(a.in(1)), interpolation(a),
                                       padding(a), a.b("align_corners")));
        });

const Defined grid_sampler_2d_grad =
    sampling(Define("GridSampler2DGrad")
                 .input("grad", kFloating)
                 .input("x", same_as("grad"))
                 .input("grid", same_as("grad"))
                 .output("dx", same_as("grad"))
                 .output("dgrid", same_as("grad")),
             {"bilinear", "nearest"})
        .shapes([](Shapes &s) {
          const Dims grad = sampled_dims(s, 1, 2, 2);
          if (s.dims(0) != grad) {
            s.refuse(kAtCheck, "input grad has shape %s; %s is expected",
                     dims_text(s.dims(0)).c_str(), dims_text(grad).c_str());
          }
          s.set(0, s.dims(1));
          s.set(1, s.dims(2));
        })
        .body([](Args &a) {
          const auto grads = at::grid_sampler_2d_backward(
              as_floats(a.in(0)), as_floats(a.in(1)), as_floats(a.in(2)), interpolation(a),
              padding(a), a.b("align_corners")
#if EMU_TORCH >= 111
              , {true, true}
#endif
          );
          a.out(0, std::get<0>(grads));
          a.out(1, std::get<1>(grads));
        });

}  // namespace

}  // namespace ascend_emu
