// Prints every setting as tab-separated name, type, default, unit, low, high, meaning, choices.
#include <iostream>
#include <string>

#include "social_nav_costmap/settings.hpp"

using namespace social_nav_costmap;  // NOLINT(build/namespaces)

int main()
{
  const char * const types[] = {"bool", "int", "double", "string"};
  std::cout << std::boolalpha;
  for (const Setting & setting : all_settings()) {
    std::cout << setting.name << '\t' << types[setting.place.index()] << '\t';
    std::visit([](const auto & value) {std::cout << value;}, setting.get(Settings()));
    std::cout << '\t' << setting.unit << '\t' << setting.low << '\t' << setting.high << '\t' <<
      setting.meaning << '\t';
    for (const std::string & choice : setting.choices) {
      std::cout << choice << ' ';
    }
    std::cout << '\n';
  }
}
