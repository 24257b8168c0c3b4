#ifndef PLAIN_SCALAR_HPP_
#define PLAIN_SCALAR_HPP_

#include "yaml-cpp/yaml.h"

namespace social_nav_costmap
{

/// Whether social_nav_core reads a node as a number: plain, decimal, whole of at most 18 digits.
bool is_number(const YAML::Node & node);

/// Whether social_nav_core reads a node as a text: quoted, or no number, null, yes or no.
bool is_text(const YAML::Node & node);

}  // namespace social_nav_costmap

#endif  // PLAIN_SCALAR_HPP_
