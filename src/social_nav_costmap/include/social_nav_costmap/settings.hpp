#ifndef SOCIAL_NAV_COSTMAP__SETTINGS_HPP_
#define SOCIAL_NAV_COSTMAP__SETTINGS_HPP_

#include <cmath>
#include <cstddef>
#include <iomanip>
#include <sstream>
#include <string>
#include <variant>
#include <vector>

#include "social_nav_costmap/social_costs.hpp"

namespace social_nav_costmap
{

/// All that a user can set; one place for each value.
struct Settings
{
  std::string topic = "social_people";
  std::string reliability = "reliable";
  int depth = 10;
  std::string model_file;
  std::string combination = "max";
  double diagnostics_period = 1.0;
  CostParameters costs;
  ZoneParameters zones;
};

using Value = std::variant<bool, int, double, std::string>;

/// One parameter: where it lives in the settings, unit, bounds (inclusive) and meaning.
struct Setting
{
  using Place = std::variant<
    bool * (*)(Settings &), int * (*)(Settings &), double * (*)(Settings &),
    std::string * (*)(Settings &)>;

  std::string name;
  Place place;
  std::string unit;
  double low;
  double high;
  std::string meaning;
  std::vector<std::string> choices;
  bool subscribes = false;  ///< a change needs a new subscription
  bool shapes = false;      ///< a change needs a new field

  Value get(const Settings & settings) const
  {
    return std::visit(
      [&](auto find) -> Value {return *find(const_cast<Settings &>(settings));}, place);
  }

  /// Of the value, as ROS names it.
  std::string type() const {return type_of(place.index());}

  static std::string type_of(std::size_t index)
  {
    static const char * const names[] = {"bool", "integer", "double", "string"};
    return names[index];
  }

  /// The allowed values, in words.
  std::string allowed() const
  {
    std::ostringstream words;
    if (!choices.empty()) {
      words << "one of";
      for (const std::string & choice : choices) {
        words << ' ' << choice;
      }
    } else if (low < high) {
      words << low << " to " << high << (unit.empty() ? "" : " ") << unit;
    } else {
      words << (place.index() == 0 ? "true or false" : "a text");
    }
    return words.str();
  }

