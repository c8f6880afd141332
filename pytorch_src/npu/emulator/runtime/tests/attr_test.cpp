#include <vector>

#include "acl_fixture.h"

/* What attributes look like to an operator is in op_test.cpp (Attributes). */

class Attr : public ::testing::Test {
 protected:
  void TearDown() override { aclopDestroyAttr(attr); }
  aclopAttr *attr = aclopCreateAttr();
};

TEST_F(Attr, NamesAreNeeded) {
  ACL_REFUSED(aclopSetAttrInt(attr, nullptr, 1), ACL_ERROR_INVALID_PARAM, "attrName is null");
  ACL_REFUSED(aclopSetAttrInt(attr, "", 1), ACL_ERROR_INVALID_PARAM, "attrName is empty");
}

TEST_F(Attr, ValuesAreNeeded) {
  ACL_REFUSED(aclopSetAttrString(attr, "s", nullptr), ACL_ERROR_INVALID_PARAM, "[s]");
  ACL_REFUSED(aclopSetAttrListBool(attr, "b", 2, nullptr), ACL_ERROR_INVALID_PARAM, "[b]");
  ACL_REFUSED(aclopSetAttrListInt(attr, "i", 2, nullptr), ACL_ERROR_INVALID_PARAM, "there are 2");
  ACL_REFUSED(aclopSetAttrListFloat(attr, "f", -1, nullptr), ACL_ERROR_INVALID_PARAM, "-1 values");
  const char *texts[] = {"a", nullptr};
  ACL_REFUSED(aclopSetAttrListString(attr, "t", 2, texts), ACL_ERROR_INVALID_PARAM,
              "a string is null");
  const int64_t row[] = {1};
  const int64_t *rows[] = {row, nullptr};
  const int lengths[] = {1, 1};
  ACL_REFUSED(aclopSetAttrListListInt(attr, "l", 2, lengths, rows), ACL_ERROR_INVALID_PARAM,
              "values are null");
  ACL_REFUSED(aclopSetAttrListListInt(attr, "l", 2, nullptr, rows), ACL_ERROR_INVALID_PARAM,
              "numValues is null");
  ACL_OK(aclopSetAttrListInt(attr, "none", 0, nullptr));
}

TEST_F(Attr, DataTypesMustExist) {
  ACL_REFUSED(aclopSetAttrDataType(attr, "d", static_cast<aclDataType>(99)),
              ACL_ERROR_INVALID_PARAM, "99 is no value of aclDataType");
  const aclDataType types[] = {ACL_FLOAT, static_cast<aclDataType>(15)};
  ACL_REFUSED(aclopSetAttrListDataType(attr, "d", 2, types), ACL_ERROR_INVALID_PARAM, "15");
}

TEST(AttrHandles, WrongOnes) {
  aclopAttr *gone = aclopCreateAttr();
  aclopDestroyAttr(gone);
  ACL_REFUSED(aclopSetAttrInt(gone, "axis", 1), ACL_ERROR_INVALID_PARAM, "was destroyed before");
  ACL_REFUSED(aclopSetAttrBool(nullptr, "axis", 1), ACL_ERROR_INVALID_PARAM, "is null");
  int place = 0;
  ACL_REFUSED(aclopSetAttrFloat(reinterpret_cast<aclopAttr *>(&place), "axis", 1),
              ACL_ERROR_INVALID_PARAM, "is not a set of operator attributes");
  aclopDestroyAttr(gone);
  EXPECT_NE(std::string(aclGetRecentErrMsg()).find("was destroyed"), std::string::npos);
}
