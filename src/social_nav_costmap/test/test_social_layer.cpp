// The layer in a real LayeredCostmap.
#include <algorithm>
#include <atomic>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "layer_fixture.hpp"
#include "nav2_costmap_2d/footprint.hpp"
#include "nav2_costmap_2d/inflation_layer.hpp"
#include "nav2_costmap_2d/static_layer.hpp"

TEST_F(LayerTest, APersonRaisesCostsUpToMaxCost)
{
  start(false);
  see({person("a", 4.0, 5.0)});
  ASSERT_TRUE(comes(4.0, 5.0));
  const auto cells = cells_of(*layered);
  EXPECT_NEAR(*std::max_element(cells.begin(), cells.end()), 240, 3);
  EXPECT_GT(at(4.7, 5.0), 3 * at(3.3, 5.0)) << "the front reaches farther";
  EXPECT_TRUE(layered->isCurrent());
}

TEST_F(LayerTest, NothingStaysBehindInAMap)
{
  start(false);
  see({person("a", 4.0, 5.0), person("b", 8.0, 2.0)});
  ASSERT_TRUE(comes(8.0, 2.0));
  see({person("a", 6.0, 5.0)});
  ASSERT_TRUE(comes(6.0, 5.0));
  EXPECT_EQ(at(4.0, 5.0), 0);
  EXPECT_EQ(at(8.0, 2.0), 0);
  see({});
  ASSERT_TRUE(goes(6.0, 5.0));
  EXPECT_EQ(raised(), 0);
}

TEST_F(LayerTest, NothingStaysBehindInARollingMap)
{
  start(true);
  see({person("a", 6.0, 5.0)});
  ASSERT_TRUE(comes(6.0, 5.0));
  for (int step = 0; step < 40; ++step) {
    robot_x += 0.13;
    robot_y -= 0.07;
    update();
    EXPECT_GT(at(6.0, 5.0), 150) << "step " << step;
  }
  const int with_one = raised();
  see({person("a", 8.0, 4.0)});
  ASSERT_TRUE(comes(8.0, 4.0));
  EXPECT_NEAR(raised(), with_one, 60);
  see({});
  ASSERT_TRUE(goes(8.0, 4.0));
  EXPECT_EQ(raised(), 0);
}

TEST_F(LayerTest, APersonOutsideOfTheMapIsNoTrouble)
{
  start(true);
  see({person("far", 500.0, -300.0), person("a", 5.0, 5.0), person("edge", 0.0, 5.0)});
  ASSERT_TRUE(comes(5.0, 5.0));
  EXPECT_GT(at(0.05, 5.0), 100);
}

TEST_F(LayerTest, PeopleWhoAreNotSeenAnyMoreAreDropped)
{
  start(false);
  see({person("a", 4.0, 5.0)});
  ASSERT_TRUE(comes(4.0, 5.0));
  set_time(101);
  EXPECT_GT(at(4.0, 5.0), 150);
  set_time(103);
  ASSERT_TRUE(goes(4.0, 5.0));
  EXPECT_EQ(raised(), 0);
  EXPECT_TRUE(layered->isCurrent());
}

TEST_F(LayerTest, StampsInThePastAndInTheFuture)
{
  start(false);
  see({person("future", 2.0, 5.0)}, "map", 110);
  see({person("a", 4.0, 5.0)});
  ASSERT_TRUE(comes(4.0, 5.0));
  see({person("past", 6.0, 5.0)}, "map", 50);
  ASSERT_TRUE(goes(4.0, 5.0));
  EXPECT_EQ(raised(), 0);
}

TEST_F(LayerTest, AMissingTransformLeavesTheLayerCurrent)
{
  start(false);
  see({person("a", 1.0, 1.0)}, "odom");
  see({person("b", 8.0, 8.0)}, "map");
  ASSERT_TRUE(comes(8.0, 8.0));
  EXPECT_TRUE(layered->isCurrent());
  see({person("a", 1.0, 1.0)}, "odom");
  for (int i = 0; i < 50; ++i) {
    executor.spin_some();
    update();
  }
  EXPECT_GT(at(8.0, 8.0), 150) << "what was known stays until it is too old";
  EXPECT_TRUE(layered->isCurrent());
  set_transform("map", "odom", 3.0, 0.0);
  ASSERT_TRUE(comes(4.0, 1.0));
  EXPECT_EQ(at(8.0, 8.0), 0);
}

