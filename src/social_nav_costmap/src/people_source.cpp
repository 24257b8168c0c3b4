#include "social_nav_costmap/people_source.hpp"

#include <cmath>
#include <sstream>
#include <utility>

#include "social_nav_costmap/shown.hpp"

namespace social_nav_costmap
{
namespace
{

constexpr int kThrottle = 5000;         // [ms] between two warnings of one kind
constexpr double kOtherClock = 1e8;     // [s] an age that only another clock explains

/// The costmap's node lives in a namespace of its own; relative topics belong to its parent.
std::string in_parent_namespace(const std::string & node_namespace, const std::string & topic)
{
  if (topic.empty() || topic.front() == '/' || topic.front() == '~') {
    return topic;
  }
  const std::string parent = node_namespace.substr(0, node_namespace.rfind('/'));
  return parent + "/" + topic;
}

std::int64_t nanoseconds_of(const builtin_interfaces::msg::Time & stamp)
{
  return 1'000'000'000 * static_cast<std::int64_t>(stamp.sec) + stamp.nanosec;
}

}  // namespace

std::string complaint_of(const SourceReport & report, double timeout)
{
  std::ostringstream words;
  words.precision(3);
  if (report.publishers == 0) {
    words << "nobody publishes " << report.topic;
  } else if (report.matching == 0) {
    words << "no publisher of " << report.topic << " fits, expected "
          << "social_nav_msgs/msg/SocialPersonArray, " << report.reliability;
  } else if (report.messages > 0 && std::abs(report.age) > kOtherClock) {
    words << "the newest message on " << report.topic << " is stamped " << std::abs(report.age)
          << (report.age > 0.0 ? " s before" : " s after")
          << " now: is use_sim_time the same for all nodes?";
  } else if (report.silence > timeout) {
    words << (report.messages == 0 ? "no message came on " : "no message on ") << report.topic;
    words << " for " << report.silence << " s, expected one within the timeout of " << timeout
          << " s";
  }
  return words.str();
}

PeopleSource::PeopleSource(
  const rclcpp_lifecycle::LifecycleNode::SharedPtr & node, const Settings & settings,
  const rclcpp::CallbackGroup::SharedPtr & group, const std::shared_ptr<Inbox<People>> & inbox,
  const rclcpp::Logger & log)
: clock_(node->get_clock()), reliability_(settings.reliability)
{
  arrivals_->came = clock_->now().nanoseconds();
  rclcpp::QoS qos(static_cast<std::size_t>(settings.depth));
  if (settings.reliability == "best_effort") {
    qos.best_effort();
  }
  rclcpp::SubscriptionOptions options;
  options.callback_group = group;
  subscription_ = rclcpp::create_subscription<People>(
    node, in_parent_namespace(node->get_namespace(), settings.topic), qos,
    [inbox, log, clock = clock_, arrivals = arrivals_](const People::ConstSharedPtr message) {
      {
        std::lock_guard<std::mutex> lock(arrivals->mutex);
        ++arrivals->messages;
        arrivals->came = clock->now().nanoseconds();
        arrivals->stamped = nanoseconds_of(message->header.stamp);
      }
      if (message->header.stamp.sec >= 0) {
        inbox->push(message);
        return;
      }
      RCLCPP_WARN_THROTTLE(
        log, *clock, kThrottle, "people in '%s' are left out: their stamp is %d s, expected 0 or more",
        shown(message->header.frame_id).c_str(), message->header.stamp.sec);
    }, options);
}

SourceReport PeopleSource::report(const rclcpp_lifecycle::LifecycleNode & node) const
{
  SourceReport report;
  report.topic = subscription_->get_topic_name();
  report.reliability = reliability_;
  report.publishers = node.count_publishers(report.topic);
  report.matching = subscription_->get_publisher_count();
  const std::int64_t now = clock_->now().nanoseconds();
  std::lock_guard<std::mutex> lock(arrivals_->mutex);
  report.messages = arrivals_->messages;
  report.silence = 1e-9 * static_cast<double>(now - arrivals_->came);
  report.age = 1e-9 * static_cast<double>(now - arrivals_->stamped);
  return report;
}

}  // namespace social_nav_costmap