  /// Set the value; returns why not, empty when it was set.
  std::string set(Settings & settings, Value value) const
  {
    if (place.index() == 2 && std::holds_alternative<int>(value)) {
      value = static_cast<double>(std::get<int>(value));
    }
    const bool fits = value.index() == place.index();
    bool good = fits;
    if (good && place.index() == 1) {
      good = std::get<int>(value) >= low && std::get<int>(value) <= high;
    } else if (good && place.index() == 2) {
      good = std::get<double>(value) >= low && std::get<double>(value) <= high;
    } else if (good && place.index() == 3 && !choices.empty()) {
      good = false;
      for (const std::string & choice : choices) {
        good = good || choice == std::get<std::string>(value);
      }
    }
    if (!good) {
      std::ostringstream words;
      words << std::boolalpha << name << " is ";
      if (std::holds_alternative<std::string>(value)) {
        words << std::quoted(std::get<std::string>(value));
      } else {
        std::visit([&words](const auto & v) {words << v;}, value);
      }
      words << (fits ? "" : " (" + type_of(value.index()) + ")") << ", expected " << allowed();
      words << (fits ? "" : " (" + type() + ")");
      return words.str();
    }
    std::visit(
      [&](auto find) {
        auto * const target = find(settings);
        *target = std::get<std::remove_pointer_t<decltype(target)>>(value);
      }, place);
    return {};
  }
};

/// Why settings do not fit together; empty when they do.
inline std::string conflict_in(const Settings & settings)
{
  const ZoneParameters & zones = settings.zones;
  if (zones.corridor_full < zones.corridor_start + 0.1) {
    return "corridor_full is " + std::to_string(zones.corridor_full) +
           " m, expected at least 0.1 m more than corridor_start (" +
           std::to_string(zones.corridor_start) + " m)";
  }
  return {};
}

inline Combination combination_of(const std::string & name)
{
  return name == "sum" ? Combination::sum :
         name == "mixture" ? Combination::mixture : Combination::max;
}

namespace detail
{

inline void add_label(
  std::vector<Setting> & all, const std::string & label, const std::string & opening,
  double * (*amplitude)(Settings &), double * (*size)(Settings &), double * (*open)(Settings &))
{
  all.push_back({label + "_amplitude", amplitude, "", 0.0, 1.0, "factor of the cost", {}});
  all.push_back({label + "_size", size, "", 0.3, 3.0, "factor of the size", {}});
  all.push_back({label + "_opening", open, "", 0.0, 1.0, opening, {}});
}

inline std::vector<Setting> make_all_settings()
{
  using S = Settings;
  using D = double *;
  std::vector<Setting> all{
    {"enabled", +[](S & s) {return &s.costs.enabled;}, "", 0, 0, "whether costs are raised", {}},
    {"topic", +[](S & s) {return &s.topic;}, "", 0, 0,
      "SocialPersonArray; a relative name is relative to the costmap's parent namespace", {}},
    {"reliability", +[](S & s) {return &s.reliability;}, "", 0, 0, "QoS of the topic",
      {"reliable", "best_effort"}},
    {"depth", +[](S & s) {return &s.depth;}, "", 1, 100, "QoS history depth of the topic", {}},
    {"model_file", +[](S & s) {return &s.model_file;}, "", 0, 0,
      "YAML file of the proxemics model; empty: the one of social_nav_core", {}},
    {"max_cost", +[](S & s) {return &s.costs.max_cost;}, "", 1, 252,
      "cost at a person's peak; 253 would be INSCRIBED", {}},
    {"overwrite_unknown", +[](S & s) {return &s.costs.overwrite_unknown;}, "", 0, 0,
      "raise cells without information, too", {}},
    {"timeout", +[](S & s) -> D {return &s.costs.timeout;}, "s", 0.05, 60.0,
      "people not seen for longer are dropped", {}},
    {"future_tolerance", +[](S & s) -> D {return &s.costs.future_tolerance;}, "s", 0.0, 10.0,
      "people stamped later than now by more are left out", {}},
    {"time_budget", +[](S & s) -> D {return &s.costs.time_budget;}, "ms", 0.01, 1000.0,
      "for one update; when it is not enough the nearest people are drawn", {}},
    {"diagnostics_period", +[](S & s) -> D {return &s.diagnostics_period;}, "s", 0.1, 60.0,
      "time between messages on /diagnostics", {}},
    {"size", +[](S & s) -> D {return &s.zones.size;}, "", 0.3, 3.0,
      "zones are so much larger than the model", {}},
    {"cutoff", +[](S & s) -> D {return &s.zones.cutoff;}, "", 0.001, 0.5,
      "share of the peak where a zone ends", {}},
    {"combination", +[](S & s) {return &s.combination;}, "", 0, 0,
      "how zones that overlap add up", {"max", "sum", "mixture"}},
    {"horizon", +[](S & s) -> D {return &s.zones.horizon;}, "s", 0.0, 5.0,
      "a zone reaches ahead by speed times this", {}},
    {"drift", +[](S & s) -> D {return &s.zones.drift;}, "s", 0.0, 2.0,
      "speed times this widens a zone to all sides", {}},
    {"extension_max", +[](S & s) -> D {return &s.zones.extension_max;}, "m", 0.0, 10.0,
      "furthest reach ahead by motion", {}},
    {"position_std_max", +[](S & s) -> D {return &s.zones.position_std_max;}, "m", 0.0, 2.0,
      "most that uncertainty widens", {}},
    {"o_space_amplitude", +[](S & s) -> D {return &s.zones.o_space_amplitude;}, "", 0.0, 1.0,
      "cost between members of a group", {}},
    {"o_space_sigma", +[](S & s) -> D {return &s.zones.o_space_sigma;}, "m", 0.05, 2.0,
      "how far that cost reaches outside", {}},
    {"group_span", +[](S & s) -> D {return &s.zones.group_span;}, "m", 0.1, 20.0,
      "farther members share no space", {}},
    {"corridor_start", +[](S & s) -> D {return &s.zones.corridor_start;}, "m", 0.0, 3.0,
      "the front opens from here on", {}},
    {"corridor_full", +[](S & s) -> D {return &s.zones.corridor_full;}, "m", 0.0, 3.0,
      "the front is fully open from here on", {}},
    {"corridor_width", +[](S & s) -> D {return &s.zones.corridor_width;}, "m", 0.1, 2.0,
      "standard deviation of the corridor", {}},
  };
  const std::string of_intent = "opening of the front", of_attitude = "factor of the opening";
  add_label(
    all, "intent_interacting", of_intent,
    [](S & s) -> D {return &s.zones.intent_interacting.amplitude;},
    [](S & s) -> D {return &s.zones.intent_interacting.size;},
    [](S & s) -> D {return &s.zones.intent_interacting.opening;});
  add_label(
    all, "intent_interested", of_intent,
    [](S & s) -> D {return &s.zones.intent_interested.amplitude;},
    [](S & s) -> D {return &s.zones.intent_interested.size;},
    [](S & s) -> D {return &s.zones.intent_interested.opening;});
  add_label(
    all, "intent_not_interested", of_intent,
    [](S & s) -> D {return &s.zones.intent_not_interested.amplitude;},
    [](S & s) -> D {return &s.zones.intent_not_interested.size;},
    [](S & s) -> D {return &s.zones.intent_not_interested.opening;});
  add_label(
    all, "attitude_positive", of_attitude,
    [](S & s) -> D {return &s.zones.attitude_positive.amplitude;},
    [](S & s) -> D {return &s.zones.attitude_positive.size;},
    [](S & s) -> D {return &s.zones.attitude_positive.opening;});
  add_label(
    all, "attitude_negative", of_attitude,
    [](S & s) -> D {return &s.zones.attitude_negative.amplitude;},
    [](S & s) -> D {return &s.zones.attitude_negative.size;},
    [](S & s) -> D {return &s.zones.attitude_negative.opening;});
  add_label(
    all, "attitude_not_interacting", of_attitude,
    [](S & s) -> D {return &s.zones.attitude_not_interacting.amplitude;},
    [](S & s) -> D {return &s.zones.attitude_not_interacting.size;},
    [](S & s) -> D {return &s.zones.attitude_not_interacting.opening;});
  bool shapes = false;
  for (Setting & setting : all) {
    const std::string & name = setting.name;
    setting.subscribes = name == "topic" || name == "reliability" || name == "depth";
    shapes = shapes || name == "size";  // the first of the zones' settings
    setting.shapes = shapes || name == "model_file";
  }
  return all;
}

}  // namespace detail

/// Every parameter of the layer, in the order of the documentation.
inline const std::vector<Setting> & all_settings()
{
  static const std::vector<Setting> all = detail::make_all_settings();
  return all;
}

}  // namespace social_nav_costmap

#endif  // SOCIAL_NAV_COSTMAP__SETTINGS_HPP_
