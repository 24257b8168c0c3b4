#include "social_nav_costmap/model_file.hpp"

#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "yaml-cpp/yaml.h"

namespace social_nav_costmap
{
namespace
{

[[noreturn]] void refuse(const std::string & path, const std::string & why)
{
  throw std::runtime_error(path + ": " + why);
}

/// The numbers of a field, row by row; `rows` of 0 is a single number.
std::vector<double> numbers(
  const std::string & path, const YAML::Node & part, const std::string & prefix,
  const std::string & key, std::size_t rows)
{
  const std::string wanted = rows == 0 ? "a number" : rows == 1 ? "2 numbers" : "2 x 2 numbers";
  const YAML::Node node = part[key];
  if (!node) {
    refuse(path, prefix + key + " is missing, expected " + wanted);
  }
  std::vector<double> values;
  try {
    if (rows == 0) {
      values.push_back(node.as<double>());
    } else if (rows == 1) {
      values = node.as<std::vector<double>>();
    } else {
      for (const auto & row : node.as<std::vector<std::vector<double>>>()) {
        if (row.size() != 2) {
          refuse(path, prefix + key + " has a row that is not 2 numbers, expected " + wanted);
        }
        values.insert(values.end(), row.begin(), row.end());
      }
    }
  } catch (const YAML::Exception &) {
    refuse(path, prefix + key + " is not numeric, expected " + wanted);
  }
  if (values.size() != (rows == 0 ? 1 : 2 * rows)) {
    refuse(path, prefix + key + " has the wrong size, expected " + wanted);
  }
  for (const double value : values) {
    if (!std::isfinite(value)) {
      refuse(path, prefix + key + " is not finite, expected " + wanted);
    }
  }
  return values;
}

SkewNormal component(
  const std::string & path, const YAML::Node & part, const std::string & prefix)
{
  const auto mu = numbers(path, part, prefix, "mu", 1);
  const auto sigma = numbers(path, part, prefix, "sigma", 2);
  const auto lambda = numbers(path, part, prefix, "lambda", 1);
  try {
    return SkewNormal(
      {mu[0], mu[1]}, {sigma[0], sigma[1], sigma[2], sigma[3]}, {lambda[0], lambda[1]});
  } catch (const std::invalid_argument & error) {
    refuse(path, prefix + error.what());
  }
}

}  // namespace

ProxemicsModel load_model(const std::string & path)
{
  YAML::Node file;
  try {
    file = YAML::LoadFile(path);
  } catch (const YAML::BadFile &) {
    refuse(path, "cannot be read");
  } catch (const YAML::Exception & error) {
    refuse(path, std::string("is not YAML (") + error.what() + ")");
  }
  if (!file.IsMap()) {
    refuse(path, "holds no keys and values");
  }
  if (!file["format"] || file["format"].as<std::string>("") != "1") {
    refuse(path, "format is missing or not 1");
  }
  if (!file["frame"] || file["frame"].as<std::string>("") != "person") {
    refuse(path, "frame is missing or not person");
  }
  std::vector<std::pair<double, SkewNormal>> parts;
  const YAML::Node components = file["components"];
  if (!components) {
    parts.emplace_back(1.0, component(path, file, ""));
  } else if (!components.IsSequence() || components.size() == 0) {
    refuse(path, "components is not a list");
  } else {
    for (std::size_t i = 0; i < components.size(); ++i) {
      const std::string prefix = "components[" + std::to_string(i) + "].";
      if (!components[i].IsMap()) {
        refuse(path, "components[" + std::to_string(i) + "] holds no keys and values");
      }
      const double weight = numbers(path, components[i], prefix, "weight", 0)[0];
      parts.emplace_back(weight, component(path, components[i], prefix));
    }
  }
  try {
    return ProxemicsModel(std::move(parts));
  } catch (const std::invalid_argument & error) {
    refuse(path, std::string("components: ") + error.what());
  }
}

}  // namespace social_nav_costmap
