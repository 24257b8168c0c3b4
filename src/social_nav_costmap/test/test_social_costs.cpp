#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "social_nav_costmap/social_costs.hpp"

using namespace social_nav_costmap;  // NOLINT(build/namespaces)

namespace
{

constexpr std::int64_t kSecond = 1000000000;
double clock_now = 0.0;
double clock_step = 1e-6;
double test_clock() {return clock_now += clock_step;}

std::unique_ptr<SkewNormalField> field()
{
  const ProxemicsModel model(
    {{1.0, SkewNormal({-0.3, 0.0}, {0.3, 0.0, 0.0, 0.08}, {2.0, 0.0})}});
  ZoneParameters as_learned;
  as_learned.size = 1.0;
  return std::make_unique<SkewNormalField>(model, as_learned);
}

class Costs : public ::testing::Test
{
protected:
  Costs()
  : costs(test_clock), cells(200 * 200, 0)
  {
    window.xn = window.yn = 200;
    costs.set_field(field());
  }

  void see(const std::vector<Vector> & places, std::int64_t last_seen = 0)
  {
    std::vector<Sighting> people(places.size());
    for (std::size_t i = 0; i < places.size(); ++i) {
      people[i].person.position = places[i];
      people[i].last_seen = last_seen;
    }
    costs.set_people(people);
  }

  /// Whatever a test does, no cost that is drawn is above 252.
  Box update(std::int64_t now = 0, Vector robot = {})
  {
    const auto before = cells;
    const Box box = costs.update_bounds(now, robot);
    costs.update_costs(cells.data(), 200, window);
    EXPECT_TRUE(
      std::equal(
        cells.begin(), cells.end(), before.begin(),
        [](int drawn, int given) {return drawn == given || drawn <= 252;}));
    return box;
  }

  int at(double x, double y) const
  {
    return cells[static_cast<std::size_t>(static_cast<int>(y / 0.05) * 200 + x / 0.05)];
  }
  int raised() const
  {
    return static_cast<int>(cells.size()) -
           static_cast<int>(std::count(cells.begin(), cells.end(), 0));
  }

  SocialCosts costs;
  Window window;
  std::vector<unsigned char> cells;
};

}  // namespace

TEST_F(Costs, APersonReachesMaxCostAtThePeak)
{
  see({{5.0, 5.0}});
  const Box box = update();
  EXPECT_NEAR(*std::max_element(cells.begin(), cells.end()), 240, 3);
  EXPECT_TRUE(box.min_x < 4.3 && box.max_x > 5.9 && box.min_y < 4.5 && box.max_y > 5.5);
  EXPECT_TRUE(box.min_x > 3.5 && box.max_x < 7.0);
}

TEST_F(Costs, BoundsAreTheOldAndTheNewAreaAndThenNothing)
{
  see({{2.0, 2.0}});
  update();
  see({{8.0, 8.0}});
  const Box both = update();
  EXPECT_TRUE(both.min_x < 2.0 && both.max_x > 8.0);
  see({});
  const Box old = update();
  EXPECT_TRUE(old.min_x > 6.0 && old.max_x > 8.0);
  EXPECT_TRUE(update().empty());
}

TEST_F(Costs, StalePeopleAndPeopleFromTheFutureAreDropped)
{
  see({{5.0, 5.0}}, 10 * kSecond);
  EXPECT_FALSE(update(12 * kSecond).empty());
  EXPECT_EQ(costs.take_statistics().people, 1u);
  EXPECT_FALSE(update(12 * kSecond + kSecond / 2).empty()) << "the old area is given back once";
  EXPECT_EQ(costs.take_statistics().stale, 1u);
  EXPECT_TRUE(update(13 * kSecond).empty());
  EXPECT_TRUE(update(9 * kSecond).empty()) << "a second in the future is too much";
  EXPECT_FALSE(update(9 * kSecond + 600000000).empty()) << "0.4 s are not";
}

TEST_F(Costs, DisablingAndForgettingGiveTheAreaBackOnce)
{
  see({{5.0, 5.0}});
  update();
  CostParameters off;
  off.enabled = false;
  costs.set_parameters(off);
  EXPECT_FALSE(update().empty());
  EXPECT_FALSE(costs.enabled());
  EXPECT_TRUE(update().empty());
  costs.set_parameters({});
  EXPECT_FALSE(update().empty());
  costs.forget();
  EXPECT_FALSE(update().empty());
  EXPECT_TRUE(update().empty());
}

