#ifndef SOCIAL_NAV_COSTMAP__SKEW_NORMAL_FIELD_HPP_
#define SOCIAL_NAV_COSTMAP__SKEW_NORMAL_FIELD_HPP_

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <vector>

#include "social_nav_costmap/components.hpp"
#include "social_nav_costmap/o_space.hpp"
#include "social_nav_costmap/raster.hpp"
#include "social_nav_costmap/skew_normal.hpp"
#include "social_nav_costmap/zone.hpp"
#include "social_nav_costmap/zone_table.hpp"

namespace social_nav_costmap
{

/// Social cost field of a set of people, drawn into the cells of a window.
///
/// Costs are in [0, 1], 1 where one certain person's zone has its peak.  Knows no ROS.  After a
/// first use with as many people, nothing is allocated by set_people and draw.
class SkewNormalField
{
public:
  SkewNormalField(const ProxemicsModel & model, const ZoneParameters & parameters)
  : parameters_(parameters), shape_(model, parameters.size, parameters.cutoff),
    table_(model, shape_, parameters),
    profile_(parameters.o_space_sigma, parameters.cutoff)
  {
    Vector a = shape_.outline.back();
    for (const Vector & b : shape_.outline) {
      area_ += 0.5 * cross(a, b);
      a = b;
    }
  }

  /// Take people in the order given until their zones cover `area_limit` [m^2]; at least one.
  /// Returns how many were taken.
  std::size_t set_people(
    const std::vector<Person> & people, double area_limit = std::numeric_limits<double>::max())
  {
    zones_.clear();
    boxes_.clear();
    double area = 0.0;
    for (const Person & person : people) {
      zones_.push_back(zone_of(person, shape_, parameters_));
      area += area_of(zones_.back());
      if (area > area_limit && zones_.size() > 1) {
        zones_.pop_back();
        break;
      }
    }
    box_ = Box();
    outlines_.clear();
    starts_.assign(1, 0);
    for (const Zone & zone : zones_) {
      outline(zone);
      boxes_.push_back(Box());
      for (std::size_t i = starts_.back(); i < outlines_.size(); ++i) {
        boxes_.back().add(outlines_[i]);
      }
      starts_.push_back(outlines_.size());
      box_.add(boxes_.back());
    }
    find_o_spaces();
    find_parts();
    return zones_.size();
  }

  /// Box that no cost leaves [m]; empty without people.
  const Box & box() const {return box_;}

  const std::vector<Zone> & zones() const {return zones_;}
  const ZoneShape & shape() const {return shape_;}

  /// Area [m^2] of a zone.
  double area_of(const Zone & zone) const
  {
    return area_ * zone.from_model.determinant() * (1.0 + 0.5 * zone.stretch / (1 - zone.stretch));
  }

  /// Call write(row, first column, count, costs) for the cells of the window that cost something.
  /// A cell may be written more than once; its cost is the largest that was written.
  /// Returns the number of cells that were evaluated.
  template<typename Write>
  std::size_t draw(const Window & window, Write && write)
  {
    const int width = std::max(0, window.xn - window.x0) + ZoneTable::kSlack;
    row_.resize(std::max(row_.size(), static_cast<std::size_t>(width)));
    std::size_t cells = 0;
    for (const Part & part : parts_) {
      cells += part.end - part.begin == 1 ?
        draw_one(order_[part.begin], window, write) : draw_many(part, window, write);
    }
    for (const OSpace & space : spaces_) {
      cells += draw_o_space(space, window, write);
    }
    return cells;
  }

private:
  struct Part  ///< zones order_[begin, end) that are summed, the sum divided by the scale
  {
    std::size_t begin;
    std::size_t end;
    float scale;
  };

  float cost_at(const Zone & zone, Vector point) const
  {
    Vector d = point - zone.center;
    d = d - (zone.stretch * std::max(0.0, dot(zone.direction, d))) * zone.direction;
    return static_cast<float>(zone.amplitude) *
           table_.at(zone.to_model * d, static_cast<float>(zone.opening), zone.isotropic);
  }

  /// Add the polygon around a zone, 2 % larger, with corners where the motion starts to stretch.
  void outline(const Zone & zone)
  {
    const auto & outline = zone.isotropic ? shape_.circle : shape_.outline;
    const double drawn = zone.stretch / (1.0 - zone.stretch);
    Vector before = 1.02 * (zone.from_model * outline.back());
    double ahead_before = dot(zone.direction, before);
    for (const Vector & offset : outline) {
      const Vector corner = 1.02 * (zone.from_model * offset);
      const double ahead = dot(zone.direction, corner);
      if ((ahead > 0.0) != (ahead_before > 0.0)) {
        const double share = ahead_before / (ahead_before - ahead);
        outlines_.push_back(zone.center + before + share * (corner - before));
      }
      outlines_.push_back(
        zone.center + corner + (drawn * std::max(0.0, ahead)) * zone.direction);
      before = corner;
      ahead_before = ahead;
    }
  }

