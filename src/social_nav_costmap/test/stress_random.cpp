// stress_random SECONDS SEED: random people, parameters and resets at once, for as long as asked.
// Built with Address- and UndefinedBehaviorSanitizer, or with ThreadSanitizer; the checks here hold
// for any build: costs are numbers in range, cells are only raised, nothing is drawn outside of the
// announced bounds.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "dice.hpp"
#include "social_nav_costmap/inbox.hpp"
#include "social_nav_costmap/settings.hpp"
#include "social_nav_costmap/social_costs.hpp"

using namespace social_nav_costmap;  // NOLINT(build/namespaces)

namespace
{

constexpr std::uint8_t kLethal = 254;

Person random_person(Dice & dice)
{
  Person person;
  const double span = dice.one_in(10) ? 1e7 : 4.0;
  person.position = {dice.any(dice.real(-span, span)), dice.any(dice.real(-span, span))};
  person.yaw = dice.any(dice.scaled(10.0));
  person.velocity = {dice.any(dice.scaled(70.0)), dice.any(dice.scaled(70.0))};
  const double xx = std::abs(dice.scaled(dice.one_in(10) ? 1e12 : 1.0));
  const double yy = std::abs(dice.scaled(dice.one_in(10) ? 1e12 : 1.0));
  const double xy = dice.real(-1.0, 1.0) * std::sqrt(xx * yy);
  person.position_covariance = {dice.any(xx), xy, xy, yy};
  person.yaw_variance = dice.any(std::abs(dice.scaled(100.0)));
  for (auto * label : {&person.intent, &person.attitude}) {
    const double share = dice.any(dice.real(0.0, 1.0));
    *label = {0.0, 0.0, 0.0, 0.0};
    (*label)[static_cast<std::size_t>(dice.whole(0, 3))] += share;
    (*label)[static_cast<std::size_t>(dice.whole(0, 3))] += 1.0 - share;
  }
  person.confidence = dice.any(dice.real(0.0, 1.0));
  person.group = dice.whole(0, 5);
  return person;
}

ProxemicsModel random_model(Dice & dice)
{
  const int count = dice.whole(1, 3);
  std::vector<std::pair<double, SkewNormal>> parts;
  for (int i = 0; i < count; ++i) {
    const double a = dice.real(0.02, 0.8), b = dice.real(0.02, 0.8);
    const double c = dice.real(-0.5, 0.5) * std::sqrt(a * b);
    parts.emplace_back(
      1.0 / count, SkewNormal(
        {dice.real(-0.5, 0.5), dice.real(-0.5, 0.5)}, {a, c, c, b},
        {dice.real(-3.0, 3.0), dice.real(-3.0, 3.0)}));
  }
  return ProxemicsModel(std::move(parts));
}

/// Some settings are drawn anew; values out of range are refused and change nothing.
Settings random_settings(Dice & dice)
{
  Settings settings;
  for (const Setting & setting : all_settings()) {
    if (!dice.one_in(3)) {
      continue;
    }
    const double value = dice.any(dice.real(setting.low - 0.05, setting.high + 0.05));
    if (setting.place.index() == 0) {
      setting.set(settings, dice.one_in(2));
    } else if (setting.place.index() == 1) {
      setting.set(settings, dice.whole(-1, 300));
    } else if (setting.place.index() == 2) {
      setting.set(settings, value);
    } else if (!setting.choices.empty()) {
      const int last = static_cast<int>(setting.choices.size()) - 1;
      setting.set(settings, setting.choices[static_cast<std::size_t>(dice.whole(0, last))]);
    }
  }
  settings.zones.combination = combination_of(settings.combination);
  return settings;
}

/// One window of a map, drawn and checked; returns what is wrong, empty when nothing is.
class Map
{
public:
  std::string update(SocialCosts & costs, Dice & dice)
  {
    window_.resolution = dice.one_in(5) ? dice.real(0.02, 0.5) : 0.1;
    window_.origin = {dice.real(-6.0, 0.0), dice.real(-6.0, 0.0)};
    window_.xn = window_.yn = kSize;
    window_.x0 = window_.y0 = 0;
    before_.resize(kSize * kSize);
    for (unsigned char & cell : before_) {
      cell = dice.one_in(9) ? static_cast<unsigned char>(dice.whole(0, 255)) : 0;
    }
    cells_ = before_;
    const Box changed = costs.update_bounds(0, {dice.real(-5.0, 5.0), 0.0});
    costs.update_costs(cells_.data(), kSize, window_);
    if (costs.own_costs(window_, own_)) {
      for (const std::int8_t cost : own_.costs) {
        if (cost < 0 || cost > 100) {
          return "a cost of its own is " + std::to_string(cost);
        }
      }
    }
    return fault(changed);
  }

private:
  std::string fault(const Box & changed) const
  {
    for (int row = 0; row < kSize; ++row) {
      for (int column = 0; column < kSize; ++column) {
        const auto i = static_cast<std::size_t>(row * kSize + column);
        const unsigned char now = cells_[i], then = before_[i];
        if (now == then) {
          continue;
        }
        const Vector at = window_.center(column, row);
        const bool inside = at.x >= changed.min_x && at.x <= changed.max_x &&
          at.y >= changed.min_y && at.y <= changed.max_y;
        if (!inside || now > 252 || (now < then && then != kUnknownCost) || then == kLethal) {
          return "a cell went from " + std::to_string(then) + " to " + std::to_string(now) +
                 (inside ? "" : " outside of the bounds");
        }
      }
    }
    return {};
  }