TEST_F(Costs, ADisabledLayerRaisesNothing)
{
  CostParameters off;
  off.enabled = false;
  costs.set_parameters(off);
  see({{5.0, 5.0}});
  update();
  EXPECT_EQ(raised(), 0);
}

TEST_F(Costs, OnlyRaisesAndKeepsLethalAndUnknown)
{
  std::fill(cells.begin(), cells.begin() + 200 * 100, static_cast<unsigned char>(254));
  std::fill(cells.begin() + 200 * 100, cells.begin() + 200 * 104, static_cast<unsigned char>(255));
  see({{5.0, 5.0}});
  update();
  EXPECT_EQ(at(5.0, 4.9), 254);
  EXPECT_EQ(at(5.0, 5.1), 255);
  EXPECT_GT(at(5.0, 5.25), 0);
  CostParameters unknown;
  unknown.overwrite_unknown = true;
  costs.set_parameters(unknown);
  update();
  EXPECT_EQ(at(5.0, 4.9), 254);
  EXPECT_LT(at(5.0, 5.1), 253);
  EXPECT_EQ(at(0.1, 5.1), 255) << "far from anybody";
}

TEST_F(Costs, HigherCostsOfOtherLayersStay)
{
  std::fill(cells.begin(), cells.end(), static_cast<unsigned char>(100));
  see({{5.0, 5.0}});
  update();
  EXPECT_EQ(at(6.0, 5.0), 100);
  EXPECT_GT(at(5.0, 5.0), 200);
}

TEST_F(Costs, ParametersTakeEffectAtTheNextBounds)
{
  see({{5.0, 5.0}});
  costs.update_bounds(0, {});
  CostParameters low;
  low.max_cost = 100;
  costs.set_parameters(low);
  see({{1.0, 1.0}});
  costs.update_costs(cells.data(), 200, window);
  EXPECT_GT(at(5.0, 5.0), 200);
  EXPECT_EQ(at(1.0, 1.0), 0);
  std::fill(cells.begin(), cells.end(), static_cast<unsigned char>(0));
  update();
  EXPECT_NEAR(*std::max_element(cells.begin(), cells.end()), 100, 2);
}

TEST_F(Costs, ATightBudgetKeepsTheNearestPeople)
{
  CostParameters tight;
  tight.time_budget = 0.01;  // [ms]; 2 us a square metre are assumed at first
  costs.set_parameters(tight);
  see({{9.0, 9.0}, {2.0, 2.0}, {5.0, 5.0}});
  update(0, {1.0, 1.0});
  const Statistics statistics = costs.take_statistics();
  EXPECT_EQ(statistics.people, 1u);
  EXPECT_EQ(statistics.over_budget, 2u);
  EXPECT_GT(at(2.0, 2.0), 200);
  EXPECT_EQ(at(9.0, 9.0), 0);
}

TEST_F(Costs, TheBudgetAdaptsToTheMachine)
{
  CostParameters parameters;
  parameters.time_budget = 0.1;
  costs.set_parameters(parameters);
  std::vector<Vector> crowd;
  for (int i = 0; i < 20; ++i) {
    crowd.push_back({0.5 * i, 5.0});
  }
  see(crowd);
  update();
  const std::size_t at_first = costs.take_statistics().people;
  for (int i = 0; i < 50; ++i) {
    update();
  }
  EXPECT_GT(costs.take_statistics().people, at_first) << "the test's clock is fast";
}

TEST_F(Costs, AnUpdateThatIsHeldUpOnceDropsNobody)
{
  std::vector<Vector> people;
  for (int i = 0; i < 10; ++i) {
    people.push_back({1.0 * i, 5.0});
  }
  see(people);
  clock_step = 1e-4;
  for (int i = 0; i < 30; ++i) {
    update();
  }
  EXPECT_EQ(costs.take_statistics().people, 10u);
  clock_step = 0.1;
  update();
  clock_step = 1e-4;
  for (int i = 0; i < 10; ++i) {
    update();
    EXPECT_EQ(costs.take_statistics().people, 10u) << i << " updates later";
  }
  clock_step = 0.1;
  for (int i = 0; i < 10; ++i) {
    update();
  }
  EXPECT_EQ(costs.take_statistics().people, 1u) << "the machine has become slow";
  clock_step = 1e-6;
}

