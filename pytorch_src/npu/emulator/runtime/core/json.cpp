#include "json.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "refusal.h"

namespace ascend_emu {

namespace {

constexpr int kDepth = 64;
constexpr size_t kFileLimit = size_t{10} << 20;

/* How many bytes the UTF-8 character at the start of `text` has; 0 when it is none. */
size_t utf8_length(const char *text, size_t left) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  const size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || length > left) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const unsigned second = byte(1);
  const bool overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool beyond = (first == 0xED && second > 0x9F) || (first == 0xF4 && second > 0x8F);
  return overlong || beyond ? 0 : length;
}

void append_utf8(std::string &out, uint32_t code) {
  const auto put = [&](uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | (code >> 6));
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | (code >> 12));
    put(0x80 | ((code >> 6) & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | (code >> 18));
    put(0x80 | ((code >> 12) & 0x3F));
    put(0x80 | ((code >> 6) & 0x3F));
    put(0x80 | (code & 0x3F));
  }
}

class Reader {
 public:
  Reader(const std::string &text, const std::string &where) : text_(text), where_(where) {}

  Json whole() {
    Json value = read(0);
    skip_space();
    if (at_ != text_.size()) fail("text after the value");
    return value;
  }

 private:
  [[noreturn]] void fail(const char *what) const {
    size_t line = 1, start = 0;
    for (size_t i = 0; i < at_ && i < text_.size(); ++i) {
      if (text_[i] == '\n') {
        ++line;
        start = i + 1;
      }
    }
    refuse(ACL_ERROR_PARSE_FILE, "%s, line %zu, column %zu: %s", where_.c_str(), line,
           at_ - start + 1, what);
  }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  void skip_space() {
    while (at_ < text_.size() && std::strchr(" \t\r\n", text_[at_]) != nullptr &&
           text_[at_] != '\0') {
      ++at_;
    }
  }

  void expect(char mark, const char *what) {
    skip_space();
    if (peek() != mark) fail(what);
    ++at_;
  }

  bool take(const char *word) {
    const size_t length = std::strlen(word);
    if (text_.compare(at_, length, word) != 0) return false;
    at_ += length;
    return true;
  }

  Json read(int depth) {
    if (depth > kDepth) fail("nested more than 64 levels deep");
    skip_space();
    Json value;
    if (peek() == '{') {
      value.kind = Json::Kind::kObject;
      read_object(value, depth);
    } else if (peek() == '[') {
      value.kind = Json::Kind::kArray;
      read_array(value, depth);
    } else if (peek() == '"') {
      value.kind = Json::Kind::kString;
      value.string = read_string();
    } else if (take("true")) {
      value.kind = Json::Kind::kBool;
      value.boolean = true;
    } else if (take("false")) {
      value.kind = Json::Kind::kBool;
    } else if (!take("null")) {
      value.kind = Json::Kind::kNumber;
      value.number = read_number();
    }
    return value;
  }

  void read_object(Json &value, int depth) {
    ++at_;
    skip_space();
    if (peek() == '}') {
      ++at_;
      return;
    }
    for (;;) {
      skip_space();
      if (peek() != '"') fail("a name in quotes is needed");
      std::string name = read_string();
      if (value.find(name) != nullptr) fail(format("\"%s\" is given twice", name.c_str()).c_str());
      expect(':', "':' is needed after a name");
      value.members.push_back(JsonMember{std::move(name), read(depth + 1)});
      skip_space();
      if (peek() != ',') break;
      ++at_;
    }
    expect('}', "',' or '}' is needed");
  }

  void read_array(Json &value, int depth) {
    ++at_;
    skip_space();
    if (peek() == ']') {
      ++at_;
      return;
    }
    for (;;) {
      value.items.push_back(read(depth + 1));
      skip_space();
      if (peek() != ',') break;
      ++at_;
    }
    expect(']', "',' or ']' is needed");
  }

  std::string read_string() {
    std::string out;
    ++at_;
    while (peek() != '"') {
      if (at_ >= text_.size()) fail("a string does not end");
      if (static_cast<unsigned char>(text_[at_]) < 0x20) fail("a control character in a string");
      if (text_[at_] == '\\') {
        ++at_;
        read_escape(out);
        continue;
      }
      const size_t length = utf8_length(&text_[at_], text_.size() - at_);
      if (length == 0) fail("not UTF-8");
      out.append(text_, at_, length);
      at_ += length;
    }
    ++at_;
    return out;
  }