  static constexpr int kSize = 80;
  Window window_;
  OwnGrid own_;
  std::vector<unsigned char> before_, cells_;
};

}  // namespace

int main(int argc, char ** argv)
{
  const double seconds = argc > 1 ? std::atof(argv[1]) : 2.0;
  const unsigned seed = argc > 2 ? static_cast<unsigned>(std::atoi(argv[2])) : 1;
  SocialCosts costs;
  Inbox<int> inbox;
  std::atomic<bool> going{true};
  std::atomic<long> refused{0}, told{0}, fields{0};

  std::thread messages(
    [&] {
      Dice dice(seed);
      std::vector<Sighting> people;
      while (going) {
        people.clear();
        for (int i = dice.whole(0, 40); i > 0; --i) {
          const Person person = random_person(dice);
          if (!defect_of(person).empty()) {
            ++refused;
            continue;
          }
          people.push_back({person, static_cast<std::int64_t>(dice.real(-4e9, 1e9))});
          ++told;
        }
        costs.set_people(people);
        inbox.push(std::make_shared<const int>(0));
        std::this_thread::sleep_for(std::chrono::microseconds(dice.whole(0, 3000)));
      }
    });
  std::thread parameters(
    [&] {
      Dice dice(seed + 1);
      while (going) {
        const Settings settings = random_settings(dice);
        costs.set_parameters(settings.costs);
        if (conflict_in(settings).empty() && dice.one_in(4)) {
          costs.set_field(std::make_unique<SkewNormalField>(random_model(dice), settings.zones));
          ++fields;
        }
        if (dice.one_in(5)) {
          costs.forget();
          inbox.clear();
        }
        costs.take_statistics();
        costs.enabled();
        std::this_thread::sleep_for(std::chrono::microseconds(dice.whole(0, 20000)));
      }
    });

  Dice dice(seed + 2);
  Map map;
  std::vector<std::shared_ptr<const int>> waiting;
  std::string fault;
  long updates = 0;
  const double end = SocialCosts::steady_seconds() + seconds;
  while (fault.empty() && SocialCosts::steady_seconds() < end) {
    fault = map.update(costs, dice);
    ++updates;
    inbox.copy_to(waiting);
    if (!waiting.empty()) {
      inbox.drop_until(waiting.back());
    }
  }
  going = false;
  messages.join();
  parameters.join();
  std::printf(
    "%ld updates, %ld people, %ld people refused, %ld fields in %.0f s\n", updates, told.load(),
    refused.load(), fields.load(), seconds);
  if (!fault.empty()) {
    std::puts(fault.c_str());
  }
  return fault.empty() ? 0 : 1;
}
