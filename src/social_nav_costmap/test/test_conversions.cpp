// People of a message, in another frame.
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "social_nav_costmap/conversions.hpp"

namespace
{

using social_nav_costmap::Person;
using Numbers = std::vector<double>;

struct Told
{
  std::array<double, 4> turn;         ///< x y z w, from the message's frame to the map
  std::array<double, 3> shift;        ///< [m]
  std::array<double, 3> position;     ///< in the message's frame [m]
  std::array<double, 3> velocity;     ///< [m/s]
  std::array<double, 4> orientation;  ///< x y z w
  std::array<double, 9> covariance;   ///< of the position [m^2]
};

geometry_msgs::msg::Quaternion quaternion(const std::array<double, 4> & q)
{
  geometry_msgs::msg::Quaternion message;
  message.x = q[0];
  message.y = q[1];
  message.z = q[2];
  message.w = q[3];
  return message;
}

Person in_map(const Told & told)
{
  social_nav_msgs::msg::SocialPersonArray message;
  auto & item = message.people.emplace_back();
  item.id = "anna";
  item.confidence = 1.0f;
  item.pose.pose.position.x = told.position[0];
  item.pose.pose.position.y = told.position[1];
  item.pose.pose.position.z = told.position[2];
  item.pose.pose.orientation = quaternion(told.orientation);
  item.velocity.x = told.velocity[0];
  item.velocity.y = told.velocity[1];
  item.velocity.z = told.velocity[2];
  for (std::size_t i = 0; i < 9; ++i) {
    item.pose.covariance[6 * (i / 3) + i % 3] = told.covariance[i];
  }
  item.pose.covariance[35] = 0.3;
  geometry_msgs::msg::Transform to_map;
  to_map.rotation = quaternion(told.turn);
  to_map.translation.x = told.shift[0];
  to_map.translation.y = told.shift[1];
  to_map.translation.z = told.shift[2];
  std::vector<social_nav_costmap::Sighting> sightings;
  std::vector<std::string> left_out;
  social_nav_costmap::sightings_of(message, to_map, sightings, left_out);
  EXPECT_TRUE(left_out.empty());
  return sightings.at(0).person;
}

void expect_near(const Numbers & got, const Numbers & expected)
{
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    EXPECT_NEAR(got[i], expected[i], 1e-7) << i;
  }
}

Numbers covariance_of(const Person & person)
{
  const auto & c = person.position_covariance;
  return {c.xx, c.xy, c.yx, c.yy};
}

}  // namespace

TEST(Conversions, TheDepthOfACameraIsUncertainAlongTheViewInTheMap)
{
  Told told{
    {-0.5, 0.5, -0.5, 0.5}, {}, {0.0, 0.0, 2.0}, {}, {0.5, -0.5, 0.5, 0.5},
    {0.01, 0.0, 0.0, 0.0, 0.04, 0.0, 0.0, 0.0, 0.25}};  // right, down, ahead
  expect_near(covariance_of(in_map(told)), {0.25, 0.0, 0.0, 0.01});
  told.covariance = {0.01, 0.0, 0.03, 0.0, 0.04, 0.0, 0.03, 0.0, 0.25};
  expect_near(covariance_of(in_map(told)), {0.25, -0.03, -0.03, 0.01});
}

/// Drawn and turned by NumPy and SciPy, as in the test of the Python side of the same name.
TEST(Conversions, PeopleInATiltedFrameAreWhereTheyAre)
{
  const Told told[] = {
    {{0.579968661, 0.131559951, 0.321780337, 0.736739945},
      {0.125730221, -0.132104863, 0.64042265}, {2.93565524, -0.544309883, 0.834340244},
      {-0.135397192, -0.212745497, 0.765772129},
      {-0.424062286, 0.416944655, 0.446086629, 0.668831108},
      {0.479769228, -0.710483996, -1.09350748, -0.710483996, 1.25122885, 1.64179649,
        -1.09350748, 1.64179649, 3.78179076}},
    {{0.770622424, -0.290229665, -0.250575404, -0.509038102},
      {0.345584192, 0.821618144, 0.330437076}, {1.45136151, -2.28440992, -0.277788336},
      {0.41693005, -0.0616621983, -0.687289682},
      {-0.172149231, 0.805268167, -0.292954324, -0.485886392},
      {1.30926101, -1.23671138, 0.708754337, -1.23671138, 2.10527203, -0.890625566,
        0.708754337, -0.890625566, 0.447752133}}};
  const Numbers covariances[] = {
    {0.428696696, -0.62499969, -0.62499969, 3.09262175},
    {2.71713827, 1.38858902, 1.38858902, 0.75893006}};
  for (std::size_t i = 0; i < 2; ++i) {
    const Person person = in_map(told[i]);
    expect_near({person.position.x, person.position.y, person.yaw}, {3.0, 1.0, 2.0});
    expect_near({person.velocity.x, person.velocity.y}, {0.4, -0.7});
    expect_near(covariance_of(person), covariances[i]);
    EXPECT_EQ(person.yaw_variance, 0.3);
  }
}
