#ifndef SOCIAL_NAV_COSTMAP__ZONE_TABLE_HPP_
#define SOCIAL_NAV_COSTMAP__ZONE_TABLE_HPP_

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "social_nav_costmap/raster.hpp"
#include "social_nav_costmap/zone.hpp"

namespace social_nav_costmap
{

/// The normalised zone as a table of tangent planes over offsets from the mode.
///
/// With b = pdf / peak of the enlarged model the zone is max(0, z), z = (b - cutoff) / (1 - cutoff);
/// the tables hold z and z times the open corridor s(f) exp(-l^2 / (2 width^2)), and what comes of
/// both is raised to 0 where it is used.  A look-up reads one plane of each and is off by less
/// than 0.002 of the peak: squares are a tenth of the enlarged model's grain wide, less in a
/// mixture, whose parts may bend in all directions, or of the corridor's width or way of opening.
/// No more than kMostSquares lie along a zone, fewer of many components: where a model is steeper
/// than that, its edge is as wide as a square.
class ZoneTable
{
public:
  static constexpr int kSlack = 3;
  static constexpr double kMostSquares = 1000.0;
  static constexpr double kMostValues = 1e7;  // of components, in all squares together

  ZoneTable(const ProxemicsModel & model, const ZoneShape & shape, const ZoneParameters & p)
  {
    Box box;
    for (const Vector & offset : shape.contour) {
      box.add(1.03 * offset);
    }
    const double longest = std::max(box.max_x - box.min_x, box.max_y - box.min_y);
    const double parts = static_cast<double>(model.parts());
    const double square = std::max(
      longest / std::min(kMostSquares, std::sqrt(kMostValues / parts)),
      (parts > 1.0 ? 0.07 : 0.1) * std::min(
        {p.size * model.grain(), p.corridor_full - p.corridor_start, p.corridor_width}));
    per_metre_ = static_cast<float>(1.0 / square);
    forward0_ = static_cast<float>(box.min_x - 2.0 * square);
    left0_ = static_cast<float>(box.min_y - 2.0 * square);
    columns_ = static_cast<int>((box.max_x - box.min_x) / square) + 5;
    rows_ = static_cast<int>((box.max_y - box.min_y) / square) + 5;
    const auto zone = [&](double column, double row) {
        const Vector offset{forward0_ + column * square, left0_ + row * square};
        const double b = model.pdf(shape.mode + (1.0 / p.size) * offset) / model.peak();
        return (b - p.cutoff) / (1.0 - p.cutoff);
      };
    const auto opening = [&](double column, double row) {
        const double f = shape.mode.x + forward0_ + column * square;
        const double l = (shape.mode.y + left0_ + row * square) / p.corridor_width;
        const double t = std::clamp(
          (f - p.corridor_start) / (p.corridor_full - p.corridor_start), 0.0, 1.0);
        return t * t * (3.0 - 2.0 * t) * std::exp(-0.5 * l * l);
      };
    std::vector<double> corners;
    for (int row = 0; row <= rows_; ++row) {
      for (int column = 0; column <= columns_; ++column) {
        corners.push_back(zone(column, row));
      }
    }
    for (int row = 0; row < rows_; ++row) {
      for (int column = 0; column < columns_; ++column) {
        const double * const near = corners.data() + row * (columns_ + 1) + column;
        const double * const next = near + columns_ + 1;
        const Square all{near[0], near[1], next[0], next[1], zone(column + 0.5, row + 0.5)};
        plain_.push_back(plane(all, column, row));
        corridor_.push_back(
          plane(
            {all.a * opening(column, row), all.b * opening(column + 1, row),
              all.c * opening(column, row + 1), all.d * opening(column + 1, row + 1),
              all.middle * opening(column + 0.5, row + 0.5)}, column, row));
      }
    }
  }

  /// Cost at an offset from the mode [m], anywhere.
  float at(Vector offset, float opening, bool isotropic) const
  {
    if (isotropic) {
      offset = {norm(offset), 0.0};
    }
    const float f = (static_cast<float>(offset.x) - forward0_) * per_metre_;
    const float l = (static_cast<float>(offset.y) - left0_) * per_metre_;
    if (!(f >= 0.0f && l >= 0.0f && f < columns_ && l < rows_)) {
      return 0.0f;
    }
    return std::max(
      0.0f, look_up(plain_.data(), f, l) - opening * look_up(corridor_.data(), f, l));
  }

  /// Costs, times the amplitude, of `count` cells in a row; the first has the offset `first` from
  /// the mode, each next one is a `step` further.  `costs` needs room for kSlack more.
  void along(
    Vector first, Vector step, int count, float amplitude, float opening, bool isotropic,
    float * costs) const
  {
    if (isotropic) {
      for (int k = 0; k < count; ++k) {
        costs[k] = amplitude * at(first + static_cast<double>(k) * step, 0.0f, true);
      }
      return;
    }
    const float f0 = (static_cast<float>(first.x) - forward0_) * per_metre_;
    const float l0 = (static_cast<float>(first.y) - left0_) * per_metre_;
    const float df = static_cast<float>(step.x) * per_metre_;
    const float dl = static_cast<float>(step.y) * per_metre_;
    const Line line{f0, l0, df, dl};
    if (opening > 0.0f) {
      add_along<true, false>(plain_.data(), line, count, amplitude, costs);
      add_along<false, true>(corridor_.data(), line, count, -amplitude * opening, costs);
    } else {
      add_along<true, true>(plain_.data(), line, count, amplitude, costs);
    }
  }

