/* Random numbers from seeds that are attributes, in TensorFlow's and torch's first manner: 0 asks
   for any numbers. */
#include <cmath>

#include "args.h"
#include "codes.h"
#include "random_numbers.h"
#include "scalars.h"
#include "shapes.h"

namespace ascend_emu {

namespace {

constexpr DtypeSet kTf{ACL_FLOAT16, ACL_FLOAT, ACL_DOUBLE};

RandomPlace attr_place(const Call &call) {
  const bool two = call.prototype().attr("seed2") != nullptr;
  return place_of(call.i("seed"), two ? call.i("seed2") : 0, 0, 0);
}

void from_shape(Shapes &s) {
  if (!s.value_known(0)) return;
  const Dims dims = s.host_ints(0);
  for (const int64_t dim : dims) {
    if (dim < 0) {
      s.refuse(kAtCheck, "input shape is %s; no dim may be negative", dims_text(dims).c_str());
    }
  }
  s.set(0, dims);
}

void refuse_other_types(Shapes &s) {
  if (!kTf.has(s.type("dtype"))) {
    s.refuse(kAttr, "attribute [dtype] is %d; allowed are %s", s.type("dtype"),
             kTf.text().c_str());
  }
}

EMU_OP(RandomUniform)
    .input("shape", kIndex)
    .output("y", type_from("dtype"))
    .required_attr("dtype", EMU_ATTR_DTYPE)
    .attr("seed", 0)
    .attr("seed2", 0)
    .shapes(from_shape)
    .shapes(refuse_other_types)
    .body([](Args &a) {
      a.out(0, uniform_numbers(a.host_ints(0), a.out_type(0), attr_place(a)));
    });

EMU_OP(RandomStandardNormal)
    .input("shape", kIndex)
    .output("y", type_from("dtype"))
    .required_attr("dtype", EMU_ATTR_DTYPE)
    .attr("seed", 0)
    .attr("seed2", 0)
    .shapes(from_shape)
    .shapes(refuse_other_types)
    .body([](Args &a) {
      a.out(0, normal_numbers(a.host_ints(0), a.out_type(0), attr_place(a)));
    });

EMU_OP(TruncatedNormal)
    .input("shape", kIndex)
    .output("y", type_from("dtype"))
    .attr("seed", 0)
    .attr("seed2", 0)
    .attr("dtype", ACL_FLOAT)
    .shapes(from_shape)
    .shapes(refuse_other_types)
    .body([](Args &a) { a.out(0, truncated_normal_numbers(a.host_ints(0), attr_place(a))); });

EMU_OP(RandomUniformInt)
    .input("shape", kIndex)
    .input("min", kIndex)
    .input("max", same_as("min"))
    .output("y", same_as("min"))
    .attr("seed", 0)
    .attr("seed2", 0)
    .shapes(from_shape)
    .body([](Args &a) {
      const int64_t low = one_int(a, 1);
      const int64_t high = one_int(a, 2);
      if (low >= high) {
        a.refuse(kAtRun, "input min is %lld and max %lld; min must be less",
                 static_cast<long long>(low), static_cast<long long>(high));
      }
      a.out(0, random_integers(a.host_ints(0), low, high, attr_place(a)));
    });

EMU_OP(Normal)
    .input("mean", kTf)
    .input("std", same_as("mean"))
    .output("y", same_as("mean"))
    .shapes(broadcast)
    .body([](Args &a) {
      Dims dims;
      broadcast_dims(a.dims(0), a.dims(1), &dims);
      a.out(0, a.in(0) + a.in(1) * normal_numbers(dims, a.out_type(0), any_place()));
    });

EMU_OP(Uniform)
    .input("x", kTf)
    .output("y", same_as("x"))
    .attr("from", 0.0)
    .attr("to", 1.0)
    .shapes([](Shapes &s) {
      if (!(s.f("from") <= s.f("to"))) {
        s.refuse(kAttr, "attribute [from] is %g and [to] %g; from may not be larger", s.f("from"),
                 s.f("to"));
      }
      s.set(0, s.dims(0));
    })
    .body([](Args &a) {
      const at::Tensor u = uniform_numbers(a.dims(0), a.out_type(0), any_place());
      a.out(0, u.to(at::kDouble) * (a.f("to") - a.f("from")) + a.f("from"));
    });

EMU_OP(Exponential)
    .input("x", kTf)
    .output("y", same_as("x"))
    .attr("lambda", 1.0)
    .attr("seed", 0)
    .shapes([](Shapes &s) {
      if (!(s.f("lambda") > 0)) {
        s.refuse(kAttr, "attribute [lambda] is %g; a positive number is expected",
                 s.f("lambda"));
      }
      s.set(0, s.dims(0));
    })
    .body([](Args &a) {
      const at::Tensor u = uniform_numbers(a.dims(0), at::kDouble, attr_place(a));
      a.out(0, at::log1p(u.neg()).div(-a.f("lambda")));
    });

/* How many trials until the first success. */
EMU_OP(Geometric)
    .input("x", {ACL_FLOAT16, ACL_FLOAT})
    .output("y", same_as("x"))
    .required_attr("p", EMU_ATTR_FLOAT)
    .attr("seed", 0)
    .shapes([](Shapes &s) {
      if (!(s.f("p") > 0 && s.f("p") < 1)) {
        s.refuse(kAttr, "attribute [p] is %g; a number between 0 and 1 is expected", s.f("p"));
      }
      s.set(0, s.dims(0));
    })
    .body([](Args &a) {
      const at::Tensor u = uniform_numbers(a.dims(0), at::kDouble, attr_place(a));
      a.out(0, at::log1p(u.neg()).div(std::log1p(-a.f("p"))).floor() + 1);
    });

}  // namespace

}  // namespace ascend_emu
