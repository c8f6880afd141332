/* Shapes of outputs of the aclnn functions, for the rules that aclnn.yaml names. No torch here. */
#ifndef ASCENDTORCH_EMU_ACLNN_SHAPES_H_
#define ASCENDTORCH_EMU_ACLNN_SHAPES_H_

#include "shapes.h"

namespace ascend_emu {

/* The dims of the first input without those (or with 1 for those) that an attribute lists; an
   empty list means all. */
ShapeRule reduced(const char *dims_attr, const char *keep_attr);
/* The same for one dim: an int attribute. For every output. */
ShapeRule reduced_one(const char *dim_attr, const char *keep_attr);
/* As input 0, which has the dim that attribute dim says. For every output. */
void like_along_dim(Shapes &shapes);
/* No dims: the whole tensor becomes one number. */
void one_number(Shapes &shapes);
/* The product of the inputs 0 and 1: vectors, matrices, or batches of them that broadcast. */
void product(Shapes &shapes);
/* Input 0, which broadcasts to the product of the inputs 1 and 2. */
void added_product(Shapes &shapes);
/* Joined along attribute dim; empty tensors of one dim are left out, as in ATen. */
void joined(Shapes &shapes);
/* A new dim at attribute dim, as large as there are tensors. */
void stacked(Shapes &shapes);
/* The dims of input 0 in the order that attribute dims says. */
void permuted(Shapes &shapes);
/* Rows of input 0, one for each element of input 1. */
void looked_up(Shapes &shapes);
/* Input 0 with as many slices along attribute dim as input 1 has elements. */
void selected(Shapes &shapes);
/* Pieces of input 0 along attribute dim, of the sizes that attribute splitSize lists. */
void split(Shapes &shapes);
/* Input 0 with attribute k elements along attribute dim. For every output. */
void topmost(Shapes &shapes);

}  // namespace ascend_emu

#endif
