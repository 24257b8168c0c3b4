#ifndef SOCIAL_NAV_COSTMAP__NEAREST_NAME_HPP_
#define SOCIAL_NAV_COSTMAP__NEAREST_NAME_HPP_

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <string>
#include <vector>

namespace social_nav_costmap
{

/// Characters to insert, delete or replace to make one text of another (Levenshtein 1966).
inline std::size_t edits_between(const std::string & a, const std::string & b)
{
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, diagonal + 1, row[j] + 1});
    }
  }
  return row.back();
}

/// The name that needs the fewest edits, the first of several; empty when there is no name.
inline std::string nearest_name(const std::string & name, const std::vector<std::string> & names)
{
  const auto best = std::min_element(
    names.begin(), names.end(), [&name](const std::string & a, const std::string & b) {
      return edits_between(name, a) < edits_between(name, b);
    });
  return best == names.end() ? std::string() : *best;
}

}  // namespace social_nav_costmap

#endif  // SOCIAL_NAV_COSTMAP__NEAREST_NAME_HPP_
