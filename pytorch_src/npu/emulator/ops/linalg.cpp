/* Products of vectors and matrices, and distances of vectors. */
#include <algorithm>

#include "args.h"
#include "codes.h"
#include "matrix_dims.h"
#include "shapes.h"
#include "widen.h"

namespace ascend_emu {

namespace {

/* -65530 stands for the first dim of 3 elements. */
int64_t cross_dim(const Call &call) {
  const Dims x = call.dims(0);
  int64_t dim = call.i("dim");
  if (dim == -65530) dim = std::find(x.begin(), x.end(), 3) - x.begin();
  if (dim < 0) dim += static_cast<int64_t>(x.size());
  if (dim < 0 || dim >= static_cast<int64_t>(x.size()) || x[static_cast<size_t>(dim)] != 3) {
    call.refuse(kAtCheck, "attribute [dim] is %lld for shape %s; a dim of 3 elements is expected",
                static_cast<long long>(call.i("dim")), dims_text(x).c_str());
  }
  return dim;
}

EMU_OP(Cross)
    .input("x1", (kNumber | kWideUnsigned).without(ACL_BF16))
    .input("x2", same_as("x1"))
    .output("y", same_as("x1"))
    .attr("dim", -65530)
    .shapes([](Shapes &s) {
      cross_dim(s);
      all_alike(s);
    })
    .body([](Args &a) {
      a.out(0, at::cross(widened(a.in(0)), widened(a.in(1)), cross_dim(a)));
    });

/* Distances of each of P points from each of R: never by a matrix product, which loses digits
   where points are close. */
constexpr int64_t kNoProduct = 2;

Dims distance_dims(const Call &call, int first) {
  const Dims x1 = matrices(call, first);
  const Dims x2 = matrices(call, first + 1);
  if (batch_of(x1) != batch_of(x2) || x1.back() != x2.back()) {
    call.refuse(kAtCheck, "inputs x1 %s and x2 %s must have equal dims but the last but one",
                dims_text(x1).c_str(), dims_text(x2).c_str());
  }
  if (!(call.f("p") >= 0)) {
    call.refuse(kAttr, "attribute [p] is %g; a number of 0 or more is expected", call.f("p"));
  }
  return joined(batch_of(x1), x1[x1.size() - 2], x2[x2.size() - 2]);
}

EMU_OP(Cdist)
    .input("x1", {ACL_FLOAT16, ACL_FLOAT})
    .input("x2", same_as("x1"))
    .output("y", same_as("x1"))
    .attr("p", 2.0)
    .shapes([](Shapes &s) { s.set(0, distance_dims(s, 0)); })
    .body([](Args &a) {
      a.out(0, at::cdist(widened(a.in(0)), widened(a.in(1)), a.f("p"), kNoProduct));
    });

EMU_OP(CdistGrad)
    .input("grad", {ACL_FLOAT16, ACL_FLOAT})
    .input("x1", same_as("grad"))
    .input("x2", same_as("grad"))
    .input("cdist", same_as("grad"))
    .output("y", same_as("grad"))
    .attr("p", 2.0)
    .shapes([](Shapes &s) {
      const Dims distances = distance_dims(s, 1);
      if (s.dims(0) != distances || s.dims(3) != distances) {
        s.refuse(kAtCheck, "input grad has shape %s and cdist %s; %s is expected",
                 dims_text(s.dims(0)).c_str(), dims_text(s.dims(3)).c_str(),
                 dims_text(distances).c_str());
      }
      s.set(0, s.dims(1));
    })
    .body([](Args &a) {
      const at::Tensor x1 = widened(a.in(1)).contiguous();
      const at::Tensor x2 = widened(a.in(2)).contiguous();
      /* ATen finds the largest difference by comparing with the distance, which a 16-bit distance
         never equals. */
      const at::Tensor distances = a.dtype(0) == ACL_FLOAT
                                       ? a.in(3).contiguous()
                                       : at::cdist(x1, x2, a.f("p"), kNoProduct);
      a.out(0, at::_cdist_backward(widened(a.in(0)).contiguous(), x1, x2, a.f("p"), distances));
    });

EMU_OP(Ger)
    .input("x1", {ACL_FLOAT16, ACL_FLOAT})
    .input("x2", same_as("x1"))
    .output("y", same_as("x1"))
    .shapes([](Shapes &s) {
      if (s.dims(0).size() != 1 || s.dims(1).size() != 1) {
        s.refuse(kAtCheck, "input x1 has shape %s and x2 %s; one dim of each is expected",
                 dims_text(s.dims(0)).c_str(), dims_text(s.dims(1)).c_str());
      }
      s.set(0, {s.dims(0)[0], s.dims(1)[0]});
    })
    .body([](Args &a) { a.out(0, widened(a.in(0)).unsqueeze(1) * widened(a.in(1))); });

EMU_OP(Einsum)
    .variadic_input("x", {ACL_FLOAT16, ACL_FLOAT, ACL_INT32})
    .output("y", same_as("x"))
    .required_attr("equation", EMU_ATTR_STRING)
    .required_attr("N", EMU_ATTR_INT)
    .shapes([](Shapes &s) {
      if (s.i("N") != s.count(0)) {
        s.refuse(kAttr, "attribute [N] is %lld; %d tensors of x were given",
                 static_cast<long long>(s.i("N")), s.count(0));
      }
    })
    .body([](Args &a) {
      std::vector<at::Tensor> factors;
      for (const at::Tensor &factor : a.all_in(0)) factors.push_back(widened(factor));
      a.out(0, at::einsum(a.s("equation"), factors));
    });

EMU_OP(ConjugateTranspose)
    .input("x", kNumber | kWideUnsigned)
    .input("perm", kIndex)
    .output("y", same_as("x"))
    .body([](Args &a) {
      const at::Tensor x = a.in(0);
      const Ints perm = a.host_ints(1);
      Ints sorted = perm;
      std::sort(sorted.begin(), sorted.end());
      bool fits = static_cast<int64_t>(perm.size()) == x.dim();
      for (size_t d = 0; fits && d < sorted.size(); ++d) {
        fits = sorted[d] == static_cast<int64_t>(d);
      }
      if (!fits) {
        a.refuse(kAtRun, "input perm is %s; each of 0 to %lld once is expected",
                 dims_text(perm).c_str(), static_cast<long long>(x.dim() - 1));
      }
      a.out(0, at::conj(x.permute(perm)));
    });

}  // namespace

}  // namespace ascend_emu
