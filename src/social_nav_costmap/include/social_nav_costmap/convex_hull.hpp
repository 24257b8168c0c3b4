#ifndef SOCIAL_NAV_COSTMAP__CONVEX_HULL_HPP_
#define SOCIAL_NAV_COSTMAP__CONVEX_HULL_HPP_

#include <algorithm>
#include <cstddef>
#include <vector>

#include "social_nav_costmap/skew_normal.hpp"

namespace social_nav_costmap
{

/// Corners of the convex hull, counter-clockwise (Andrew's monotone chain); sorts the points.
inline void convex_hull(std::vector<Vector> & points, std::vector<Vector> & hull)
{
  std::sort(
    points.begin(), points.end(),
    [](Vector a, Vector b) {return a.x < b.x || (a.x == b.x && a.y < b.y);});
  points.erase(
    std::unique(
      points.begin(), points.end(),
      [](Vector a, Vector b) {return a.x == b.x && a.y == b.y;}), points.end());
  hull.clear();
  if (points.size() < 3) {
    hull.assign(points.begin(), points.end());
    return;
  }
  const auto chain = [&](Vector point, std::size_t start) {
      while (hull.size() >= start + 2 &&
        cross(hull.back() - hull[hull.size() - 2], point - hull[hull.size() - 2]) <= 0.0)
      {
        hull.pop_back();
      }
      hull.push_back(point);
    };
  for (const Vector & point : points) {
    chain(point, 0);
  }
  hull.pop_back();
  const std::size_t start = hull.size();
  for (auto point = points.rbegin(); point != points.rend(); ++point) {
    chain(*point, start);
  }
  hull.pop_back();
}

/// Leave out corners of a hull around the origin, never two in a row, that lie beyond the line
/// between their neighbours by less than a share of that line's distance from the origin.
inline std::vector<Vector> thinned(const std::vector<Vector> & hull, double share)
{
  std::vector<Vector> kept;
  bool dropped = false;
  for (std::size_t i = 0; i < hull.size(); ++i) {
    const bool inner = i > 0 && i + 1 < hull.size();
    const Vector from = hull[inner ? i - 1 : 0], to = hull[inner ? i + 1 : 0];
    dropped = inner && !dropped &&
      cross(hull[i] - from, to - from) <= share * cross(from, to);
    if (!dropped) {
      kept.push_back(hull[i]);
    }
  }
  return kept;
}

}  // namespace social_nav_costmap

#endif  // SOCIAL_NAV_COSTMAP__CONVEX_HULL_HPP_
