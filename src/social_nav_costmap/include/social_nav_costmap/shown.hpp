#ifndef SOCIAL_NAV_COSTMAP__SHOWN_HPP_
#define SOCIAL_NAV_COSTMAP__SHOWN_HPP_

#include <algorithm>
#include <cstddef>
#include <string>

namespace social_nav_costmap
{

/// What others wrote, as it stands in a line of the log: short, and without control characters.
inline std::string shown(std::string text, std::size_t longest = 80)
{
  if (text.size() > longest) {
    text = text.substr(0, longest - 3) + "...";
  }
  std::replace_if(text.begin(), text.end(), [](unsigned char c) {return c < 32;}, '?');
  return text;
}

}  // namespace social_nav_costmap

#endif  // SOCIAL_NAV_COSTMAP__SHOWN_HPP_
