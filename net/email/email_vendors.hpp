// The e-mail vendors that are known: mappings built into the program, and those of a folder over them.
#pragma once

#include "engine/result.hpp"
#include "net/email/email_mapping.hpp"

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace leadlight::net {

/// Immutable once made. Thread: any.
class EmailVendors {
 public:
  /// Those built in alone.
  static std::shared_ptr<const EmailVendors> built_in();
  /// Those built in, and every `*.toml` of `folder` over them: a mapping adds its vendor, or takes the place of the one
  /// of that name; `machines.toml` takes the place of the list of programs. An empty path: those built in.
  /// Errors: not_found (no such folder), invalid (naming file, line, key and remedy), io_error.
  static engine::Result<std::shared_ptr<const EmailVendors>> load(const std::filesystem::path& folder);

  /// Null: not known.
  [[nodiscard]] const EmailMapping* find(std::string_view vendor) const;
  [[nodiscard]] const std::map<std::string, EmailMapping, std::less<>>& all() const { return mappings_; }
  [[nodiscard]] const MailMachines& machines() const { return machines_; }
  /// "mailjet, mailtrap, …", ascending.
  [[nodiscard]] std::string names() const;

 private:
  engine::Status add(std::string_view toml, const std::string& file_name);

  std::map<std::string, EmailMapping, std::less<>> mappings_;
  MailMachines machines_;
};

/// A mapping file in the program.
struct BuiltInMapping {
  std::string_view file_name;
  std::string_view toml;
};
/// Made by CMake of net/email/vendors/*.toml.
const std::vector<BuiltInMapping>& built_in_mappings();

}  // namespace leadlight::net
