// What waits for its turn, by organisation: in order within one, and each organisation the same share of a batch.
//
// Invariants: the items of an organisation leave in the order in which they came. Cost: O(1) an item, and a batch of
// one organisation alone is taken as it lies.
#pragma once

#include "engine/types.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>
#include <vector>

namespace leadlight::actors {

template <class Item>
class FairQueue {
 public:
  void push(engine::OrganisationId organisation, Item item) {
    auto line =
        std::find_if(lines_.begin(), lines_.end(), [&](const Line& one) { return one.organisation == organisation; });
    if (line == lines_.end()) line = lines_.insert(line, Line{organisation, {}, 0});
    line->items.push_back(std::move(item));
    ++size_;
  }

  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::size_t size() const { return size_; }
  /// Organisations with something waiting.
  [[nodiscard]] std::size_t organisations() const { return lines_.size(); }

  /// The next items, `most` at most: from each organisation its even share, what is left over from those with more.
  std::vector<Item> take(std::size_t most) {
    std::vector<Item> batch;
    if (lines_.size() == 1 && lines_.front().next == 0 && size_ <= most) {
      batch.swap(lines_.front().items);
      size_ = 0;
      lines_.clear();
      return batch;
    }
    batch.reserve(std::min(most, size_));
    while (batch.size() < most && size_ > 0) {
      const auto share = std::max<std::size_t>(1, (most - batch.size()) / lines_.size());
      for (auto& line : lines_) move_some(line, std::min(share, most - batch.size()), batch);
      std::erase_if(lines_, [](const Line& line) { return line.next == line.items.size(); });
    }
    if (!lines_.empty())
      std::rotate(lines_.begin(), lines_.begin() + 1, lines_.end());  // another one is first next time
    return batch;
  }

 private:
  struct Line {
    engine::OrganisationId organisation{};
    std::vector<Item> items;
    std::size_t next = 0;  // those before it have left
  };

  void move_some(Line& line, std::size_t most, std::vector<Item>& to) {
    const auto from = line.items.begin() + static_cast<std::ptrdiff_t>(line.next);
    const auto count = std::min(most, line.items.size() - line.next);
    to.insert(to.end(), std::make_move_iterator(from),
              std::make_move_iterator(from + static_cast<std::ptrdiff_t>(count)));
    line.next += count;
    size_ -= count;
    if (line.next * 2 < line.items.size()) return;
    line.items.erase(line.items.begin(), line.items.begin() + static_cast<std::ptrdiff_t>(line.next));
    line.next = 0;
  }

  std::vector<Line> lines_;  // each with something waiting
  std::size_t size_ = 0;
};

}  // namespace leadlight::actors
