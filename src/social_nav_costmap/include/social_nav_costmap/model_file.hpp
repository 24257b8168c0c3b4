#ifndef SOCIAL_NAV_COSTMAP__MODEL_FILE_HPP_
#define SOCIAL_NAV_COSTMAP__MODEL_FILE_HPP_

#include <string>

#include "social_nav_costmap/skew_normal.hpp"

namespace social_nav_costmap
{

/// Model of a YAML file as social_nav_core writes it.  Throws std::runtime_error with the file
/// and the field when the file is missing or malformed, or has a checksum that is not its own.
ProxemicsModel load_model(const std::string & path);

}  // namespace social_nav_costmap

#endif  // SOCIAL_NAV_COSTMAP__MODEL_FILE_HPP_
