#ifndef SOCIAL_NAV_COSTMAP__RASTER_HPP_
#define SOCIAL_NAV_COSTMAP__RASTER_HPP_

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "social_nav_costmap/skew_normal.hpp"

namespace social_nav_costmap
{

/// Axis-aligned box [m]; empty until something is added.
struct Box
{
  double min_x = std::numeric_limits<double>::max();
  double min_y = std::numeric_limits<double>::max();
  double max_x = std::numeric_limits<double>::lowest();
  double max_y = std::numeric_limits<double>::lowest();

  bool empty() const {return min_x > max_x || min_y > max_y;}
  bool overlaps(const Box & o) const
  {
    return min_x <= o.max_x && o.min_x <= max_x && min_y <= o.max_y && o.min_y <= max_y;
  }
  void add(Vector p)
  {
    min_x = std::min(min_x, p.x);
    min_y = std::min(min_y, p.y);
    max_x = std::max(max_x, p.x);
    max_y = std::max(max_y, p.y);
  }
  void add(const Box & o)
  {
    min_x = std::min(min_x, o.min_x);
    min_y = std::min(min_y, o.min_y);
    max_x = std::max(max_x, o.max_x);
    max_y = std::max(max_y, o.max_y);
  }
};

/// Cells to draw: columns [x0, xn) and rows [y0, yn) of a grid whose cell (0, 0) has its outer
/// corner at the origin [m].
struct Window
{
  Vector origin;
  double resolution = 0.05;
  int x0 = 0;
  int y0 = 0;
  int xn = 0;
  int yn = 0;

  Vector center(int column, int row) const
  {
    return {origin.x + (column + 0.5) * resolution, origin.y + (row + 0.5) * resolution};
  }
  int first_column(double x) const {return first((x - origin.x) / resolution, x0, xn);}
  int first_row(double y) const {return first((y - origin.y) / resolution, y0, yn);}

private:
  /// First cell whose centre is past a coordinate, kept within [low, high] (0 or more).
  static int first(double cells, int low, int high)
  {
    return static_cast<int>(
      std::max(static_cast<double>(low), std::min(cells + 0.5, static_cast<double>(high))));
  }
};

/// Columns of each row whose centres lie in a polygon; memory is kept between polygons.
class RowSpans
{
public:
  /// Corners in order; of a polygon that is not convex the widest span of each row is taken.
  void fill(const Vector * corners, std::size_t count, const Window & window)
  {
    // In cells, shifted by a half: the integer part is the first cell whose centre is past it.
    const double scale = 1.0 / window.resolution;
    const Vector shift{0.5 - window.origin.x * scale, 0.5 - window.origin.y * scale};
    double low = std::numeric_limits<double>::max(), high = std::numeric_limits<double>::lowest();
    for (std::size_t i = 0; i < count; ++i) {
      low = std::min(low, corners[i].y * scale + shift.y);
      high = std::max(high, corners[i].y * scale + shift.y);
    }
    x0_ = window.x0;
    xn_ = std::max(window.x0, window.xn);
    first_row_ = clamped(low, window.y0, std::max(window.y0, window.yn));
    last_row_ = clamped(high, first_row_, std::max(first_row_, window.yn));
    const auto rows = static_cast<std::size_t>(last_row_ - first_row_);
    left_.assign(rows, std::numeric_limits<double>::max());
    right_.assign(rows, std::numeric_limits<double>::lowest());
    Vector a = scale * corners[count - 1] + shift;
    for (std::size_t i = 0; i < count; ++i) {
      const Vector b = scale * corners[i] + shift;
      cross_rows(a.y < b.y ? a : b, a.y < b.y ? b : a);
      a = b;
    }
  }

  int first_row() const {return first_row_;}
  int last_row() const {return last_row_;}
  int begin(int row) const
  {
    return clamped(left_[static_cast<std::size_t>(row - first_row_)], x0_, xn_);
  }
  int end(int row) const
  {
    return clamped(right_[static_cast<std::size_t>(row - first_row_)], x0_, xn_);
  }

private:
  /// What is not a number becomes the lowest.
  static int clamped(double cell, int low, int high)
  {
    return static_cast<int>(
      std::max(static_cast<double>(low), std::min(cell, static_cast<double>(high))));
  }

  void cross_rows(Vector low, Vector high)
  {
    const int from = clamped(low.y, first_row_, last_row_);
    const int to = clamped(high.y, first_row_, last_row_);
    if (from >= to) {
      return;
    }
    const double slope = (high.x - low.x) / (high.y - low.y);
    double x = low.x + slope * (from + 1.0 - low.y);
    for (int row = from; row < to; ++row, x += slope) {
      const auto i = static_cast<std::size_t>(row - first_row_);
      left_[i] = std::min(left_[i], x);
      right_[i] = std::max(right_[i], x);
    }
  }

  int x0_ = 0;
  int xn_ = 0;
  int first_row_ = 0;
  int last_row_ = 0;
  std::vector<double> left_;
  std::vector<double> right_;
};

}  // namespace social_nav_costmap

#endif  // SOCIAL_NAV_COSTMAP__RASTER_HPP_
