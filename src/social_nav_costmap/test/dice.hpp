#ifndef DICE_HPP_
#define DICE_HPP_

#include <cmath>
#include <limits>
#include <random>

/// Random values for the stress tests, some of them absurd.
class Dice
{
public:
  explicit Dice(unsigned seed)
  : engine_(seed) {}

  double real(double low, double high)
  {
    return std::uniform_real_distribution<double>(low, high)(engine_);
  }
  int whole(int low, int high) {return std::uniform_int_distribution<int>(low, high)(engine_);}
  bool one_in(int count) {return whole(1, count) == 1;}
  /// Of any size up to the largest.
  double scaled(double largest) {return (one_in(2) ? -1 : 1) * std::pow(10, real(-9, 0)) * largest;}
  /// Now and then one that is no number, or absurd.
  double any(double usual)
  {
    constexpr double kStrange[] = {
      std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
      -std::numeric_limits<double>::infinity(), 1.7e308, 5e-324, -0.0, 1e12, -1.0};
    return one_in(40) ? kStrange[whole(0, 7)] : usual;
  }

private:
  std::mt19937 engine_;
};

#endif  // DICE_HPP_
