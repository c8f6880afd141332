/* What an operator is: its inputs, outputs and attributes as CANN publishes them, how shapes
   follow from each other, and the body that computes it. No torch here. */
#ifndef ASCENDTORCH_EMU_PROTOTYPE_H_
#define ASCENDTORCH_EMU_PROTOTYPE_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "dtypes.h"
#include "emu_ops.h"

namespace ascend_emu {

using Dims = std::vector<int64_t>;
using Ints = std::vector<int64_t>;

class Args;   /* args.h */
class Shapes; /* shapes.h */

/* Computes the operator. */
using Body = std::function<void(Args &)>;
/* Tells dims of outputs from dims of inputs and attributes; refuses inputs that do not fit. */
using ShapeRule = std::function<void(Shapes &)>;

/* Which data type an operand has. */
struct TypeRule {
  TypeRule(DtypeSet set) : types(set) {}
  TypeRule(aclDataType type) : types(type) {}
  TypeRule(std::initializer_list<aclDataType> list) : types(list) {}
  DtypeSet types;        /* these; empty for the rules below */
  std::string same_as;   /* the type of this input */
  std::string from_attr; /* the type that this attribute says */
};
TypeRule same_as(const char *input);
TypeRule type_from(const char *attr);

/* How the bytes of an operand may be laid out. */
enum class Layouts {
  kPlain,   /* as the network sees it: ND, NCHW, NHWC, ... */
  kPrivate, /* also NC1HWC0, FRACTAL_Z, FRACTAL_NZ, ...; bodies see the plain tensor */
  kRaw,     /* any, and the body sees the bytes as they lie */
};

struct OperandRule {
  OperandRule(const char *operand, TypeRule rule) : name(operand), type(std::move(rule)) {}
  std::string name;
  TypeRule type;
  bool optional = false;
  bool variadic = false;       /* CANN's dynamic inputs and outputs: any number of tensors */
  bool data_dependent = false; /* dims of the output follow from data; its buffer may be larger */
  std::vector<aclFormat> formats; /* allowed plain formats; none: all */
};

struct AttrRule {
  std::string name;
  EmuAttrKind kind;
  bool required;
  /* The default, in the fields of its kind. */
  std::vector<int64_t> ints;
  std::vector<double> floats;
  std::vector<std::string> strings;
  std::vector<std::vector<int64_t>> lists;
  std::vector<std::string> allowed; /* of a string; none: all */
};

struct Prototype {
  std::string name;
  std::vector<OperandRule> inputs;
  std::vector<OperandRule> outputs;
  std::vector<AttrRule> attrs;
  Layouts layouts = Layouts::kPlain;
  std::vector<ShapeRule> shape_rules;
  Body body;
  /* 16-bit floats are computed in float: by in_float(), or since a call found no kernel. */
  mutable std::atomic<bool> halves_as_float{false};

  /* -1 when there is none of this name. */
  int input_index(const std::string &input) const;
  const AttrRule *attr(const char *attr_name) const;
};

/* NULL when there is none of this name. */
const Prototype *find_prototype(const char *op);
/* All, by name. */
std::vector<const Prototype *> all_prototypes();
/* The known operator whose name is most like `op`; "" when none is. */
std::string nearest_operator(const std::string &op);

/* "bool", "int", "list of int", ... */
const char *attr_kind_name(int32_t kind);

/* What body() gives: nothing to use, only something to define. */
struct Defined {};

/* Describes an operator, piece by piece; body() ends it. */
class Define {
 public:
  explicit Define(const char *op);

  Define &&input(const char *name, TypeRule type) &&;
  Define &&optional_input(const char *name, TypeRule type) &&;
  /* CANN's DYNAMIC_INPUT: takes all inputs that the others leave. At most one. */
  Define &&variadic_input(const char *name, TypeRule type) &&;
  Define &&output(const char *name, TypeRule type) &&;
  Define &&optional_output(const char *name, TypeRule type) &&;
  Define &&variadic_output(const char *name, TypeRule type) &&;
  /* The dims follow from the data: the caller's buffer has room for the largest result. */
  Define &&data_dependent_output(const char *name, TypeRule type) &&;

  /* An attribute with its default. */
  Define &&attr(const char *name, bool value) &&;
  Define &&attr(const char *name, int value) &&;
  Define &&attr(const char *name, int64_t value) &&;
  Define &&attr(const char *name, double value) &&;
  Define &&attr(const char *name, const char *value) &&;
  Define &&attr(const char *name, aclDataType value) &&;
  Define &&attr(const char *name, Ints value) &&;
  Define &&attr(const char *name, std::vector<double> value) &&;
  Define &&attr(const char *name, std::vector<bool> value) &&;
  Define &&attr(const char *name, std::vector<Ints> value) &&;
  Define &&required_attr(const char *name, EmuAttrKind kind) &&;
  /* Which texts the attribute before may have. */
  Define &&one_of(std::vector<std::string> allowed) &&;
  /* Which plain formats the operand before may have. */
  Define &&formats(std::vector<aclFormat> allowed) &&;

  Define &&layouts(Layouts layouts) &&;
  /* Computes 16-bit floats in float and rounds once at the end: for bodies of several steps. */
  Define &&in_float() &&;
  /* May be given several times; all are applied. */
  Define &&shapes(ShapeRule rule) &&;
  Defined body(Body body) &&;

 private:
  OperandRule &add_operand(std::vector<OperandRule> &rules, const char *name, TypeRule type);
  AttrRule &add_attr(const char *name, EmuAttrKind kind, bool required);

  Prototype *prototype_;
  OperandRule *last_operand_ = nullptr;
};

/* EMU_OP(Add).input("x1", kNumber) ... .body([](Args &a) { ... }); */
#define EMU_OP(name) \
  static const ::ascend_emu::Defined emu_op_##name __attribute__((unused)) = \
      ::ascend_emu::Define(#name)

}  // namespace ascend_emu

#endif
