#ifndef SOCIAL_NAV_COSTMAP__SOCIAL_LAYER_HPP_
#define SOCIAL_NAV_COSTMAP__SOCIAL_LAYER_HPP_

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "diagnostic_msgs/msg/diagnostic_array.hpp"
#include "nav2_costmap_2d/layer.hpp"
#include "nav_msgs/msg/occupancy_grid.hpp"
#include "rclcpp/rclcpp.hpp"
#include "social_nav_msgs/msg/social_person_array.hpp"

#include "social_nav_costmap/inbox.hpp"
#include "social_nav_costmap/people_source.hpp"
#include "social_nav_costmap/settings.hpp"
#include "social_nav_costmap/social_costs.hpp"

namespace social_nav_costmap
{

/// Costmap layer that raises costs around people.
///
/// It is current at all times: without people, without a source and without transforms it costs
/// nothing, and Nav2 never waits for it.  /diagnostics says what is missing.
class SocialLayer : public nav2_costmap_2d::Layer
{
public:
  ~SocialLayer() override;

  void onInitialize() override;
  void reset() override;
  bool isClearable() override {return false;}
  void updateBounds(
    double robot_x, double robot_y, double robot_yaw, double * min_x, double * min_y,
    double * max_x, double * max_y) override;
  void updateCosts(
    nav2_costmap_2d::Costmap2D & master_grid, int min_i, int min_j, int max_i,
    int max_j) override;

private:
  using People = social_nav_msgs::msg::SocialPersonArray;

  rclcpp_lifecycle::LifecycleNode::SharedPtr node() const;
  rcl_interfaces::msg::SetParametersResult on_set(const std::vector<rclcpp::Parameter> & changes);
  void apply(const Settings & settings, bool subscribe, bool rebuild);
  std::unique_ptr<SkewNormalField> make_field(const Settings & settings) const;
  bool take_latest_people();
  void publish_own_grid(const nav2_costmap_2d::Costmap2D & master_grid);
  void publish_diagnostics();
  diagnostic_msgs::msg::DiagnosticArray diagnosis(
    const rclcpp::Time & now, const SourceReport & source);

  std::mutex settings_mutex_;
  Settings settings_;
  SocialCosts costs_;

  std::shared_ptr<Inbox<People>> inbox_ = std::make_shared<Inbox<People>>();
  std::vector<People::ConstSharedPtr> waiting_;
  std::string transform_failure_;
  std::string silent_;   ///< why no people come
  std::string unknown_;  ///< parameters that the layer does not have
  std::size_t left_out_ = 0;
  std::vector<Sighting> sightings_;

  OwnGrid own_grid_;
  rclcpp::Time diagnosed_;
  std::unique_ptr<PeopleSource> source_;
  rclcpp::Publisher<nav_msgs::msg::OccupancyGrid>::SharedPtr grid_publisher_;
  rclcpp::Publisher<diagnostic_msgs::msg::DiagnosticArray>::SharedPtr diagnostics_publisher_;
  rclcpp::node_interfaces::OnSetParametersCallbackHandle::SharedPtr on_set_handle_;
};

}  // namespace social_nav_costmap

#endif  // SOCIAL_NAV_COSTMAP__SOCIAL_LAYER_HPP_
