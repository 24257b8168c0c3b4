#ifndef SOCIAL_NAV_COSTMAP__CONVERSIONS_HPP_
#define SOCIAL_NAV_COSTMAP__CONVERSIONS_HPP_

#include <string>
#include <vector>

#include "geometry_msgs/msg/transform.hpp"
#include "social_nav_msgs/msg/social_person_array.hpp"

#include "social_nav_costmap/social_costs.hpp"

namespace social_nav_costmap
{

/// People of a message, in the frame that `to_global` leads to.  Those that cannot be used are
/// left out and named with the reason in `left_out`, a line each.
void sightings_of(
  const social_nav_msgs::msg::SocialPersonArray & message,
  const geometry_msgs::msg::Transform & to_global, std::vector<Sighting> & sightings,
  std::vector<std::string> & left_out);

}  // namespace social_nav_costmap

#endif  // SOCIAL_NAV_COSTMAP__CONVERSIONS_HPP_
