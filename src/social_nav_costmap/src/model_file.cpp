#include "social_nav_costmap/model_file.hpp"

#include <cmath>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "openssl/evp.h"
#include "yaml-cpp/yaml.h"

namespace social_nav_costmap
{
namespace
{

constexpr std::size_t kLargest = 200'000;  // [byte], as social_nav_core reads
const char kSealed[] = "sha256:";

[[noreturn]] void refuse(const std::string & path, const std::string & why)
{
  throw std::runtime_error(path + ": " + why);
}

std::string content_of(const std::string & path)
{
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    refuse(path, "cannot be read");
  }
  if (!std::filesystem::is_regular_file(path, error)) {
    refuse(path, "is a folder or device, expected a file");
  }
  const auto size = std::filesystem::file_size(path, error);
  if (error || size > kLargest) {
    refuse(
      path, "has " + std::to_string(size) + " bytes, expected at most " + std::to_string(kLargest));
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    refuse(path, "cannot be read");
  }
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string sha256(const std::string & content)
{
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  if (EVP_Digest(content.data(), content.size(), digest, &length, EVP_sha256(), nullptr) != 1) {
    throw std::runtime_error("OpenSSL cannot compute a SHA-256");
  }
  std::string text;
  for (unsigned int i = 0; i < length; ++i) {
    text += "0123456789abcdef"[digest[i] >> 4];
    text += "0123456789abcdef"[digest[i] & 15];
  }
  return text;
}

/// The 64 digits of a checksum's line; empty when it is written otherwise.
std::string digits_of(std::string line)
{
  line.erase(0, sizeof(kSealed) - 1);
  const auto begin = line.find_first_not_of(" '\"");
  const auto end = line.find_last_not_of(" \t\r\n'\"");
  line = begin == std::string::npos ? "" : line.substr(begin, end - begin + 1);
  const bool good =
    line.size() == 64 && line.find_first_not_of("0123456789abcdef") == std::string::npos;
  return good ? line : "";
}

/// Refuses content with the line of a checksum that is not that of all other lines.
void check_seal(const std::string & path, const std::string & content)
{
  std::vector<std::string> seals;
  std::string rest;
  for (std::size_t at = 0; at < content.size(); ) {
    const auto newline = content.find('\n', at);
    const auto end = newline == std::string::npos ? content.size() : newline + 1;
    const std::string line = content.substr(at, end - at);
    if (line.rfind(kSealed, 0) == 0) {
      seals.push_back(line);
    } else {
      rest += line;
    }
    at = end;
  }
  if (seals.empty()) {
    return;  // a model that was written by hand
  }
  const std::string told = seals.size() == 1 ? digits_of(seals[0]) : "";
  if (told.empty()) {
    refuse(path, "sha256 is not one line of 64 hexadecimal digits");
  }
  const std::string own = sha256(rest);
  if (told != own) {
    refuse(
      path, "sha256 is '" + told.substr(0, 16) + "', that of the content begins with '" +
      own.substr(0, 16) + "': the file was changed or damaged");
  }
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
  const std::string content = content_of(path);
  check_seal(path, content);
  YAML::Node file;
  try {
    file = YAML::Load(content);
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
