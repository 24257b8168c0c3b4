#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>

#include "social_nav_costmap/model_file.hpp"

using social_nav_costmap::load_model;

namespace
{

const char kGood[] =
  "format: 1\nframe: person\nmu: [0.1, 0.2]\nsigma: [[0.3, 0.0], [0.0, 0.1]]\n"
  "lambda: [1.0, 0.0]\n";

std::string changed(const std::string & from, const std::string & to)
{
  std::string text = kGood;
  return text.replace(text.find(from), from.size(), to);
}

/// Error of loading a text; empty when it loads.
std::string error_of(const std::string & text)
{
  const std::string path = ::testing::TempDir() + "model_file_test.yaml";
  std::ofstream(path, std::ios::binary) << text;
  try {
    load_model(path);
  } catch (const std::runtime_error & error) {
    EXPECT_EQ(std::string(error.what()).rfind(path, 0), 0u) << "names the file first";
    return error.what();
  }
  return "";
}

bool says(const std::string & error, const std::string & words)
{
  return error.find(words) != std::string::npos;
}

/// A value of the list with its escapes replaced: \n and \xHH.
std::string unescaped(const std::string & value)
{
  std::string text;
  for (std::size_t at = 0; at < value.size(); ++at) {
    if (value[at] == '\\' && value[at + 1] == 'n') {
      text += '\n';
      at += 1;
    } else if (value[at] == '\\' && value[at + 1] == 'x') {
      text += static_cast<char>(std::stoi(value.substr(at + 2, 2), nullptr, 16));
      at += 3;
    } else {
      text += value[at];
    }
  }
  return text;
}

/// A good file in which the list's key has the list's value.
std::string listed(const std::string & key, const std::string & value)
{
  if (key == "file") {
    return unescaped(value);
  }
  std::map<std::string, std::string> values{
    {"format", "1"}, {"frame", "person"}, {"mu", "[0.1, 0.2]"},
    {"sigma", "[[0.3, 0.0], [0.0, 0.1]]"}, {"lambda", "[1.0, 0.0]"}};
  values[key] = unescaped(value);
  std::string text;
  for (const auto & [name, of] : values) {
    text += name + ": " + of + "\n";
  }
  return text;
}

}  // namespace

TEST(ModelFile, LoadsOneAndSeveralComponents)
{
  EXPECT_EQ(error_of(kGood), "");
  EXPECT_EQ(
    error_of(
      "format: 1\nframe: person\ncomponents:\n"
      "- {weight: 0.5, mu: [0, 0], sigma: [[1, 0], [0, 1]], lambda: [0, 0]}\n"
      "- {weight: 0.5, mu: [1, 0], sigma: [[1, 0], [0, 1]], lambda: [0, 0]}\n"), "");
}

/// Of a list that the Python side's test reads, too.
TEST(ModelFile, ReadsAndRefusesWhatPythonDoes)
{
  std::ifstream list(MODEL_FILES);
  int cases = 0;
  for (std::string line; std::getline(list, line); ) {
    if (line.empty() || line[0] == '#') {
      continue;
    }
    std::istringstream row(line);
    std::string verdict, key, value;
    std::getline(row, verdict, '\t');
    std::getline(row, key, '\t');
    std::getline(row, value);
    const std::string error = error_of(listed(key, value));
    EXPECT_EQ(error.empty(), verdict == "read") << line << "\n" << error;
    EXPECT_TRUE(verdict == "read" || verdict == "refused") << line;
    ++cases;
  }
  EXPECT_GT(cases, 100);
}

