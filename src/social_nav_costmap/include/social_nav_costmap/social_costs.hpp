#ifndef SOCIAL_NAV_COSTMAP__SOCIAL_COSTS_HPP_
#define SOCIAL_NAV_COSTMAP__SOCIAL_COSTS_HPP_

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "social_nav_costmap/raise_cells.hpp"
#include "social_nav_costmap/skew_normal_field.hpp"

namespace social_nav_costmap
{

constexpr double kUsualSecondsPerArea = 2e-6;  // of a square metre of zones, before any was drawn
constexpr std::uint8_t kUnknownCost = 255;  // nav2_costmap_2d::NO_INFORMATION

/// A person in the costmap's frame and when it was last measured [ns].
struct Sighting
{
  Person person;
  std::int64_t last_seen = 0;
};

struct CostParameters
{
  bool enabled = true;
  bool overwrite_unknown = false;  ///< raise cells without information, too
  int max_cost = 240;              ///< cost at a person's peak, below INSCRIBED (253)
  double timeout = 2.0;            ///< people not seen for longer are dropped [s]
  double future_tolerance = 0.5;   ///< people seen later than now by more are left out [s]
  double time_budget = 5.0;        ///< for one update [ms]; the nearest people come first
};

/// What the layer did since it was last asked.
struct Statistics
{
  std::size_t updates = 0;
  double mean_ms = 0.0;
  double max_ms = 0.0;
  std::size_t people = 0;     ///< drawn in the last update
  std::size_t stale = 0;      ///< not drawn in it: too old, or in the future
  std::size_t over_budget = 0;  ///< not drawn in it: too far away for the time budget
};

/// Costs of the social layer alone, 0 to 100, on the cells [x0, x0 + width) x [y0, y0 + height).
struct OwnGrid
{
  int x0 = 0;
  int y0 = 0;
  int width = 0;
  int height = 0;
  std::vector<std::int8_t> costs;
};

/// Everything that the layer does between messages and cells; all members may be called from any
/// thread.  What is set takes effect at the next update_bounds, so that an update_costs never
/// draws outside of the bounds that were announced.
class SocialCosts
{
public:
  using Seconds = double (*)();  ///< a clock that only grows

  explicit SocialCosts(Seconds seconds = steady_seconds)
  : seconds_(seconds) {}

  void set_field(std::unique_ptr<SkewNormalField> field)
  {
    std::lock_guard<std::mutex> lock(mutex_);
    next_field_ = std::move(field);
  }

  void set_parameters(const CostParameters & parameters)
  {
    std::lock_guard<std::mutex> lock(mutex_);
    parameters_ = parameters;
  }

  /// Replace all people; the old list is handed back in the argument, for its memory.
  void set_people(std::vector<Sighting> & people)
  {
    std::lock_guard<std::mutex> lock(mutex_);
    people_.swap(people);
  }

  void forget()
  {
    std::lock_guard<std::mutex> lock(mutex_);
    people_.clear();
  }

  /// Choose whom to draw now [ns] and return the area that changes: the one drawn by the update
  /// before and the new one [m].  Empty when neither has any people.
  Box update_bounds(std::int64_t now, Vector robot)
  {
    std::lock_guard<std::mutex> lock(mutex_);
    const double start = seconds_();
    if (next_field_) {
      field_ = std::move(next_field_);
    }
    drawing_ = parameters_;
    choose(now, robot);
    Box changed = drawn_;
    drawn_ = Box();
    if (field_) {
      const double limit = 1e-3 * drawing_.time_budget / seconds_per_area_;
      const std::size_t taken = field_->set_people(chosen_, limit);
      statistics_.over_budget = chosen_.size() - taken;
      statistics_.people = taken;
      drawn_ = field_->box();
    }
    changed.add(drawn_);
    bounds_seconds_ = seconds_() - start;
    return changed;
  }

  /// Raise the cells of the window; `cells` is the whole map, `width` cells wide.
  void update_costs(unsigned char * cells, int width, const Window & window)
  {
    std::lock_guard<std::mutex> lock(mutex_);
    const double start = seconds_();
    if (field_ && statistics_.people > 0) {
      const float scale = static_cast<float>(drawing_.max_cost);
      const bool unknown = drawing_.overwrite_unknown;
      field_->draw(
        window, [=](int row, int begin, int count, const float * costs) {
          unsigned char * const cell = cells + static_cast<std::ptrdiff_t>(row) * width + begin;
          raise(cell, costs, count, scale, unknown);
        });
    }
    note(seconds_() - start);
  }

