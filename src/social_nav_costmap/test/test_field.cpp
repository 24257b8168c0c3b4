#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "field_fixture.hpp"

using namespace social_nav_costmap;  // NOLINT(build/namespaces)

namespace
{

double plain(double forward, double left)
{
  const double b = kShipped.pdf({forward, left}) / kShipped.pdf(kShipped.mode());
  return std::max(0.0, (b - 0.01) / 0.99);
}

}  // namespace

TEST(Pictures, APersonWhoFacesRight)
{
  EXPECT_EQ(
    Canvas(17, 11, 0.2, {-1.7, -1.1}).draw({at(0, 0, 0)}).picture(),
    "|                 |\n"
    "|      0000       |\n"
    "|     00000000    |\n"
    "|    0013321100   |\n"
    "|    01367642100  |\n"
    "|    01489853100  |\n"
    "|    00367642100  |\n"
    "|     0123221000  |\n"
    "|      0000000    |\n"
    "|       000       |\n"
    "|                 |\n");
}

TEST(Pictures, AnOpenFront)
{
  EXPECT_EQ(
    Canvas(17, 11, 0.2, {-1.7, -1.1}).draw({interacting(at(0, 0, 0))}).picture(),
    "|                 |\n"
    "|      0000       |\n"
    "|     00000000    |\n"
    "|    0013321000   |\n"
    "|    01367641000  |\n"
    "|    01489851     |\n"
    "|    00367641000  |\n"
    "|     0123220000  |\n"
    "|      0000000    |\n"
    "|       000       |\n"
    "|                 |\n");
}

TEST(Pictures, TwoFaceToFaceShareTheSpaceBetweenThem)
{
  EXPECT_EQ(
    Canvas(17, 21, 0.2, {-1.7, -2.1}).draw({at(0, 0.8, -kPi / 2, 1), at(0, -0.8, kPi / 2, 1)})
    .picture(),
    "|                 |\n"
    "|       000       |\n"
    "|     0000000     |\n"
    "|    001121100    |\n"
    "|    012454210    |\n"
    "|   00147874100   |\n"
    "|   00258985200   |\n"
    "|   00258985200   |\n"
    "|   00258985200   |\n"
    "|   00258985200   |\n"
    "|   00258985200   |\n"
    "|   00258985200   |\n"
    "|   00258985200   |\n"
    "|   00258985200   |\n"
    "|   00258985200   |\n"
    "|   00147874100   |\n"
    "|    012454210    |\n"
    "|    001121100    |\n"
    "|     0000000     |\n"
    "|       000       |\n"
    "|                 |\n");
}

TEST(Model, DensityByHand)
{
  const SkewNormal wide({1.0, 2.0}, {4.0, 0.0, 0.0, 0.25}, {2.0, 0.0});
  // sqrt(4) = 2 halves the offset: Phi(2) = 0.9772499, exp(-4 / 8) = 0.6065307
  EXPECT_NEAR(wide.pdf({3.0, 2.0}), 0.6065307 * 0.9772499 / kPi, 1e-7);
}

TEST(Model, ModeIsHigherThanAllAroundIt)
{
  for (int i = 0; i < 64; ++i) {
    const Vector off{1e-3 * std::cos(0.1 * i), 1e-3 * std::sin(0.1 * i)};
    EXPECT_LT(kShipped.pdf(kShipped.mode() + off), kShipped.pdf(kShipped.mode()));
  }
}

TEST(Model, RefusesWhatIsNoDistribution)
{
  EXPECT_THROW(SkewNormal({0, 0}, {1, 2, 2, 1}, {0, 0}), std::invalid_argument);
  EXPECT_THROW(SkewNormal({0, 0}, {1, 0.5, 0.4, 1}, {0, 0}), std::invalid_argument);
  EXPECT_THROW(SkewNormal({NAN, 0}, {1, 0, 0, 1}, {0, 0}), std::invalid_argument);
  EXPECT_THROW(ProxemicsModel({{0.4, kShipped}, {0.4, kShipped}}), std::invalid_argument);
  EXPECT_THROW(ProxemicsModel({{-1.0, kShipped}, {2.0, kShipped}}), std::invalid_argument);
}

