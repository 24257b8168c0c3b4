#ifndef SOCIAL_NAV_COSTMAP__INBOX_HPP_
#define SOCIAL_NAV_COSTMAP__INBOX_HPP_

#include <algorithm>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

namespace social_nav_costmap
{

/// Messages that wait for their transform, newest last; filled and emptied by different threads.
template<typename Message>
class Inbox
{
public:
  using Pointer = std::shared_ptr<const Message>;

  void push(const Pointer & message)
  {
    std::lock_guard<std::mutex> lock(mutex_);
    messages_.push_back(message);
    if (messages_.size() > kCapacity) {
      messages_.pop_front();
    }
  }

  void clear()
  {
    std::lock_guard<std::mutex> lock(mutex_);
    messages_.clear();
  }

  void copy_to(std::vector<Pointer> & messages)
  {
    std::lock_guard<std::mutex> lock(mutex_);
    messages.assign(messages_.begin(), messages_.end());
  }

  /// Forget a message and all that came before it.
  void drop_until(const Pointer & message)
  {
    std::lock_guard<std::mutex> lock(mutex_);
    const auto found = std::find(messages_.begin(), messages_.end(), message);
    if (found != messages_.end()) {
      messages_.erase(messages_.begin(), found + 1);
    }
  }

private:
  static constexpr std::size_t kCapacity = 20;
  std::mutex mutex_;
  std::deque<Pointer> messages_;
};

}  // namespace social_nav_costmap

#endif  // SOCIAL_NAV_COSTMAP__INBOX_HPP_
