#include "plain_yaml.hpp"

#include <cstddef>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "yaml-cpp/eventhandler.h"

namespace social_nav_costmap
{
namespace
{

constexpr std::size_t kMostValues = 20'000;
constexpr std::size_t kDeepest = 20;

/// Sees a text's values in passing, without keeping them.
class Watch : public YAML::EventHandler
{
public:
  void OnDocumentStart(const YAML::Mark & mark) override
  {
    if (++documents_ > 1) {
      throw YAML::ParserException(mark, "a second document, expected one");
    }
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark & mark, YAML::anchor_t) override {take(mark, "?", "");}
  void OnAlias(const YAML::Mark & mark, YAML::anchor_t) override
  {
    throw YAML::ParserException(mark, "an alias, expected plain values");
  }
  void OnScalar(
    const YAML::Mark & mark, const std::string & tag, YAML::anchor_t,
    const std::string & value) override
  {
    take(mark, tag, value);
  }
  void OnSequenceStart(
    const YAML::Mark & mark, const std::string & tag, YAML::anchor_t,
    YAML::EmitterStyle::value) override
  {
    enter(mark, tag, false);
  }
  void OnSequenceEnd() override {inside_.pop_back();}
  void OnMapStart(
    const YAML::Mark & mark, const std::string & tag, YAML::anchor_t,
    YAML::EmitterStyle::value) override
  {
    enter(mark, tag, true);
  }
  void OnMapEnd() override {inside_.pop_back();}

private:
  struct Collection
  {
    bool is_map = false;
    bool at_value = false;  ///< in a map: whether the next node is a key's value
    std::set<std::string> keys;
  };

  bool at_key() const
  {
    return !inside_.empty() && inside_.back().is_map && !inside_.back().at_value;
  }

  void enter(const YAML::Mark & mark, const std::string & tag, bool is_map)
  {
    if (at_key()) {
      throw YAML::ParserException(mark, "a key is no plain value");
    }
    count(mark, tag);
    if (inside_.size() >= kDeepest) {
      throw YAML::ParserException(mark, "more than " + std::to_string(kDeepest) + " levels");
    }
    inside_.push_back({is_map, false, {}});
  }

  void take(const YAML::Mark & mark, const std::string & tag, const std::string & value)
  {
    if (at_key() && !inside_.back().keys.insert(value).second) {
      throw YAML::ParserException(mark, "'" + value.substr(0, 80) + "' is repeated");
    }
    count(mark, tag);
  }

  void count(const YAML::Mark & mark, const std::string & tag)
  {
    if (tag != "?" && tag != "!" && !tag.empty()) {  // plain, quoted
      throw YAML::ParserException(mark, "a tag, expected plain values");
    }
    if (++values_ > kMostValues) {
      throw YAML::ParserException(mark, "more than " + std::to_string(kMostValues) + " values");
    }
    if (!inside_.empty() && inside_.back().is_map) {
      inside_.back().at_value = !inside_.back().at_value;
    }
  }

  std::vector<Collection> inside_;
  std::size_t values_ = 0;
  int documents_ = 0;
};

}  // namespace

YAML::Node plain_yaml(const std::string & content)
{
  std::istringstream stream(content);
  YAML::Parser parser(stream);
  Watch watch;
  while (parser.HandleNextDocument(watch)) {}
  return YAML::Load(content);
}

}  // namespace social_nav_costmap
