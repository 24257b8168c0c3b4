#ifndef PLAIN_YAML_HPP_
#define PLAIN_YAML_HPP_

#include <string>

#include "yaml-cpp/yaml.h"

namespace social_nav_costmap
{

/// The one document of a YAML text that says all it stands for.  Throws YAML::Exception for other
/// text, for other bytes than UTF-8, for control characters, aliases, tags, repeated keys, and more
/// or deeper values than social_nav_core reads: a few hundred bytes of aliases stand for gigabytes.
YAML::Node plain_yaml(const std::string & content);

}  // namespace social_nav_costmap

#endif  // PLAIN_YAML_HPP_