TEST_F(LayerTest, AStampBeforeTimeZeroIsLeftOut)
{
  start(false);
  see({person("a", 1.0, 1.0)}, "nowhere", -1);
  see({person("b", 1.0, 1.0)}, "map", -1);
  for (int i = 0; i < 20; ++i) {
    executor.spin_some();
    update();
  }
  EXPECT_EQ(raised(), 0);
  see({person("c", 8.0, 8.0)});
  EXPECT_TRUE(comes(8.0, 8.0));
}

TEST_F(LayerTest, AnotherFrameIsTransformedAtTheStampOfTheMessage)
{
  start(false);
  set_transform("map", "base", 4.0, M_PI / 2);
  set_time(101);
  set_transform("map", "base", 9.0, 0.0);
  see({person("a", 1.0, -2.0)}, "base", 100);  // at (6, 1), facing +y
  ASSERT_TRUE(comes(6.0, 1.0));
  EXPECT_GT(at(6.0, 1.7), 3 * at(6.0, 0.3));
}

TEST_F(LayerTest, ResetForgetsPeople)
{
  start(false);
  see({person("a", 4.0, 5.0)});
  ASSERT_TRUE(comes(4.0, 5.0));
  layer->reset();
  update();
  EXPECT_EQ(raised(), 0);
  EXPECT_TRUE(layered->isCurrent());
  EXPECT_FALSE(layer->isClearable()) << "Nav2 takes clearable layers for CostmapLayers";
}

TEST_F(LayerTest, PeopleWhoCannotBeUsedAreAloneLeftOut)
{
  start(false);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  auto bad_covariance = person("covariance", 2.0, 8.0);
  bad_covariance.pose.covariance[0] = -1.0;
  auto bad_quaternion = person("quaternion", 8.0, 8.0);
  bad_quaternion.pose.pose.orientation.w = 3.0;
  auto half_a_label = person("half", 8.0, 2.0);
  half_a_label.intent_probabilities[0] = 0.5f;
  auto no_labels = person("labels", 5.0, 8.5);
  no_labels.intent_probabilities[0] = no_labels.attitude_probabilities[0] = 0.0f;
  see(
    {person("nan", nan, 1.0), person("infinite", 2.0, INFINITY), bad_covariance, bad_quaternion,
      half_a_label, no_labels, person("", 2.0, 2.0), person("a", 5.0, 5.0),
      person("a", 2.0, 5.0)});
  ASSERT_TRUE(comes(5.0, 5.0));
  EXPECT_EQ(at(2.0, 8.0), 0);
  EXPECT_EQ(at(8.0, 8.0), 0);
  EXPECT_EQ(at(8.0, 2.0), 0);
  EXPECT_EQ(at(2.0, 2.0), 0) << "without an id";
  EXPECT_GT(at(5.0, 8.5), 150) << "labels that nobody set are unknown";
  EXPECT_EQ(at(2.0, 5.0), 0) << "the second of two with one id";
}

TEST_F(LayerTest, FiveHundredPeople)
{
  start(false);
  std::vector<SocialPerson> crowd;
  for (int i = 0; i < 500; ++i) {
    crowd.push_back(person(std::to_string(i), 0.02 * i, 0.02 * ((37 * i) % 500), i));
  }
  see(crowd);
  ASSERT_TRUE(wait_for([this] {return raised() > 38000;}));
}

TEST_F(LayerTest, TheMapMayChangeItsSizeAndOrigin)
{
  start(false);
  see({person("a", 4.0, 5.0)});
  ASSERT_TRUE(comes(4.0, 5.0));
  layered->resizeMap(60, 90, 0.1, 1.0, 2.0);
  update();
  EXPECT_GT(at(4.0, 5.0), 150);
  layered->resizeMap(10, 10, 0.05, 20.0, 20.0);
  update();
  EXPECT_EQ(raised(), 0);
  layered->resizeMap(200, 200, 0.05, -2.0, -2.0);
  update();
  EXPECT_GT(at(4.0, 5.0), 150);
}

