// Messages, parameters, resets and updates at once. Built with ThreadSanitizer where there is one,
// which ends the program with an error on a data race; the checks here hold for any build.
#include <atomic>
#include <cstdio>
#include <memory>
#include <thread>
#include <vector>

#include "social_nav_costmap/inbox.hpp"
#include "social_nav_costmap/social_costs.hpp"

using namespace social_nav_costmap;  // NOLINT(build/namespaces)

int main()
{
  const ProxemicsModel model(
    {{1.0, SkewNormal({-0.3, 0.0}, {0.3, 0.0, 0.0, 0.08}, {2.0, 0.0})}});
  SocialCosts costs;
  costs.set_field(std::make_unique<SkewNormalField>(model, ZoneParameters()));
  Inbox<int> inbox;
  std::atomic<bool> going{true};

  std::thread messages(
    [&] {
      std::vector<Sighting> people;
      for (int n = 0; going; ++n) {
        people.resize(static_cast<std::size_t>(n % 30));
        for (std::size_t i = 0; i < people.size(); ++i) {
          people[i].person.position = {0.3 * static_cast<double>(i), 0.1 * (n % 50)};
          people[i].person.group = static_cast<int>(i / 3);
        }
        costs.set_people(people);
        inbox.push(std::make_shared<const int>(n));
      }
    });
  std::thread parameters(
    [&] {
      for (int n = 0; going; ++n) {
        CostParameters changed;
        changed.enabled = n % 7 != 0;
        changed.max_cost = 100 + n % 150;
        costs.set_parameters(changed);
        if (n % 50 == 0) {
          ZoneParameters zones;
          zones.combination = static_cast<Combination>(n / 50 % 3);
          costs.set_field(std::make_unique<SkewNormalField>(model, zones));
        }
        if (n % 20 == 0) {
          costs.forget();
          inbox.clear();
        }
        costs.take_statistics();
        costs.enabled();
      }
    });

  Window window;
  window.xn = window.yn = 120;
  std::vector<unsigned char> cells(120 * 120);
  std::vector<std::shared_ptr<const int>> waiting;
  OwnGrid own;
  bool good = true;
  for (int update = 0; update < 300; ++update) {
    std::fill(cells.begin(), cells.end(), static_cast<unsigned char>(0));
    const Box changed = costs.update_bounds(0, {0.0, 0.0});
    costs.update_costs(cells.data(), 120, window);
    costs.own_costs(window, own);
    inbox.copy_to(waiting);
    if (!waiting.empty()) {
      inbox.drop_until(waiting.back());
    }
    for (int row = 0; row < 120; ++row) {
      for (int column = 0; column < 120; ++column) {
        const Vector at = window.center(column, row);
        const bool inside = at.x >= changed.min_x && at.x <= changed.max_x &&
          at.y >= changed.min_y && at.y <= changed.max_y;
        good = good && (inside || cells[static_cast<std::size_t>(row * 120 + column)] == 0);
      }
    }
  }
  going = false;
  messages.join();
  parameters.join();
  if (!good) {
    std::puts("a cell outside of the announced bounds was raised");
  }
  return good ? 0 : 1;
}
