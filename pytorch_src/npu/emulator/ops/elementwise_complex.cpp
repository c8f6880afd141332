/* Complex numbers of their parts, and their parts. The attribute Tout says the type of the
   result; its kind differs from operator to operator, as CANN publishes them. */
#include "args.h"
#include "codes.h"
#include "ops/types.h"
#include "shapes.h"

namespace ascend_emu {

namespace {

/* The real type of a complex one's parts. */
int32_t part_of(int32_t complex) { return complex == ACL_COMPLEX128 ? ACL_DOUBLE : ACL_FLOAT; }

void check_part(Shapes &shapes) {
  const int32_t given = shapes.dtype(0);
  const int32_t part = kComplex.has(given) ? part_of(given) : given;
  if (shapes.output_dtype(0) == part) return;
  shapes.refuse(ACL_ERROR_OP_OUTPUT_NOT_MATCH, "output %s has data type %s; %s has parts of %s",
                shapes.output_name(0).c_str(), type_name(shapes.output_dtype(0)).c_str(),
                type_name(given).c_str(), type_name(part).c_str());
}

EMU_OP(ComplexAbs)
    .input("x", kComplex)
    .output("y", type_from("Tout"))
    .attr("Tout", ACL_FLOAT)
    .shapes(check_part)
    .shapes(like(0))
    .body([](Args &a) { a.out(0, at::abs(a.in(0))); });

EMU_OP(Imag)
    .input("input", kComplex)
    .output("output", type_from("Tout"))
    .attr("Tout", ACL_FLOAT)
    .shapes(check_part)
    .shapes(like(0))
    .body([](Args &a) { a.out(0, at::imag(a.in(0))); });

EMU_OP(Real)
    .input("input", kComplex | DtypeSet{ACL_FLOAT16, ACL_FLOAT})
    .output("output", type_from("Tout"))
    .attr("Tout", static_cast<int>(ACL_FLOAT))
    .shapes(check_part)
    .shapes(like(0))
    .body([](Args &a) {
      const at::Tensor x = a.in(0);
      a.out(0, at::isComplexType(x.scalar_type()) ? at::real(x) : x);
    });

void check_complex(Shapes &shapes) {
  if (kComplex.has(shapes.output_dtype(0)) &&
      part_of(shapes.output_dtype(0)) == shapes.dtype(0)) {
    return;
  }
  shapes.refuse(ACL_ERROR_OP_OUTPUT_NOT_MATCH, "output out has data type %s, its parts have %s",
                type_name(shapes.output_dtype(0)).c_str(), type_name(shapes.dtype(0)).c_str());
}

EMU_OP(Complex)
    .input("real", {ACL_FLOAT, ACL_DOUBLE})
    .input("imag", same_as("real"))
    .output("out", type_from("Tout"))
    .attr("Tout", static_cast<int>(ACL_COMPLEX64))
    .shapes(check_complex)
    .shapes(broadcast)
    .body([](Args &a) {
      const std::vector<at::Tensor> parts = at::broadcast_tensors({a.in(0), a.in(1)});
      at::Tensor out = at::empty(parts[0].sizes(), scalar_type(a.output_dtype(0)));
      Dims pairs = parts[0].sizes().vec();
      pairs.push_back(2);
      /* Written side by side: i times an infinity would have a nan for its other part. */
      if (out.numel() != 0) {
        at::from_blob(out.data_ptr(), pairs, parts[0].options()).copy_(at::stack(parts, -1));
      }
      a.out(0, out);
    });

}  // namespace

}  // namespace ascend_emu
