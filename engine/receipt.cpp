#include "engine/receipt.hpp"

#include "engine/aggregate.hpp"
#include "engine/decay.hpp"
#include "engine/wording.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

namespace leadlight::engine {
namespace {

std::string rule_in_words(const Signal& signal) {
  std::string words;
  if (signal.aggregate) {
    words = "at least " + std::to_string(signal.aggregate->at_least) + " in " +
            span_in_words(signal.aggregate->within) + ": ";
  }
  words += points_in_words(signal.importance);
  if (signal.decay == Decay::linear) return words + " fading linearly over " + span_in_words(signal.lifespan);
  return words + " halving every " + span_in_words(signal.half_life) + ", for " + span_in_words(signal.lifespan);
}

Milliseconds age_of(Timestamp date, Timestamp at) {
  return std::max(at - date, Milliseconds{0});
}

/// Adds a line of `amount`; of 0 none, and beyond 64 bits (a model of absurd weights) as many equal ones as it takes.
void add_line(std::vector<ReceiptLine>& lines, ReceiptLine line, Int128 amount) {
  constexpr Int128 most = std::numeric_limits<MicroPoints>::max();
  while (amount != 0) {
    const Int128 part = std::clamp<Int128>(amount, -most, most);
    amount -= part;
    line.micro_points = static_cast<MicroPoints>(part);
    lines.push_back(line);
  }
}

/// The lines of every signal, side by side, while the window is read once.
class Explanation {
 public:
  Explanation(const CompiledModel& model, const Window& window, Timestamp at)
      : compiled_(model),
        model_(model.model()),
        window_(window),
        at_(at),
        lines_(model_.signals.size()),
        sums_(model_.signals.size()) {}

  Receipt receipt() {
    for (NewestFirst entries{window_, at_}; entries.next();) explain_entry(entries);
    for (std::size_t i = 0; i < model_.signals.size(); ++i) explain_aggregate(i);
    Receipt receipt;
    for (auto& lines : lines_) {
      receipt.lines.insert(receipt.lines.end(), std::make_move_iterator(lines.begin()),
                           std::make_move_iterator(lines.end()));
    }
    const Int128 total = explain_caps(receipt.lines);
    explain_floor(receipt.lines, total);
    receipt.score = scale(model_.thresholds, floored(total));
    return receipt;
  }

 private:
  void explain_entry(const NewestFirst& entry) {
    for (const std::uint16_t i : compiled_.signals_of(entry.type())) {
      const Signal& signal = model_.signals[i];
      if (signal.aggregate) continue;
      ReceiptLine line = dated_line(signal, entry.date());
      line.type = entry.type();
      if (entry.event() != nullptr) {
        line.id_hash = entry.event()->id_hash;
      } else {
        line.kind = LineKind::folded;
        line.count = entry.count();
      }
      add(i, std::move(line), Int128{contribution(signal, entry.date(), at_)} * entry.count());
    }
  }

  void explain_aggregate(std::size_t i) {
    const Signal& signal = model_.signals[i];
    const auto date = aggregate_date(signal, window_, at_);
    if (!date) return;
    ReceiptLine line = dated_line(signal, *date);
    line.kind = LineKind::aggregate;
    add(i, std::move(line), contribution(signal, *date, at_));
  }

  [[nodiscard]] ReceiptLine dated_line(const Signal& signal, Timestamp date) const {
    ReceiptLine line;
    line.occurred_at = date;
    line.age = age_of(date, at_);
    line.signal = signal.key;
    line.rule = rule_in_words(signal);
    return line;
  }

  void add(std::size_t i, ReceiptLine line, Int128 amount) {
    sums_[i] += amount;
    add_line(lines_[i], std::move(line), amount);
  }

  static Int128 cap(std::vector<ReceiptLine>& lines, const std::string& key, const std::optional<MicroPoints>& cap,
                    Int128 sum) {
    const Int128 held = capped(sum, cap);
    if (held == sum) return sum;
    ReceiptLine line;
    line.kind = LineKind::cap;
    line.signal = key;
    line.rule = "cap of " + points_in_words(*cap);
    add_line(lines, std::move(line), held - sum);
    return held;
  }

  Int128 explain_caps(std::vector<ReceiptLine>& lines) const {
    Int128 total = 0;
    std::vector<Int128> groups(model_.groups.size());
    for (std::size_t i = 0; i < model_.signals.size(); ++i) {
      const Signal& signal = model_.signals[i];
      (signal.group ? groups[*signal.group] : total) += cap(lines, signal.key, signal.cap, sums_[i]);
    }
    for (std::size_t i = 0; i < groups.size(); ++i) {
      total += cap(lines, model_.groups[i].key, model_.groups[i].cap, groups[i]);
    }
    return total;
  }

