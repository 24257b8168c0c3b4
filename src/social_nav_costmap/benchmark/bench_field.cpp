// Speed of the layer's field, beside the two ways to do without its table (Google Benchmark).
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <random>
#include <vector>

#include "social_nav_costmap/raise_cells.hpp"
#include "social_nav_costmap/skew_normal_field.hpp"

using social_nav_costmap::Combination;
using social_nav_costmap::Matrix;
using social_nav_costmap::Person;
using social_nav_costmap::ProxemicsModel;
using social_nav_costmap::SkewNormal;
using social_nav_costmap::SkewNormalField;
using social_nav_costmap::Vector;
using social_nav_costmap::Window;
using social_nav_costmap::ZoneParameters;
using social_nav_costmap::dot;
using social_nav_costmap::kPi;

namespace
{

std::size_t allocations = 0;

}  // namespace

[[gnu::noinline]] void * operator new(std::size_t size)
{
  ++allocations;
  if (void * memory = std::malloc(size)) {
    return memory;
  }
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void * memory) noexcept {std::free(memory);}
[[gnu::noinline]] void operator delete(void * memory, std::size_t) noexcept {std::free(memory);}

namespace
{

const Vector kMu{-0.3079768, 0.0170915};
const Matrix kSigma{0.29992035, -0.01143162, -0.01143162, 0.0791303};
const Vector kLambda{2.15069084, -0.01057365};

ProxemicsModel shipped_model() {return ProxemicsModel({{1.0, SkewNormal(kMu, kSigma, kLambda)}});}

enum Crowd {standing, walking_in_pairs};

std::vector<Person> crowd(int count, double side, Crowd kind)
{
  std::mt19937 random(7);
  std::uniform_real_distribution<double> place(1.5, side - 1.5), angle(-kPi, kPi);
  std::vector<Person> people(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < people.size(); ++i) {
    people[i].position = {place(random), place(random)};
    people[i].yaw = angle(random);
    if (kind == walking_in_pairs) {
      people[i].velocity = {0.3, 0.2};
      people[i].position_covariance = {0.01, 0.0, 0.0, 0.01};
      people[i].yaw_variance = 0.05;
      people[i].intent = {0.4, 0.1, 0.3, 0.2};
      people[i].group = static_cast<int>(i / 2) + 1;
      if (i % 2 == 1) {
        people[i].position = people[i - 1].position + Vector{0.8, 0.9};
      }
    }
  }
  return people;
}

struct Map
{
  explicit Map(int cells)
  : costs(static_cast<std::size_t>(cells) * static_cast<std::size_t>(cells), 0)
  {
    window.xn = window.yn = cells;
  }
  void raise(int row, int begin, int count, const float * values)
  {
    social_nav_costmap::raise_cells(
      costs.data() + static_cast<std::size_t>(row) * static_cast<std::size_t>(window.xn) + begin,
      values, count, 240.0f);
  }
  Window window;
  std::vector<std::uint8_t> costs;
};

void report(benchmark::State & state, std::size_t cells)
{
  const auto total = static_cast<double>(cells) * static_cast<double>(state.iterations());
  state.counters["cells"] = static_cast<double>(cells);
  state.counters["per_cell"] =
    benchmark::Counter(total, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

/// One whole update: zones from people, then cells of the map.  Arguments: people, map's side in
/// cells, combination, crowd.
void update(benchmark::State & state)
{
  const int side = static_cast<int>(state.range(1));
  ZoneParameters parameters;
  parameters.combination = static_cast<Combination>(state.range(2));
  SkewNormalField field(shipped_model(), parameters);
  Map map(side);
  const std::vector<Person> people = crowd(
    static_cast<int>(state.range(0)), side * map.window.resolution,
    static_cast<Crowd>(state.range(3)));
  std::size_t cells = 0;
  const auto once = [&] {
      field.set_people(people);
      cells = field.draw(
        map.window, [&](int row, int begin, int count, const float * values) {
          map.raise(row, begin, count, values);
        });
    };
  once();
  const std::size_t before = allocations;
  for (auto _ : state) {
    once();
    benchmark::ClobberMemory();
  }
  state.counters["allocations"] = static_cast<double>(allocations - before);
  report(state, cells);
}

/// (a) the model itself, exp and the normal distribution function, in every cell of the zones.
void direct(benchmark::State & state)
{
  const SkewNormal model(kMu, kSigma, kLambda);
  const double peak = model.pdf(model.mode());
  Map map(200);
  const auto people = crowd(10, 10.0, standing);
  std::size_t cells = 0;
  for (auto _ : state) {
    cells = 0;
    for (const Person & person : people) {
      const double c = std::cos(person.yaw), s = std::sin(person.yaw);
      const int column = static_cast<int>(person.position.x / 0.05);
      const int row = static_cast<int>(person.position.y / 0.05);
      for (int j = std::max(0, row - 20); j < std::min(200, row + 20); ++j) {
        for (int i = std::max(0, column - 20); i < std::min(200, column + 20); ++i, ++cells) {
          const Vector d = map.window.center(i, j) - person.position;
          const double share = model.pdf({c * d.x + s * d.y, c * d.y - s * d.x}) / peak;
          auto & cell = map.costs[static_cast<std::size_t>(j * 200 + i)];
          cell = std::max(cell, static_cast<std::uint8_t>(std::max(0.0, share) * 240.0 + 0.5));
        }
      }
    }
    benchmark::ClobberMemory();
  }
  report(state, cells);
}

double turned_gaussian(
  double x, double y, double x0, double y0, double var_x, double var_y, double heading)
{
  const double dx = x - x0, dy = y - y0;
  const double distance = std::sqrt(dx * dx + dy * dy);
  const double angle = std::atan2(dy, dx);
  const double along = std::cos(angle - heading) * distance;
  const double across = std::sin(angle - heading) * distance;
  return std::exp(
    -(std::pow(along, 2.0) / (2.0 * var_x) + std::pow(across, 2.0) / (2.0 * var_y)));
}

/// (b) the two-Gaussian zone: a long Gaussian ahead and a round one behind (Kirby 2010), chosen in
/// each cell by the angle to the heading and evaluated in polar form.
void two_gaussians(benchmark::State & state)
{
  Map map(200);
  const auto people = crowd(10, 10.0, standing);
  std::size_t cells = 0;
  for (auto _ : state) {
    cells = 0;
    for (const Person & person : people) {
      const int column = static_cast<int>(person.position.x / 0.05);
      const int row = static_cast<int>(person.position.y / 0.05);
      for (int j = std::max(0, row - 20); j < std::min(200, row + 20); ++j) {
        for (int i = std::max(0, column - 20); i < std::min(200, column + 20); ++i, ++cells) {
          const Vector at = map.window.center(i, j);
          const double bearing =
            std::atan2(at.y - person.position.y, at.x - person.position.x);
          const double off = std::remainder(bearing - person.yaw, 2.0 * kPi);
          const double ahead = std::abs(off) < kPi / 2.0 ? 0.6 : 0.25;
          const double value = turned_gaussian(
            at.x, at.y, person.position.x, person.position.y, ahead, 0.25, person.yaw);
          auto & cell = map.costs[static_cast<std::size_t>(j * 200 + i)];
          cell = std::max(cell, static_cast<std::uint8_t>(value * 240.0 + 0.5));
        }
      }
    }
    benchmark::ClobberMemory();
  }
  report(state, cells);
}

/// The bound: the same number of cells, each one table look-up at a place known beforehand.
void look_ups_alone(benchmark::State & state)
{
  const ProxemicsModel model = shipped_model();
  const ZoneParameters parameters;
  const social_nav_costmap::ZoneShape shape(model, parameters.size, parameters.cutoff);
  const social_nav_costmap::ZoneTable table(model, shape, parameters);
  float costs[32 + social_nav_costmap::ZoneTable::kSlack];
  const std::size_t rows = 400;
  for (auto _ : state) {
    for (std::size_t row = 0; row < rows; ++row) {
      const double y = -0.4 + 0.002 * static_cast<double>(row);
      table.along({-0.4, y}, {0.03, 0.01}, 32, 1.0f, 0.0f, false, costs);
      benchmark::DoNotOptimize(costs);
    }
  }
  report(state, rows * 32);
}

const auto kNames = std::vector<std::string>{"people", "side", "combination", "pairs"};

BENCHMARK(update)->ArgNames(kNames)->Unit(benchmark::kMicrosecond)
->Args({10, 200, 0, standing})->Args({10, 200, 0, walking_in_pairs})
->Args({10, 200, 1, walking_in_pairs})->Args({10, 200, 2, walking_in_pairs})
->Args({50, 200, 0, standing})->Args({50, 200, 1, standing})
->Args({50, 4000, 0, standing})->Args({50, 4000, 0, walking_in_pairs})
->Args({50, 4000, 1, walking_in_pairs})->Args({50, 4000, 2, walking_in_pairs});
BENCHMARK(direct)->Unit(benchmark::kMicrosecond);
BENCHMARK(two_gaussians)->Unit(benchmark::kMicrosecond);
BENCHMARK(look_ups_alone)->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();
