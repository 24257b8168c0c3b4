// No heap allocation in the update path after a first round.
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <new>
#include <vector>

#include "social_nav_costmap/social_costs.hpp"

namespace
{

std::size_t allocations = 0;

}  // namespace

[[gnu::noinline]] void * operator new(std::size_t size)
{
  ++allocations;
  if (void * memory = std::malloc(size)) {
    return memory;
  }
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void * memory) noexcept {std::free(memory);}
[[gnu::noinline]] void operator delete(void * memory, std::size_t) noexcept {std::free(memory);}

using namespace social_nav_costmap;  // NOLINT(build/namespaces)

TEST(Allocations, NoneAfterTheFirstUpdate)
{
  const ProxemicsModel model(
    {{1.0, SkewNormal({-0.3, 0.0}, {0.3, 0.0, 0.0, 0.08}, {2.0, 0.0})}});
  for (const Combination combination :
    {Combination::max, Combination::sum, Combination::mixture})
  {
    ZoneParameters zones;
    zones.combination = combination;
    SocialCosts costs;
    costs.set_field(std::make_unique<SkewNormalField>(model, zones));
    std::vector<Sighting> people(40), spare(40);
    for (std::size_t i = 0; i < people.size(); ++i) {
      Person & person = people[i].person;
      person.position = {0.2 * static_cast<double>(i), 5.0 + 0.3 * static_cast<double>(i % 5)};
      person.velocity = {0.5, 0.1};
      person.yaw_variance = i % 7 == 0 ? 12.0 : 0.1;
      person.intent = {0.0, 1.0, 0.0, 0.0};
      person.group = static_cast<int>(i / 4);
    }
    std::vector<unsigned char> cells(200 * 200);
    Window window;
    window.xn = window.yn = 200;
    const auto update = [&] {
        spare = people;
        costs.set_people(spare);
        costs.update_bounds(0, {5.0, 5.0});
        costs.update_costs(cells.data(), 200, window);
        costs.take_statistics();
      };
    update();
    update();
    const std::size_t before = allocations;
    for (int i = 0; i < 20; ++i) {
      update();
    }
    EXPECT_EQ(allocations, before);
  }
}