  static void explain_floor(std::vector<ReceiptLine>& lines, Int128 total) {
    ReceiptLine line;
    line.kind = total < 0 ? LineKind::floor : LineKind::cap;
    line.rule =
        total < 0 ? "not below 0 points" : "not above the largest score that is kept, " + points_in_words(raw_max);
    add_line(lines, std::move(line), floored(total) - total);
  }

  const CompiledModel& compiled_;
  const Model& model_;
  const Window& window_;
  Timestamp at_;
  std::vector<std::vector<ReceiptLine>> lines_;  // by signal, newest first
  std::vector<Int128> sums_;
};

/// A signal that still counts, as the signals text needs it.
struct Mention {
  std::size_t signal = 0;
  std::uint64_t count = 0;
  Timestamp latest{};
  Int128 sum = 0;
};

std::vector<Mention> mentions_of(const CompiledModel& compiled, const Window& window, Timestamp at) {
  const auto& signals = compiled.model().signals;
  std::vector<Mention> mentions(signals.size());
  for (std::size_t i = 0; i < signals.size(); ++i) mentions[i].signal = i;
  for (NewestFirst entries{window, at}; entries.next();) {
    for (const std::uint16_t i : compiled.signals_of(entries.type())) {
      if (signals[i].aggregate) continue;
      const MicroPoints points = contribution(signals[i], entries.date(), at);
      if (points == 0) continue;
      if (mentions[i].count == 0) mentions[i].latest = entries.date();
      mentions[i].count += entries.count();
      mentions[i].sum += Int128{points} * entries.count();
    }
  }
  for (std::size_t i = 0; i < signals.size(); ++i) {
    const auto date = aggregate_date(signals[i], window, at);
    if (date) mentions[i] = Mention{i, 1, *date, contribution(signals[i], *date, at)};
  }
  std::erase_if(mentions, [&signals](const Mention& one) { return one.sum == 0 || !signals[one.signal].listed; });
  return mentions;
}

/// "last today", "last yesterday", "last 3 days ago": by UTC days.
std::string latest_in_words(Timestamp date, Timestamp at) {
  const auto days = (std::chrono::floor<std::chrono::days>(at) - std::chrono::floor<std::chrono::days>(date)).count();
  if (days <= 0) return "last today";
  if (days == 1) return "last yesterday";
  return "last " + std::to_string(days) + " days ago";
}

std::string mention_in_words(const Signal& signal, const Mention& mention, Timestamp at) {
  std::string words = signal.importance < 0 ? "✖ " : "↑ ";
  words += signal.text.empty() ? signal.key : signal.text;
  words += " (";
  if (signal.aggregate) {
    words += "at least " + grouped(signal.aggregate->at_least) + "× in " + span_in_words(signal.aggregate->within);
  } else {
    words += grouped(mention.count) + "×";
  }
  return words + ", " + latest_in_words(mention.latest, at) + ")";
}

std::size_t characters_in(std::string_view utf8) {
  return static_cast<std::size_t>(
      std::count_if(utf8.begin(), utf8.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

}  // namespace

Receipt explain(const CompiledModel& model, const Window& window, Timestamp at) {
  return Explanation{model, window, at}.receipt();
}

std::string signals_text(const CompiledModel& model, const Window& window, Timestamp at, std::size_t characters_max) {
  const auto& signals = model.model().signals;
  std::vector<Mention> mentions = mentions_of(model, window, at);
  std::stable_sort(mentions.begin(), mentions.end(), [&signals](const Mention& a, const Mention& b) {
    const bool a_counts_up = signals[a.signal].aggregate.has_value();
    const bool b_counts_up = signals[b.signal].aggregate.has_value();
    if (a_counts_up != b_counts_up) return b_counts_up;
    if (a.latest != b.latest) return a.latest > b.latest;
    return (a.sum < 0 ? -a.sum : a.sum) > (b.sum < 0 ? -b.sum : b.sum);
  });
  std::string text;
  std::size_t characters = 0;
  for (const Mention& mention : mentions) {
    const std::string line = mention_in_words(signals[mention.signal], mention, at);
    const std::size_t more = characters_in(line) + (text.empty() ? 0 : 1);
    if (characters + more > characters_max) break;
    if (!text.empty()) text += '\n';
    text += line;
    characters += more;
  }
  return text;
}

}  // namespace leadlight::engine
