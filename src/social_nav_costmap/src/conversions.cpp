#include "social_nav_costmap/conversions.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "social_nav_costmap/shown.hpp"

namespace social_nav_costmap
{
namespace
{

struct Vector3
{
  double x;
  double y;
  double z;
};

double length(const geometry_msgs::msg::Quaternion & q)
{
  return std::sqrt(q.x * q.x + q.y * q.y + q.z * q.z + q.w * q.w);
}

/// v + 2 w (u x v) + 2 u x (u x v), u the vector part of a unit quaternion.
Vector3 rotated(const geometry_msgs::msg::Quaternion & q, Vector3 v)
{
  const auto cross = [&q](Vector3 a) {
      return Vector3{q.y * a.z - q.z * a.y, q.z * a.x - q.x * a.z, q.x * a.y - q.y * a.x};
    };
  const Vector3 once = cross(v), twice = cross(once);
  return {
    v.x + 2.0 * (q.w * once.x + twice.x), v.y + 2.0 * (q.w * once.y + twice.y),
    v.z + 2.0 * (q.w * once.z + twice.z)};
}

/// Covariance of x and y in the parent frame, from the position's in the message's frame: the first
/// two rows and columns of R C R'.
Matrix turned_position(const geometry_msgs::msg::Quaternion & q, const std::array<double, 36> & c)
{
  const Vector3 x = rotated(q, {1.0, 0.0, 0.0}), y = rotated(q, {0.0, 1.0, 0.0});
  const Vector3 z = rotated(q, {0.0, 0.0, 1.0});
  const std::array<double, 3> rows[] = {{{x.x, y.x, z.x}}, {{x.y, y.y, z.y}}};
  const auto entry = [&](std::size_t a, std::size_t b) {
      double sum = 0.0;
      for (std::size_t i = 0; i < 3; ++i) {
        for (std::size_t k = 0; k < 3; ++k) {
          sum += rows[a][i] * c[6 * i + k] * rows[b][k];
        }
      }
      return sum;
    };
  return {entry(0, 0), entry(0, 1), entry(1, 0), entry(1, 1)};
}

std::int64_t nanoseconds(const builtin_interfaces::msg::Time & time)
{
  return static_cast<std::int64_t>(time.sec) * 1000000000 + time.nanosec;
}

/// Probabilities as given; all 0, as in a message that says nothing of labels: UNKNOWN.
template<typename Shares>
std::array<double, 4> label_of(const Shares & given)
{
  std::array<double, 4> label{{1.0, 0.0, 0.0, 0.0}};
  if (std::any_of(given.begin(), given.end(), [](auto share) {return share != 0;})) {
    std::copy(given.begin(), given.end(), label.begin());
  }
  return label;
}

Person person_of(
  const social_nav_msgs::msg::SocialPerson & message, const geometry_msgs::msg::Transform & to)
{
  const auto & pose = message.pose.pose;
  const Vector3 at =
    rotated(to.rotation, {pose.position.x, pose.position.y, pose.position.z});
  const Vector3 chest = rotated(to.rotation, rotated(pose.orientation, {1.0, 0.0, 0.0}));
  const Vector3 velocity =
    rotated(to.rotation, {message.velocity.x, message.velocity.y, message.velocity.z});
  const auto & covariance = message.pose.covariance;  // row-major, x y z roll pitch yaw

  Person person;
  person.position = {at.x + to.translation.x, at.y + to.translation.y};
  person.yaw = std::atan2(chest.y, chest.x);
  person.velocity = {velocity.x, velocity.y};
  person.position_covariance = turned_position(to.rotation, covariance);
  person.yaw_variance = covariance[35];
  person.intent = label_of(message.intent_probabilities);
  person.attitude = label_of(message.attitude_probabilities);
  person.confidence = static_cast<double>(message.confidence);
  return person;
}

}  // namespace

void sightings_of(
  const social_nav_msgs::msg::SocialPersonArray & message,
  const geometry_msgs::msg::Transform & to_global, std::vector<Sighting> & sightings,
  std::vector<std::string> & left_out)
{
  sightings.clear();
  std::set<std::string> ids;
  std::map<std::string, int> groups;
  for (const auto & seen : message.people) {
    const double norm = length(seen.pose.pose.orientation);
    Sighting sighting;
    std::string defect;
    if (seen.id.empty()) {
      defect = "its id is empty";
    } else if (!ids.insert(seen.id).second) {
      defect = "its id is there twice";
    } else if (!(std::abs(norm - 1.0) < 0.01)) {
      defect = "its quaternion has the length " + std::to_string(norm) + ", expected 1";
    } else {
      sighting.person = person_of(seen, to_global);
      defect = defect_of(sighting.person);
    }
    if (!defect.empty()) {
      left_out.push_back("person '" + shown(seen.id) + "': " + defect);
      continue;
    }
    if (!seen.group_id.empty()) {
      const int next = static_cast<int>(groups.size()) + 1;
      sighting.person.group = groups.emplace(seen.group_id, next).first->second;
    }
    const std::int64_t last_seen = nanoseconds(seen.last_seen);
    sighting.last_seen = last_seen != 0 ? last_seen : nanoseconds(message.header.stamp);
    sightings.push_back(sighting);
  }
}

}  // namespace social_nav_costmap
