/* JSON, as far as configuration files and traces need it. */
#ifndef ASCENDTORCH_EMU_JSON_H_
#define ASCENDTORCH_EMU_JSON_H_

#include <string>
#include <vector>

namespace ascend_emu {

struct JsonMember;

/* One value. Objects keep the order of their members; a name twice in one object is refused. */
class Json {
 public:
  enum class Kind { kNull, kBool, kNumber, kString, kArray, kObject };

  Kind kind = Kind::kNull;
  bool boolean = false;
  double number = 0;
  std::string string;
  std::vector<Json> items;         /* of an array */
  std::vector<JsonMember> members; /* of an object */

  /* Null when there is no such member, or this is no object. */
  const Json *find(const std::string &name) const;
};

struct JsonMember {
  std::string name;
  Json value;
};

/* Strict: what RFC 8259 allows and nothing else, at most 64 levels deep.
   Refusal(ACL_ERROR_PARSE_FILE) with line and column; `where` names the text in it. */
Json parse_json(const std::string &text, const std::string &where);

/* The whole file. Refusal(ACL_ERROR_INVALID_FILE) when it cannot be read or is larger than
   10 MB, as in CANN. */
Json read_json_file(const std::string &file);

/* The text as a JSON string with its quotes. Bytes that are no UTF-8 become U+FFFD. */
std::string json_quote(const std::string &text);

}  // namespace ascend_emu

#endif