  std::size_t size() const {return plain_.size();}

private:
  struct alignas (16) Plane  ///< value + forward * f + left * l, f and l in squares
  {
    float value;
    float forward;
    float left;
    float unused;
  };

  struct Line  ///< places (f0 + k df, l0 + k dl) in squares
  {
    float f0;
    float l0;
    float df;
    float dl;
  };

  struct Square  ///< values at the corners, b forward of a and c left of it, and in the middle
  {
    double a, b, c, d, middle;
  };

  /// Plane of a square: the mean slopes of its edges, half way between centre and corners.
  static Plane plane(const Square & s, int column, int row)
  {
    const double middle = 0.5 * (s.middle + 0.25 * (s.a + s.b + s.c + s.d));
    const double forward = 0.5 * (s.b - s.a + s.d - s.c), left = 0.5 * (s.c - s.a + s.d - s.b);
    return {
      static_cast<float>(middle - forward * (column + 0.5) - left * (row + 0.5)),
      static_cast<float>(forward), static_cast<float>(left), 0.0f};
  }

  float look_up(const Plane * planes, float f, float l) const
  {
    const Plane & p = planes[static_cast<int>(l) * columns_ + static_cast<int>(f)];
    return p.value + p.forward * f + p.left * l;
  }

  /// Set costs to, or add to them, `factor` times the planes along a line, and raise them to 0 at
  /// last; four cells at a time where the processor has the instructions, so up to three more than
  /// `count` are written.
  template<bool kSet, bool kLast>
  void add_along(const Plane * planes, Line line, int count, float factor, float * costs) const
  {
#ifdef __SSE2__
    const __m128 lanes = _mm_setr_ps(0.0f, 1.0f, 2.0f, 3.0f), zero = _mm_setzero_ps();
    const __m128 columns = _mm_set1_ps(static_cast<float>(columns_));
    const __m128 last_f = _mm_set1_ps(static_cast<float>(columns_ - 1));
    const __m128 last_l = _mm_set1_ps(static_cast<float>(rows_ - 1));
    const __m128 scale = _mm_set1_ps(factor);
    const __m128 df = _mm_set1_ps(4.0f * line.df), dl = _mm_set1_ps(4.0f * line.dl);
    __m128 next_f = _mm_add_ps(_mm_set1_ps(line.f0), _mm_mul_ps(lanes, _mm_set1_ps(line.df)));
    __m128 next_l = _mm_add_ps(_mm_set1_ps(line.l0), _mm_mul_ps(lanes, _mm_set1_ps(line.dl)));
    for (int k = 0; k < count; k += 4) {
      const __m128 f = _mm_min_ps(_mm_max_ps(next_f, zero), last_f);
      const __m128 l = _mm_min_ps(_mm_max_ps(next_l, zero), last_l);
      const __m128 row = _mm_cvtepi32_ps(_mm_cvttps_epi32(l));
      const __m128i at = _mm_cvttps_epi32(_mm_add_ps(_mm_mul_ps(row, columns), f));
      const auto low = static_cast<std::uint64_t>(_mm_cvtsi128_si64(at));
      const auto high = static_cast<std::uint64_t>(_mm_cvtsi128_si64(_mm_unpackhi_epi64(at, at)));
      __m128 value = _mm_load_ps(&planes[low & 0xffffffffu].value);
      __m128 forward = _mm_load_ps(&planes[low >> 32].value);
      __m128 left = _mm_load_ps(&planes[high & 0xffffffffu].value);
      __m128 unused = _mm_load_ps(&planes[high >> 32].value);
      _MM_TRANSPOSE4_PS(value, forward, left, unused);
      value = _mm_add_ps(value, _mm_add_ps(_mm_mul_ps(forward, f), _mm_mul_ps(left, l)));
      value = _mm_mul_ps(value, scale);
      const __m128 sum = kSet ? value : _mm_add_ps(value, _mm_loadu_ps(costs + k));
      _mm_storeu_ps(costs + k, kLast ? _mm_max_ps(sum, zero) : sum);
      next_f = _mm_add_ps(next_f, df);
      next_l = _mm_add_ps(next_l, dl);
    }
#else
    for (int k = 0; k < count; ++k) {
      const float at_k = static_cast<float>(k);
      const float f = std::clamp(line.f0 + at_k * line.df, 0.0f, columns_ - 1.0f);
      const float l = std::clamp(line.l0 + at_k * line.dl, 0.0f, rows_ - 1.0f);
      const float cost = factor * look_up(planes, f, l);
      const float sum = kSet ? cost : costs[k] + cost;
      costs[k] = kLast ? std::max(0.0f, sum) : sum;
    }
#endif
  }

  float per_metre_ = 1.0f;
  float forward0_ = 0.0f;
  float left0_ = 0.0f;
  int columns_ = 0;
  int rows_ = 0;
  std::vector<Plane> plain_;
  std::vector<Plane> corridor_;
};

}  // namespace social_nav_costmap

#endif  // SOCIAL_NAV_COSTMAP__ZONE_TABLE_HPP_
