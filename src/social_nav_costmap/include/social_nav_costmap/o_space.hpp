#ifndef SOCIAL_NAV_COSTMAP__O_SPACE_HPP_
#define SOCIAL_NAV_COSTMAP__O_SPACE_HPP_

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "social_nav_costmap/convex_hull.hpp"
#include "social_nav_costmap/raster.hpp"
#include "social_nav_costmap/zone.hpp"

namespace social_nav_costmap
{

/// exp(-d^2 / (2 sigma^2)), brought to 0 at the cutoff, as a table over the squared distance.
class OSpaceProfile
{
public:
  OSpaceProfile(double sigma, double cutoff)
  : reach_(sigma * std::sqrt(-2.0 * std::log(cutoff)))
  {
    per_square_metre_ = static_cast<float>((kNodes - 2) / (reach_ * reach_));
    for (int i = 0; i < kNodes; ++i) {
      const double squared = i / static_cast<double>(per_square_metre_);
      const double share = std::exp(-0.5 * squared / (sigma * sigma));
      costs_.push_back(static_cast<float>(std::max(0.0, (share - cutoff) / (1.0 - cutoff))));
    }
  }

  double reach() const {return reach_;}

  float at(float squared_distance) const
  {
    const float node =
      std::min(squared_distance * per_square_metre_, static_cast<float>(kNodes - 2));
    const int i = static_cast<int>(node);
    return costs_[i] + (node - static_cast<float>(i)) * (costs_[i + 1] - costs_[i]);
  }

private:
  static constexpr int kNodes = 1024;
  double reach_;
  float per_square_metre_ = 1.0f;
  std::vector<float> costs_;
};

/// The space that a conversation shares: cost falls with the distance to the members' hull.
struct OSpace
{
  float amplitude = 0.0f;
  std::size_t begin = 0;  ///< first corner, in the list of all corners
  std::size_t end = 0;
};

/// Squared distance [m^2] from a point to a convex polygon (counter-clockwise) or a segment.
inline float squared_distance(const Vector * hull, std::size_t corners, Vector point)
{
  double squared = std::numeric_limits<double>::max();
  bool inside = corners > 2;
  const std::size_t edges = corners > 2 ? corners : corners - 1;
  for (std::size_t i = 0; i < edges; ++i) {
    const Vector a = hull[i];
    const Vector edge = hull[i + 1 < corners ? i + 1 : 0] - a;
    const Vector p = point - a;
    const double share = std::clamp(dot(p, edge) / dot(edge, edge), 0.0, 1.0);
    const Vector off = p - share * edge;
    squared = std::min(squared, dot(off, off));
    inside = inside && cross(edge, p) >= 0.0;
  }
  return inside ? 0.0f : static_cast<float>(squared);
}

}  // namespace social_nav_costmap

#endif  // SOCIAL_NAV_COSTMAP__O_SPACE_HPP_
