#include "plain_yaml.hpp"

#include <cstddef>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "yaml-cpp/eventhandler.h"

namespace social_nav_costmap
{
namespace
{

constexpr std::size_t kMostValues = 20'000;
constexpr std::size_t kDeepest = 20;

/// The letter that begins at a place, which moves on; -1 for what is no UTF-8.
int next_letter(const std::string & text, std::size_t & at)
{
  const auto byte = [&](std::size_t i) {
      return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
    };
  const int first = byte(at);
  const int more = first < 0x80 ? 0 : first < 0xc2 ? -1 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
  if (more < 0 || first > 0xf4) {
    return -1;
  }
  int letter = more == 0 ? first : first & (0x3f >> more);
  ++at;
  for (int i = 0; i < more; ++i, ++at) {
    if ((byte(at) & 0xc0) != 0x80) {
      return -1;
    }
    letter = (letter << 6) | (byte(at) & 0x3f);
  }
  const int least = more == 3 ? 0x10000 : more == 2 ? 0x800 : 0;
  return letter < least || letter > 0x10ffff || (letter & ~0x7ff) == 0xd800 ? -1 : letter;
}

/// What YAML calls printable, less what some of its versions take for the end of a line or of
/// nothing: U+0085, U+2028, U+2029, U+FEFF.
bool is_printable(int letter)
{
  return letter == '\t' || letter == '\n' || letter == '\r' || (letter >= ' ' && letter <= '~') ||
         (letter >= 0xa0 && letter != 0x2028 && letter != 0x2029 && letter != 0xfeff &&
         (letter & ~1) != 0xfffe);
}

/// Refuses other bytes than UTF-8, letters that cannot be seen and directives.
void check_letters(const std::string & text)
{
  for (std::size_t at = 0; at < text.size(); ) {
    if (text[at] == '%' && (at == 0 || text[at - 1] == '\n' || text[at - 1] == '\r')) {
      throw YAML::ParserException(YAML::Mark::null_mark(), "a line that begins with %");
    }
    const std::size_t place = at;
    const int letter = next_letter(text, at);
    if (letter < 0 || !is_printable(letter)) {
      throw YAML::ParserException(
              YAML::Mark::null_mark(), "byte " + std::to_string(place) +
              (letter < 0 ? " is not UTF-8" : " is a control character"));
    }
  }
}

/// Sees a text's values in passing, without keeping them.
class Watch : public YAML::EventHandler
{
public:
  explicit Watch(const std::string & text)
  : text_(text) {}

  void OnDocumentStart(const YAML::Mark & mark) override
  {
    if (++documents_ > 1) {
      throw YAML::ParserException(mark, "a second document, expected one");
    }
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark & mark, YAML::anchor_t) override {take(mark, "?", "");}
  void OnAlias(const YAML::Mark & mark, YAML::anchor_t) override
  {
    throw YAML::ParserException(mark, "an alias, expected plain values");
  }
  void OnScalar(
    const YAML::Mark & mark, const std::string & tag, YAML::anchor_t,
    const std::string & value) override
  {
    if (tag == "!") {
      check_quotes(mark);
    }
    take(mark, tag, value);
  }
  void OnSequenceStart(
    const YAML::Mark & mark, const std::string & tag, YAML::anchor_t,
    YAML::EmitterStyle::value) override
  {
    enter(mark, tag, false);
  }
  void OnSequenceEnd() override {inside_.pop_back();}
  void OnMapStart(
    const YAML::Mark & mark, const std::string & tag, YAML::anchor_t,
    YAML::EmitterStyle::value) override
  {
    enter(mark, tag, true);
  }
  void OnMapEnd() override {inside_.pop_back();}

private:
  struct Collection
  {
    bool is_map = false;
    bool at_value = false;  ///< in a map: whether the next node is a key's value
    std::set<std::string> keys;
  };

  bool at_key() const
  {
    return !inside_.empty() && inside_.back().is_map && !inside_.back().at_value;
  }

  void enter(const YAML::Mark & mark, const std::string & tag, bool is_map)
  {
    if (at_key()) {
      throw YAML::ParserException(mark, "a key is no plain value");
    }
    if (tag == "!") {
      refuse_tag(mark);
    }
    count(mark, tag);
    if (inside_.size() >= kDeepest) {
      throw YAML::ParserException(mark, "more than " + std::to_string(kDeepest) + " levels");
    }
    inside_.push_back({is_map, false, {}});
  }

  /// A scalar with the tag `!` has quotes that end, or is a block of lines: none is written.
  void check_quotes(const YAML::Mark & mark) const
  {
    auto at = static_cast<std::size_t>(mark.pos);
    while (at < text_.size() && (text_[at] == '&' || text_[at] == '#')) {  // anchor, comment
      at = text_.find_first_of(text_[at] == '#' ? "\r\n" : " \t\r\n", at);
      at = text_.find_first_not_of(" \t\r\n", at);
    }
    const char first = at < text_.size() ? text_[at] : ' ';
    if (first == '|' || first == '>') {
      return;
    }
    if (first != '"' && first != '\'') {
      refuse_tag(mark);
    }
    while (++at < text_.size()) {
      if (text_[at] == first && (first == '"' || text_.compare(at, 2, "''") != 0)) {
        return;
      }
      at += text_[at] == first || (first == '"' && text_[at] == '\\') ? 1 : 0;  // escaped
    }
    throw YAML::ParserException(mark, "a quote that does not end");
  }

  [[noreturn]] static void refuse_tag(const YAML::Mark & mark)
  {
    throw YAML::ParserException(mark, "a tag, expected plain values");
  }

  void take(const YAML::Mark & mark, const std::string & tag, const std::string & value)
  {
    if (at_key() && !inside_.back().keys.insert(value).second) {
      throw YAML::ParserException(mark, "'" + value.substr(0, 80) + "' is repeated");
    }
    count(mark, tag);
  }

  void count(const YAML::Mark & mark, const std::string & tag)
  {
    if (tag != "?" && tag != "!" && !tag.empty()) {  // plain, quoted
      refuse_tag(mark);
    }
    if (++values_ > kMostValues) {
      throw YAML::ParserException(mark, "more than " + std::to_string(kMostValues) + " values");
    }
    if (!inside_.empty() && inside_.back().is_map) {
      inside_.back().at_value = !inside_.back().at_value;
    }
  }

  const std::string & text_;
  std::vector<Collection> inside_;
  std::size_t values_ = 0;
  int documents_ = 0;
};

}  // namespace

YAML::Node plain_yaml(const std::string & content)
{
  const std::string text = content.compare(0, 3, "\xef\xbb\xbf") == 0 ? content.substr(3) : content;
  check_letters(text);
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  Watch watch(text);
  while (parser.HandleNextDocument(watch)) {}
  return YAML::Load(text);
}

}  // namespace social_nav_costmap