  /// Costs of `count` cells of a row from one at d off the centre on; the part ahead of a moving
  /// person has an affine map of its own.
  void zone_row(
    const Zone & zone, const Matrix & map_ahead, Vector d, double resolution, int count,
    float * costs) const
  {
    const double distance = dot(zone.direction, d), rise = zone.direction.x * resolution;
    const bool ahead = distance > 0.0;
    const int split = rise * distance < 0.0 ?
      static_cast<int>(std::min(1.0 - distance / rise, static_cast<double>(count))) : count;
    const auto part = [&](int from, int to, const Matrix & map) {
        const Vector step{map.xx * resolution, map.yx * resolution};
        table_.along(
          map * d + static_cast<double>(from) * step, step, to - from,
          static_cast<float>(zone.amplitude), static_cast<float>(zone.opening), zone.isotropic,
          costs + from);
      };
    part(0, split, ahead ? map_ahead : zone.to_model);
    if (split < count) {
      part(split, count, ahead ? zone.to_model : map_ahead);
    }
  }

  template<typename Write>
  std::size_t draw_one(std::size_t index, const Window & window, Write && write)
  {
    const Zone & zone = zones_[index];
    const std::size_t start = starts_[index];
    spans_.fill(outlines_.data() + start, starts_[index + 1] - start, window);
    const Matrix map_ahead =
      zone.to_model * (identity() - zone.stretch * outer(zone.direction, zone.direction));
    std::size_t cells = 0;
    for (int row = spans_.first_row(); row < spans_.last_row(); ++row) {
      const int begin = spans_.begin(row), end = spans_.end(row);
      if (begin < end) {
        zone_row(
          zone, map_ahead, window.center(begin, row) - zone.center, window.resolution,
          end - begin, row_.data());
        write(row, begin, end - begin, row_.data());
        cells += static_cast<std::size_t>(end - begin);
      }
    }
    return cells;
  }

  template<typename Write>
  std::size_t draw_many(const Part & part, const Window & window, Write && write)
  {
    Box box;
    for (std::size_t i = part.begin; i < part.end; ++i) {
      box.add(boxes_[order_[i]]);
    }
    Window inner = window;
    inner.x0 = window.first_column(box.min_x);
    inner.xn = window.first_column(box.max_x);
    inner.y0 = window.first_row(box.min_y);
    inner.yn = window.first_row(box.max_y);
    if (inner.x0 >= inner.xn || inner.y0 >= inner.yn) {
      return 0;
    }
    const auto width = static_cast<std::size_t>(inner.xn - inner.x0);
    sums_.assign(width * static_cast<std::size_t>(inner.yn - inner.y0), 0.0f);
    std::size_t cells = 0;
    for (std::size_t i = part.begin; i < part.end; ++i) {
      cells += draw_one(
        order_[i], inner, [&](int row, int begin, int count, const float * costs) {
          float * const sum =
          sums_.data() + static_cast<std::size_t>(row - inner.y0) * width + (begin - inner.x0);
          for (int k = 0; k < count; ++k) {
            sum[k] += costs[k];
          }
        });
    }
    for (float & sum : sums_) {
      sum = std::min(1.0f, sum * (1.0f / part.scale));
    }
    for (int row = inner.y0; row < inner.yn; ++row) {
      write(
        row, inner.x0, static_cast<int>(width),
        sums_.data() + static_cast<std::size_t>(row - inner.y0) * width);
    }
    return cells;
  }

  template<typename Write>
  std::size_t draw_o_space(const OSpace & space, const Window & window, Write && write)
  {
    constexpr int kSides = 64;
    const Vector * const hull = corners_.data() + space.begin;
    const std::size_t corners = space.end - space.begin;
    outline_.clear();
    for (int k = 0; k < kSides; ++k) {
      const double angle = 2.0 * kPi * k / kSides;
      const Vector way{std::cos(angle), std::sin(angle)};
      Vector farthest = hull[0];
      for (std::size_t i = 1; i < corners; ++i) {
        farthest = dot(hull[i], way) > dot(farthest, way) ? hull[i] : farthest;
      }
      outline_.push_back(farthest + (1.01 * profile_.reach()) * way);
    }
    spans_.fill(outline_.data(), outline_.size(), window);
    std::size_t cells = 0;
    for (int row = spans_.first_row(); row < spans_.last_row(); ++row) {
      const int begin = spans_.begin(row), end = spans_.end(row);
      if (begin >= end) {
        continue;
      }
      for (int column = begin; column < end; ++column) {
        row_[static_cast<std::size_t>(column - begin)] = space.amplitude *
          profile_.at(squared_distance(hull, corners, window.center(column, row)));
      }
      write(row, begin, end - begin, row_.data());
      cells += static_cast<std::size_t>(end - begin);
    }
    return cells;
  }