TEST(Model, TheSteepestOneNeedsABoundedTable)
{
  const double low = 4e-4, high = 1e3, steep = 1e4;
  for (const Matrix & sigma : {Matrix{high, 0, 0, low}, Matrix{high, 0, 0, high}}) {
    const ProxemicsModel model(
      {{0.5, SkewNormal({20, -20}, sigma, {steep, steep})},
        {0.5, SkewNormal({0, 0}, sigma, {0, 0})}});
    EXPECT_GT(model.peak(), 0.0);
    const ZoneParameters parameters;
    const ZoneShape shape(model, parameters.size, parameters.cutoff);
    const ZoneTable table(model, shape, parameters);
    EXPECT_LT(table.size(), 1010u * 1010u);
    SkewNormalField field(model, parameters);
    Canvas canvas(100, 100, 0.1, model.mode() - Vector{5.0, 5.0});
    EXPECT_GT(canvas.draw({at(0, 0, 0)}, field).largest(), 0.1f);
    EXPECT_LE(canvas.largest(), 1.001f);
  }
}

TEST(Model, AClimbAlongASteepEdgeEnds)
{
  const Matrix turned{500, 499, 499, 500};
  const SkewNormal edge({3, -4}, turned, {7e3, -7e3});
  const ProxemicsModel model({{0.5, edge}, {0.5, SkewNormal({-9, 9}, turned, {0, 0})}});
  EXPECT_GE(model.peak(), 0.5 * edge.pdf(edge.mode()));
}

TEST(Zone, IsTheModelAroundTheBody)
{
  const Person person = at(2.0, 1.0, kPi / 2);  // forward is +y, left is -x
  EXPECT_NEAR(cost({2.0, 1.7}, {person}), plain(0.7, 0.0), 2e-3);
  EXPECT_NEAR(cost({1.6, 1.0}, {person}), plain(0.0, 0.4), 2e-3);
  EXPECT_NEAR(cost({2.0, 0.6}, {person}), plain(-0.4, 0.0), 2e-3);
}

TEST(Zone, PeakIsOneAtTheMode)
{
  EXPECT_NEAR(cost(kShipped.mode(), {at(0, 0, 0)}), 1.0, 2e-3);
  EXPECT_LE(Canvas(300, 300, 0.01, {-1.5, -1.5}).draw({at(0, 0, 0.7)}).largest(), 1.001f);
}

TEST(Zone, EndsAtTheRadiusOfTheFormula)
{
  const ZoneShape shape(shipped_model(), 1.0, 0.01);
  for (const Vector & offset : shape.contour) {
    const double share = kShipped.pdf(kShipped.mode() + offset) / kShipped.pdf(kShipped.mode());
    EXPECT_NEAR(share, 0.01, 1e-8);
    EXPECT_NEAR(cost(kShipped.mode() + 1.02 * offset, {at(0, 0, 0)}), 0.0, 2e-4);
    EXPECT_GT(cost(kShipped.mode() + 0.95 * offset, {at(0, 0, 0)}), 1e-3);
  }
}

TEST(Zone, SizeEnlargesItAboutTheMode)
{
  const ZoneParameters twice = [] {
      ZoneParameters parameters;
      parameters.size = 2.0;
      return parameters;
    }();
  const Vector mode = kShipped.mode();
  for (const Vector off : {Vector{0.6, 0.0}, Vector{-0.2, 0.3}, Vector{0.3, -0.25}}) {
    EXPECT_NEAR(
      cost(mode + 2.0 * off, {at(0, 0, 0)}, twice), cost(mode + off, {at(0, 0, 0)}), 2e-3);
  }
  const ZoneShape once(shipped_model(), 1.0, 0.01), larger(shipped_model(), 2.0, 0.01);
  EXPECT_NEAR(larger.contour[0].x, 2.0 * once.contour[0].x, 1e-9);
}

TEST(Zone, TheFrontOpensAtTheSameDistanceWhateverTheSize)
{
  ZoneParameters wide;  // half way from corridor_start to corridor_full: 1 - opening / 2
  const Person person = at(0, 0, 0);
  EXPECT_NEAR(
    cost({0.625, 0.0}, {interacting(person)}, wide), 0.5 * cost({0.625, 0.0}, {person}, wide),
    2e-3);
}

TEST(Zone, TurnsAndMovesWithThePerson)
{
  std::mt19937 random(3);
  std::uniform_real_distribution<double> place(-2.0, 2.0), angle(-kPi, kPi);
  for (int i = 0; i < 200; ++i) {
    Person person = at(0, 0, 0);
    person.velocity = {place(random), place(random)};
    person.position_covariance = {0.09, 0.02, 0.02, 0.04};
    person.yaw_variance = 0.1;
    const double yaw = angle(random);
    const Vector shift{place(random), place(random)};
    const Matrix turn = rotation(yaw);
    Person moved = at(shift.x, shift.y, yaw);
    moved.velocity = turn * person.velocity;
    moved.position_covariance = turn * person.position_covariance * turn.transposed();
    moved.yaw_variance = person.yaw_variance;
    const Vector point{place(random), place(random)};
    EXPECT_NEAR(cost(point, {person}), cost(turn * point + shift, {moved}), 1e-4);
  }
}

