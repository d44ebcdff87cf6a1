#include "engine/title.hpp"

#include "engine/title_words.hpp"

namespace leadlight::engine {

TitleFacts title_facts(std::string_view title) {
  if (says_nothing(title)) return {};
  Words words(title);
  drop_others(words);
  return {level_of(words), function_of(words)};
}

}  // namespace leadlight::engine
