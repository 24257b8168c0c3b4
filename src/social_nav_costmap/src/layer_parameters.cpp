#include "social_nav_costmap/layer_parameters.hpp"

#include <limits>
#include <stdexcept>
#include <variant>
#include <vector>

#include "social_nav_costmap/nearest_name.hpp"

namespace social_nav_costmap
{
namespace
{

rclcpp::ParameterValue default_of(const Setting & setting)
{
  const Settings defaults;
  return std::visit(
    [](const auto & value) {return rclcpp::ParameterValue(value);}, setting.get(defaults));
}

rcl_interfaces::msg::ParameterDescriptor descriptor_of(const Setting & setting)
{
  rcl_interfaces::msg::ParameterDescriptor descriptor;
  descriptor.description = setting.meaning;
  descriptor.additional_constraints = setting.allowed();
  descriptor.dynamic_typing = setting.place.index() == 2;  // whole numbers are numbers, too
  return descriptor;
}

}  // namespace

std::string set_from(
  const rclcpp::Parameter & parameter, const Setting & setting, Settings & settings)
{
  switch (parameter.get_type()) {
    case rclcpp::ParameterType::PARAMETER_BOOL:
      return setting.set(settings, parameter.as_bool());
    case rclcpp::ParameterType::PARAMETER_DOUBLE:
      return setting.set(settings, parameter.as_double());
    case rclcpp::ParameterType::PARAMETER_STRING:
      return setting.set(settings, parameter.as_string());
    case rclcpp::ParameterType::PARAMETER_INTEGER:
      if (parameter.as_int() == static_cast<int>(parameter.as_int())) {
        return setting.set(settings, static_cast<int>(parameter.as_int()));
      }
      break;
    default:
      break;
  }
  return setting.name + " is " + parameter.value_to_string() + " (" + parameter.get_type_name() +
         "), expected " + setting.allowed() + " (" + setting.type() + ")";
}

Settings declare_settings(rclcpp_lifecycle::LifecycleNode & node, const std::string & layer)
{
  Settings settings;
  for (const Setting & setting : all_settings()) {
    const std::string name = layer + "." + setting.name;
    if (!node.has_parameter(name)) {
      node.declare_parameter(name, default_of(setting), descriptor_of(setting));
    }
    const std::string refusal = set_from(node.get_parameter(name), setting, settings);
    if (!refusal.empty()) {
      throw std::runtime_error(layer + "." + refusal);
    }
  }
  const std::string conflict = conflict_in(settings);
  if (!conflict.empty()) {
    throw std::runtime_error(layer + "." + conflict);
  }
  return settings;
}

std::string unknown_parameters(rclcpp_lifecycle::LifecycleNode & node, const std::string & layer)
{
  std::vector<std::string> known;
  for (const Setting & setting : all_settings()) {
    known.push_back(setting.name);
  }
  const std::string prefix = layer + ".";
  std::string words;
  const auto parameters = node.get_node_parameters_interface();
  for (const auto & given : parameters->get_parameter_overrides()) {
    const std::string & name = given.first;
    const bool ours = name.compare(0, prefix.size(), prefix) == 0;
    if (!ours || name == prefix + "plugin" || parameters->has_parameter(name)) {
      continue;
    }
    const std::string nearest = nearest_name(name.substr(prefix.size()), known);
    words += (words.empty() ? "" : "; ") + name + ", did you mean " + prefix + nearest + "?";
  }
  return words;
}

}  // namespace social_nav_costmap