TEST(Zone, AnUnknownHeadingIsRound)
{
  Person person = at(0, 0, 1.0);
  person.yaw_variance = 12.0;
  for (double angle = 0.0; angle < 6.0; angle += 0.7) {
    EXPECT_NEAR(
      cost({0.7 * std::cos(angle), 0.7 * std::sin(angle)}, {person}),
      plain(kShipped.mode().x + 0.7, kShipped.mode().y), 2e-3);
  }
}

TEST(Zone, AWalkerReachesAheadAndKeepsTheFront)
{
  Person walker = at(0, 0, 0);
  walker.velocity = {0.0, 0.8};  // to the left, still facing +x
  ZoneParameters straight = as_learned();
  straight.horizon = 1.0;
  straight.drift = 0.0;
  EXPECT_NEAR(cost({0.3, -0.4}, {walker}, straight), cost({0.3, -0.4}, {at(0, 0, 0)}), 1e-3);
  EXPECT_GT(cost({0.0, 1.2}, {walker}, straight), 0.02);
  EXPECT_EQ(cost({0.0, 1.2}, {at(0, 0, 0)}), 0.0f);
}

TEST(Zone, AWalkerMayLeaveTheWayAsFarAsDriftTimesSpeed)
{
  ZoneParameters p = as_learned();
  p.horizon = 0.0;
  Person walker = at(0, 0, 0), unsure = at(0, 0, 0);
  walker.velocity = {0.6, -0.8};
  unsure.position_covariance = {0.16, 0.0, 0.0, 0.16};  // (0.4 s x 1 m/s)^2
  EXPECT_NEAR(cost({0.7, 0.0}, {walker}, p), cost({0.7, 0.0}, {unsure}, p), 1e-6);
  EXPECT_NEAR(cost({-0.2, 0.6}, {walker}, p), cost({-0.2, 0.6}, {unsure}, p), 1e-6);
  walker.velocity = {50.0, 0.0};
  unsure.position_covariance = {0.25, 0.0, 0.0, 0.25};  // position_std_max
  EXPECT_NEAR(cost({0.7, 0.0}, {walker}, p), cost({0.7, 0.0}, {unsure}, p), 1e-6);
}

TEST(Zone, LabelsConfidenceAndAttitude)
{
  Person half = at(0, 0, 0);
  half.confidence = 0.5;
  EXPECT_NEAR(cost({0.4, 0.2}, {half}), 0.5 * cost({0.4, 0.2}, {at(0, 0, 0)}), 1e-6);
  Person negative = at(0, 0, 0);
  negative.attitude = {0.0, 0.0, 1.0, 0.0};
  const Vector mode = kShipped.mode(), off{0.5, 0.3};
  EXPECT_NEAR(
    cost(mode + 1.4 * off, {negative}), cost(mode + off, {at(0, 0, 0)}), 1e-5);
  EXPECT_NEAR(cost({0.625, 0.0}, {interacting(at(0, 0, 0))}), 0.5 * plain(0.625, 0.0), 2e-3);
}

TEST(Zone, LabelProbabilitiesThatAreOffByRoundingAreNormalised)
{
  const Person exact = interacting(at(0, 0, 0));
  for (const double sum : {0.9991, 1.0009}) {
    Person off = exact;
    for (double & share : off.intent) {
      share *= sum;
    }
    off.attitude[0] *= sum;
    EXPECT_EQ(defect_of(off), "");
    const LabelFactors factors = label_factors(off, ZoneParameters());
    EXPECT_EQ(factors.amplitude, 1.0);
    EXPECT_EQ(factors.size, 1.0);
    EXPECT_EQ(factors.opening, 1.0);
  }
}

TEST(Combination, MixtureOfAGroupIsNormalisedByItsPeak)
{
  ZoneParameters p = as_learned();
  p.o_space_amplitude = 0.0;
  const std::vector<Person> pair{at(0, 0, 0, 1), at(0, 0.5, 0, 1)};
  const Vector point{0.2, 0.2};
  const double sum = cost(point, {pair[0]}, p) + cost(point, {pair[1]}, p);
  const Vector mode = kShipped.mode();
  double peak = 0.0;
  for (const Person & person : pair) {
    const Vector top = person.position + mode;
    peak = std::max<double>(peak, cost(top, {pair[0]}, p) + cost(top, {pair[1]}, p));
  }
  p.combination = Combination::sum;
  EXPECT_NEAR(cost(point, pair, p), std::min(1.0, sum), 1e-5);
  p.combination = Combination::mixture;
  EXPECT_GT(peak, 1.1);
  EXPECT_NEAR(cost(point, pair, p), sum / peak, 1e-5);
  p.combination = Combination::max;
  EXPECT_NEAR(
    cost(point, pair, p), std::max(cost(point, {pair[0]}, p), cost(point, {pair[1]}, p)), 1e-6);
}

