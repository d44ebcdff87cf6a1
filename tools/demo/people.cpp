#include "tools/demo/people.hpp"

#include <fmt/format.h>

#include <array>
#include <cctype>
#include <string_view>

namespace leadlight::tools {
namespace {

constexpr std::array<std::string_view, 20> first_names = {"Ada",  "Bruno", "Chiara", "David", "Elena", "Felix", "Greta",
                                                          "Hugo", "Ines",  "Jonas",  "Kaia",  "Leo",   "Mira",  "Nils",
                                                          "Olga", "Pavel", "Rosa",   "Simon", "Tara",  "Viktor"};
constexpr std::array<std::string_view, 20> last_names = {
    "Amsel",  "Becker", "Castel", "Dorn",    "Ebner", "Falk",  "Garnier", "Holm",   "Ivers",  "Jansen",
    "Keller", "Lindt",  "Marten", "Norling", "Orsi",  "Pabst", "Quist",   "Rowley", "Sandor", "Thorne"};
constexpr std::array<std::string_view, 25> companies = {
    "Alder",   "Beech", "Cedar",  "Damson", "Elder",  "Fir",   "Gorse",  "Hazel",  "Ilex",
    "Juniper", "Kapok", "Larch",  "Maple",  "Nutmeg", "Olive", "Poplar", "Quince", "Rowan",
    "Spruce",  "Teak",  "Umbrel", "Viburn", "Willow", "Yew",   "Zelkova"};

std::string lower(std::string_view text) {
  std::string result;
  for (const char letter : text) result.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(letter))));
  return result;
}

}  // namespace

Person person(std::uint32_t lead) {
  const std::size_t index = lead - 1;
  // The last name moves on by one more with each round of first names, so that pairs repeat only after 400.
  const auto first = first_names[index % first_names.size()];
  const auto last = last_names[(index + index / first_names.size()) % last_names.size()];
  const auto company = companies[index % companies.size()];
  return {std::string{first}, std::string{last}, fmt::format("{} Works", company),
          fmt::format("{}.{}@{}.example", lower(first), lower(last), lower(company))};
}

}  // namespace leadlight::tools
