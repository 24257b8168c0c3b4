#include "social_nav_costmap/social_layer.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#if __has_include("ament_index_cpp/get_package_share_path.hpp")  // since Lyrical
#include "ament_index_cpp/get_package_share_path.hpp"
#else
#include "ament_index_cpp/get_package_share_directory.hpp"
#endif
#include "diagnostic_msgs/msg/key_value.hpp"
#include "pluginlib/class_list_macros.hpp"

#include "social_nav_costmap/conversions.hpp"
#include "social_nav_costmap/layer_parameters.hpp"
#include "social_nav_costmap/model_file.hpp"
#include "social_nav_costmap/shown.hpp"

namespace social_nav_costmap
{
namespace
{

constexpr int kThrottle = 5000;   // [ms] between two warnings of one kind
constexpr std::size_t kNamed = 8;  // people that one warning names
constexpr double kPatience = 0.5;  // [s] that a transform may be late without a warning

std::string share_folder(const std::string & package)
{
#if __has_include("ament_index_cpp/get_package_share_path.hpp")
  return ament_index_cpp::get_package_share_path(package).string();
#else
  return ament_index_cpp::get_package_share_directory(package);
#endif
}

}  // namespace

SocialLayer::~SocialLayer()
{
  auto parent = node_.lock();
  if (parent && on_set_handle_) {
    parent->remove_on_set_parameters_callback(on_set_handle_.get());
  }
}

rclcpp_lifecycle::LifecycleNode::SharedPtr SocialLayer::node() const
{
  rclcpp_lifecycle::LifecycleNode::SharedPtr parent = node_.lock();
  if (!parent) {
    throw std::runtime_error("social layer: its node is gone");
  }
  return parent;
}

void SocialLayer::onInitialize()
{
  const auto parent = node();
  settings_ = declare_settings(*parent, name_);
  unknown_ = unknown_parameters(*parent, name_);
  if (!unknown_.empty()) {
    RCLCPP_WARN(logger_, "unknown parameters are ignored: %s", unknown_.c_str());
  }
  diagnosed_ = clock_->now();
  grid_publisher_ = rclcpp::create_publisher<nav_msgs::msg::OccupancyGrid>(
    parent, name_ + "/costmap", rclcpp::QoS(1).transient_local());
  diagnostics_publisher_ = rclcpp::create_publisher<diagnostic_msgs::msg::DiagnosticArray>(
    parent, "/diagnostics", rclcpp::QoS(10));
  apply(settings_, true, true);
  on_set_handle_ = parent->add_on_set_parameters_callback(
    [this](const std::vector<rclcpp::Parameter> & changes) {return on_set(changes);});
  enabled_ = settings_.costs.enabled;
  current_ = true;
}

rcl_interfaces::msg::SetParametersResult SocialLayer::on_set(
  const std::vector<rclcpp::Parameter> & changes)
{
  rcl_interfaces::msg::SetParametersResult result;
  result.successful = false;
  std::lock_guard<std::mutex> lock(settings_mutex_);
  Settings wanted = settings_;
  bool subscribe = false, rebuild = false;
  for (const rclcpp::Parameter & change : changes) {
    for (const Setting & setting : all_settings()) {
      if (change.get_name() != name_ + "." + setting.name) {
        continue;
      }
      result.reason = set_from(change, setting, wanted);
      if (!result.reason.empty()) {
        return result;
      }
    }
  }
  result.reason = conflict_in(wanted);
  if (!result.reason.empty()) {
    return result;
  }
  for (const Setting & setting : all_settings()) {
    if (setting.get(wanted) != setting.get(settings_)) {
      subscribe = subscribe || setting.subscribes;
      rebuild = rebuild || setting.shapes;
    }
  }
  try {
    apply(wanted, subscribe, rebuild);
    settings_ = wanted;
    result.successful = true;
  } catch (const std::exception & error) {
    result.reason = error.what();
  }
  return result;
}

void SocialLayer::apply(const Settings & settings, bool subscribe, bool rebuild)
{
  std::unique_ptr<SkewNormalField> field = rebuild ? make_field(settings) : nullptr;
  if (subscribe) {
    source_ = std::make_unique<PeopleSource>(node(), settings, callback_group_, inbox_, logger_);
  }
  if (field) {
    costs_.set_field(std::move(field));
  }
  costs_.set_parameters(settings.costs);
}

std::unique_ptr<SkewNormalField> SocialLayer::make_field(const Settings & settings) const
{
  std::string path = settings.model_file;
  if (path.empty()) {
    path = share_folder("social_nav_core") + "/models/proxemics.yaml";
  }
  ZoneParameters zones = settings.zones;
  zones.combination = combination_of(settings.combination);
  return std::make_unique<SkewNormalField>(load_model(path), zones);
}

void SocialLayer::reset()
{
  inbox_->clear();
  costs_.forget();
  current_ = true;
}

/// Bring the newest message whose transform is there into the costmap's frame; newer ones wait,
/// older ones are done with.  False when there is none.
bool SocialLayer::take_latest_people()
{
  const std::string global_frame = layered_costmap_->getGlobalFrameID();
  std::string failure;
  inbox_->copy_to(waiting_);
  for (std::size_t i = waiting_.size(); i-- > 0; ) {
    const People & message = *waiting_[i];
    geometry_msgs::msg::Transform to_global;
    if (message.header.frame_id != global_frame) {
      const auto stamp = std::chrono::seconds(message.header.stamp.sec) +
        std::chrono::nanoseconds(message.header.stamp.nanosec);
      try {
        to_global = tf_->tf2::BufferCore::lookupTransform(
          global_frame, message.header.frame_id, tf2::TimePoint(stamp)).transform;
      } catch (const tf2::TransformException & error) {
        failure = "people in '" + shown(message.header.frame_id) + "' cannot be brought to '" +
          global_frame + "': " + shown(error.what(), 300);
        continue;
      }
    }
    std::vector<std::string> left_out;
    sightings_of(message, to_global, sightings_, left_out);
    left_out_ = left_out.size();
    if (!left_out.empty()) {
      std::string reasons = left_out.front();
      for (std::size_t k = 1; k < std::min(left_out.size(), kNamed); ++k) {
        reasons += "; " + left_out[k];
      }
      RCLCPP_WARN_THROTTLE(
        logger_, *clock_, kThrottle, "%s: %zu of %zu people are left out: %s", name_.c_str(),
        left_out.size(), message.people.size(), reasons.c_str());
    }
    inbox_->drop_until(waiting_[i]);
    transform_failure_.clear();
    return true;
  }
  if (waiting_.empty()) {
    return false;
  }
  const rclcpp::Time oldest(waiting_.front()->header.stamp, clock_->get_clock_type());
  if ((clock_->now() - oldest).seconds() > kPatience) {
    transform_failure_ = failure;
    RCLCPP_WARN_THROTTLE(
      logger_, *clock_, kThrottle, "%s: %s", name_.c_str(), transform_failure_.c_str());
  }
  return false;
}

void SocialLayer::updateBounds(
  double robot_x, double robot_y, double /*robot_yaw*/, double * min_x, double * min_y,
  double * max_x, double * max_y)
{
  if (take_latest_people()) {
    costs_.set_people(sightings_);
  }
  const Box changed = costs_.update_bounds(clock_->now().nanoseconds(), {robot_x, robot_y});
  enabled_ = costs_.enabled();
  publish_diagnostics();
  if (changed.empty()) {
    return;
  }
  *min_x = std::min(*min_x, changed.min_x);
  *min_y = std::min(*min_y, changed.min_y);
  *max_x = std::max(*max_x, changed.max_x);
  *max_y = std::max(*max_y, changed.max_y);
}

void SocialLayer::updateCosts(
  nav2_costmap_2d::Costmap2D & master_grid, int min_i, int min_j, int max_i, int max_j)
{
  Window window;
  window.origin = {master_grid.getOriginX(), master_grid.getOriginY()};
  window.resolution = master_grid.getResolution();
  window.x0 = std::max(0, min_i);
  window.y0 = std::max(0, min_j);
  window.xn = std::min(max_i, static_cast<int>(master_grid.getSizeInCellsX()));
  window.yn = std::min(max_j, static_cast<int>(master_grid.getSizeInCellsY()));
  costs_.update_costs(
    master_grid.getCharMap(), static_cast<int>(master_grid.getSizeInCellsX()), window);
  if (grid_publisher_->get_subscription_count() > 0) {
    publish_own_grid(master_grid);
  }
}

void SocialLayer::publish_own_grid(const nav2_costmap_2d::Costmap2D & master_grid)
{
  Window map;
  map.origin = {master_grid.getOriginX(), master_grid.getOriginY()};
  map.resolution = master_grid.getResolution();
  map.xn = static_cast<int>(master_grid.getSizeInCellsX());
  map.yn = static_cast<int>(master_grid.getSizeInCellsY());
  nav_msgs::msg::OccupancyGrid message;
  message.header.frame_id = layered_costmap_->getGlobalFrameID();
  message.header.stamp = clock_->now();
  message.info.map_load_time = message.header.stamp;
  message.info.resolution = static_cast<float>(map.resolution);
  message.info.origin.orientation.w = 1.0;
  if (costs_.own_costs(map, own_grid_)) {
    message.info.width = static_cast<std::uint32_t>(own_grid_.width);
    message.info.height = static_cast<std::uint32_t>(own_grid_.height);
    message.info.origin.position.x = map.origin.x + own_grid_.x0 * map.resolution;
    message.info.origin.position.y = map.origin.y + own_grid_.y0 * map.resolution;
    message.data = own_grid_.costs;
  }
  grid_publisher_->publish(message);
}

void SocialLayer::publish_diagnostics()
{
  const rclcpp::Time now = clock_->now();
  std::string silent;
  SourceReport source;
  {
    std::lock_guard<std::mutex> lock(settings_mutex_);
    const double waited = (now - diagnosed_).seconds();
    if (waited >= 0.0 && waited < settings_.diagnostics_period) {
      return;
    }
    diagnosed_ = now;
    try {
      source = source_->report(*node());
    } catch (const std::exception &) {
      return;  // ROS is being shut down
    }
    silent = complaint_of(source, settings_.costs.timeout);
  }
  if (silent.empty() != silent_.empty()) {
    RCLCPP_WARN_EXPRESSION(logger_, !silent.empty(), "%s: %s", name_.c_str(), silent.c_str());
    RCLCPP_INFO_EXPRESSION(
      logger_, silent.empty(), "%s: messages come on %s", name_.c_str(), source.topic.c_str());
  }
  silent_ = silent;
  diagnostics_publisher_->publish(diagnosis(now, source));
}

diagnostic_msgs::msg::DiagnosticArray SocialLayer::diagnosis(
  const rclcpp::Time & now, const SourceReport & source)
{
  const Statistics statistics = costs_.take_statistics();
  diagnostic_msgs::msg::DiagnosticArray message;
  message.header.stamp = now;
  message.status.resize(1);
  auto & status = message.status.front();
  status.name = std::string(node()->get_fully_qualified_name()) + ": " + name_;
  status.hardware_id = "none";
  const auto complain = [&status](bool wrong, const std::string & words) {
      if (wrong) {
        status.level = diagnostic_msgs::msg::DiagnosticStatus::WARN;
        status.message += (status.message.empty() ? "" : "; ") + words;
      }
    };
  complain(!silent_.empty(), silent_);
  complain(!transform_failure_.empty(), transform_failure_);
  complain(
    statistics.over_budget > 0, "the time budget does not suffice for all people");
  complain(left_out_ > 0, "some people cannot be used; the log names them");
  complain(statistics.stale > 0, "the data of some people are too old or from the future");
  complain(!unknown_.empty(), "unknown parameters are ignored: " + unknown_);
  if (status.message.empty()) {
    status.level = diagnostic_msgs::msg::DiagnosticStatus::OK;
    status.message = "well";
  }
  const auto add = [&status](const std::string & key, const std::string & value) {
      diagnostic_msgs::msg::KeyValue entry;
      entry.key = key;
      entry.value = value;
      status.values.push_back(entry);
    };
  add("people", std::to_string(statistics.people));
  add("people too old or from the future", std::to_string(statistics.stale));
  add("people over the time budget", std::to_string(statistics.over_budget));
  add("people left out", std::to_string(left_out_));
  add("updates", std::to_string(statistics.updates));
  add("update mean [ms]", std::to_string(statistics.mean_ms));
  add("update max [ms]", std::to_string(statistics.max_ms));
  add("topic", source.topic);
  add("publishers", std::to_string(source.publishers));
  add("publishers that fit", std::to_string(source.matching));
  add("messages", std::to_string(source.messages));
  const bool heard = source.messages > 0;
  add("newest message came [s ago]", heard ? std::to_string(source.silence) : "never");
  add("newest message is stamped [s ago]", heard ? std::to_string(source.age) : "never");
  return message;
}

}  // namespace social_nav_costmap

PLUGINLIB_EXPORT_CLASS(social_nav_costmap::SocialLayer, nav2_costmap_2d::Layer)
