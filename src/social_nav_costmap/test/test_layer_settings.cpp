// The layer's parameters, and what it says: its own grid and diagnostics.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "layer_fixture.hpp"

TEST_F(LayerTest, ParametersChangeAtRunTime)
{
  start(false);
  see({person("a", 4.0, 5.0)});
  ASSERT_TRUE(comes(4.0, 5.0));
  const int as_learned = raised();
  ASSERT_TRUE(node->set_parameter({"social.size", 1.6}).successful);
  update();
  EXPECT_NEAR(raised(), 1.6 * 1.6 * as_learned, 0.1 * as_learned);
  ASSERT_TRUE(node->set_parameter({"social.size", 1}).successful) << "a whole number of metres";
  ASSERT_TRUE(node->set_parameter({"social.max_cost", 100}).successful);
  update();
  EXPECT_NEAR(at(4.0, 5.0), 98, 4);
  ASSERT_TRUE(node->set_parameter({"social.combination", "sum"}).successful);
  ASSERT_TRUE(node->set_parameter({"social.cutoff", 0.2}).successful);
  update();
  EXPECT_EQ(at(4.9, 5.0), 0);
  ASSERT_TRUE(node->set_parameter({"social.enabled", false}).successful);
  update();
  EXPECT_EQ(raised(), 0);
  EXPECT_FALSE(layer->isEnabled());
  ASSERT_TRUE(node->set_parameter({"social.enabled", true}).successful);
  update();
  EXPECT_GT(at(4.0, 5.0), 90);
  ASSERT_TRUE(node->set_parameter({"social.topic", "/elsewhere"}).successful);
  see({person("a", 8.0, 5.0)});
  auto elsewhere = rclcpp::create_publisher<People>(node, "/elsewhere", rclcpp::QoS(10));
  ASSERT_TRUE(wait_for([&] {return elsewhere->get_subscription_count() == 1;}));
  EXPECT_EQ(at(8.0, 5.0), 0);
  EXPECT_EQ(people->get_subscription_count(), 0u);
}

TEST_F(LayerTest, BadValuesAreRefusedWithTheReason)
{
  start(false);
  const auto refused = [this](const rclcpp::Parameter & parameter) {
      const auto result = node->set_parameter(parameter);
      EXPECT_FALSE(result.successful) << parameter.get_name();
      EXPECT_FALSE(result.reason.empty()) << parameter.get_name();
      return result.reason;
    };
  EXPECT_EQ(refused({"social.max_cost", 253}), "max_cost is 253, expected 1 to 252");
  refused({"social.max_cost", (std::int64_t{1} << 32) + 100});
  EXPECT_EQ(refused({"social.timeout", -1.0}), "timeout is -1, expected 0.05 to 60 s");
  EXPECT_NE(refused({"social.size", "large"}).find("size is \"large\" (string)"), std::string::npos);
  refused({"social.cutoff", std::numeric_limits<double>::quiet_NaN()});
  EXPECT_EQ(
    refused({"social.combination", "mean"}),
    "combination is \"mean\", expected one of max sum mixture");
  EXPECT_NE(refused({"social.corridor_full", 0.1}).find("corridor_start"), std::string::npos);
  EXPECT_NE(
    refused({"social.model_file", "/nowhere.yaml"}).find("/nowhere.yaml: cannot be read"),
    std::string::npos);
  EXPECT_EQ(node->get_parameter("social.max_cost").as_int(), 240);
}

TEST_F(LayerTest, ABadStartIsAnErrorThatSaysWhy)
{
  try {
    start(false, {{"social.max_cost", 300}});
    FAIL() << "a cost above lethal was taken";
  } catch (const std::exception & error) {
    EXPECT_NE(std::string(error.what()).find("max_cost is 300, expected 1 to 252"), std::string::npos)
      << error.what();
  }
  layer.reset();
  layered.reset();
  const std::vector<std::pair<rclcpp::Parameter, std::string>> of_another_type{
    {{"social.timeout", "2"}, "\"2\" (string)"},
    {{"social.timeout", std::vector<double>{1.0}}, "[1] (double_array)"}};
  for (const auto & each : of_another_type) {
    try {
      start(false, {each.first});
      FAIL() << each.second << " was taken for a number";
    } catch (const std::runtime_error & error) {
      EXPECT_EQ(
        std::string(error.what()),
        "social.timeout is " + each.second + ", expected 0.05 to 60 s (double)");
    }
    layer.reset();
    layered.reset();
  }
  const std::string path = ::testing::TempDir() + "bad_model.yaml";
  std::ofstream(path) << "format: 1\nframe: person\nmu: [0, 0]\n";
  try {
    start(false, {{"social.model_file", path}});
    FAIL() << "a malformed model was taken";
  } catch (const std::runtime_error & error) {
    EXPECT_EQ(std::string(error.what()), path + ": sigma is missing, expected 2 x 2 numbers");
  }
}
TEST_F(LayerTest, ItsOwnGridIsPublishedWhenSomebodyLooks)
{
  start(false);
  see({person("a", 4.0, 5.0)});
  ASSERT_TRUE(comes(4.0, 5.0));
  nav_msgs::msg::OccupancyGrid::ConstSharedPtr grid;
  auto look = rclcpp::create_subscription<nav_msgs::msg::OccupancyGrid>(
    node, "/test/social/costmap", rclcpp::QoS(1),
    [&](const nav_msgs::msg::OccupancyGrid::ConstSharedPtr message) {grid = message;});
  ASSERT_TRUE(wait_for([&] {return grid && !grid->data.empty();}));
  EXPECT_EQ(grid->header.frame_id, "map");
  EXPECT_NEAR(*std::max_element(grid->data.begin(), grid->data.end()), 99, 2);
  EXPECT_NEAR(grid->info.origin.position.x, 3.1, 0.5);
  EXPECT_EQ(grid->data.size(), grid->info.width * grid->info.height);
}
