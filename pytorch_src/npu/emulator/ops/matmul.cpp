/* Products of matrices and vectors. */
#include <string>

#include "args.h"
#include "codes.h"
#include "ops/types.h"
#include "shapes.h"

namespace ascend_emu {

namespace {

constexpr DtypeSet kMatrix = kFloats | ACL_INT32;
constexpr DtypeSet kQuantised = kMatrix | ACL_INT8;

/* Whether results may be given out in a type: the inputs' own, or the one that sums are kept in. */
bool fits(int32_t input, int32_t output) {
  const bool half = input == ACL_FLOAT16 || input == ACL_BF16;
  if (input == ACL_INT8) return output == ACL_INT32;
  return output == input || (half && output == ACL_FLOAT);
}

void check_result_type(Shapes &shapes) {
  if (fits(shapes.dtype(0), shapes.output_dtype(0))) return;
  shapes.refuse(ACL_ERROR_OP_OUTPUT_NOT_MATCH,
                "output y has data type %s, which inputs of %s do not give",
                type_name(shapes.output_dtype(0)).c_str(), type_name(shapes.dtype(0)).c_str());
}

/* What CANN reserves for quantised inference. */
void check_offsets(Shapes &shapes) {
  if (shapes.i("offset_x") != 0) {
    shapes.refuse(kAttr, "attribute [offset_x] is %lld; the emulator knows 0 only",
                  static_cast<long long>(shapes.i("offset_x")));
  }
  if (shapes.has(shapes.prototype().input_index("offset_w"))) {
    shapes.refuse(kAtCheck, "input offset_w is reserved: it must not be given");
  }
}

struct Product {
  Dims batch;
  int64_t rows, columns;
};

/* `adjoint`: attributes that turn the last two dims of x1 and x2 round. */
Product product_of(Shapes &shapes, const char *turn_x1, const char *turn_x2) {
  const Dims x1 = shapes.dims(0), x2 = shapes.dims(1);
  const size_t n1 = x1.size(), n2 = x2.size();
  const bool turned1 = shapes.b(turn_x1), turned2 = shapes.b(turn_x2);
  Product product{{}, x1[turned1 ? n1 - 1 : n1 - 2], x2[turned2 ? n2 - 2 : n2 - 1]};
  const int64_t inner1 = x1[turned1 ? n1 - 2 : n1 - 1], inner2 = x2[turned2 ? n2 - 1 : n2 - 2];
  if (inner1 != inner2) {
    shapes.refuse(kAtCheck,
                  "x1 %s%s and x2 %s%s cannot be multiplied: %lld columns on the left, %lld rows "
                  "on the right",
                  dims_text(x1).c_str(), turned1 ? " (transposed)" : "", dims_text(x2).c_str(),
                  turned2 ? " (transposed)" : "", static_cast<long long>(inner1),
                  static_cast<long long>(inner2));
  }
  if (!broadcast_dims(Dims(x1.begin(), x1.end() - 2), Dims(x2.begin(), x2.end() - 2),
                      &product.batch)) {
    shapes.refuse(kAtCheck, "the batches of x1 %s and x2 %s do not broadcast",
                  dims_text(x1).c_str(), dims_text(x2).c_str());
  }
  return product;
}

void check_ranks(Shapes &shapes, bool batched) {
  for (int i = 0; i < 2; ++i) {
    const size_t ndim = shapes.dims(i).size();
    if (batched ? ndim >= 2 : ndim == 2) continue;
    shapes.refuse(kAtCheck, "input %s has shape %s; %s needed", shapes.input_name(i).c_str(),
                  dims_text(shapes.dims(i)).c_str(), batched ? "2 dims or more are" : "2 dims are");
  }
}

ShapeRule product_shapes(const char *turn_x1, const char *turn_x2, bool batched) {
  return [=](Shapes &shapes) {
    check_ranks(shapes, batched);
    const Product product = product_of(shapes, turn_x1, turn_x2);
    Dims dims = product.batch;
    dims.insert(dims.end(), {product.rows, product.columns});
    const int bias = shapes.prototype().input_index("bias");
    Dims with_bias;
    if (bias >= 0 && shapes.has(bias) &&
        (!broadcast_dims(dims, shapes.dims(bias), &with_bias) || with_bias != dims)) {
      shapes.refuse(kAtCheck, "input bias has shape %s, which cannot be added to %s",
                    dims_text(shapes.dims(bias)).c_str(), dims_text(dims).c_str());
    }
    shapes.set(0, dims);
  };
}

/* An operand in the type that sums are kept in, its last dims turned round on request. */
at::Tensor operand(const Args &a, int input, bool turned) {
  at::Tensor x = a.in(input);
  const int32_t given = a.dtype(input), wanted = a.output_dtype(0);
  if (given != wanted) x = x.to(scalar_type(wanted));
  return turned ? x.transpose(-2, -1) : x;
}

Body product_body(const char *turn_x1, const char *turn_x2) {
  return [=](Args &a) {
    const at::Tensor x1 = operand(a, 0, a.b(turn_x1)), x2 = operand(a, 1, a.b(turn_x2));
    const int bias = a.prototype().input_index("bias");
    if (bias >= 0 && a.has(bias)) {
      const at::Tensor y = at::matmul(x1, x2);
      a.out(0, at::add(y, a.in(bias).to(y.scalar_type())));
      return;
    }
    a.out_by(0, [&](at::Tensor &y) { at::matmul_out(y, x1, x2); });
  };
}

EMU_OP(MatMul)
    .input("x1", kMatrix)
    .input("x2", same_as("x1"))
    .optional_input("bias", kMatrix)
    .output("y", kMatrix)
    .attr("transpose_x1", false)
    .attr("transpose_x2", false)
    .layouts(Layouts::kPrivate)
    .shapes(check_result_type)
    .shapes(product_shapes("transpose_x1", "transpose_x2", false))
    .body(product_body("transpose_x1", "transpose_x2"));

EMU_OP(MatMulV2)
    .input("x1", kQuantised)
    .input("x2", same_as("x1"))
    .optional_input("bias", kMatrix)
    .optional_input("offset_w", ACL_INT8)
    .output("y", kMatrix)
    .attr("transpose_x1", false)
    .attr("transpose_x2", false)
    .attr("offset_x", 0)
    .layouts(Layouts::kPrivate)
    .shapes(check_result_type)
    .shapes(check_offsets)
    .shapes(product_shapes("transpose_x1", "transpose_x2", false))
    .body(product_body("transpose_x1", "transpose_x2"));

EMU_OP(BatchMatMul)
    .input("x1", kMatrix)
    .input("x2", same_as("x1"))
    .output("y", kMatrix)
    .attr("adj_x1", false)
    .attr("adj_x2", false)
    .layouts(Layouts::kPrivate)
    .shapes(check_result_type)
    .shapes(product_shapes("adj_x1", "adj_x2", true))
    .body(product_body("adj_x1", "adj_x2"));

EMU_OP(BatchMatMulV2)
    .input("x1", kQuantised)
    .input("x2", same_as("x1"))
    .optional_input("bias", kMatrix)
    .optional_input("offset_w", ACL_INT8)
    .output("y", kMatrix)
    .attr("adj_x1", false)
    .attr("adj_x2", false)
    .attr("offset_x", 0)
    .layouts(Layouts::kPrivate)
    .shapes(check_result_type)
    .shapes(check_offsets)
    .shapes(product_shapes("adj_x1", "adj_x2", true))
    .body(product_body("adj_x1", "adj_x2"));

void check_vectors(Shapes &shapes) {
  for (int i = 0; i < 2; ++i) {
    if (shapes.dims(i).size() == 1) continue;
    shapes.refuse(kAtCheck, "input %s has shape %s; 1 dim is needed", shapes.input_name(i).c_str(),
                  dims_text(shapes.dims(i)).c_str());
  }
}

/* The result has one dim too. */
void dot_shapes(Shapes &shapes) {
  all_alike(shapes);
  shapes.set(0, {1});
}

EMU_OP(Dot)
    .input("input_x", kFloats | DtypeSet{ACL_INT8, ACL_INT32, ACL_UINT8})
    .input("input_y", same_as("input_x"))
    .output("output", same_as("input_x"))
    .in_float()
    .shapes(check_vectors)
    .shapes(dot_shapes)
    .body([](Args &a) { a.out(0, at::sum(at::mul(a.in(0), a.in(1))).reshape({1})); });

}  // namespace

}  // namespace ascend_emu
