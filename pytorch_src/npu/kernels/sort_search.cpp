// Searches in sorted numbers: searchsorted, bucketize, isin.
#include "kernels/sort_support.h"

namespace npu {
namespace kernels {

namespace {

constexpr Types kSearched = bit(at::kFloat) | bit(at::kHalf) | kIntegers;

at::Tensor searched_on_cpu(const at::Tensor& sorted, const at::Tensor& values, bool out_int32,
                           bool right, const c10::optional<at::Tensor>& sorter) {
#if NPU_TORCH_VERSION < 20000
  TORCH_INTERNAL_ASSERT(!is_given(sorter));
  return on_cpu("aten::searchsorted", "Tensor", sorted, values, out_int32, right)[0].toTensor();
#else
  const c10::optional<c10::string_view> no_side;
  return on_cpu("aten::searchsorted", "Tensor", sorted, values, out_int32, right, no_side,
                sorter)[0]
      .toTensor();
#endif
}

at::Tensor searched(const at::Tensor& sorted, const at::Tensor& values, bool out_int32, bool right,
                    const c10::optional<at::Tensor>& sorter) {
  TORCH_CHECK(sorted.scalar_type() == values.scalar_type(), "searchsorted: the boundaries are of ",
              sorted.scalar_type(), " and the values of ", values.scalar_type(),
              "; both must be of one type");
  TORCH_CHECK(sorted.dim() > 0, "searchsorted: the boundaries have no dims; at least one is "
              "expected");
  if (!takes(kSearched, sorted.scalar_type())) {
    return searched_on_cpu(sorted, values, out_int32, right, sorter);
  }
  check_devices("searchsorted", {sorted, values});
  const at::ScalarType type = out_int32 ? at::kInt : at::kLong;
  const at::Tensor out = empty_like_sizes(values.sizes(), values, type);
  OpCommand command("SearchSorted");
  command.input(sorted).input(values);
  if (is_given(sorter)) {
    command.input(*sorter);
  } else {
    command.no_input();
  }
  command.output(out).attr("dtype", type).attr("right", right).run();
  return out;
}

at::Tensor number_among(const at::Scalar& number, const at::Tensor& sorted) {
  return number_beside(number, sorted, sorted.scalar_type());
}

}  // namespace

at::Tensor bucketize_Tensor(const at::Tensor& self, const at::Tensor& boundaries, bool out_int32,
                            bool right) {
  TORCH_CHECK(boundaries.dim() == 1, "bucketize: the boundaries have ", boundaries.dim(),
              " dims; one is expected");
  return searched(boundaries, self, out_int32, right, c10::nullopt);
}

at::Tensor& bucketize_Tensor_out(const at::Tensor& self, const at::Tensor& boundaries,
                                 bool out_int32, bool right, at::Tensor& out) {
  give("bucketize", bucketize_Tensor(self, boundaries, out_int32, right), out);
  return out;
}

at::Tensor bucketize_Scalar(ScalarArg self, const at::Tensor& boundaries, bool out_int32,
                            bool right) {
  return bucketize_Tensor(number_among(self, boundaries), boundaries, out_int32, right);
}

#if NPU_TORCH_VERSION < 20000

at::Tensor searchsorted_Tensor(const at::Tensor& sorted_sequence, const at::Tensor& self,
                               bool out_int32, bool right) {
  return searched(sorted_sequence, self, out_int32, right, c10::nullopt);
}

at::Tensor& searchsorted_Tensor_out(const at::Tensor& sorted_sequence, const at::Tensor& self,
                                    bool out_int32, bool right, at::Tensor& out) {
  give("searchsorted", searched(sorted_sequence, self, out_int32, right, c10::nullopt), out);
  return out;
}

at::Tensor searchsorted_Scalar(const at::Tensor& sorted_sequence, at::Scalar self, bool out_int32,
                               bool right) {
  return searched(sorted_sequence, number_among(self, sorted_sequence), out_int32, right,
                  c10::nullopt);
}

#else

namespace {

bool right_side(bool right, const c10::optional<c10::string_view>& side) {
  if (!side.has_value()) return right;
  TORCH_CHECK(is_text(*side, "left") || is_text(*side, "right"), "searchsorted: side is \"", *side,
              "\"; \"left\" and \"right\" are allowed");
  TORCH_CHECK(!right || is_text(*side, "right"),
              "searchsorted: side is \"left\" and right is true; give one of them");
  return is_text(*side, "right");
}

at::Tensor is_in(const at::Tensor& elements, const at::Tensor& among, bool invert) {
  const at::ScalarType type = at::result_type(elements, among);
  const at::Tensor wanted = cast(elements, type);
  const at::Tensor known = cast(among, type).reshape({-1});
  at::Tensor found;
  if (known.numel() == 0) {
    found = empty_like_sizes(elements.sizes(), elements, at::kBool).zero_();
  } else if (known.numel() <= 16 || !takes(kSearched, type)) {
    // Few to compare with, or what cannot be searched: each with each.
    found = wanted.unsqueeze(-1).eq(known).any(-1);
  } else {
    const at::Tensor rising = sorted(known, 0, false, false).values;
    const at::Tensor place = searched(rising, wanted, false, false, c10::nullopt);
    found = rising.take(place.clamp(0, known.numel() - 1)).eq(wanted);
  }
  return invert ? found.logical_not() : found;
}

}  // namespace

at::Tensor searchsorted_Tensor(const at::Tensor& sorted_sequence, const at::Tensor& self,
                               bool out_int32, bool right, c10::optional<c10::string_view> side,
                               const c10::optional<at::Tensor>& sorter) {
  return searched(sorted_sequence, self, out_int32, right_side(right, side), sorter);
}

at::Tensor& searchsorted_Tensor_out(const at::Tensor& sorted_sequence, const at::Tensor& self,
                                    bool out_int32, bool right,
                                    c10::optional<c10::string_view> side,
                                    const c10::optional<at::Tensor>& sorter, at::Tensor& out) {
  give("searchsorted", searched(sorted_sequence, self, out_int32, right_side(right, side), sorter),
       out);
  return out;
}

at::Tensor searchsorted_Scalar(const at::Tensor& sorted_sequence, const at::Scalar& self,
                               bool out_int32, bool right, c10::optional<c10::string_view> side,
                               const c10::optional<at::Tensor>& sorter) {
  return searched(sorted_sequence, number_among(self, sorted_sequence), out_int32,
                  right_side(right, side), sorter);
}

at::Tensor& searchsorted_Scalar_out(const at::Tensor& sorted_sequence, const at::Scalar& self,
                                    bool out_int32, bool right,
                                    c10::optional<c10::string_view> side,
                                    const c10::optional<at::Tensor>& sorter, at::Tensor& out) {
  return searchsorted_Tensor_out(sorted_sequence, number_among(self, sorted_sequence), out_int32,
                                 right, side, sorter, out);
}

at::Tensor isin_Tensor_Tensor(const at::Tensor& elements, const at::Tensor& test_elements, bool,
                              bool invert) {
  return is_in(elements, test_elements, invert);
}

at::Tensor& isin_Tensor_Tensor_out(const at::Tensor& elements, const at::Tensor& test_elements,
                                   bool, bool invert, at::Tensor& out) {
  give("isin", is_in(elements, test_elements, invert), out);
  return out;
}

at::Tensor isin_Tensor_Scalar(const at::Tensor& elements, const at::Scalar& test_element, bool,
                              bool invert) {
  return invert ? elements.ne(test_element) : elements.eq(test_element);
}

at::Tensor& isin_Tensor_Scalar_out(const at::Tensor& elements, const at::Scalar& test_element,
                                   bool unique, bool invert, at::Tensor& out) {
  give("isin", isin_Tensor_Scalar(elements, test_element, unique, invert), out);
  return out;
}

at::Tensor isin_Scalar_Tensor(const at::Scalar& element, const at::Tensor& test_elements, bool,
                              bool invert) {
  const at::Tensor found = test_elements.eq(element).any();
  return invert ? found.logical_not() : found;
}

at::Tensor& isin_Scalar_Tensor_out(const at::Scalar& element, const at::Tensor& test_elements,
                                   bool unique, bool invert, at::Tensor& out) {
  give("isin", isin_Scalar_Tensor(element, test_elements, unique, invert), out);
  return out;
}

#endif

}  // namespace kernels
}  // namespace npu