  /// The layer's own costs inside a map, for display; false when there are none.
  bool own_costs(const Window & map, OwnGrid & grid)
  {
    std::lock_guard<std::mutex> lock(mutex_);
    grid.costs.clear();
    grid.x0 = map.first_column(drawn_.min_x);
    grid.y0 = map.first_row(drawn_.min_y);
    grid.width = map.first_column(drawn_.max_x) - grid.x0;
    grid.height = map.first_row(drawn_.max_y) - grid.y0;
    if (!field_ || drawn_.empty() || grid.width <= 0 || grid.height <= 0) {
      return false;
    }
    grid.costs.assign(
      static_cast<std::size_t>(grid.width) * static_cast<std::size_t>(grid.height), 0);
    Window window = map;
    window.x0 = grid.x0;
    window.y0 = grid.y0;
    window.xn = grid.x0 + grid.width;
    window.yn = grid.y0 + grid.height;
    field_->draw(
      window, [&grid](int row, int begin, int count, const float * costs) {
        std::int8_t * const cell = grid.costs.data() +
        static_cast<std::ptrdiff_t>(row - grid.y0) * grid.width + (begin - grid.x0);
        for (int k = 0; k < count; ++k) {
          cell[k] = std::max(cell[k], static_cast<std::int8_t>(scaled_cost(costs[k], 100.0f)));
        }
      });
    return true;
  }

  bool enabled()
  {
    std::lock_guard<std::mutex> lock(mutex_);
    return drawing_.enabled;
  }

  /// What was done since the last call.
  Statistics take_statistics()
  {
    std::lock_guard<std::mutex> lock(mutex_);
    Statistics taken = statistics_;
    taken.mean_ms = taken.updates > 0 ? total_ms_ / static_cast<double>(taken.updates) : 0.0;
    statistics_.updates = 0;
    statistics_.max_ms = 0.0;
    total_ms_ = 0.0;
    return taken;
  }

  static double steady_seconds()
  {
    return std::chrono::duration<double>(
      std::chrono::steady_clock::now().time_since_epoch()).count();
  }

private:
  /// People fresh enough to draw, the nearest to the robot first.
  void choose(std::int64_t now, Vector robot)
  {
    chosen_.clear();
    statistics_.stale = statistics_.people = statistics_.over_budget = 0;
    if (!drawing_.enabled) {
      return;
    }
    for (const Sighting & sighting : people_) {
      const double age = 1e-9 * static_cast<double>(now - sighting.last_seen);
      if (age <= drawing_.timeout && age >= -drawing_.future_tolerance) {
        chosen_.push_back(sighting.person);
      } else {
        ++statistics_.stale;
      }
    }
    std::sort(
      chosen_.begin(), chosen_.end(), [robot](const Person & a, const Person & b) {
        const Vector to_a = a.position - robot, to_b = b.position - robot;
        return dot(to_a, to_a) < dot(to_b, to_b);
      });
  }

  static void raise(
    unsigned char * cell, const float * costs, int count, float scale, bool unknown)
  {
    if (!unknown) {  // kUnknownCost is the largest value and stays
      raise_cells(cell, costs, count, scale);
      return;
    }
    for (int k = 0; k < count; ++k) {
      const unsigned char cost = scaled_cost(costs[k], scale);
      if (cost > 0 && (cell[k] == kUnknownCost || cell[k] < cost)) {
        cell[k] = cost;
      }
    }
  }

  /// Learn the speed of this machine from the quickest of the last updates: one that was held up
  /// by other work says nothing about the next.
  void note(double draw_seconds)
  {
    const double ms = 1e3 * (bounds_seconds_ + draw_seconds);
    ++statistics_.updates;
    statistics_.max_ms = std::max(statistics_.max_ms, ms);
    total_ms_ += ms;
    double area = 0.0;
    if (field_) {
      for (const Zone & zone : field_->zones()) {
        area += field_->area_of(zone);
      }
    }
    if (area > 0.0) {
      recent_[noted_++ % recent_.size()] = 1e-3 * ms / area;
      const double least = *std::min_element(recent_.begin(), recent_.end());
      seconds_per_area_ += 0.2 * (least - seconds_per_area_);
    }
  }

  const Seconds seconds_;
  std::mutex mutex_;
  std::unique_ptr<SkewNormalField> field_;
  std::unique_ptr<SkewNormalField> next_field_;
  CostParameters parameters_;
  CostParameters drawing_;
  std::vector<Sighting> people_;
  std::vector<Person> chosen_;
  Box drawn_;
  Statistics statistics_;
  double total_ms_ = 0.0;
  double bounds_seconds_ = 0.0;
  double seconds_per_area_ = kUsualSecondsPerArea;
  std::size_t noted_ = 0;
  std::array<double, 3> recent_{{kUsualSecondsPerArea, kUsualSecondsPerArea, kUsualSecondsPerArea}};
};

}  // namespace social_nav_costmap

#endif  // SOCIAL_NAV_COSTMAP__SOCIAL_COSTS_HPP_
