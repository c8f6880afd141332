/* Connectionist temporal classification. */
#include "args.h"
#include "codes.h"
#include "nn_layout.h"
#include "shapes.h"

namespace ascend_emu {

namespace {

const DtypeSet kTypes{ACL_FLOAT, ACL_DOUBLE};

/* log_probs [T, N, C] and as many lengths as samples; the first operand of the two is `first`. */
void expect_sequences(const Call &call, int first) {
  const Dims probs = call.dims(first);
  if (probs.size() != 3) {
    call.refuse(kAtCheck, "input log_probs has shape %s; [T, N, C] is expected",
                dims_text(probs).c_str());
  }
  for (int input = first + 2; input <= first + 3; ++input) {
    if (call.dims(input) == Dims{probs[1]}) continue;
    call.refuse(kAtCheck, "input %s has shape %s; one length per sample, [%lld], is expected",
                call.input_name(input).c_str(), dims_text(call.dims(input)).c_str(),
                ll(probs[1]));
  }
  const size_t ndim = call.dims(first + 1).size();
  if (ndim == 1 || ndim == 2) return;
  call.refuse(kAtCheck, "input targets has shape %s; [N, S] or [sum of target_lengths] is expected",
              dims_text(call.dims(first + 1)).c_str());
}

/* Places in a path: every target and the blanks around them. */
int64_t path_length(const Ints &target_lengths) {
  int64_t longest = 0;
  for (const int64_t length : target_lengths) longest = std::max(longest, length);
  return 2 * longest + 1;
}

/* The caller may give room for the path length rounded up to a multiple of 8. */
int64_t declared_paths(const Call &call, const Dims &declared, int64_t paths) {
  const int64_t rounded = (paths + 7) / 8 * 8;
  if (declared.size() != 3 || declared[2] < 0 || declared[2] == paths) return paths;
  if (declared[2] == rounded) return rounded;
  call.refuse(kAtRun, "log_alpha has shape %s; %lld or %lld places in its last dim are expected",
              dims_text(declared).c_str(), ll(paths), ll(rounded));
}

EMU_OP(CTCLossV2)
    .input("log_probs", kTypes)
    .input("targets", kIndex)
    .input("input_lengths", kIndex)
    .input("target_lengths", kIndex)
    .output("neg_log_likelihood", same_as("log_probs"))
    .output("log_alpha", same_as("log_probs"))
    .attr("blank", 0)
    .attr("reduction", "mean")
    .one_of({"none", "mean", "sum"})
    .attr("zero_infinity", false)
    .shapes([](Shapes &shapes) {
      expect_sequences(shapes, 0);
      shapes.set(0, {shapes.dims(0)[1]});
    })
    .body([](Args &a) {
      const Ints targets = a.host_ints(3);
      const auto result = at::_ctc_loss(a.in(0), a.in(1).to(at::kLong), a.host_ints(2), targets,
                                        a.i("blank"), a.b("zero_infinity"));
      const int64_t paths = path_length(targets);
      const int64_t room = declared_paths(a, a.output_dims(1), paths);
      a.out(0, std::get<0>(result));
      a.out(1, at::constant_pad_nd(std::get<1>(result), {0, room - paths}, 0));
    });

EMU_OP(CTCLossV2Grad)
    .input("grad_out", kTypes)
    .input("log_probs", same_as("grad_out"))
    .input("targets", kIndex)
    .input("input_lengths", kIndex)
    .input("target_lengths", kIndex)
    .input("neg_log_likelihood", same_as("grad_out"))
    .input("log_alpha", same_as("grad_out"))
    .output("grad", same_as("grad_out"))
    .attr("blank", 0)
    .attr("reduction", "mean")
    .one_of({"none", "mean", "sum"})
    .attr("zero_infinity", false)
    .shapes([](Shapes &shapes) {
      expect_sequences(shapes, 1);
      shapes.set(0, shapes.dims(1));
    })
    .body([](Args &a) {
      const Ints targets = a.host_ints(4);
      const int64_t paths = path_length(targets);
      declared_paths(a, a.dims(6), paths);
      a.out(0, at::_ctc_loss_backward(a.in(0), a.in(1), a.in(2).to(at::kLong), a.host_ints(3),
                                      targets, a.in(5), a.in(6).narrow(2, 0, paths).contiguous(),
                                      a.i("blank"), a.b("zero_infinity")));
    });

}  // namespace

}  // namespace ascend_emu