  void read_escape(std::string &out) {
    static const char kMarks[] = "\"\\/bfnrt";
    static const char kValues[] = "\"\\/\b\f\n\r\t";
    const char mark = peek();
    ++at_;
    if (mark == 'u') {
      uint32_t code = read_hex();
      if (code >= 0xD800 && code < 0xDC00) {
        if (!take("\\u")) fail("half of a surrogate pair");
        const uint32_t low = read_hex();
        if (low < 0xDC00 || low > 0xDFFF) fail("half of a surrogate pair");
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
      } else if (code >= 0xDC00 && code <= 0xDFFF) {
        fail("half of a surrogate pair");
      }
      append_utf8(out, code);
      return;
    }
    const char *found = mark == '\0' ? nullptr : std::strchr(kMarks, mark);
    if (found == nullptr) fail("an unknown escape");
    out += kValues[found - kMarks];
  }

  uint32_t read_hex() {
    uint32_t code = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      const char digit = peek();
      const char *digits = "0123456789abcdef";
      const bool upper = digit >= 'A' && digit <= 'F';
      const int lower = upper ? digit - 'A' + 'a' : digit;
      const char *found = lower == '\0' ? nullptr : std::strchr(digits, lower);
      if (found == nullptr) fail("four hexadecimal digits are needed");
      code = code * 16 + static_cast<uint32_t>(found - digits);
    }
    return code;
  }

  size_t digits() {
    const size_t start = at_;
    while (peek() >= '0' && peek() <= '9') ++at_;
    return at_ - start;
  }

  double read_number() {
    const size_t start = at_;
    if (peek() == '-') ++at_;
    const bool zero = peek() == '0';
    const size_t whole = digits();
    if (whole == 0 || (zero && whole > 1)) {
      at_ = start;
      fail("a value is needed");
    }
    if (peek() == '.') {
      ++at_;
      if (digits() == 0) fail("a digit is needed");
    }
    if (peek() == 'e' || peek() == 'E') {
      ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      if (digits() == 0) fail("a digit is needed");
    }
    return std::strtod(text_.substr(start, at_ - start).c_str(), nullptr);
  }

  const std::string &text_;
  const std::string &where_;
  size_t at_ = 0;
};

}  // namespace

const Json *Json::find(const std::string &name) const {
  for (const JsonMember &member : members) {
    if (member.name == name) return &member.value;
  }
  return nullptr;
}

Json parse_json(const std::string &text, const std::string &where) {
  return Reader(text, where).whole();
}

Json read_json_file(const std::string &file) {
  std::FILE *opened = std::fopen(file.c_str(), "rbe");
  if (opened == nullptr) {
    refuse(ACL_ERROR_INVALID_FILE, "%s cannot be read: %s", file.c_str(), std::strerror(errno));
  }
  std::string text;
  char part[4096];
  size_t count = 0;
  while (text.size() <= kFileLimit && (count = std::fread(part, 1, sizeof part, opened)) > 0) {
    text.append(part, count);
  }
  const bool failed = std::ferror(opened) != 0;
  std::fclose(opened);
  if (failed) refuse(ACL_ERROR_INVALID_FILE, "%s cannot be read", file.c_str());
  if (text.size() > kFileLimit) {
    refuse(ACL_ERROR_INVALID_FILE, "%s is larger than 10 MB", file.c_str());
  }
  return parse_json(text, file);
}

std::string json_quote(const std::string &text) {
  std::string out = "\"";
  for (size_t i = 0; i < text.size();) {
    const unsigned char byte = static_cast<unsigned char>(text[i]);
    const size_t length = utf8_length(&text[i], text.size() - i);
    if (length == 0) {
      out += "\xEF\xBF\xBD";
      ++i;
      continue;
    }
    if (byte == '"' || byte == '\\') {
      out += '\\';
      out += text[i];
    } else if (byte < 0x20) {
      out += format("\\u%04x", byte);
    } else {
      out.append(text, i, length);
    }
    i += length;
  }
  return out + '"';
}

}  // namespace ascend_emu
