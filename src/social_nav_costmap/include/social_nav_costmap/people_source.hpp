#ifndef SOCIAL_NAV_COSTMAP__PEOPLE_SOURCE_HPP_
#define SOCIAL_NAV_COSTMAP__PEOPLE_SOURCE_HPP_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "rclcpp/rclcpp.hpp"
#include "rclcpp_lifecycle/lifecycle_node.hpp"
#include "social_nav_msgs/msg/social_person_array.hpp"

#include "social_nav_costmap/inbox.hpp"
#include "social_nav_costmap/settings.hpp"

namespace social_nav_costmap
{

/// What is known of the topic that people come from.
struct SourceReport
{
  std::string topic;           ///< as it was resolved
  std::string reliability;     ///< that the layer asks for
  std::size_t publishers = 0;  ///< of the topic's name
  std::size_t matching = 0;    ///< of them, with its type and a quality of service that fits
  std::uint64_t messages = 0;
  double silence = 0.0;        ///< since the newest message came, or since the subscription [s]
  double age = 0.0;            ///< of the newest message's stamp; negative: in the future [s]
};

/// Why no people come; empty when they do, or when messages say that there are none.
std::string complaint_of(const SourceReport & report, double timeout);

/// A subscription that fills an inbox and remembers when messages came.
class PeopleSource
{
public:
  using People = social_nav_msgs::msg::SocialPersonArray;

  /// Subscribe; a relative topic is relative to the parent namespace of the costmap's node.
  PeopleSource(
    const rclcpp_lifecycle::LifecycleNode::SharedPtr & node, const Settings & settings,
    const rclcpp::CallbackGroup::SharedPtr & group, const std::shared_ptr<Inbox<People>> & inbox,
    const rclcpp::Logger & log);

  /// May be called from any thread; throws what rclcpp does once ROS is shut down.
  SourceReport report(const rclcpp_lifecycle::LifecycleNode & node) const;

private:
  struct Arrivals
  {
    std::mutex mutex;
    std::uint64_t messages = 0;
    std::int64_t came = 0;     ///< [ns]
    std::int64_t stamped = 0;  ///< [ns]
  };

  const rclcpp::Clock::SharedPtr clock_;
  const std::string reliability_;
  const std::shared_ptr<Arrivals> arrivals_ = std::make_shared<Arrivals>();
  rclcpp::Subscription<People>::SharedPtr subscription_;
};

}  // namespace social_nav_costmap

#endif  // SOCIAL_NAV_COSTMAP__PEOPLE_SOURCE_HPP_
