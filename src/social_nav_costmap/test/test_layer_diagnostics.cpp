// What the layer says on /diagnostics.
#include <cmath>
#include <map>
#include <string>

#include "layer_fixture.hpp"
#include "social_nav_costmap/people_source.hpp"

using social_nav_costmap::SourceReport;
using social_nav_costmap::complaint_of;

class Diagnostics : public LayerTest
{
protected:
  void listen()
  {
    subscription = rclcpp::create_subscription<diagnostic_msgs::msg::DiagnosticArray>(
      node, "/diagnostics", rclcpp::QoS(10),
      [this](const diagnostic_msgs::msg::DiagnosticArray::ConstSharedPtr message) {
        last = message;
        values.clear();
        for (const auto & entry : message->status[0].values) {
          values[entry.key] = entry.value;
        }
      });
    EXPECT_TRUE(wait_for([this] {return subscription->get_publisher_count() == 1;}));
  }

  std::string said() const {return last ? last->status[0].message : std::string();}

  /// Whether a text is said once the clock shows so many seconds.
  bool says_at(int seconds, const std::string & words)
  {
    set_time(seconds);
    return wait_for([&] {return said().find(words) != std::string::npos;});
  }

  rclcpp::Subscription<diagnostic_msgs::msg::DiagnosticArray>::SharedPtr subscription;
  diagnostic_msgs::msg::DiagnosticArray::ConstSharedPtr last;
  std::map<std::string, std::string> values;
};

TEST(Complaint, SaysWhyNobodyComes)
{
  SourceReport report;
  report.topic = "/people";
  report.reliability = "reliable";
  EXPECT_EQ(complaint_of(report, 2.0), "nobody publishes /people");
  report.publishers = 1;
  EXPECT_EQ(
    complaint_of(report, 2.0),
    "no publisher of /people fits, expected social_nav_msgs/msg/SocialPersonArray, reliable");
  report.matching = 1;
  report.silence = 1.9;
  EXPECT_EQ(complaint_of(report, 2.0), "");
  report.silence = 2.5;
  EXPECT_EQ(
    complaint_of(report, 2.0),
    "no message came on /people for 2.5 s, expected one within the timeout of 2 s");
  report.messages = 1;
  EXPECT_EQ(
    complaint_of(report, 2.0),
    "no message on /people for 2.5 s, expected one within the timeout of 2 s");
  report.silence = 0.1;
  report.age = -1.75e9;
  EXPECT_EQ(
    complaint_of(report, 2.0),
    "the newest message on /people is stamped 1.75e+09 s after now: is use_sim_time the same for "
    "all nodes?");
  report.age = 3.0;
  EXPECT_EQ(complaint_of(report, 2.0), "");
}

TEST_F(Diagnostics, DiagnosticsTellTimeAndPeople)
{
  start(false);
  listen();
  see({person("a", 4.0, 5.0), person("b", std::nan(""), 0.0)});
  ASSERT_TRUE(comes(4.0, 5.0));
  set_time(102);
  ASSERT_TRUE(wait_for([&] {return last && last->status[0].values[0].value == "1";}));
  EXPECT_EQ(last->status[0].name, "/test/costmap: social");
  const auto & status = last->status[0];
  EXPECT_EQ(status.level, diagnostic_msgs::msg::DiagnosticStatus::WARN);
  EXPECT_EQ(status.values[0].key, "people");
  EXPECT_EQ(status.values[3].key, "people left out");
  EXPECT_EQ(status.values[3].value, "1");
  EXPECT_EQ(status.values[5].key, "update mean [ms]");
  EXPECT_GT(std::stod(status.values[6].value), 0.0);
}

TEST_F(Diagnostics, DiagnosticsComeWithNobodyToDraw)
{
  start(false);
  listen();
  ASSERT_TRUE(wait_for([this] {return people->get_subscription_count() == 1;}));
  see({});
  EXPECT_TRUE(says_at(102, "well")) << "nobody is there, and somebody says so";
  see({person("a", std::nan(""), 0.0)});
  EXPECT_TRUE(says_at(104, "some people cannot be used"));
  EXPECT_EQ(values["people left out"], "1");
  see({person("a", 1.0, 1.0)}, "nowhere");
  EXPECT_TRUE(says_at(106, "'nowhere'"));
}

TEST_F(Diagnostics, ATopicThatNobodyPublishesIsAWarning)
{
  start(false, {{"social.topic", "/socail_people"}});
  listen();
  EXPECT_TRUE(says_at(102, "nobody publishes /socail_people")) << said();
  EXPECT_EQ(last->status[0].level, diagnostic_msgs::msg::DiagnosticStatus::WARN);
  EXPECT_EQ(values["topic"], "/socail_people");
  EXPECT_EQ(values["publishers"], "0");
  EXPECT_EQ(values["newest message came [s ago]"], "never");
  ASSERT_TRUE(node->set_parameter({"social.topic", "/social_people"}).successful);
  ASSERT_TRUE(wait_for([this] {return people->get_subscription_count() == 1;}));
  see({});
  EXPECT_TRUE(says_at(104, "well")) << said();
  EXPECT_EQ(last->status[0].level, diagnostic_msgs::msg::DiagnosticStatus::OK);
  EXPECT_EQ(values["publishers"], "1");
}

TEST_F(Diagnostics, APublisherThatFallsSilentIsAWarning)
{
  start(false);
  listen();
  see({});
  ASSERT_TRUE(says_at(102, "well")) << said();
  people.reset();  // the fixture sends no more
  auto silent = rclcpp::create_publisher<People>(node, "/social_people", rclcpp::QoS(10));
  ASSERT_TRUE(wait_for([&] {return silent->get_subscription_count() == 1;}));
  EXPECT_TRUE(says_at(112, "no message on /social_people for 1")) << said();
  EXPECT_EQ(last->status[0].level, diagnostic_msgs::msg::DiagnosticStatus::WARN);
  EXPECT_NEAR(std::stod(values["newest message came [s ago]"]), 11.0, 1.0);
}

TEST_F(Diagnostics, APublisherThatDoesNotFitIsAWarning)
{
  start(false, {{"social.topic", "/best_effort"}});
  listen();
  auto other = rclcpp::create_publisher<People>(
    node, "/best_effort", rclcpp::QoS(10).best_effort());
  ASSERT_TRUE(wait_for([this] {return node->count_publishers("/best_effort") == 1;}));
  EXPECT_TRUE(says_at(102, "no publisher of /best_effort fits")) << said();
  EXPECT_EQ(values["publishers"], "1");
  EXPECT_EQ(values["publishers that fit"], "0");
}

TEST_F(Diagnostics, UnknownParametersAreNamedWithTheNearest)
{
  start(false, {{"social.max_costs", 100}, {"social.plugin", "p"}, {"antisocial.size", 1.0}});
  listen();
  see({});
  EXPECT_TRUE(says_at(102, "unknown parameters are ignored"));
  EXPECT_EQ(
    said(), "unknown parameters are ignored: social.max_costs, did you mean social.max_cost?");
  EXPECT_EQ(last->status[0].level, diagnostic_msgs::msg::DiagnosticStatus::WARN);
}
