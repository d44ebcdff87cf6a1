#include "net/email/email_vendors.hpp"

#include "engine/event_type.hpp"

#include <algorithm>
#include <cassert>
#include <fstream>
#include <iterator>
#include <vector>

namespace leadlight::net {
namespace {

using engine::Errc;
using engine::Error;

constexpr std::string_view machines_file = "machines.toml";
constexpr std::size_t files_max = 1'000;
constexpr std::uintmax_t file_bytes_max = 256 * 1024;
constexpr const char* setting = "hooks.email_mappings_dir";

engine::Result<std::vector<std::filesystem::path>> mapping_files(const std::filesystem::path& folder) {
  std::error_code fault;
  std::vector<std::filesystem::path> files;
  std::filesystem::directory_iterator entries(folder, fault);
  if (fault)
    return Error{Errc::not_found,
                 std::string(setting) + ": the folder " + folder.string() + " cannot be read (" + fault.message() +
                     "); make it, or correct the setting",
                 setting};
  for (const auto& entry : entries)
    if (entry.path().extension() == ".toml") files.push_back(entry.path());
  if (files.size() > files_max)
    return Error{Errc::invalid, folder.string() + " holds more than 1,000 mapping files; move some away", setting};
  std::ranges::sort(files);
  return files;
}

engine::Result<std::string> text_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>{in}, {}};
  if (!in.good() && !in.eof()) return Error{Errc::io_error, file.string() + " cannot be read", setting};
  if (text.size() > file_bytes_max)
    return Error{Errc::invalid, file.string() + " has more than 256 KiB; a mapping is shorter", setting};
  return text;
}

}  // namespace

engine::Status EmailVendors::add(std::string_view toml, const std::string& file_name) {
  if (std::filesystem::path(file_name).filename() == machines_file) {
    auto machines = read_mail_machines(toml, file_name);
    if (!machines) return machines.error();
    machines_ = *std::move(machines);
    return engine::Ok{};
  }
  auto mapping = read_email_mapping(toml, file_name);
  if (!mapping) return mapping.error();
  // Numbered now, so that they are known when they come and cost no organisation's budget.
  for (const auto& [name, type] : mapping->types)
    if (const auto known = engine::EventType::of(type); !known)
      return Error{known.error().code, file_name + ": " + type + ": " + known.error().what, "types"};
  const auto vendor = mapping->vendor;
  mappings_.insert_or_assign(vendor, *std::move(mapping));
  return engine::Ok{};
}

std::shared_ptr<const EmailVendors> EmailVendors::built_in() {
  auto vendors = load({});
  assert(vendors && "a mapping that is built in does not fit; its test says why");
  return vendors ? *vendors : nullptr;
}

engine::Result<std::shared_ptr<const EmailVendors>> EmailVendors::load(const std::filesystem::path& folder) {
  auto vendors = std::make_shared<EmailVendors>();
  for (const auto& [file_name, toml] : built_in_mappings())
    if (auto added = vendors->add(toml, std::string(file_name)); !added) return added.error();
  if (folder.empty()) return std::shared_ptr<const EmailVendors>{std::move(vendors)};
  const auto files = mapping_files(folder);
  if (!files) return files.error();
  std::map<std::string, std::string> named_by;  // vendor, file
  for (const auto& file : *files) {
    const auto text = text_of(file);
    if (!text) return text.error();
    if (auto added = vendors->add(*text, file.string()); !added) return added.error();
    if (file.filename() == machines_file) continue;
    const auto vendor = read_email_mapping(*text, file.string())->vendor;
    const auto [other, first] = named_by.emplace(vendor, file.string());
    if (!first)
      return Error{Errc::invalid,
                   file.string() + ": vendor: \"" + vendor + "\" is named by " + other->second +
                       " too; give one of them another name, or remove it",
                   "vendor"};
  }
  return std::shared_ptr<const EmailVendors>{std::move(vendors)};
}

const EmailMapping* EmailVendors::find(std::string_view vendor) const {
  const auto at = mappings_.find(vendor);
  return at == mappings_.end() ? nullptr : &at->second;
}

std::string EmailVendors::names() const {
  std::string all;
  for (const auto& [name, mapping] : mappings_) all.append(all.empty() ? "" : ", ").append(name);
  return all;
}

}  // namespace leadlight::net