TEST(OSpace, OfAPairByValue)
{
  const std::vector<Person> pair{at(0, 1, -kPi / 2, 1), at(0, -1, kPi / 2, 1)};
  EXPECT_NEAR(cost({0, 0}, pair), 1.0, 1e-5);
  EXPECT_NEAR(cost({0.35, 0}, pair), (std::exp(-0.5) - 0.01) / 0.99, 1e-4);
  EXPECT_EQ(cost({0.35 * std::sqrt(-2.0 * std::log(0.01)) + 0.01, 0}, pair), 0.0f);
  EXPECT_LT(cost({0, 0}, {at(0, 1.6, -kPi / 2, 1), at(0, -1.6, kPi / 2, 1)}), 0.01);
  EXPECT_LT(cost({0, 0}, {at(0, 1, -kPi / 2, 1), at(0, -1, kPi / 2, 2)}), 0.1);
}

TEST(OSpace, FillsACircleAndToleratesOneSpotAndOneLine)
{
  std::vector<Person> circle;
  for (int i = 0; i < 4; ++i) {
    const double angle = i * kPi / 2;
    circle.push_back(at(1.5 * std::cos(angle), 1.5 * std::sin(angle), angle + kPi, 7));
  }
  EXPECT_NEAR(cost({0.3, 0.2}, circle), 1.0, 1e-5);
  EXPECT_TRUE(std::isfinite(cost({0.1, 0.1}, {at(0, 0, 0, 1), at(0, 0, 1, 1)})));
  EXPECT_GE(cost({0.45, 0}, {at(0, 0, 0, 1), at(0.9, 0, 0, 1), at(1.8, 0, 0, 1)}), 0.999f);
}

TEST(Draw, OnlyInsideOfTheWindowAndTheBox)
{
  SkewNormalField field(shipped_model(), {});
  std::mt19937 random(5);
  std::uniform_real_distribution<double> place(-3.0, 8.0), angle(-kPi, kPi), speed(-2.0, 2.0);
  for (const Combination combination :
    {Combination::max, Combination::sum, Combination::mixture})
  {
    ZoneParameters parameters;
    parameters.combination = combination;
    field = SkewNormalField(shipped_model(), parameters);
    for (int trial = 0; trial < 100; ++trial) {
      std::vector<Person> people;
      for (int i = 0; i < 6; ++i) {
        people.push_back(at(place(random), place(random), angle(random), i / 2));
        people.back().velocity = {speed(random), speed(random)};
        people.back().yaw_variance = i == 0 ? 12.0 : 0.0;
      }
      field.set_people(people);
      Window window;
      window.x0 = 13;
      window.y0 = 21;
      window.xn = 90;
      window.yn = 77;
      const Box & box = field.box();
      field.draw(
        window, [&](int row, int begin, int count, const float * costs) {
          ASSERT_TRUE(row >= 21 && row < 77 && begin >= 13 && begin + count <= 90);
          for (int k = 0; k < count; ++k) {
            ASSERT_TRUE(costs[k] > -2e-3f && costs[k] < 1.002f) << costs[k];
            const Vector c = window.center(begin + k, row);
            const bool inside =
            c.x >= box.min_x && c.x <= box.max_x && c.y >= box.min_y && c.y <= box.max_y;
            ASSERT_TRUE(inside || costs[k] <= 0.0f);
          }
        });
    }
  }
}

TEST(Draw, NobodyCostsNothing)
{
  SkewNormalField field(shipped_model(), {});
  EXPECT_EQ(field.set_people({}), 0u);
  EXPECT_TRUE(field.box().empty());
  Window window;
  window.xn = window.yn = 50;
  EXPECT_EQ(field.draw(window, [](int, int, int, const float *) {FAIL();}), 0u);
}

TEST(Draw, AreaLimitKeepsTheFirstPeople)
{
  SkewNormalField field(shipped_model(), as_learned());
  const std::vector<Person> people{at(0, 0, 0), at(3, 0, 0), at(6, 0, 0)};
  field.set_people(people);
  const double one = field.area_of(field.zones()[0]);
  EXPECT_NEAR(one, 3.06, 0.1);  // about 1230 cells of 0.05 m
  EXPECT_EQ(field.set_people(people, 2.5 * one), 2u);
  EXPECT_LT(field.box().max_x, 5.0);
  EXPECT_EQ(field.set_people(people, 0.1 * one), 1u);
}
