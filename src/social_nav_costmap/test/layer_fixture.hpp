#ifndef LAYER_FIXTURE_HPP_
#define LAYER_FIXTURE_HPP_

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "geometry_msgs/msg/transform_stamped.hpp"
#include "nav2_costmap_2d/layered_costmap.hpp"
#include "rclcpp/rclcpp.hpp"
#include "rosgraph_msgs/msg/clock.hpp"
#include "social_nav_msgs/msg/social_person_array.hpp"

#include "social_nav_costmap/social_layer.hpp"

#if __has_include("nav2_ros_common/lifecycle_node.hpp")
#include "nav2_ros_common/lifecycle_node.hpp"
using LifecycleNode = nav2::LifecycleNode;
#else
#include "nav2_util/lifecycle_node.hpp"
using LifecycleNode = nav2_util::LifecycleNode;
#endif

using People = social_nav_msgs::msg::SocialPersonArray;
using social_nav_msgs::msg::SocialPerson;

constexpr char kModel[] =
  "format: 1\nframe: person\nmu: [-0.3079768, 0.0170915]\n"
  "sigma: [[0.29992035, -0.01143162], [-0.01143162, 0.0791303]]\n"
  "lambda: [2.15069084, -0.01057365]\n";

inline SocialPerson person(const std::string & id, double x, double y, double yaw = 0.0)
{
  SocialPerson message;
  message.id = id;
  message.pose.pose.position.x = x;
  message.pose.pose.position.y = y;
  message.pose.pose.orientation.z = std::sin(yaw / 2.0);
  message.pose.pose.orientation.w = std::cos(yaw / 2.0);
  message.confidence = 1.0f;
  message.intent_probabilities[0] = 1.0f;
  message.attitude_probabilities[0] = 1.0f;
  message.action_probabilities[0] = 1.0f;
  return message;
}

inline std::vector<unsigned char> cells_of(nav2_costmap_2d::LayeredCostmap & layered)
{
  const auto * costmap = layered.getCostmap();
  return {costmap->getCharMap(),
    costmap->getCharMap() + costmap->getSizeInCellsX() * costmap->getSizeInCellsY()};
}

/// The layer in a LayeredCostmap, with its own clock and its own messages. What arrives through
/// DDS is waited for by looking at the costs, never by sleeping for a fixed time.
class LayerTest : public ::testing::Test
{
protected:
  static void SetUpTestSuite() {rclcpp::init(0, nullptr);}
  static void TearDownTestSuite() {rclcpp::shutdown();}

  void start(
    bool rolling, const std::vector<rclcpp::Parameter> & overrides = {},
    const std::function<void(nav2_costmap_2d::LayeredCostmap &)> & before = {},
    const std::function<void(nav2_costmap_2d::LayeredCostmap &)> & after = {})
  {
    node = std::make_shared<LifecycleNode>("costmap", "/test", options(overrides));
    executor.add_node(node->get_node_base_interface());
    node->declare_parameter("track_unknown_space", false);  // Nav2's own, for the static layer
    node->declare_parameter("use_maximum", false);
    node->declare_parameter("lethal_cost_threshold", 100);
    node->declare_parameter("unknown_cost_value", 255);
    node->declare_parameter("trinary_costmap", true);
    clock = rclcpp::create_publisher<rosgraph_msgs::msg::Clock>(node, "/clock", rclcpp::ClockQoS());
    people = rclcpp::create_publisher<People>(node, "/social_people", rclcpp::QoS(10));
    tf = std::make_shared<tf2_ros::Buffer>(node->get_clock());
    last_seen = People();
    last_seen.header.frame_id = "map";
    set_time(100);
    layered = std::make_unique<nav2_costmap_2d::LayeredCostmap>("map", rolling, false);
    if (before) {
      before(*layered);
    }
    layer = std::make_shared<social_nav_costmap::SocialLayer>();
    layered->addPlugin(layer);
    layer->initialize(layered.get(), "social", tf.get(), node, nullptr);
    if (after) {
      after(*layered);
    }
    layered->resizeMap(200, 200, 0.05, 0.0, 0.0);
  }