TEST_F(Costs, FiveHundredPeople)
{
  std::vector<Vector> crowd;
  for (int i = 0; i < 500; ++i) {
    crowd.push_back({0.02 * i, 0.02 * ((37 * i) % 500)});
  }
  see(crowd);
  update();
  EXPECT_EQ(costs.take_statistics().people, 500u);
  EXPECT_GT(raised(), 38000);
}

TEST_F(Costs, OwnGridHoldsOnlyTheLayersCosts)
{
  std::fill(cells.begin(), cells.end(), static_cast<unsigned char>(254));
  OwnGrid own;
  EXPECT_FALSE(costs.own_costs(window, own));
  see({{5.0, 5.0}});
  update();
  ASSERT_TRUE(costs.own_costs(window, own));
  EXPECT_EQ(own.costs.size(), static_cast<std::size_t>(own.width * own.height));
  EXPECT_NEAR(*std::max_element(own.costs.begin(), own.costs.end()), 100, 1);
  EXPECT_EQ(own.costs.front(), 0);
  EXPECT_NEAR(own.x0 * 0.05, 4.1, 0.4);
}

TEST_F(Costs, StatisticsCountAndReset)
{
  see({{5.0, 5.0}});
  update();
  update();
  const Statistics first = costs.take_statistics();
  EXPECT_EQ(first.updates, 2u);
  EXPECT_GT(first.mean_ms, 0.0);
  EXPECT_GE(first.max_ms, first.mean_ms);
  EXPECT_EQ(costs.take_statistics().updates, 0u);
}

TEST(Defects, AreNamed)
{
  const auto at = [](double x) {
      Person person;
      person.position.x = x;
      return person;
    };
  EXPECT_EQ(defect_of(at(0)), "");
  EXPECT_EQ(defect_of(at(NAN)), "its pose is not finite");
  Person person = at(0);
  person.position_covariance.xx = 1e300;
  EXPECT_NE(defect_of(person), "");
  person = at(0);
  person.velocity.x = INFINITY;
  EXPECT_EQ(defect_of(person), "its velocity is not finite");
  person = at(0);
  person.position_covariance = {1.0, 2.0, 2.0, 1.0};
  EXPECT_EQ(defect_of(person), "its covariance is negative");
  person = at(0);
  person.confidence = 1.5;
  EXPECT_NE(defect_of(person).find("confidence is 1.5"), std::string::npos);
  person = at(0);
  person.intent = {0.5, 0.0, 0.0, 0.0};
  EXPECT_NE(defect_of(person).find("sum to 0.5"), std::string::npos);
}

TEST_F(Costs, AVelocityThatIsAlmostNothingIsNone)
{
  see({{5.0, 5.0}});
  update();
  const std::vector<unsigned char> standing = cells;
  cells.assign(cells.size(), 0);
  std::vector<Sighting> people(1);
  people[0].person.position = {5.0, 5.0};
  people[0].person.velocity = {4.9e-324, 4.9e-324};  // whose inverse is infinite
  costs.set_people(people);
  update();
  EXPECT_EQ(cells, standing);
}

TEST(RaiseCells, CostsOutOfRangeAreTheLimits)
{
  EXPECT_EQ(scaled_cost(-0.02f, 240.0f), 0);
  EXPECT_EQ(scaled_cost(1.02f, 252.0f), 252);
  EXPECT_EQ(scaled_cost(NAN, 240.0f), 0);
  EXPECT_EQ(scaled_cost(0.5f, 240.0f), 120);
  for (const int count : {5, 16}) {  // one by one, and many at once
    std::vector<std::uint8_t> raised(16, 0);
    std::vector<float> given(16, 1.02f);
    given[1] = NAN;
    given[2] = -0.02f;
    raise_cells(raised.data(), given.data(), count, 252.0f);
    EXPECT_EQ(raised[0], 252);
    EXPECT_EQ(raised[1], 0);
    EXPECT_EQ(raised[2], 0);
  }
}

TEST(RowSpans, CornersThatAreNoNumbersStayInTheWindow)
{
  Window window;
  window.xn = window.yn = 10;
  window.resolution = 0.1;
  const Vector corners[] = {{0.2, 0.1}, {NAN, NAN}, {0.5, INFINITY}, {0.4, -INFINITY}};
  RowSpans spans;
  spans.fill(corners, 4, window);
  EXPECT_GE(spans.first_row(), 0);
  EXPECT_LE(spans.last_row(), 10);
  for (int row = spans.first_row(); row < spans.last_row(); ++row) {
    EXPECT_GE(spans.begin(row), 0);
    EXPECT_LE(spans.end(row), 10);
  }
}