TEST_F(LayerTest, BetweenAStaticAndAnInflationLayer)
{
  nav_msgs::msg::OccupancyGrid map;
  map.header.frame_id = "map";
  map.info.resolution = 0.05f;
  map.info.width = map.info.height = 200;
  map.info.origin.orientation.w = 1.0;
  map.data.assign(200 * 200, 0);
  for (int row = 0; row < 200; ++row) {
    map.data[static_cast<std::size_t>(row * 200 + 80)] = 100;  // a wall at x = 4.0
  }
  auto inflation = std::make_shared<nav2_costmap_2d::InflationLayer>();
  auto below = std::make_shared<nav2_costmap_2d::StaticLayer>();
  rclcpp::Publisher<nav_msgs::msg::OccupancyGrid>::SharedPtr maps;
  start(
    false, {{"static.map_topic", "/map"}},
    [&](nav2_costmap_2d::LayeredCostmap & costmap) {
      maps = rclcpp::create_publisher<nav_msgs::msg::OccupancyGrid>(
        node, "/map", rclcpp::QoS(1).transient_local());
      costmap.addPlugin(below);
      below->initialize(&costmap, "static", tf.get(), node, nullptr);
      below->activate();
    },
    [&](nav2_costmap_2d::LayeredCostmap & costmap) {
      costmap.addPlugin(inflation);
      inflation->initialize(&costmap, "inflation", tf.get(), node, nullptr);
      inflation->activate();
    });
  layered->setFootprint(nav2_costmap_2d::makeFootprintFromRadius(0.28));
  maps->publish(map);
  ASSERT_TRUE(wait_for([this] {return at(4.02, 5.0) == 254 && at(4.1, 5.0) > 200;}));
  const auto empty = cells_of(*layered);

  see({person("a", 4.2, 5.0)});
  ASSERT_TRUE(wait_for([&] {return cells_of(*layered) != empty;}));
  const auto occupied = cells_of(*layered);
  int higher = 0;
  for (std::size_t i = 0; i < empty.size(); ++i) {
    ASSERT_GE(occupied[i], empty[i]);
    higher += occupied[i] > empty[i];
    if (empty[i] >= 253) {
      ASSERT_EQ(occupied[i], empty[i]) << "lethal and inscribed costs stay";
    }
  }
  EXPECT_GT(higher, 300);
  see({});
  ASSERT_TRUE(wait_for([&] {return cells_of(*layered) == empty;}));
}

TEST_F(LayerTest, MessagesParametersAndUpdatesAtOnce)
{
  start(true);
  auto look = rclcpp::create_subscription<nav_msgs::msg::OccupancyGrid>(
    node, "/test/social/costmap", rclcpp::QoS(1),
    [](const nav_msgs::msg::OccupancyGrid::ConstSharedPtr) {});
  std::atomic<bool> going{true};
  std::thread spin([&] {
      while (going) {
        executor.spin_some(std::chrono::milliseconds(5));
      }
    });
  std::thread send([&] {
      for (int n = 0; going; ++n) {
        std::vector<SocialPerson> crowd;
        for (int i = 0; i < n % 20; ++i) {
          crowd.push_back(person(std::to_string(i), 0.5 * i, 0.1 * (n % 90)));
        }
        see(crowd);
        std::this_thread::yield();
      }
    });
  std::thread change([&] {
      for (int n = 0; going; ++n) {
        node->set_parameter({"social.max_cost", 100 + n % 150});
        node->set_parameter({"social.enabled", n % 5 != 0});
        if (n % 40 == 0) {
          node->set_parameter({"social.combination", n % 80 == 0 ? "sum" : "max"});
          node->set_parameter({"social.topic", n % 80 == 0 ? "/social_people" : "/elsewhere"});
          layer->reset();
        }
        std::this_thread::yield();
      }
    });
  for (int i = 0; i < 3000; ++i) {
    robot_x = 5.0 + 0.001 * i;
    update();
  }
  going = false;
  spin.join();
  send.join();
  change.join();
  node->set_parameter({"social.enabled", true});
  node->set_parameter({"social.max_cost", 240});
  node->set_parameter({"social.topic", "/social_people"});
  see({person("a", 6.0, 5.0)});
  EXPECT_TRUE(comes(6.0, 5.0)) << "the layer still works";
}
