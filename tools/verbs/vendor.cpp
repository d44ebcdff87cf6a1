#include "tools/verbs/rendering.hpp"
#include "tools/verbs/verbs.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <cstdlib>
#include <memory>
#include <string>

namespace leadlight::tools::verbs {
namespace {

namespace json = boost::json;
using engine::Errc;
using engine::Error;
using engine::Result;

constexpr std::size_t secret_bytes_max = 16 * 1024;
constexpr const char* route = "/v1/admin/email-vendors";

struct SetOptions {
  std::string vendor;
  std::string secret_file;
  bool keep_previous = false;
};

/// From its file, or else the environment: never from the command line, which others can read.
Result<std::string> secret_of(const SetOptions& options) {
  std::string text;
  if (!options.secret_file.empty()) {
    auto read = read_text(options.secret_file, secret_bytes_max, "--secret-file");
    if (!read) return read.error();
    text = *std::move(read);
  } else if (const char* value = std::getenv("LEADLIGHT_VENDOR_SECRET"); value != nullptr) {
    text = value;
  } else {
    return Error{Errc::invalid,
                 "there is no secret; give a file, or - for standard input, or set LEADLIGHT_VENDOR_SECRET",
                 "--secret-file"};
  }
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  if (text.empty()) return Error{Errc::invalid, "the secret is empty; check where it comes from", "--secret-file"};
  return text;
}

Result<Shown> set(AdminClient& client, const SetOptions& options) {
  auto secret = secret_of(options);
  if (!secret) return secret.error();
  const json::object wanted{{"secret", *secret}, {"keep_previous", options.keep_previous}};
  auto answer = client.call("PUT", route + ("/" + url_encoded(options.vendor)), json::serialize(wanted));
  if (!answer) return answer.error();
  const bool two = whole_of(answer->value, "secrets").value_or(1) > 1;
  return Shown{object_of(answer->value),
               "the secret of " + options.vendor + " is set" +
                   (two ? "; the one before stays in force beside it until the next is set without --keep-previous\n"
                        : "; unsigned and wrongly signed calls are refused from now on\n")};
}

Result<Shown> list(AdminClient& client) {
  auto answer = client.call("GET", route);
  if (!answer) return answer.error();
  Columns columns({"VENDOR", "NAME", "PATH", "SIGNATURE", ">SECRETS", "CHANGED"});
  for (const auto& row : list_of(answer->value, "email_vendors")) {
    const auto& vendor = object_of(row);
    columns.row({plain(vendor, "vendor"), plain(vendor, "title"), plain(vendor, "path"), plain(vendor, "signature"),
                 plain(vendor, "secrets"), plain(vendor, "changed_at")});
  }
  return Shown{object_of(answer->value), columns.text()};
}

Result<Shown> remove(AdminClient& client, const std::string& vendor) {
  auto answer = client.call("DELETE", route + ("/" + url_encoded(vendor)));
  if (!answer) return answer.error();
  return Shown{object_of(answer->value),
               "the secrets of " + vendor + " are removed; from now on its calls need a key and no signature\n"};
}

}  // namespace

void add_vendor(CLI::App& program, VerbContext& context) {
  auto& group = add_group(program, "vendor", "E-mail vendors: the secrets that prove their calls");
  group.footer("Example:\n  leadlight vendor list --server http://127.0.0.1:8080 --token KEY");

  auto options = std::make_shared<SetOptions>();
  auto& made = add_state_verb(group, context, "set", "Set the secret by which a vendor's calls are checked",
                              [options](AdminClient& client) { return set(client, *options); });
  made.add_option("VENDOR", options->vendor, "Such as sendgrid; `leadlight vendor list` names them")->required();
  made.add_option("--secret-file", options->secret_file,
                  "A file with the vendor's verification key or signing secret, or - for standard input; else the "
                  "environment's LEADLIGHT_VENDOR_SECRET")
      ->type_name("FILE");
  made.add_flag("--keep-previous", options->keep_previous,
                "The secret before stays in force as well, while the vendor changes to the new one");
  made.footer(
      "Examples:\n"
      "  leadlight vendor set sendgrid --secret-file verification-key.txt --server URL --token KEY\n"
      "  leadlight vendor set resend --secret-file - --keep-previous --data ./data");

  auto& listed =
      add_state_verb(group, context, "list", "List the vendors that are known, and which have secrets", list);
  listed.footer("Example:\n  leadlight vendor list --data ./data");

  auto vendor = std::make_shared<std::string>();
  auto& removed = add_state_verb(group, context, "remove", "Remove the secrets of a vendor",
                                 [vendor](AdminClient& client) { return remove(client, *vendor); });
  removed.add_option("VENDOR", *vendor, "The vendor's name")->required();
  removed.footer("Example:\n  leadlight vendor remove sendgrid --data ./data");
}

}  // namespace leadlight::tools::verbs
