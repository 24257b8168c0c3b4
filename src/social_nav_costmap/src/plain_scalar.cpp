#include "plain_scalar.hpp"

#include <cstddef>
#include <set>
#include <string>

namespace social_nav_costmap
{
namespace
{

const std::set<std::string> kWords{  // that stand for no text
  "", "~", "null", "Null", "NULL", "yes", "Yes", "no", "No", "on", "On", "off", "Off",
  "true", "True", "false", "False"};
const std::set<std::string> kNotFinite{".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN"};

bool is_sign(char letter) {return letter == '-' || letter == '+';}

std::size_t skip_digits(const std::string & text, std::size_t & at)
{
  const std::size_t begin = at;
  while (at < text.size() && text[at] >= '0' && text[at] <= '9') {
    ++at;
  }
  return at - begin;
}

/// -1, 2.5, .5, 1e3; not 1_0, 0x1, 010, 1:30, 1.0f.
bool is_decimal(const std::string & text)
{
  std::size_t at = !text.empty() && is_sign(text[0]) ? 1 : 0;
  const std::size_t first = at;
  const std::size_t whole = skip_digits(text, at);
  if (at == text.size()) {
    return whole == 1 || (whole > 1 && whole <= 18 && text[first] != '0');
  }
  std::size_t fraction = 0;
  const bool point = text[at] == '.';
  if (point) {
    fraction = skip_digits(text, ++at);
  }
  if (whole + fraction == 0) {
    return false;
  }
  if (at == text.size()) {
    return point;
  }
  if (text[at] != 'e' && text[at] != 'E') {
    return false;
  }
  ++at;
  at += at < text.size() && is_sign(text[at]) ? 1 : 0;
  return skip_digits(text, at) > 0 && at == text.size();
}

/// The tag is `?` when there are no quotes.
bool is_plain(const YAML::Node & node) {return node.Tag() != "!";}

}  // namespace

bool is_number(const YAML::Node & node)
{
  return node.IsScalar() && is_plain(node) && is_decimal(node.Scalar());
}

bool is_text(const YAML::Node & node)
{
  if (!node.IsScalar() || !is_plain(node)) {
    return node.IsScalar();
  }
  const std::string & text = node.Scalar();
  const bool sign = !text.empty() && is_sign(text[0]);
  const std::string rest = text.substr(sign ? 1 : 0);
  const bool not_finite = kNotFinite.count(rest) > 0 && !(sign && (rest[1] | 0x20) == 'n');
  return !is_decimal(text) && !not_finite && kWords.count(text) == 0;
}

}  // namespace social_nav_costmap
