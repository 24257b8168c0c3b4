#ifndef SOCIAL_NAV_COSTMAP__RAISE_CELLS_HPP_
#define SOCIAL_NAV_COSTMAP__RAISE_CELLS_HPP_

#include <algorithm>
#include <cstdint>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace social_nav_costmap
{

/// `scale` times a cost, rounded; costs that interpolation brought out of [0, 1] are those
/// limits, and what is not a number is 0.
inline std::uint8_t scaled_cost(float cost, float scale)
{
  return static_cast<std::uint8_t>(std::max(0.0f, std::min(cost * scale, scale)) + 0.5f);
}

/// Raise cells to `scale` times their costs, rounded; what is higher stays. Scale is at most 255.
inline void raise_cells(std::uint8_t * cell, const float * costs, int count, float scale)
{
#ifdef __SSE2__
  if (count >= 16) {
    const __m128 factor = _mm_set1_ps(scale), half = _mm_set1_ps(0.5f);
    const auto four = [&](const float * from) {
        const __m128 scaled = _mm_min_ps(factor, _mm_mul_ps(_mm_loadu_ps(from), factor));
        return _mm_cvttps_epi32(_mm_add_ps(scaled, half));
      };
    for (int k = 0; k < count; k += 16) {
      const int at = std::min(k, count - 16);  // the last sixteen may overlap those before
      const __m128i low = _mm_packs_epi32(four(costs + at), four(costs + at + 4));
      const __m128i high = _mm_packs_epi32(four(costs + at + 8), four(costs + at + 12));
      auto * const place = reinterpret_cast<__m128i *>(cell + at);
      const __m128i raised = _mm_packus_epi16(low, high);
      _mm_storeu_si128(place, _mm_max_epu8(raised, _mm_loadu_si128(place)));
    }
    return;
  }
#endif
  for (int k = 0; k < count; ++k) {
    cell[k] = std::max(cell[k], scaled_cost(costs[k], scale));
  }
}

}  // namespace social_nav_costmap

#endif  // SOCIAL_NAV_COSTMAP__RAISE_CELLS_HPP_