  /// Order zones by group; within a group chain members that are at most the span apart.
  void find_o_spaces()
  {
    spaces_.clear();
    corners_.clear();
    order_.resize(zones_.size());
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    std::sort(
      order_.begin(), order_.end(), [this](std::size_t a, std::size_t b) {
        return zones_[a].group != zones_[b].group ? zones_[a].group < zones_[b].group : a < b;
      });
    if (parameters_.o_space_amplitude <= 0.0) {
      return;
    }
    for (std::size_t begin = 0, end = 0; begin < order_.size(); begin = end) {
      const int group = zones_[order_[begin]].group;
      for (end = begin; end < order_.size() && zones_[order_[end]].group == group; ++end) {}
      if (group == 0) {
        continue;
      }
      components_.link(
        order_, begin, end, [this](std::size_t a, std::size_t b) {
          return norm(zones_[a].position - zones_[b].position) <= parameters_.group_span;
        });
      for (std::size_t first = begin, last = begin; first < end; first = last) {
        last = components_.end_of(order_, first, end);
        add_o_space(first, last);
      }
    }
  }

  void add_o_space(std::size_t first, std::size_t last)
  {
    double confidence = 1.0;
    members_.clear();
    for (std::size_t i = first; i < last; ++i) {
      members_.push_back(zones_[order_[i]].position);
      confidence = std::min(confidence, zones_[order_[i]].confidence);
    }
    convex_hull(members_, hull_);
    if (hull_.size() < 2 || confidence <= 0.0) {
      return;
    }
    const float amplitude = static_cast<float>(parameters_.o_space_amplitude * confidence);
    spaces_.push_back({amplitude, corners_.size(), corners_.size() + hull_.size()});
    const double reach = 1.01 * profile_.reach();
    for (const Vector & corner : hull_) {
      corners_.push_back(corner);
      box_.add(corner + Vector{reach, reach});
      box_.add(corner - Vector{reach, reach});
    }
  }

  /// Zones that are summed: those of a group (mixture) or all (sum), where their boxes overlap.
  void find_parts()
  {
    parts_.clear();
    const std::size_t count = order_.size();
    if (parameters_.combination == Combination::max) {
      for (std::size_t i = 0; i < count; ++i) {
        parts_.push_back({i, i + 1, 1.0f});
      }
      return;
    }
    const bool sum = parameters_.combination == Combination::sum;
    for (std::size_t begin = 0, end = 0; begin < count; begin = end) {
      const int group = zones_[order_[begin]].group;
      end = sum ? count : begin + 1;
      while (group != 0 && end < count && zones_[order_[end]].group == group) {
        ++end;
      }
      const float scale = sum ? 1.0f : group_peak(begin, end);
      components_.link(
        order_, begin, end, [this](std::size_t a, std::size_t b) {
          return boxes_[a].overlaps(boxes_[b]);
        });
      for (std::size_t first = begin, last = begin; first < end; first = last) {
        last = components_.end_of(order_, first, end);
        parts_.push_back({first, last, scale});
      }
    }
  }

  /// Largest sum of the zones order_[begin, end) at one of their centres, at least 1.
  float group_peak(std::size_t begin, std::size_t end) const
  {
    float peak = 1.0f;
    for (std::size_t i = begin; i < end; ++i) {
      float sum = 0.0f;
      for (std::size_t j = begin; j < end; ++j) {
        sum += cost_at(zones_[order_[j]], zones_[order_[i]].center);
      }
      peak = std::max(peak, sum);
    }
    return peak;
  }

  ZoneParameters parameters_;
  ZoneShape shape_;
  ZoneTable table_;
  OSpaceProfile profile_;
  double area_ = 0.0;

  std::vector<Zone> zones_;
  std::vector<Box> boxes_;
  Box box_;
  std::vector<std::size_t> order_;
  Components components_;
  std::vector<Part> parts_;
  std::vector<OSpace> spaces_;
  std::vector<Vector> corners_;
  std::vector<Vector> members_;
  std::vector<Vector> hull_;
  std::vector<Vector> outlines_;      ///< of all zones
  std::vector<std::size_t> starts_;   ///< where each zone's begins, and the end
  std::vector<Vector> outline_;       ///< of one o-space
  RowSpans spans_;
  std::vector<float> row_;
  std::vector<float> sums_;
};

}  // namespace social_nav_costmap

#endif  // SOCIAL_NAV_COSTMAP__SKEW_NORMAL_FIELD_HPP_