  rclcpp::NodeOptions options(const std::vector<rclcpp::Parameter> & overrides) const
  {
    const std::string path = ::testing::TempDir() + "layer_test_model.yaml";
    std::ofstream(path) << kModel;
    std::vector<rclcpp::Parameter> all{
      {"use_sim_time", true}, {"social.model_file", path}, {"social.topic", "/social_people"},
      {"social.time_budget", 1000.0}, {"social.size", 1.0}};  // distances as in the model
    all.insert(all.end(), overrides.begin(), overrides.end());
    return rclcpp::NodeOptions().parameter_overrides(all);
  }

  void set_time(int seconds)
  {
    rosgraph_msgs::msg::Clock message;
    message.clock.sec = seconds;
    EXPECT_TRUE(
      wait_for(
        [&] {
          clock->publish(message);
          return node->get_clock()->now().seconds() == seconds;
        })) << "the clock does not reach " << seconds;
  }

  void see(const std::vector<SocialPerson> & list, const std::string & frame = "map", int at = 0)
  {
    People message;
    message.header.frame_id = frame;
    message.header.stamp = node->get_clock()->now();
    if (at != 0) {
      message.header.stamp.sec = at;
    }
    message.people = list;
    for (SocialPerson & each : message.people) {
      each.last_seen = message.header.stamp;
    }
    last_seen = message;
    people->publish(last_seen);
  }

  void set_transform(const std::string & parent, const std::string & child, double x, double yaw)
  {
    geometry_msgs::msg::TransformStamped transform;
    transform.header.frame_id = parent;
    transform.header.stamp = node->get_clock()->now();
    transform.child_frame_id = child;
    transform.transform.translation.x = x;
    transform.transform.rotation.z = std::sin(yaw / 2.0);
    transform.transform.rotation.w = std::cos(yaw / 2.0);
    tf->setTransform(transform, "test", false);
  }

  /// Update until something is true; false after 20 s.
  bool wait_for(const std::function<bool()> & done)
  {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    auto repeat = std::chrono::steady_clock::now() + std::chrono::seconds(1);
    while (std::chrono::steady_clock::now() < end) {
      if (people && std::chrono::steady_clock::now() > repeat) {
        people->publish(last_seen);  // in case it was lost while publisher and layer met
        repeat += std::chrono::seconds(1);
      }
      executor.spin_some();
      if (layered && layer) {
        update();
      }
      if (done()) {
        return true;
      }
      std::this_thread::yield();
    }
    return false;
  }

  /// Costs of the layer alone are never above 252, whatever a test does.
  void update(double yaw = 0.0)
  {
    layered->updateMap(robot_x, robot_y, yaw);
    if (layered->getPlugins()->size() == 1) {
      const auto cells = cells_of(*layered);
      EXPECT_LE(static_cast<int>(*std::max_element(cells.begin(), cells.end())), 252);
    }
  }

  int at(double x, double y) const
  {
    unsigned int column = 0, row = 0;
    return layered->getCostmap()->worldToMap(x, y, column, row) ?
           layered->getCostmap()->getCost(column, row) : -1;
  }

  bool comes(double x, double y) {return wait_for([=] {return at(x, y) > 150;});}
  bool goes(double x, double y) {return wait_for([=] {return at(x, y) == 0;});}

  int raised() const
  {
    const auto cells = cells_of(*layered);
    return static_cast<int>(cells.size()) -
           static_cast<int>(std::count(cells.begin(), cells.end(), 0));
  }

  rclcpp::executors::SingleThreadedExecutor executor;
  LifecycleNode::SharedPtr node;
  rclcpp::Publisher<rosgraph_msgs::msg::Clock>::SharedPtr clock;
  rclcpp::Publisher<People>::SharedPtr people;
  People last_seen;
  std::shared_ptr<tf2_ros::Buffer> tf;
  std::unique_ptr<nav2_costmap_2d::LayeredCostmap> layered;
  std::shared_ptr<social_nav_costmap::SocialLayer> layer;
  double robot_x = 5.0;
  double robot_y = 5.0;
};

#endif  // LAYER_FIXTURE_HPP_
