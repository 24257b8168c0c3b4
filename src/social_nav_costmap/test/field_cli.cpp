// Draws the fields of the cases on standard input: the C++ half of the parity test.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <utility>
#include <vector>

#include "social_nav_costmap/raise_cells.hpp"
#include "social_nav_costmap/skew_normal_field.hpp"

using namespace social_nav_costmap;  // NOLINT(build/namespaces)

namespace
{

double number()
{
  double value = 0.0;
  if (!(std::cin >> value)) {
    std::cerr << "field_cli: the input ended early\n";
    std::exit(2);
  }
  return value;
}

Vector vector()
{
  const double x = number();
  return {x, number()};
}

ZoneParameters read_parameters()
{
  ZoneParameters p;
  p.size = number();
  p.cutoff = number();
  p.combination = static_cast<Combination>(static_cast<int>(number()));
  for (double * value : {&p.horizon, &p.drift, &p.extension_max, &p.position_std_max,
      &p.o_space_amplitude, &p.o_space_sigma, &p.group_span, &p.corridor_start, &p.corridor_full,
      &p.corridor_width})
  {
    *value = number();
  }
  for (LabelFactors * f : {&p.intent_interacting, &p.intent_interested, &p.intent_not_interested,
      &p.attitude_positive, &p.attitude_negative, &p.attitude_not_interacting})
  {
    f->amplitude = number();
    f->size = number();
    f->opening = number();
  }
  return p;
}

ProxemicsModel read_model()
{
  std::vector<std::pair<double, SkewNormal>> parts;
  for (int left = static_cast<int>(number()); left > 0; --left) {
    const double weight = number();
    const Vector mu = vector(), row = vector(), next = vector(), lambda = vector();
    parts.emplace_back(weight, SkewNormal(mu, {row.x, row.y, next.x, next.y}, lambda));
  }
  return ProxemicsModel(parts);
}

Person read_person()
{
  Person person;
  person.position = vector();
  person.yaw = number();
  person.velocity = vector();
  const Vector row = vector();
  person.position_covariance = {row.x, row.y, row.y, number()};
  person.yaw_variance = number();
  for (double & share : person.intent) {
    share = number();
  }
  for (double & share : person.attitude) {
    share = number();
  }
  person.confidence = number();
  person.group = static_cast<int>(number());
  return person;
}

}  // namespace

int main()
{
  const ZoneParameters parameters = read_parameters();
  SkewNormalField field(read_model(), parameters);
  for (int cases = static_cast<int>(number()); cases > 0; --cases) {
    Window window;
    window.xn = static_cast<int>(number());
    window.yn = static_cast<int>(number());
    window.resolution = number();
    window.origin = vector();
    std::vector<Person> people;
    for (int left = static_cast<int>(number()); left > 0; --left) {
      people.push_back(read_person());
    }
    field.set_people(people);
    std::vector<std::uint8_t> costs(static_cast<std::size_t>(window.xn * window.yn), 0);
    field.draw(
      window, [&](int row, int begin, int count, const float * values) {
        for (int k = 0; k < count; ++k) {
          auto & cell = costs[static_cast<std::size_t>(row * window.xn + begin + k)];
          cell = std::max(cell, scaled_cost(values[k], 252.0f));
        }
      });
    std::fwrite(costs.data(), 1, costs.size(), stdout);
  }
}
