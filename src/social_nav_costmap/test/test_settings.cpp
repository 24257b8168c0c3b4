#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "social_nav_costmap/nearest_name.hpp"
#include "social_nav_costmap/settings.hpp"

using namespace social_nav_costmap;  // NOLINT(build/namespaces)

namespace
{

const Setting & setting(const std::string & name)
{
  for (const Setting & candidate : all_settings()) {
    if (candidate.name == name) {
      return candidate;
    }
  }
  throw std::out_of_range(name);
}

}  // namespace

TEST(Settings, DefaultsAreAllowedAndNamesAreUnique)
{
  Settings settings;
  std::set<std::string> names;
  for (const Setting & each : all_settings()) {
    EXPECT_EQ(each.set(settings, each.get(Settings())), "") << each.name;
    EXPECT_TRUE(names.insert(each.name).second) << each.name;
    EXPECT_FALSE(each.meaning.empty()) << each.name;
  }
  EXPECT_EQ(conflict_in(settings), "");
}

TEST(Settings, EveryNumberIsRefusedOutsideOfItsBounds)
{
  for (const Setting & each : all_settings()) {
    Settings settings;
    if (each.place.index() == 1) {
      EXPECT_NE(each.set(settings, static_cast<int>(each.high) + 1), "") << each.name;
      EXPECT_NE(each.set(settings, static_cast<int>(each.low) - 1), "") << each.name;
    } else if (each.place.index() == 2) {
      EXPECT_NE(each.set(settings, each.high + 1e-6), "") << each.name;
      EXPECT_NE(each.set(settings, each.low - 1e-6), "") << each.name;
      EXPECT_NE(each.set(settings, std::nan("")), "") << each.name;
    }
    EXPECT_EQ(each.get(settings), each.get(Settings())) << each.name;
  }
}

TEST(Settings, RefusalsSayWhatIsAllowed)
{
  Settings settings;
  EXPECT_EQ(
    setting("max_cost").set(settings, 253), "max_cost is 253, expected 1 to 252");
  EXPECT_EQ(
    setting("timeout").set(settings, 0.0), "timeout is 0, expected 0.05 to 60 s");
  EXPECT_EQ(
    setting("combination").set(settings, std::string("mean")),
    "combination is \"mean\", expected one of max sum mixture");
}

TEST(Settings, RefusalsOfAnotherTypeNameBothAndQuoteTexts)
{
  Settings settings;
  EXPECT_EQ(
    setting("timeout").set(settings, std::string("2")),
    "timeout is \"2\" (string), expected 0.05 to 60 s (double)");
  EXPECT_EQ(
    setting("enabled").set(settings, 1),
    "enabled is 1 (integer), expected true or false (bool)");
  EXPECT_EQ(
    setting("max_cost").set(settings, 100.0),
    "max_cost is 100 (double), expected 1 to 252 (integer)");
  EXPECT_EQ(
    setting("topic").set(settings, true), "topic is true (bool), expected a text (string)");
}

TEST(Settings, TheNearestNameNeedsTheFewestEdits)
{
  EXPECT_EQ(edits_between("max_costs", "max_cost"), 1u);
  EXPECT_EQ(edits_between("kitten", "sitting"), 3u);
  EXPECT_EQ(edits_between("", "abc"), 3u);
  EXPECT_EQ(edits_between("abc", ""), 3u);
  std::vector<std::string> names;
  for (const Setting & each : all_settings()) {
    names.push_back(each.name);
    EXPECT_EQ(nearest_name(each.name, names), each.name);
  }
  EXPECT_EQ(nearest_name("max_costs", names), "max_cost");
  EXPECT_EQ(nearest_name("time_out", names), "timeout");
  EXPECT_EQ(nearest_name("intent_interested.size", names), "intent_interested_size");
  EXPECT_EQ(nearest_name("x", {}), "");
}

TEST(Settings, SetWhatTheySay)
{
  Settings settings;
  EXPECT_EQ(setting("attitude_negative_size").set(settings, 2.0), "");
  EXPECT_EQ(settings.zones.attitude_negative.size, 2.0);
  EXPECT_EQ(setting("corridor_full").set(settings, 0.5), "");
  EXPECT_NE(conflict_in(settings).find("corridor_full is 0.5"), std::string::npos);
  EXPECT_EQ(setting("horizon").set(settings, 2), "") << "a whole number will do";
  EXPECT_EQ(settings.zones.horizon, 2.0);
}
