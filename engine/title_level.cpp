// How high somebody stands, by the words of a title.
#include "engine/title_words.hpp"

#include <algorithm>
#include <initializer_list>

namespace leadlight::engine {
namespace {

/// What a word of a title does for its level.
enum class Part : std::uint8_t {
  none,
  c_suite,    // ceo, chairman, founder
  chief,      // with an officer behind it
  president,  // with or without "vice"
  vice_president,
  director,
  manager,
  head,
  lead,
  leader,
  managing,
  partner,
  owner,
  principal,
  chair,
  controller,
  assistant,  // or a word before the job: "Assistant Director"
  secretary,
  trainee,
  deputy,  // one step below: deputy, associate, vice
  former,
  contributor,
  officer,
};

constexpr std::uint8_t of(Part part) {
  return static_cast<std::uint8_t>(part);
}

const PhraseTable& level_words() {
  static const PhraseTable table = {
      {of(Part::c_suite), 0,
       "ceo, cfo, cto, cmo, coo, cio, ciso, cso, cro, cpo, chro, cdo, cco, clo, cao, cxo, cgo, cbo, cko, ccio, "
       "cmio, cpto, cdio, cino, vciso, vcio, vcto, vcfo, founder, cofounder, chairman, chairwoman, chairperson"},
      {of(Part::chief), 0, "chief"},
      {of(Part::president), 0, "president, pres"},
      {of(Part::vice_president), 0, "vp, svp, evp, avp, gvp, rvp, sevp"},
      {of(Part::director), 0, "director, dir, dean, treasurer"},
      {of(Part::manager), 0, "manager, mgr, mngr, manageress, supervisor, superintendent, foreman, forewoman"},
      {of(Part::head), 0, "head"},
      {of(Part::lead), 0, "lead"},
      {of(Part::leader), 0, "leader"},
      {of(Part::managing), 0, "managing"},
      {of(Part::partner), 0, "partner"},
      {of(Part::owner), 0, "owner, coowner, proprietor"},
      {of(Part::principal), 0, "principal"},
      {of(Part::chair), 0, "chair"},
      {of(Part::controller), 0, "controller, comptroller"},
      {of(Part::assistant), 0, "assistant, asst, aide, pa, ea"},
      {of(Part::secretary), 0, "secretary"},
      {of(Part::trainee), 0, "intern, trainee, apprentice, werkstudent"},
      {of(Part::deputy), 0, "deputy, associate, assoc, vice"},
      {of(Part::former), 0, "former, formerly, ex, retired, aspiring, past, previous, previously"},
      {of(Part::officer), 0, "officer, executive, exec"},
      {of(Part::contributor), 0,
       "accountant, actuary, admin, administrator, advisor, adviser, ae, agent, ambassador, analyst, architect, "
       "artist, attorney, auditor, banker, bdr, bookkeeper, broker, buyer, cashier, chef, clerk, coach, "
       "consultant, contractor, contributor, coordinator, copywriter, counsel, counselor, dba, designer, "
       "developer, doctor, driver, economist, editor, electrician, engineer, estimator, evangelist, expert, "
       "fellow, freelance, freelancer, generalist, hunter, inspector, instructor, investigator, journalist, "
       "lawyer, lecturer, liaison, librarian, marketer, mechanic, nurse, operator, paralegal, pharmacist, "
       "photographer, physician, planner, practitioner, producer, professor, programmer, qa, receptionist, "
       "recruiter, rep, reporter, representative, researcher, salesman, salesperson, saleswoman, scientist, sde, "
       "sdr, seller, solicitor, specialist, sre, staff, statistician, strategist, surgeon, swe, sysadmin, "
       "teacher, technician, technologist, tester, trader, trainer, translator, underwriter, writer"}};
  return table;
}

Part part_of(const Word& word) {
  if (word.possessive) return Part::none;  // "Director's assistant" speaks of another one's job
  const auto found = level_words().find(word.text);
  return found ? static_cast<Part>(*found) : Part::none;
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// Whether the words from `first` on speak of somebody above: "the CEO", "our board", "Managing Director".
bool names_a_superior(const Words& title, std::size_t first) {
  if (first >= title.size()) return false;
  if (is_one_of(title[first].text, {"the", "our", "a", "an", "board", "general", "executive", "senior"})) return true;
  switch (part_of(Word{title[first].text, Before::blank, false})) {
    case Part::c_suite:
    case Part::chief:
    case Part::president:
    case Part::vice_president:
    case Part::director:
    case Part::managing:
    case Part::head:
    case Part::owner:
    case Part::deputy: return true;
    default: return false;
  }
}

/// The level of one piece of a title: the words between two commas, or on one side of an "and".
class PieceReader {
 public:
  /// Words [first, last) of `title`; its part of the title ends at `part_end`.
  PieceReader(const Words& title, std::size_t first, std::size_t last, std::size_t part_end)
      : title_(title), first_(first), last_(last), part_end_(part_end) {}

  /// Somebody who learns or helps, whatever the words around say.
  [[nodiscard]] bool helps() const {
    for (std::size_t at = first_; at < last_; ++at) {
      switch (part(at)) {
        case Part::trainee:
          if (!is_one_of(word(at + 1), {"program", "programme", "programs"})) return true;
          break;
        case Part::assistant:
          // At the end of an address, PA is Pennsylvania.
          if (is_one_of(word(at), {"pa", "ea"}) && at > 0 && !title_[at - 1].possessive) break;
          if (at + 1 == last_ ||
              is_one_of(word(at - 1), {"executive", "personal", "administrative", "admin", "virtual", "office"}) ||
              part(at + 1) == Part::c_suite || part(at + 1) == Part::president)
            return true;
          break;
        case Part::secretary:
          if (at + 1 == last_ && !is_one_of(word(at - 1), {"company", "corporate", "general"})) return true;
          break;
        default: break;
      }
      if (word(at) == "in" && word(at + 1) == "training") return true;
    }
    return false;
  }

  [[nodiscard]] TitleLevel level() const {
    TitleLevel highest = TitleLevel::other;
    for (std::size_t at = first_; at < last_; ++at) {
      // A lower number stands higher.
      highest = std::min(highest, level_of_word(at));
    }
    return highest;
  }

 private:
  /// Outside the piece there is nothing. Precondition of `at`: none; one before the first is allowed.
  [[nodiscard]] bool inside(std::size_t at) const { return at >= first_ && at < last_; }
  [[nodiscard]] std::string_view word(std::size_t at) const { return inside(at) ? title_[at].text : ""; }
  [[nodiscard]] Part part(std::size_t at) const { return inside(at) ? part_of(title_[at]) : Part::none; }

  [[nodiscard]] bool has_before(std::size_t at, Part wanted) const {
    for (std::size_t i = first_; i < at; ++i)
      if (part(i) == wanted) return true;
    return false;
  }

  [[nodiscard]] bool has(std::initializer_list<std::string_view> words) const {
    for (std::size_t i = first_; i < last_; ++i)
      if (is_one_of(title_[i].text, words)) return true;
    return false;
  }

  /// The top of the house, or who stands in for it.
  [[nodiscard]] TitleLevel top(std::size_t at) const {
    return has_before(at, Part::deputy) || has_before(at, Part::assistant) ? TitleLevel::vp : TitleLevel::c_level;
  }

  /// "CEO Coach", "CTO Office": the last word is the job.
  [[nodiscard]] bool serves_another(std::size_t at) const {
    return part(last_ - 1) == Part::contributor || word(at + 1) == "office";
  }

  [[nodiscard]] TitleLevel level_of_word(std::size_t at) const;
  [[nodiscard]] TitleLevel level_of_chief(std::size_t at) const;
  [[nodiscard]] TitleLevel level_of_director(std::size_t at) const;
  [[nodiscard]] TitleLevel level_of_partner(std::size_t at) const;
  [[nodiscard]] TitleLevel level_of_head(std::size_t at) const;
  [[nodiscard]] TitleLevel level_of_rarer(std::size_t at) const;

  const Words& title_;
  std::size_t first_;
  std::size_t last_;
  std::size_t part_end_;
};

TitleLevel PieceReader::level_of_chief(std::size_t at) const {
  // "Chief Technology & Product Officer": the officer may stand behind the "and".
  for (std::size_t i = at + 1; i < part_end_; ++i) {
    if (part_of(title_[i]) == Part::officer) return top(at);
    if (part_of(title_[i]) == Part::chief) break;
  }
  return TitleLevel::director;  // Chief of Staff, Chief Architect
}

TitleLevel PieceReader::level_of_director(std::size_t at) const {
  if (part(at - 1) == Part::managing && word(at) == "director") return top(at);
  // Who sits on a board has no job in the company.
  if (word(at - 1) == "board" || (word(at - 1) == "executive" && is_one_of(word(at - 2), {"non", "nonexecutive"})))
    return TitleLevel::other;
  return TitleLevel::director;
}

TitleLevel PieceReader::level_of_partner(std::size_t at) const {
  if (is_one_of(word(at - 1), {"managing", "general", "founding", "senior", "equity", "named"}) && at + 1 == last_)
    return TitleLevel::c_level;
  if (at + 1 != last_) return TitleLevel::other;  // "Partner Marketing"
  if (part(at - 1) == Part::deputy) return TitleLevel::director;
  return at == first_ ? TitleLevel::vp : TitleLevel::individual_contributor;
}

TitleLevel PieceReader::level_of_head(std::size_t at) const {
  if (word(at + 1) == "office") return TitleLevel::other;
  if (word(at + 1) == "hunter") return TitleLevel::individual_contributor;
  const bool of_a_trade = is_one_of(
      word(at + 1), {"chef", "nurse", "teacher", "coach", "cook", "waiter", "gardener", "cashier", "librarian"});
  return of_a_trade ? TitleLevel::manager : TitleLevel::director;
}

TitleLevel PieceReader::level_of_rarer(std::size_t at) const {
  const bool last = at + 1 == last_;
  switch (part(at)) {
    case Part::leader: return last && word(at - 1) != "thought" ? TitleLevel::manager : TitleLevel::other;
    case Part::managing: return part(at + 1) == Part::contributor ? TitleLevel::manager : TitleLevel::other;
    case Part::owner: {
      const bool of_work =
          is_one_of(word(at - 1), {"product", "process", "service", "data", "system", "platform", "solution",
                                   "application", "risk", "control", "content", "project"});
      return of_work ? TitleLevel::individual_contributor : TitleLevel::c_level;
    }
    case Part::principal: return last ? TitleLevel::director : TitleLevel::other;
    case Part::chair:
      return (first_ + 1 == last_ || has({"board", "executive"})) ? TitleLevel::c_level : TitleLevel::director;
    case Part::controller: {
      const bool of_money = is_one_of(word(at - 1), {"", "financial", "finance", "corporate", "group", "assistant",
                                                     "regional", "plant", "divisional", "global", "accounting"});
      return of_money ? TitleLevel::manager : TitleLevel::individual_contributor;
    }
    case Part::secretary: return TitleLevel::director;  // of a company: other ones help
    case Part::officer: return last && at > first_ ? TitleLevel::individual_contributor : TitleLevel::other;
    case Part::deputy: return last && word(at) != "vice" ? TitleLevel::individual_contributor : TitleLevel::other;
    default: return TitleLevel::other;
  }
}

TitleLevel PieceReader::level_of_word(std::size_t at) const {
  switch (part(at)) {
    case Part::c_suite: return serves_another(at) ? TitleLevel::other : top(at);
    case Part::chief: return level_of_chief(at);
    case Part::president:
      if (word(at - 1) == "vice") return TitleLevel::vp;
      return serves_another(at) ? TitleLevel::other : top(at);
    case Part::vice_president: return TitleLevel::vp;
    case Part::director: return level_of_director(at);
    case Part::manager: return word(at - 1) == "general" ? TitleLevel::director : TitleLevel::manager;
    case Part::head: return level_of_head(at);
    case Part::lead: return at + 1 == last_ || word(at + 1) == "of" ? TitleLevel::manager : TitleLevel::other;
    case Part::partner: return level_of_partner(at);
    case Part::contributor:
      if (word(at) == "counsel" && word(at - 1) == "general") return top(at);
      if (word(at) == "staff" && word(at - 1) == "of") return TitleLevel::other;
      return TitleLevel::individual_contributor;
    case Part::none:
      if (word(at) == "gm") return TitleLevel::director;
      if (word(at) == "c" && is_one_of(word(at + 1), {"level", "suite"})) return TitleLevel::c_level;
      // "MD" is a managing director where it stands first, else mostly a physician.
      if (word(at) == "md" && at == 0 && !has({"phd", "faap", "facp", "mph", "physician"})) return TitleLevel::c_level;
      return TitleLevel::other;
    default: return level_of_rarer(at);
  }
}

}  // namespace

void drop_others(Words& title) {
  std::size_t part = 0;  // where the part begins
  for (std::size_t at = 0; at < title.size(); ++at) {
    if (title[at].before == Before::parted) part = at;
    const std::string_view word = title[at].text;
    bool cut = false;
    if (part_of(title[at]) == Part::former) {
      cut = word != "past" || names_a_superior(title, at + 1);  // "Past Due Collections" is nobody's past
    } else if (word == "at") {
      cut = at > part;
    } else if (word == "to" || word == "for") {
      const Part before = at > part ? part_of(title[at - 1]) : Part::none;
      const bool helps = before == Part::assistant || before == Part::secretary || before == Part::trainee;
      cut = at > part && (helps || (word == "to" && names_a_superior(title, at + 1)));
    } else if (word == "of" && at > part) {
      const Part before = part_of(title[at - 1]);
      cut = title[at - 1].text == "office" || before == Part::assistant || before == Part::secretary;
      if (cut && title[at - 1].text == "office") --at;
    }
    if (!cut) continue;
    std::size_t end = at + 1;
    while (end < title.size() && title[end].before != Before::parted) ++end;
    title.drop(at, end);
    --at;
  }
}

TitleLevel level_of(const Words& title) {
  TitleLevel highest = TitleLevel::other;
  bool helps = false;
  std::size_t part_end = 0;
  for (std::size_t first = 0; first < title.size();) {
    std::size_t last = first + 1;
    while (last < title.size() && title[last].before == Before::blank) ++last;
    if (first >= part_end) {
      part_end = last;
      while (part_end < title.size() && title[part_end].before != Before::parted) ++part_end;
    }
    const PieceReader piece(title, first, last, part_end);
    helps = helps || piece.helps();
    highest = std::min(highest, piece.level());
    first = last;
  }
  return helps ? TitleLevel::individual_contributor : highest;
}

}  // namespace leadlight::engine
