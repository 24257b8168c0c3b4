#ifndef SOCIAL_NAV_COSTMAP__COMPONENTS_HPP_
#define SOCIAL_NAV_COSTMAP__COMPONENTS_HPP_

#include <algorithm>
#include <cstddef>
#include <vector>

namespace social_nav_costmap
{

/// Connected components of a range of items, by union and find; memory is kept between uses.
class Components
{
public:
  /// Reorder order[begin, end) so that the items of one component lie side by side; linked(a, b)
  /// says whether two items belong together.
  template<typename Linked>
  void link(
    std::vector<std::size_t> & order, std::size_t begin, std::size_t end, Linked && linked)
  {
    root_.resize(std::max(root_.size(), order.size()));
    for (std::size_t i = begin; i < end; ++i) {
      root_[order[i]] = order[i];
    }
    for (std::size_t i = begin; i < end; ++i) {
      for (std::size_t j = i + 1; j < end; ++j) {
        if (linked(order[i], order[j])) {
          const std::size_t a = root(order[i]), b = root(order[j]);
          root_[std::max(a, b)] = std::min(a, b);
        }
      }
    }
    for (std::size_t i = begin; i < end; ++i) {
      root_[order[i]] = root(order[i]);
    }
    const auto first = order.begin() + static_cast<std::ptrdiff_t>(begin);
    std::sort(
      first, first + static_cast<std::ptrdiff_t>(end - begin),
      [this](std::size_t a, std::size_t b) {
        return root_[a] != root_[b] ? root_[a] < root_[b] : a < b;
      });
  }

  /// One past the last item of the component that starts at `first`.
  std::size_t end_of(
    const std::vector<std::size_t> & order, std::size_t first, std::size_t end) const
  {
    std::size_t last = first + 1;
    while (last < end && root_[order[last]] == root_[order[first]]) {
      ++last;
    }
    return last;
  }

private:
  std::size_t root(std::size_t item)
  {
    while (root_[item] != item) {
      item = root_[item] = root_[root_[item]];
    }
    return item;
  }

  std::vector<std::size_t> root_;
};

}  // namespace social_nav_costmap

#endif  // SOCIAL_NAV_COSTMAP__COMPONENTS_HPP_
