#include "social_nav_costmap/model_file.hpp"

#include <cmath>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "openssl/evp.h"
#include "plain_scalar.hpp"
#include "plain_yaml.hpp"
#include "social_nav_costmap/shown.hpp"
#include "yaml-cpp/yaml.h"

namespace social_nav_costmap
{
namespace
{

constexpr std::size_t kMostBytes = 200'000;  // as social_nav_core reads
constexpr std::size_t kMostComponents = 20;  // more take seconds to draw in Python
constexpr double kFarthest = 20.0;  // of mu [m]
constexpr double kSmallest = 4e-4, kLargest = 1e3;  // eigenvalues of sigma [m^2]
constexpr double kSteepest = 1e4;  // of lambda
const char kSealed[] = "sha256:";
const std::initializer_list<const char *> kKeys{
  "format", "frame", "mu", "sigma", "lambda", "components", "provenance", "intervals", "sha256"};
const std::initializer_list<const char *> kComponentKeys{"weight", "mu", "sigma", "lambda"};

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
  if (error || size > kMostBytes) {
    refuse(
      path,
      "has " + std::to_string(size) + " bytes, expected at most " + std::to_string(kMostBytes));
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

/// The 64 digits of a checksum's line; empty when it is written otherwise, as with quotes.
std::string digits_of(const std::string & line)
{
  const std::size_t key = sizeof(kSealed) - 1;
  const auto begin = line.find_first_not_of(' ', key);
  if (begin == std::string::npos || begin == key) {
    return "";
  }
  const std::string digits = line.substr(begin, 64);
  const auto blanks = line.find_first_not_of(" \t", begin + digits.size());
  const std::string rest = blanks == std::string::npos ? "" : line.substr(blanks);
  const bool good = digits.size() == 64 &&
    digits.find_first_not_of("0123456789abcdef") == std::string::npos &&
    (rest.empty() || rest == "\n" || rest == "\r\n");
  return good ? digits : "";
}

/// Whether content has the line of a checksum; refuses one that is not that of all other lines.
bool check_seal(const std::string & path, const std::string & content)
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
    return false;  // a model that was written by hand
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
  return true;
}

void check_keys(
  const std::string & path, const YAML::Node & part, const std::string & prefix,
  std::initializer_list<const char *> known)
{
  for (const auto & item : part) {
    const std::string key = item.first.as<std::string>("");
    std::string expected;
    bool found = false;
    for (const char * name : known) {
      found = found || key == name;
      expected += (expected.empty() ? "" : ", ") + std::string(name);
    }
    if (!found) {
      refuse(path, prefix + key.substr(0, 80) + " is no key of it, expected " + expected);
    }
  }
}

/// The numbers of a value, row by row; `rows` of 0 is a single number.
std::vector<double> numbers(
  const std::string & path, const YAML::Node & node, const std::string & name, std::size_t rows)
{
  const std::string wanted = rows == 0 ? "a number" : rows == 1 ? "2 numbers" : "2 x 2 numbers";
  if (!node) {
    refuse(path, name + " is missing, expected " + wanted);
  }
  const bool as_told = rows == 0 ? node.IsScalar() : node.IsSequence();
  if (!as_told || (rows > 0 && node.size() != 2)) {
    refuse(path, name + " has the wrong size, expected " + wanted);
  }
  std::vector<double> values;
  const auto take = [&](const YAML::Node & number) {
      double value = 0.0;
      if (!is_number(number) || !YAML::convert<double>::decode(number, value)) {
        refuse(path, name + " is not numeric, expected " + wanted);
      }
      values.push_back(value);
    };
  if (rows == 0) {
    take(node);
  } else if (rows == 1) {
    take(node[0]);
    take(node[1]);
  } else {
    for (const auto & row : node) {
      if (!row.IsSequence() || row.size() != 2) {
        refuse(path, name + " has a row that is not 2 numbers, expected " + wanted);
      }
      take(row[0]);
      take(row[1]);
    }
  }
  return values;
}

/// What no cost depends on must still be as social_nav_core reads it.
void check_notes(const std::string & path, const YAML::Node & file)
{
  if (file["provenance"] && !is_text(file["provenance"])) {
    refuse(path, "provenance is no text, expected one");
  }
  const YAML::Node intervals = file["intervals"];
  if (intervals && !intervals.IsMap()) {
    refuse(path, "intervals is no map, expected names and [low, high]");
  }
  for (const auto & item : intervals) {
    if (!is_text(item.first)) {
      refuse(path, "intervals has the key " + shown(item.first.Scalar()) + ", expected a name");
    }
    numbers(path, item.second, "intervals." + shown(item.first.Scalar()), 1);
  }
}

std::string words(std::initializer_list<double> values)
{
  std::ostringstream text;
  for (const double value : values) {
    text << (text.tellp() > 0 ? ", " : "") << value;
  }
  return text.str();
}

/// What of a component no personal space has; empty when all is well.
std::string excess_of(
  const std::vector<double> & mu, const std::vector<double> & sigma,
  const std::vector<double> & lambda)
{
  if (!(std::abs(mu[0]) <= kFarthest && std::abs(mu[1]) <= kFarthest)) {
    return "mu is [" + words({mu[0], mu[1]}) + "] m, expected " + words({-kFarthest}) + " to " +
           words({kFarthest}) + " m";
  }
  const Matrix scale{sigma[0], sigma[1], sigma[2], sigma[3]};
  const double high = largest_eigenvalue(scale);
  const double low = scale.xx / high * scale.yy - scale.xy / high * scale.yx;
  if (!(low >= kSmallest && high <= kLargest)) {
    return "sigma is [[" + words({scale.xx, scale.xy}) + "], [" + words({scale.yx, scale.yy}) +
           "]] m^2 with eigenvalues " + words({low}) + " and " + words({high}) +
           " m^2, expected " + words({kSmallest}) + " to " + words({kLargest}) + " m^2";
  }
  if (!(std::abs(lambda[0]) <= kSteepest && std::abs(lambda[1]) <= kSteepest)) {
    return "lambda is [" + words({lambda[0], lambda[1]}) + "], expected " + words({-kSteepest}) +
           " to " + words({kSteepest});
  }
  return {};
}

SkewNormal component(
  const std::string & path, const YAML::Node & part, const std::string & prefix)
{
  const auto mu = numbers(path, part["mu"], prefix + "mu", 1);
  const auto sigma = numbers(path, part["sigma"], prefix + "sigma", 2);
  const auto lambda = numbers(path, part["lambda"], prefix + "lambda", 1);
  try {
    const SkewNormal found(
      {mu[0], mu[1]}, {sigma[0], sigma[1], sigma[2], sigma[3]}, {lambda[0], lambda[1]});
    const std::string excess = excess_of(mu, sigma, lambda);
    if (!excess.empty()) {
      refuse(path, prefix + excess);
    }
    return found;
  } catch (const std::invalid_argument & error) {
    refuse(path, prefix + error.what());
  }
}

}  // namespace

ProxemicsModel load_model(const std::string & path)
{
  const std::string content = content_of(path);
  const bool sealed = check_seal(path, content);
  YAML::Node file;
  try {
    file = plain_yaml(content);
  } catch (const YAML::Exception & error) {
    refuse(path, std::string("is not YAML (") + error.what() + ")");
  }
  if (!file.IsMap()) {
    refuse(path, "holds no keys and values");
  }
  if (!file["format"] || !is_number(file["format"]) || file["format"].as<int>(0) != 1) {
    refuse(path, "format is missing or not 1");
  }
  if (!file["frame"] || file["frame"].as<std::string>("") != "person") {
    refuse(path, "frame is missing or not person");
  }
  check_keys(path, file, "", kKeys);
  if (file["sha256"] && !sealed) {
    refuse(path, "sha256 cannot be checked, expected a line 'sha256: DIGITS'");
  }
  check_notes(path, file);
  std::vector<std::pair<double, SkewNormal>> parts;
  const YAML::Node components = file["components"];
  if (!components) {
    parts.emplace_back(1.0, component(path, file, ""));
  } else if (!components.IsSequence() || components.size() == 0 ||
    components.size() > kMostComponents)
  {
    const std::string got =
      components.IsSequence() ? "a list of " + std::to_string(components.size()) : "not a list";
    refuse(
      path, "components is " + got + ", expected a list of 1 to " +
      std::to_string(kMostComponents));
  } else {
    for (std::size_t i = 0; i < components.size(); ++i) {
      const std::string prefix = "components[" + std::to_string(i) + "].";
      if (!components[i].IsMap()) {
        refuse(path, "components[" + std::to_string(i) + "] holds no keys and values");
      }
      check_keys(path, components[i], prefix, kComponentKeys);
      const double weight = numbers(path, components[i]["weight"], prefix + "weight", 0)[0];
      parts.emplace_back(weight, component(path, components[i], prefix));
    }
    for (const char * key : {"mu", "sigma", "lambda"}) {
      if (file[key]) {
        refuse(path, std::string(key) + " stands beside components, expected it within them");
      }
    }
  }
  try {
    return ProxemicsModel(std::move(parts));
  } catch (const std::invalid_argument & error) {
    refuse(path, std::string("components: ") + error.what());
  }
}

}  // namespace social_nav_costmap
