#ifndef SOCIAL_NAV_COSTMAP__ZONE_HPP_
#define SOCIAL_NAV_COSTMAP__ZONE_HPP_

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "social_nav_costmap/convex_hull.hpp"
#include "social_nav_costmap/skew_normal.hpp"

namespace social_nav_costmap
{

enum class Combination {max, sum, mixture};

/// Factors of one label value.
struct LabelFactors
{
  double amplitude = 1.0;
  double size = 1.0;
  double opening = 0.0;
};

/// How people become costs; same names, meanings and defaults as the Python side's
/// SocialZoneParameters.
struct ZoneParameters
{
  double size = 1.6;
  double cutoff = 0.01;
  Combination combination = Combination::max;
  double horizon = 1.25;
  double drift = 0.4;
  double extension_max = 2.0;
  double position_std_max = 0.5;
  double o_space_amplitude = 1.0;
  double o_space_sigma = 0.35;
  double group_span = 3.0;
  double corridor_start = 0.45;
  double corridor_full = 0.8;
  double corridor_width = 0.4;
  LabelFactors intent_interacting{1.0, 1.0, 1.0};
  LabelFactors intent_interested{1.0, 1.0, 0.5};
  LabelFactors intent_not_interested{1.0, 1.0, 0.0};
  LabelFactors attitude_positive{1.0, 1.0, 1.0};
  LabelFactors attitude_negative{1.0, 1.4, 0.3};
  LabelFactors attitude_not_interacting{1.0, 1.0, 1.0};
};

/// One person at one instant, in the frame that the holder states.
struct Person
{
  Vector position;                                      ///< [m]
  double yaw = 0.0;                                     ///< of the chest, never the velocity's
  Vector velocity;                                      ///< [m/s]
  Matrix position_covariance;                           ///< [m^2]
  double yaw_variance = 0.0;                            ///< [rad^2], above pi^2: unknown
  std::array<double, 4> intent{{1.0, 0.0, 0.0, 0.0}};   ///< indexed as in social_nav_msgs
  std::array<double, 4> attitude{{1.0, 0.0, 0.0, 0.0}};
  double confidence = 1.0;                              ///< [0, 1]
  int group = 0;                                        ///< number of the group, 0 when alone
};

/// Why a person cannot be used, in words for a log line; empty when all is well.
inline std::string defect_of(const Person & person)
{
  const Matrix & c = person.position_covariance;
  if (!std::isfinite(person.position.x + person.position.y + person.yaw)) {
    return "its pose is not finite";
  }
  if (!std::isfinite(person.velocity.x + person.velocity.y)) {
    return "its velocity is not finite";
  }
  if (!std::isfinite(c.xx + c.xy + c.yx + c.yy + person.yaw_variance)) {
    return "its covariance is not finite";
  }
  constexpr double farthest = 1e7, fastest = 100.0, widest = 1e12;  // [m], [m/s], [m^2]
  if (std::max(std::abs(person.position.x), std::abs(person.position.y)) > farthest ||
    norm(person.velocity) > fastest || std::max(std::abs(c.xx), std::abs(c.yy)) > widest)
  {
    return "its pose, velocity or covariance is too large to be real";
  }
  const Matrix symmetric = 0.5 * (c + c.transposed());
  if (symmetric.trace() - largest_eigenvalue(symmetric) < -1e-6 || person.yaw_variance < -1e-6) {
    return "its covariance is negative";
  }
  if (!(person.confidence >= 0.0 && person.confidence <= 1.0)) {
    return "its confidence is " + std::to_string(person.confidence) + ", expected 0 to 1";
  }
  for (const auto * label : {&person.intent, &person.attitude}) {
    double sum = 0.0;
    bool negative = false;
    for (double share : *label) {
      sum += share;
      negative = negative || !(share >= 0.0);
    }
    if (negative || !(std::abs(sum - 1.0) <= 1e-3)) {
      return "its label probabilities sum to " + std::to_string(sum) + ", expected 1";
    }
  }
  return {};
}

/// Expectation of the label table over a person's probabilities; UNKNOWN is the plain zone.
/// Probabilities whose sum is off 1 by rounding are normalised.
inline LabelFactors label_factors(const Person & person, const ZoneParameters & parameters)
{
  const auto & i = person.intent;
  const auto & a = person.attitude;
  const LabelFactors & i1 = parameters.intent_interacting;
  const LabelFactors & i2 = parameters.intent_interested;
  const LabelFactors & i3 = parameters.intent_not_interested;
  const LabelFactors & a1 = parameters.attitude_positive;
  const LabelFactors & a2 = parameters.attitude_negative;
  const LabelFactors & a3 = parameters.attitude_not_interacting;
  const double whole = (i[0] + i[1] + i[2] + i[3]) * (a[0] + a[1] + a[2] + a[3]);
  return {
    (i[0] + i[1] * i1.amplitude + i[2] * i2.amplitude + i[3] * i3.amplitude) *
    (a[0] + a[1] * a1.amplitude + a[2] * a2.amplitude + a[3] * a3.amplitude) / whole,
    (i[0] + i[1] * i1.size + i[2] * i2.size + i[3] * i3.size) *
    (a[0] + a[1] * a1.size + a[2] * a2.size + a[3] * a3.size) / whole,
    (i[1] * i1.opening + i[2] * i2.opening + i[3] * i3.opening) *
    (a[0] + a[1] * a1.opening + a[2] * a2.opening + a[3] * a3.opening) / whole};
}

constexpr int kDirections = 64;

/// The shape that all zones share: the model enlarged about its mode, in the person's frame.
struct ZoneShape
{
  ZoneShape(const ProxemicsModel & model, double size, double cutoff)
  : mode(model.mode()), mean(model.mode() + size * (model.mean() - model.mode())),
    covariance(size * size * model.covariance())
  {
    constexpr int kRays = 2 * kDirections;  // parts of a mixture may lie between two directions
    std::vector<Vector> ends, hull;
    for (int k = 0; k < kRays; ++k) {
      const double angle = 2.0 * kPi * k / kRays;
      const Vector direction{std::cos(angle), std::sin(angle)};
      ends.push_back(reach(model, direction, size, cutoff) * direction);
      if (k % 2 == 0) {
        contour[k / 2] = ends.back();
      }
      if (k % 4 == 0) {
        circle.push_back(ends.front().x * direction);
      }
    }
    convex_hull(ends, hull);
    outline = thinned(thinned(hull, 0.005), 0.005);
  }

