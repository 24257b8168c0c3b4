#ifndef SOCIAL_NAV_COSTMAP__SKEW_NORMAL_HPP_
#define SOCIAL_NAV_COSTMAP__SKEW_NORMAL_HPP_

#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace social_nav_costmap
{

constexpr double kPi = 3.14159265358979323846;

struct Vector
{
  double x = 0.0;
  double y = 0.0;
};

inline Vector operator+(Vector a, Vector b) {return {a.x + b.x, a.y + b.y};}
inline Vector operator-(Vector a, Vector b) {return {a.x - b.x, a.y - b.y};}
inline Vector operator*(double s, Vector a) {return {s * a.x, s * a.y};}
inline double dot(Vector a, Vector b) {return a.x * b.x + a.y * b.y;}
inline double cross(Vector a, Vector b) {return a.x * b.y - a.y * b.x;}
inline double norm(Vector a) {return std::hypot(a.x, a.y);}

/// 2 x 2 matrix [[xx, xy], [yx, yy]].
struct Matrix
{
  double xx = 0.0;
  double xy = 0.0;
  double yx = 0.0;
  double yy = 0.0;

  double determinant() const {return xx * yy - xy * yx;}
  double trace() const {return xx + yy;}
  Matrix transposed() const {return {xx, yx, xy, yy};}
  Matrix inverse() const
  {
    const double d = determinant();
    return {yy / d, -xy / d, -yx / d, xx / d};
  }
};

inline Matrix operator+(const Matrix & a, const Matrix & b)
{
  return {a.xx + b.xx, a.xy + b.xy, a.yx + b.yx, a.yy + b.yy};
}
inline Matrix operator*(double s, const Matrix & a)
{
  return {s * a.xx, s * a.xy, s * a.yx, s * a.yy};
}
inline Matrix operator-(const Matrix & a, const Matrix & b) {return a + (-1.0) * b;}
inline Vector operator*(const Matrix & a, Vector v)
{
  return {a.xx * v.x + a.xy * v.y, a.yx * v.x + a.yy * v.y};
}
inline Matrix operator*(const Matrix & a, const Matrix & b)
{
  return {
    a.xx * b.xx + a.xy * b.yx, a.xx * b.xy + a.xy * b.yy,
    a.yx * b.xx + a.yy * b.yx, a.yx * b.xy + a.yy * b.yy};
}
inline Matrix outer(Vector a, Vector b) {return {a.x * b.x, a.x * b.y, a.y * b.x, a.y * b.y};}
inline Matrix identity() {return {1.0, 0.0, 0.0, 1.0};}
inline Matrix rotation(double yaw)
{
  return {std::cos(yaw), -std::sin(yaw), std::sin(yaw), std::cos(yaw)};
}

/// Larger eigenvalue of a symmetric matrix.
inline double largest_eigenvalue(const Matrix & a)
{
  return 0.5 * a.trace() + std::hypot(0.5 * (a.xx - a.yy), a.xy);
}

/// Symmetric square root of a positive definite matrix.
inline Matrix symmetric_root(const Matrix & a)
{
  const double root_det = std::sqrt(a.determinant());
  return (1.0 / std::sqrt(a.trace() + 2.0 * root_det)) * (a + root_det * identity());
}

inline double normal_cdf(double x) {return 0.5 * std::erfc(-x / std::sqrt(2.0));}

/// Bivariate skew normal 2 N2(x; mu, sigma) Phi(lambda' sigma^(-1/2) (x - mu)), (forward, left) [m].
class SkewNormal
{
public:
  SkewNormal(Vector mu, const Matrix & sigma, Vector lambda)
  : mu_(mu)
  {
    for (double value : {mu.x, mu.y, lambda.x, lambda.y, sigma.xx, sigma.xy, sigma.yx, sigma.yy}) {
      if (!std::isfinite(value)) {
        throw std::invalid_argument("mu, sigma or lambda is not finite");
      }
    }
    if (std::abs(sigma.xy - sigma.yx) > 1e-9 * std::abs(sigma.xy) + 1e-12) {
      throw std::invalid_argument("sigma is not symmetric");
    }
    if (!(sigma.xx > 0.0 && sigma.determinant() > 0.0)) {
      throw std::invalid_argument("sigma has an eigenvalue that is not positive");
    }
    const Matrix root = symmetric_root(sigma);
    precision_ = sigma.inverse();
    slope_ = root.inverse() * lambda;
    scale_ = 1.0 / (kPi * std::sqrt(sigma.determinant()));
    const Vector skew = (1.0 / std::sqrt(1.0 + dot(lambda, lambda))) * (root * lambda);
    mean_ = mu + std::sqrt(2.0 / kPi) * skew;
    covariance_ = sigma - (2.0 / kPi) * outer(skew, skew);
    mode_ = find_mode(mu, root, lambda);
  }

  double pdf(Vector point) const
  {
    const Vector d = point - mu_;
    return std::exp(-0.5 * dot(d, precision_ * d)) * normal_cdf(dot(slope_, d)) * scale_;
  }

  Vector mean() const {return mean_;}
  Vector mode() const {return mode_;}
  const Matrix & covariance() const {return covariance_;}

  /// Length [m] over which the density changes: the curvature of its logarithm is nowhere larger
  /// than one over its square.
  double grain() const
  {
    return 1.0 / std::sqrt(largest_eigenvalue(precision_ + outer(slope_, slope_)));
  }

private:
  /// In z = sigma^(-1/2) (x - mu) the mode lies along lambda, at the root t of
  /// t = |lambda| phi(|lambda| t) / Phi(|lambda| t).
  static Vector find_mode(Vector mu, const Matrix & root, Vector lambda)
  {
    const double length = norm(lambda);
    if (length == 0.0) {
      return mu;
    }
    double low = 0.0, high = length, t = 0.0;
    for (int i = 0; i < 80; ++i) {
      t = 0.5 * (low + high);
      const double x = length * t;
      const double pull =
        length * std::exp(-0.5 * x * x) / (std::sqrt(2.0 * kPi) * normal_cdf(x));
      (t < pull ? low : high) = t;
    }
    return mu + root * ((t / length) * lambda);
  }

  Vector mu_;
  Matrix precision_;
  Vector slope_;
  double scale_ = 0.0;
  Vector mean_;
  Matrix covariance_;
  Vector mode_;
};

/// Mixture of skew normals: where people keep out around one person.
class ProxemicsModel
{
public:
  explicit ProxemicsModel(std::vector<std::pair<double, SkewNormal>> weighted_components)
  : parts_(std::move(weighted_components))
  {
    double sum = 0.0;
    for (const auto & [weight, component] : parts_) {
      if (!(weight > 0.0)) {
        throw std::invalid_argument("a weight is not positive");
      }
      sum += weight;
      mean_ = mean_ + weight * component.mean();
    }
    if (!(std::abs(sum - 1.0) < 1e-6)) {
      throw std::invalid_argument(
              "the weights sum to " + std::to_string(sum) + ", expected 1");
    }
    covariance_ = (-1.0) * outer(mean_, mean_);
    grain_ = parts_.front().second.grain();
    for (const auto & [weight, part] : parts_) {
      covariance_ = covariance_ + weight * (part.covariance() + outer(part.mean(), part.mean()));
      grain_ = std::min(grain_, part.grain());
    }
    mode_ = find_mode();
    peak_ = pdf(mode_);
  }

  double pdf(Vector point) const
  {
    double sum = 0.0;
    for (const auto & [weight, component] : parts_) {
      sum += weight * component.pdf(point);
    }
    return sum;
  }

  Vector mean() const {return mean_;}
  Vector mode() const {return mode_;}
  double peak() const {return peak_;}
  double grain() const {return grain_;}
  std::size_t parts() const {return parts_.size();}
  const Matrix & covariance() const {return covariance_;}

private:
  Vector find_mode() const
  {
    if (parts_.size() == 1) {
      return parts_.front().second.mode();
    }
    Vector best = climb(mean_);
    for (const auto & part : parts_) {
      const Vector top = climb(part.second.mode());
      best = pdf(top) > pdf(best) ? top : best;
    }
    return best;
  }

  /// Compass search with steps of 0.1 m that halve down to a micrometre; the place after a thousand
  /// of them counts, since along a steep edge steps are as short as the edge is wide.
  Vector climb(Vector top) const
  {
    double height = pdf(top);
    double step = 0.1;
    for (int steps = 0; steps < 1000 && step > 1e-6; ++steps) {
      Vector best = top;
      for (Vector way : {Vector{1, 0}, Vector{-1, 0}, Vector{0, 1}, Vector{0, -1}}) {
        const Vector next = top + step * way;
        if (pdf(next) > height) {
          best = next;
          height = pdf(next);
        }
      }
      if (best.x == top.x && best.y == top.y) {
        step *= 0.5;
      }
      top = best;
    }
    return top;
  }

  std::vector<std::pair<double, SkewNormal>> parts_;
  Vector mean_;
  Matrix covariance_;
  Vector mode_;
  double peak_ = 0.0;
  double grain_ = 0.0;
};

}  // namespace social_nav_costmap

#endif  // SOCIAL_NAV_COSTMAP__SKEW_NORMAL_HPP_
