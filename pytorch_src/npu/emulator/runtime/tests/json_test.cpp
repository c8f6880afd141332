/* The JSON reader and writer, compiled into this test: the library exports no names of ours. */
#include "core/json.h"

#include <gtest/gtest.h>

#include "core/refusal.h"
#include "files.h"

using namespace ascend_emu;

namespace {

TEST(Json, ReadsEveryKind) {
  const Json value = parse_json(
      " {\"text\": \"a\\n\\u00e9\\ud83d\\ude00\\\"\", \"n\": -1.5e2, \"yes\": true, \"no\": false,"
      " \"none\": null, \"list\": [1, [], {}]} ",
      "here");
  ASSERT_EQ(value.kind, Json::Kind::kObject);
  EXPECT_EQ(value.find("text")->string, "a\n\xC3\xA9\xF0\x9F\x98\x80\"");
  EXPECT_EQ(value.find("n")->number, -150.0);
  EXPECT_TRUE(value.find("yes")->boolean);
  EXPECT_FALSE(value.find("no")->boolean);
  EXPECT_EQ(value.find("none")->kind, Json::Kind::kNull);
  ASSERT_EQ(value.find("list")->items.size(), 3u);
  EXPECT_EQ(value.find("list")->items[1].kind, Json::Kind::kArray);
  EXPECT_EQ(value.find("missing"), nullptr);
}

struct Wrong {
  const char *text, *message;
};
class WrongJson : public ::testing::TestWithParam<Wrong> {};

TEST_P(WrongJson, IsRefusedWithItsPlace) {
  try {
    parse_json(GetParam().text, "acl.json");
    FAIL() << GetParam().text;
  } catch (const Refusal &refusal) {
    EXPECT_EQ(refusal.code(), ACL_ERROR_PARSE_FILE);
    EXPECT_EQ(refusal.text(), std::string("acl.json, ") + GetParam().message);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Each, WrongJson,
    ::testing::Values(
        Wrong{"", "line 1, column 1: a value is needed"},
        Wrong{"{", "line 1, column 2: a name in quotes is needed"},
        Wrong{"{\"a\": 1,\n}", "line 2, column 1: a name in quotes is needed"},
        Wrong{"{\"a\" 1}", "line 1, column 6: ':' is needed after a name"},
        Wrong{"[1 2]", "line 1, column 4: ',' or ']' is needed"},
        Wrong{"{\"a\": 1, \"a\": 2}", "line 1, column 13: \"a\" is given twice"},
        Wrong{"\"abc", "line 1, column 5: a string does not end"},
        Wrong{"\"a\nb\"", "line 1, column 3: a control character in a string"},
        Wrong{"\"\\x\"", "line 1, column 4: an unknown escape"},
        Wrong{"\"\\u12g4\"", "line 1, column 6: four hexadecimal digits are needed"},
        Wrong{"\"\\ud800\"", "line 1, column 8: half of a surrogate pair"},
        Wrong{"\"\xff\"", "line 1, column 2: not UTF-8"},
        Wrong{"01", "line 1, column 1: a value is needed"},
        Wrong{"1.", "line 1, column 3: a digit is needed"},
        Wrong{"1e", "line 1, column 3: a digit is needed"},
        Wrong{"nul", "line 1, column 1: a value is needed"},
        Wrong{"1 1", "line 1, column 3: text after the value"}));

TEST(Json, DepthIsLimited) {
  const auto nested = [](int depth) {
    return std::string(static_cast<size_t>(depth), '[') +
           std::string(static_cast<size_t>(depth), ']');
  };
  EXPECT_NO_THROW(parse_json(nested(64), "here"));
  EXPECT_THROW(parse_json(nested(100000), "here"), Refusal);
}

TEST(Json, FilesThatCannotBeRead) {
  const Folder folder;
  EXPECT_THROW(read_json_file(folder / "missing.json"), Refusal);
  EXPECT_THROW(read_json_file(folder.path()), Refusal);
  write_text(folder / "large.json", std::string((10 << 20) + 1, ' '));
  try {
    read_json_file(folder / "large.json");
    FAIL();
  } catch (const Refusal &refusal) {
    EXPECT_EQ(refusal.code(), ACL_ERROR_INVALID_FILE);
  }
}

TEST(Json, WhatIsQuotedCanBeRead) {
  std::string all;
  for (int c = 1; c < 256; ++c) all += static_cast<char>(c);
  const Json back = parse_json(json_quote(all + "\xC3\xA9"), "here");
  EXPECT_EQ(back.string.substr(0, 127), all.substr(0, 127));
  EXPECT_EQ(back.string.substr(back.string.size() - 2), "\xC3\xA9");
  EXPECT_NE(back.string.find("\xEF\xBF\xBD"), std::string::npos);
}

}  // namespace
