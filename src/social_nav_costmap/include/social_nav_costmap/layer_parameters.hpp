#ifndef SOCIAL_NAV_COSTMAP__LAYER_PARAMETERS_HPP_
#define SOCIAL_NAV_COSTMAP__LAYER_PARAMETERS_HPP_

#include <string>

#include "rclcpp/rclcpp.hpp"
#include "rclcpp_lifecycle/lifecycle_node.hpp"

#include "social_nav_costmap/settings.hpp"

namespace social_nav_costmap
{

/// Declare every parameter of a layer and read it.
/// Throws std::runtime_error with the parameter, what it is and what is allowed.
Settings declare_settings(rclcpp_lifecycle::LifecycleNode & node, const std::string & layer);

/// Set one value; returns why not, empty when it was set.
std::string set_from(
  const rclcpp::Parameter & parameter, const Setting & setting, Settings & settings);

/// What was given below the layer's name and is no parameter, with the nearest that is; empty when
/// there is nothing of the kind.
std::string unknown_parameters(
  rclcpp_lifecycle::LifecycleNode & node, const std::string & layer);

}  // namespace social_nav_costmap

#endif  // SOCIAL_NAV_COSTMAP__LAYER_PARAMETERS_HPP_