TEST(ModelFile, TheChecksumIsThatOfAllOtherLines)
{
  const std::string sha256 =  // of kGood, by Python's hashlib
    "662cfd09c7a37ed9ea963f5b527a7771a8b1ab1050bc6ab18705beeada6a25bd";
  const std::string good = "sha256: " + sha256 + "\n" + kGood;
  EXPECT_EQ(error_of(good), "");
  EXPECT_EQ(error_of(std::string(kGood) + "sha256:  " + sha256 + " \r\n"), "");
  EXPECT_TRUE(
    says(
      error_of("sha256: " + sha256 + "\n" + changed("[0.1, 0.2]", "[0.1, 0.3]")),
      "the file was changed or damaged"));
  EXPECT_TRUE(says(error_of(good.substr(0, good.size() - 3)), "was changed or damaged"));
  for (const std::string & bad : {
      std::string(), std::string("sha256:"), std::string("sha256: 12"), std::string("sha256: X"),
      "sha256: '" + sha256 + "'", "sha256: \"" + sha256 + "\"", "sha256:" + sha256,
      "sha256: " + sha256 + "\r \n", "sha256: " + std::string(190'000, ' '),
      "sha256: " + sha256 + " # whole", "sha256: {" + sha256 + "}"})
  {
    const std::string line = bad.empty() ? "sha256: " + sha256 : bad;
    EXPECT_TRUE(
      bad.empty() ? says(error_of(line + "\n" + good), "not one line of 64") :
      says(error_of(line + "\n" + kGood), "not one line of 64")) << bad;
  }
}

TEST(ModelFile, HostileFilesAreRefused)
{
  EXPECT_TRUE(says(error_of(std::string(200'001, ' ')), "expected at most 200000"));
  EXPECT_TRUE(says(error_of(std::string(100'000, '[')), "is not YAML"));
  EXPECT_TRUE(says(error_of(""), "no keys"));
  EXPECT_TRUE(says(error_of(std::string(300, '\xff')), ": "));
  std::string bomb = "a: &a [1, 1]\n";
  for (char name = 'b'; name < 'z'; ++name) {
    const std::string before = std::string("*") + static_cast<char>(name - 1);
    bomb += std::string(1, name) + ": &" + name + " [" + before + ", " + before + "]\n";
  }
  EXPECT_TRUE(says(error_of(bomb), "an alias, expected plain values"));
  std::string rows = "*a";
  for (int i = 0; i < 15'000; ++i) {
    rows += ", *a";
  }
  EXPECT_TRUE(
    says(error_of("a: &a [1]\n" + changed("[[0.3, 0.0], [0.0, 0.1]]", "[" + rows + "]")), "alias"));
  std::string many = "1";
  for (int i = 0; i < 25'000; ++i) {
    many += ", 1";
  }
  EXPECT_TRUE(says(error_of(changed("[0.1, 0.2]", "[" + many + "]")), "more than 20000 values"));
  EXPECT_TRUE(says(error_of(std::string(30, '[') + std::string(30, ']')), "more than 20 levels"));
  EXPECT_TRUE(says(error_of(std::string(kGood) + "mu: [5, 0]\n"), "'mu' is repeated"));
  EXPECT_TRUE(says(error_of(std::string(kGood) + "\"mu\": [5, 0]\n"), "'mu' is repeated"));
  EXPECT_TRUE(says(error_of(changed("[0.1, 0.2]", "!!str [0.1, 0.2]")), "a tag"));
  EXPECT_TRUE(says(error_of(std::string(kGood) + "? [1]\n: 2\n"), "a key is no plain value"));
  EXPECT_TRUE(says(error_of(std::string(kGood) + "---\n" + kGood), "a second document"));
  for (const char * path : {"/dev/zero", "/tmp"}) {
    try {
      load_model(path);
      FAIL() << path;
    } catch (const std::runtime_error & error) {
      EXPECT_TRUE(says(error.what(), "expected a file")) << error.what();
    }
  }
}

TEST(ModelFile, AChecksumThatCannotBeCheckedIsRefused)
{
  const std::string value = ": '" + std::string(64, '0') + "'";
  const std::string good = kGood;
  std::string flow = "{" + good.substr(0, good.size() - 1) + "\nsha256" + value + "}";
  for (std::size_t at = flow.find('\n'); at != std::string::npos; at = flow.find('\n')) {
    flow.replace(at, 1, ", ");
  }
  for (const std::string & text : {
      good + "sha256 " + value + "\n", good + "\"sha256\"" + value + "\n",
      good + "? sha256\n" + value + "\n", "\xef\xbb\xbfsha256" + value + "\n" + good, flow})
  {
    EXPECT_TRUE(says(error_of(text), "sha256 cannot be checked, expected a line")) << text;
  }
}

TEST(ModelFile, WhatIsNoPersonalSpaceIsRefused)
{
  const std::string sigma = "[[0.3, 0.0], [0.0, 0.1]]";
  EXPECT_TRUE(
    says(
      error_of(changed(sigma, "[[1.0e+300, 0.0], [0.0, 1.0e+300]]")),
      "sigma is [[1e+300, 0], [0, 1e+300]] m^2 with eigenvalues"));
  EXPECT_TRUE(says(error_of(changed(sigma, "[[1.0e-320, 0], [0, 1.0e-320]]")), "sigma "));
  EXPECT_TRUE(
    says(
      error_of(changed(sigma, "[[0.3, 0], [0, 1.0e-6]]")),
      "with eigenvalues 1e-06 and 0.3 m^2, expected 0.0004 to 1000 m^2"));
  EXPECT_TRUE(
    says(
      error_of(changed("[1.0, 0.0]", "[1.0e+300, 0.0]")),
      "lambda is [1e+300, 0], expected -10000 to 10000"));
  EXPECT_TRUE(
    says(
      error_of(changed("[0.1, 0.2]", "[0.1, -1.0e+6]")),
      "mu is [0.1, -1e+06] m, expected -20 to 20 m"));
  EXPECT_TRUE(
    says(
      error_of(std::string(kGood) + "colour: red\n"),
      "colour is no key of it, expected format, frame, mu, sigma, lambda, components, "));
  const std::string head = "format: 1\nframe: person\n";
  const std::string part = "{weight: 0.5, mu: [0, 0], sigma: [[1, 0], [0, 1]], lambda: [0, 0]}";
  const std::string far = "{weight: 0.5, mu: [1.0e+6, 0], sigma: [[1, 0], [0, 1]], lambda: [0, 0]}";
  EXPECT_TRUE(
    says(
      error_of(head + "components: [" + part + ", " + far + "]\n"), "components[1].mu is [1e+06"));
  EXPECT_TRUE(
    says(
      error_of(head + "components: [{colour: red}]\n"),
      "components[0].colour is no key of it, expected weight, mu, sigma, lambda"));
  EXPECT_TRUE(
    says(
      error_of(head + "mu: [0, 0]\ncomponents: [" + part + ", " + part + "]\n"),
      "mu stands beside components"));
  std::string many = part;
  for (int i = 0; i < 20; ++i) {
    many += ", " + part;
  }
  EXPECT_TRUE(
    says(
      error_of(head + "components: [" + many + "]\n"),
      "components is a list of 21, expected a list of 1 to 20"));
}

TEST(ModelFile, ErrorsNameTheField)
{
  EXPECT_TRUE(says(error_of(changed("format: 1", "format: 2")), "format"));
  EXPECT_TRUE(says(error_of(changed("person", "map")), "frame"));
  EXPECT_TRUE(says(error_of(changed("mu: [0.1, 0.2]\n", "")), "mu is missing"));
  EXPECT_TRUE(says(error_of(changed("[0.1, 0.2]", "[0.1, x]")), "mu is not numeric"));
  EXPECT_TRUE(says(error_of(changed("[0.1, 0.2]", "[0.1]")), "mu has the wrong size"));
  EXPECT_TRUE(says(error_of(changed("[0.1, 0.2]", "[0.1, .nan]")), "mu is not numeric"));
  EXPECT_TRUE(says(error_of(changed("[0.3, 0.0]", "[-0.3, 0.0]")), "sigma"));
  EXPECT_TRUE(says(error_of(changed("[0.3, 0.0]", "[0.3]")), "sigma has a row"));
  EXPECT_TRUE(says(error_of("- 1\n"), "no keys"));
  EXPECT_TRUE(says(error_of("a: ["), "is not YAML"));
  EXPECT_TRUE(says(error_of("format: 1\nframe: person\ncomponents: [3]\n"), "components[0]"));
  EXPECT_TRUE(
    says(
      error_of("format: 1\nframe: person\ncomponents: [{mu: [0, 0]}]\n"),
      "components[0].weight is missing"));
  EXPECT_THROW(load_model("/nowhere/model.yaml"), std::runtime_error);
}