  Vector mode;        ///< [m], the model's
  Vector mean;        ///< [m] of the enlarged model
  Matrix covariance;  ///< [m^2] of the enlarged model
  std::array<Vector, kDirections> contour;  ///< offsets from the mode where the zone ends [m]
  std::vector<Vector> outline;  ///< corners of the contour's convex hull: parts may lie apart [m]
  std::vector<Vector> circle;   ///< the same for an unknown heading [m]

private:
  /// Where a ray from the mode leaves the zone for the last time [m].
  double reach(
    const ProxemicsModel & model, Vector direction, double size, double cutoff) const
  {
    constexpr double farthest = 20.0, step = 0.02;  // [m]
    const auto inside = [&](double radius) {
        return model.pdf(mode + (radius / size) * direction) > cutoff * model.peak();
      };
    int steps = static_cast<int>(farthest / step) - 1;
    while (steps > 0 && !inside(steps * step)) {
      --steps;
    }
    double low = steps * step, high = low + step;
    for (int i = 0; i < 40; ++i) {
      const double middle = 0.5 * (low + high);
      (inside(middle) ? low : high) = middle;
    }
    return low;
  }
};

/// Covariance of the model turned about the body by a normal angle: with M = covariance + mean
/// mean' split into I tr(M)/2 and the rest D, it is I tr(M)/2 + exp(-2 v) D - exp(-v) mean mean'.
inline Matrix turned_covariance(Vector mean, const Matrix & covariance, double yaw_variance)
{
  const Matrix second = covariance + outer(mean, mean);
  const Matrix round = 0.5 * second.trace() * identity();
  return round + std::exp(-2.0 * yaw_variance) * (second - round) -
         std::exp(-yaw_variance) * outer(mean, mean);
}

/// Symmetric W with W source W = target: the geometric mean of source^-1 and target.
inline Matrix transport(const Matrix & source, const Matrix & target)
{
  const Matrix inverse = source.inverse();
  const double a = std::sqrt(inverse.determinant());
  const double b = std::sqrt(target.determinant());
  const Matrix sum = (1.0 / a) * inverse + (1.0 / b) * target;
  return std::sqrt(a * b / sum.determinant()) * sum;
}

/// One person's zone: d = x - center is first drawn back along the motion,
/// e = d - stretch max(0, direction . d) direction, then brought to the model, u = to_model e.
struct Zone
{
  Vector position;
  Vector center;
  Matrix to_model;
  Matrix from_model;
  Vector direction;
  double stretch = 0.0;
  double amplitude = 0.0;
  double opening = 0.0;
  double confidence = 0.0;
  bool isotropic = false;
  int group = 0;
};

/// Covariance along the body's axes of where the person is, and of who may leave the way by
/// `drift` times the speed to every side; together scaled down to the limit.
inline Matrix covariance_in_person(const Person & person, const ZoneParameters & parameters)
{
  const double std_max = parameters.position_std_max;
  const double strayed = std::min(norm(person.velocity) * parameters.drift, std_max);
  const Matrix & given = person.position_covariance;
  const Matrix covariance =
    0.5 * (given + given.transposed()) + (strayed * strayed) * identity();
  const double largest = largest_eigenvalue(covariance);
  if (largest <= 0.0) {
    return {};
  }
  const Matrix turn = rotation(-person.yaw);
  return std::min(1.0, std_max * std_max / largest) * (turn * covariance * turn.transposed());
}

inline Zone zone_of(
  const Person & person, const ZoneShape & shape, const ZoneParameters & parameters)
{
  const LabelFactors factors = label_factors(person, parameters);
  const Matrix position = covariance_in_person(person, parameters);
  Zone zone;
  zone.position = zone.center = person.position;
  zone.amplitude = person.confidence * factors.amplitude;
  zone.confidence = person.confidence;
  zone.group = person.group;
  zone.isotropic = person.yaw_variance > kPi * kPi;
  if (zone.isotropic) {
    const double widening = std::sqrt(1.0 + 0.5 * position.trace() / shape.covariance.xx);
    zone.to_model = (1.0 / (factors.size * widening)) * identity();
  } else {
    const Matrix target =
      turned_covariance(shape.mean, shape.covariance, std::max(person.yaw_variance, 0.0)) +
      position;
    const Matrix narrow = transport(target, shape.covariance);
    zone.to_model = (1.0 / factors.size) * (narrow * rotation(-person.yaw));
    zone.center = person.position + rotation(person.yaw) * shape.mode;
    zone.opening = factors.opening;
  }
  zone.from_model = zone.to_model.inverse();

  const double speed = norm(person.velocity);
  const double extension = std::min(speed * parameters.horizon, parameters.extension_max);
  if (extension > 0.0) {
    zone.direction = {person.velocity.x / speed, person.velocity.y / speed};  // not 1 / speed: inf
    const Vector along = zone.from_model.transposed() * zone.direction;
    double reach = shape.contour[0].x * norm(along);
    if (!zone.isotropic) {
      reach = 0.0;
      for (const Vector & offset : shape.contour) {
        reach = std::max(reach, dot(along, offset));
      }
    }
    zone.stretch = extension / (extension + reach);
  }
  return zone;
}

}  // namespace social_nav_costmap

#endif  // SOCIAL_NAV_COSTMAP__ZONE_HPP_
