// The layer as Nav2 has it, beside threads that tell it hostile people, transforms and times, set
// its parameters and resize, update and reset the costmap; for SOCIAL_NAV_STRESS_SECONDS (8).
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "dice.hpp"
#include "layer_fixture.hpp"

#include "social_nav_costmap/conversions.hpp"

namespace
{

double seconds_to_run()
{
  const char * const given = std::getenv("SOCIAL_NAV_STRESS_SECONDS");
  return given ? std::atof(given) : 8.0;
}

std::string any_text(Dice & dice, const std::string & usual)
{
  const std::array<std::string, 8> strange{
    "", "x\ny", std::string("a\0b", 3), "%s%n", "\x1b[31m", std::string(20'000, 'x'), "\xff\xfe",
    "/../.."};
  return dice.one_in(20) ? strange[static_cast<std::size_t>(dice.whole(0, 7))] : usual;
}

builtin_interfaces::msg::Time any_time(Dice & dice, std::int32_t usual)
{
  constexpr std::int32_t kStrange[] = {
    0, -1, std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max()};
  builtin_interfaces::msg::Time time;
  time.sec = dice.one_in(20) ? kStrange[dice.whole(0, 3)] : usual;
  time.nanosec = dice.one_in(20) ? std::numeric_limits<std::uint32_t>::max() : 0u;
  return time;
}

template<typename Array>
void fill(Dice & dice, Array & shares)
{
  const double share = dice.any(dice.real(0.0, 1.0));
  shares.fill(0.0f);
  shares[0] = static_cast<float>(share);
  shares[1] = static_cast<float>(1.0 - share);
}

SocialPerson any_person(Dice & dice, int now)
{
  SocialPerson message = person(
    any_text(dice, std::to_string(dice.whole(0, 60))), dice.any(dice.real(-2.0, 12.0)),
    dice.any(dice.real(-2.0, 12.0)), dice.real(-4.0, 4.0));
  auto & pose = message.pose.pose;
  pose.position.z = dice.any(0.0);
  pose.orientation.x = dice.any(0.0);
  pose.orientation.w = dice.any(pose.orientation.w);
  for (const std::size_t place : {0u, 1u, 6u, 7u, 35u}) {
    message.pose.covariance[place] = dice.any(place == 1u || place == 6u ? 0.0 : dice.real(0, 0.2));
  }
  message.velocity.x = dice.any(dice.scaled(30.0));
  message.velocity.y = dice.any(dice.scaled(30.0));
  message.confidence = static_cast<float>(dice.any(1.0));
  if (!dice.one_in(3)) {
    fill(dice, message.intent_probabilities);
    fill(dice, message.attitude_probabilities);
  }
  message.group_id = any_text(dice, dice.one_in(2) ? "" : std::to_string(dice.whole(0, 5)));
  message.last_seen = any_time(dice, now);
  return message;
}

People any_people(Dice & dice, int now)
{
  constexpr const char * kFrames[] = {"map", "map", "odom", "base", "nowhere", "loop"};
  People message;
  message.header.frame_id = any_text(dice, kFrames[dice.whole(0, 5)]);
  message.header.stamp = any_time(dice, now);
  for (int i = dice.one_in(30) ? 2000 : dice.whole(0, 40); i > 0; --i) {
    message.people.push_back(any_person(dice, now));
  }
  return message;
}

geometry_msgs::msg::TransformStamped any_transform(Dice & dice, int now)
{
  constexpr const char * kFrames[] = {"map", "odom", "base", "loop"};
  geometry_msgs::msg::TransformStamped transform;
  const int parent = dice.whole(0, 2);
  transform.header.frame_id = any_text(dice, kFrames[parent]);
  transform.child_frame_id = any_text(dice, kFrames[dice.one_in(20) ? 0 : parent + 1]);
  transform.header.stamp = any_time(dice, now);
  const double yaw = dice.real(-3.0, 3.0);
  transform.transform.translation.x = dice.any(dice.real(-5.0, 5.0));
  transform.transform.translation.y = dice.any(dice.real(-5.0, 5.0));
  transform.transform.rotation.z = dice.any(std::sin(yaw / 2.0));
  transform.transform.rotation.w = dice.any(std::cos(yaw / 2.0));
  return transform;
}

/// Of any type and value; one in two is what the setting allows.
rclcpp::Parameter any_parameter(
  Dice & dice, const social_nav_costmap::Setting & setting, const std::string & good_model)
{
  const std::string name = "social." + setting.name;
  if (dice.one_in(8)) {
    switch (dice.whole(0, 4)) {
      case 0: return {name, dice.one_in(2)};
      case 1: return {name, std::numeric_limits<std::int64_t>::max() - dice.whole(0, 2)};
      case 2: return {name, dice.any(1.0)};
      case 3: return {name, any_text(dice, "x")};
      default: return {name, std::vector<double>{1.0}};
    }
  }
  switch (setting.place.index()) {
    case 0: return {name, !dice.one_in(4)};
    case 1: return {name, dice.one_in(3) ? dice.whole(-1, 300) : static_cast<int>(setting.high)};
    case 2: return {name, dice.any(dice.real(setting.low - 0.05, setting.high + 0.05))};
    default: break;
  }
  if (setting.name == "model_file") {
    const std::array<std::string, 4> files{good_model, "", "/dev/zero", "/nowhere\n"};
    return {name, any_text(dice, files[static_cast<std::size_t>(dice.whole(0, 3))])};
  }
  if (setting.name == "topic") {
    return {name, any_text(dice, dice.one_in(4) ? "other_people" : "/social_people")};
  }
  const int last = static_cast<int>(setting.choices.size()) - 1;
  return {name, any_text(dice, setting.choices[static_cast<std::size_t>(dice.whole(0, last))])};
}

}  // namespace

TEST(Conversions, OnlyPeopleWhoCanBeDrawnComeOfHostileMessages)
{
  Dice dice(1);
  std::vector<social_nav_costmap::Sighting> sightings;
  for (int round = 0; round < 3000; ++round) {
    const People message = any_people(dice, 100);
    geometry_msgs::msg::Transform to_global = any_transform(dice, 100).transform;
    std::vector<std::string> left_out;
    social_nav_costmap::sightings_of(message, to_global, sightings, left_out);
    ASSERT_EQ(sightings.size() + left_out.size(), message.people.size());
    for (const auto & sighting : sightings) {
      ASSERT_EQ(social_nav_costmap::defect_of(sighting.person), "");
    }
    for (const std::string & line : left_out) {
      ASSERT_LE(line.size(), 400u) << line.substr(0, 400);
      ASSERT_TRUE(std::none_of(line.begin(), line.end(), [](unsigned char c) {return c < 32;}));
    }
  }
}

class StressTest : public LayerTest
{
protected:
  /// Until the time is over; what the costmap's thread does is left to the caller.
  void tell(std::atomic<bool> & going)
  {
    Dice dice(2);
    while (going) {
      now = dice.one_in(200) ? dice.whole(1, 2'000'000'000) : now.load();
      people->publish(any_people(dice, now));
      for (int i = dice.whole(0, 3); i > 0; --i) {
        try {
          tf->setTransform(any_transform(dice, now), "stress", dice.one_in(5));
        } catch (const std::exception &) {
          ++thrown;  // as tf2's listener would log
        }
      }
      rosgraph_msgs::msg::Clock message;
      message.clock.sec = now;
      clock->publish(message);
      ++messages;
      std::this_thread::sleep_for(std::chrono::microseconds(dice.whole(0, 2000)));
    }
  }

  void tune(std::atomic<bool> & going)
  {
    Dice dice(3);
    const auto & all = social_nav_costmap::all_settings();
    const int last = static_cast<int>(all.size()) - 1;
    const std::string model = node->get_parameter("social.model_file").as_string();
    while (going) {
      std::vector<rclcpp::Parameter> changes;
      for (int i = dice.whole(1, 4); i > 0; --i) {
        const auto & setting = all[static_cast<std::size_t>(dice.whole(0, last))];
        changes.push_back(any_parameter(dice, setting, model));
      }
      if (dice.one_in(3)) {
        node->set_parameters_atomically(changes);
      } else {
        node->set_parameters(changes);
      }
      ++changed;
      std::this_thread::sleep_for(std::chrono::microseconds(dice.whole(0, 5000)));
    }
  }

  void set_size(Dice & dice)
  {
    const auto cells = [&dice] {return static_cast<unsigned>(dice.whole(1, 300));};
    layered->resizeMap(
      cells(), cells(), dice.real(0.01, 0.5), dice.real(-20.0, 20.0), dice.real(-20.0, 20.0));
  }

  /// Back to what LayerTest starts with.
  void calm()
  {
    const social_nav_costmap::Settings defaults;
    std::vector<rclcpp::Parameter> all;
    for (const auto & setting : social_nav_costmap::all_settings()) {
      std::visit(
        [&](const auto & value) {all.emplace_back("social." + setting.name, value);},
        setting.get(defaults));
    }
    const rclcpp::NodeOptions start = options({});
    for (const auto & given : start.parameter_overrides()) {
      for (auto & each : all) {
        each = each.get_name() == given.get_name() ? given : each;
      }
    }
    for (const auto & result : node->set_parameters(all)) {
      EXPECT_TRUE(result.successful) << result.reason;
    }
  }

  std::atomic<int> now{100};
  std::atomic<long> messages{0}, changed{0}, thrown{0};
};

TEST_F(StressTest, NothingHostileGetsThrough)
{
  start(false);
  std::atomic<bool> going{true};
  std::atomic<int> worst{0};
  auto own = rclcpp::create_subscription<nav_msgs::msg::OccupancyGrid>(
    node, "social/costmap", rclcpp::QoS(1).transient_local(),
    [&worst](const nav_msgs::msg::OccupancyGrid::ConstSharedPtr grid) {
      for (const std::int8_t cost : grid->data) {
        worst = cost < 0 ? 127 : std::max<int>(worst, cost);
      }
    });
  std::string unfit;  // of what a person reads
  auto look = rclcpp::create_subscription<diagnostic_msgs::msg::DiagnosticArray>(
    node, "/diagnostics", rclcpp::QoS(10),
    [&unfit](const diagnostic_msgs::msg::DiagnosticArray::ConstSharedPtr message) {
      const std::string & said = message->status.at(0).message;
      if (said.size() > 2000 || said.find('\n') != std::string::npos) {
        unfit = said.substr(0, 2000);
      }
    });
  std::thread spinning([this] {executor.spin();});
  std::thread telling([&] {tell(going);});
  std::thread tuning([&] {tune(going);});

  Dice dice(4);
  long updates = 0, raised_cells = 0;
  const double end = social_nav_costmap::SocialCosts::steady_seconds() + seconds_to_run();
  while (social_nav_costmap::SocialCosts::steady_seconds() < end && !HasFailure()) {
    if (dice.one_in(20)) {
      set_size(dice);
    }
    if (dice.one_in(15)) {
      layer->reset();
    }
    robot_x = dice.any(dice.real(0.0, 10.0));
    robot_y = dice.real(0.0, 10.0);
    update(dice.any(0.0));
    EXPECT_TRUE(layered->isCurrent());
    raised_cells += raised();
    ++updates;
  }
  going = false;
  telling.join();
  tuning.join();
  executor.cancel();
  spinning.join();
  std::printf(
    "%ld updates, %ld messages, %ld changes of parameters\n", updates, messages.load(),
    changed.load());
  EXPECT_LE(worst, 100);
  EXPECT_EQ(unfit, "");
  EXPECT_GT(raised_cells, 0) << "somebody was drawn";

  calm();
  robot_x = robot_y = 5.0;
  layered->resizeMap(200, 200, 0.05, 0.0, 0.0);
  layer->reset();
  tf->clear();
  set_time(2'000'000'100);
  see({person("a", 4.0, 5.0)});
  EXPECT_TRUE(comes(4.0, 5.0)) << "it works as before";
  see({});
  EXPECT_TRUE(goes(4.0, 5.0));
  EXPECT_EQ(raised(), 0);
}
