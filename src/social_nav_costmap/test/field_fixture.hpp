// People, and a canvas that their costs are drawn on.
#ifndef FIELD_FIXTURE_HPP_
#define FIELD_FIXTURE_HPP_

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include "social_nav_costmap/skew_normal_field.hpp"

namespace social_nav_costmap
{

inline const SkewNormal kShipped(
  {-0.3079768, 0.0170915}, {0.29992035, -0.01143162, -0.01143162, 0.0791303},
  {2.15069084, -0.01057365});

inline ProxemicsModel shipped_model() {return ProxemicsModel({{1.0, kShipped}});}

/// Zones as large as the model.
inline ZoneParameters as_learned()
{
  ZoneParameters parameters;
  parameters.size = 1.0;
  return parameters;
}

inline Person at(double x, double y, double yaw, int group = 0)
{
  Person person;
  person.position = {x, y};
  person.yaw = yaw;
  person.group = group;
  return person;
}

inline Person interacting(Person person)
{
  person.intent = {0.0, 1.0, 0.0, 0.0};
  return person;
}

class Canvas
{
public:
  Canvas(int width, int height, double resolution, Vector origin)
  : costs(static_cast<std::size_t>(width * height), 0.0f)
  {
    window.xn = width;
    window.yn = height;
    window.resolution = resolution;
    window.origin = origin;
  }

  const Canvas & draw(
    const std::vector<Person> & people, const ZoneParameters & parameters = as_learned())
  {
    SkewNormalField field(shipped_model(), parameters);
    return draw(people, field);
  }

  const Canvas & draw(const std::vector<Person> & people, SkewNormalField & field)
  {
    field.set_people(people);
    field.draw(
      window, [this](int row, int begin, int count, const float * values) {
        for (int k = 0; k < count; ++k) {
          if (!(values[k] >= 0.0f && values[k] <= 1.001f)) {
            throw std::out_of_range("a cost of " + std::to_string(values[k]));
          }
          float & cell = costs[static_cast<std::size_t>(row * window.xn + begin + k)];
          cell = std::max(cell, values[k]);
        }
      });
    return *this;
  }

  /// Tenths of the peak as digits, y up; a blank below a thousandth.
  std::string picture() const
  {
    std::string text;
    for (int row = window.yn - 1; row >= 0; --row) {
      text += '|';
      for (int column = 0; column < window.xn; ++column) {
        const float cost = costs[static_cast<std::size_t>(row * window.xn + column)];
        text += cost < 1e-3f ? ' ' :
          static_cast<char>('0' + std::min(9, static_cast<int>(10.0f * cost)));
      }
      text += "|\n";
    }
    return text;
  }

  float largest() const {return *std::max_element(costs.begin(), costs.end());}

  Window window;
  std::vector<float> costs;
};

/// The cost of one person at one point, through the whole field.
inline float cost(Vector point, const std::vector<Person> & people, const ZoneParameters & parameters)
{
  Canvas canvas(1, 1, 1e-6, point);
  canvas.draw(people, parameters);
  return canvas.costs[0];
}

inline float cost(Vector point, const std::vector<Person> & people)
{
  static SkewNormalField field(shipped_model(), as_learned());
  Canvas canvas(1, 1, 1e-6, point);
  canvas.draw(people, field);
  return canvas.costs[0];
}

}  // namespace social_nav_costmap

#endif  // FIELD_FIXTURE_HPP_
