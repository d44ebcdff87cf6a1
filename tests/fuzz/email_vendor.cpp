// Calls of e-mail vendors: any body through each of the mappings, and signatures. The first byte chooses the mapping,
// the first line is a signature, the rest the body. Nothing that was not signed passes; a fault tells no address.
#include "net/email/email_events.hpp"
#include "net/email/sns_signature.hpp"
#include "net/webhook_signature.hpp"
#include "storage/codec/codec.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

namespace leadlight::fuzz {
namespace {

std::string text_of(const std::filesystem::path& file) {
  std::stringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

struct Vendors {
  std::vector<net::EmailMapping> mappings;
  net::MailMachines machines;

  Vendors() {
    const auto folder = std::filesystem::path(LEADLIGHT_SOURCE_DIR) / "net" / "email" / "vendors";
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
      if (entry.path().extension() == ".toml") files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    for (const auto& file : files) {
      if (file.stem() == "machines") {
        machines = *net::read_mail_machines(text_of(file), file.filename());
      } else {
        mappings.push_back(*net::read_email_mapping(text_of(file), file.filename()));
      }
    }
  }
};

void check_events(const Vendors& vendors, std::uint8_t choice, const net::HttpRequest& request) {
  net::EventContext context;
  context.organisation = engine::OrganisationId{7};
  context.received_at = engine::from_ms(1'777'636'800'000);
  context.request_id = "req_00000000000000000000000000";
  const auto& mapping = vendors.mappings[choice % vendors.mappings.size()];
  const auto intake = net::read_email_events(mapping, vendors.machines, request, context);
  if (!intake) return check_refusal(intake.error());
  check(intake->by_machine <= intake->records.size(), "machines are among the records");
  check((intake->rejected == 0) == intake->first_fault.empty(), "what is rejected has a fault");
  check(intake->first_fault.find('@') == std::string::npos, "a fault tells no address");
  for (const auto& record : intake->records) {
    check(net::normalise_email(record.email) == engine::Result<std::string>(record.email), "the address is normal");
    const auto stored = storage::decode_record(storage::encode(record));
    check(stored.ok() && *stored == record, "what is stored reads as what it was");
  }
}

std::string hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    text += digits[static_cast<unsigned char>(c) >> 4U];
    text += digits[static_cast<unsigned char>(c) & 15U];
  }
  return text;
}

void check_signatures(net::HttpRequest request, const std::string& signature) {
  using Scheme = net::SignatureScheme;
  constexpr std::array<std::pair<Scheme, const char*>, 4> secrets = {{
      // A public key made up for tests.
      {Scheme::ecdsa_p256_sha256,
       "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEPEsBwlByRpFZkTwVdHL0um38uDe/"
       "T81ELDNmezOGKPGcPUw9zx5PW14ox/tXrkEpJtQNf9yP+l4dKxGKGPwo+g=="},
      {Scheme::hmac_sha256_hex, "a secret of at least 32 characters."},
      {Scheme::hmac_sha256_base64, "a secret of at least 32 characters."},
      {Scheme::standard_webhooks, "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="},
  }};
  request.received_at = engine::from_ms(1'777'636'800'000);
  request.headers = {{"signature", signature}, {"timestamp", "1777636800"}, {"id", "msg_1"}};
  for (const auto& [scheme, secret] : secrets) {
    const net::SignatureRule rule{scheme, "signature", "timestamp", "id", ""};
    const std::array<std::string, 1> own = {secret};
    check(!net::verify_signature(rule, own, request), "what nobody signed does not pass");
    (void)net::check_secret(rule, signature);
  }
  const std::array<std::string, 1> own = {secrets[1].second};
  const net::SignatureRule rule{Scheme::hmac_sha256_hex, "signature", "", "", ""};
  request.headers = {{"signature", hex(net::hmac_sha256(own.front(), request.body))}};
  check(net::verify_signature(rule, own, request).ok(), "what was signed passes");
  request.body += 'x';
  check(!net::verify_signature(rule, own, request), "another body does not");
}

void check_sns(const std::string& body, const std::string& line) {
  if (const auto message = net::read_sns(body))
    check(!net::verify_sns(*message, line), "what Amazon did not sign does not pass");
  (void)net::read_sns_trust(body);
  if (!net::is_sns_url(line)) return;
  const auto host = line.substr(8, line.find_first_of("/?#", 8) - 8);
  check(line.starts_with("https://sns.") && (host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn")),
        "an address of the service is one");
}

}  // namespace
}  // namespace leadlight::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace leadlight::fuzz;  // NOLINT
  static const Vendors vendors;
  Input input(data, size);
  const auto choice = input.byte();
  const std::string line(input.line());
  leadlight::net::HttpRequest request;
  request.method = "POST";
  request.headers = {{"content-type", choice < 128 ? "application/json" : "application/x-www-form-urlencoded"}};
  request.body = exactly(input.rest());
  check_events(vendors, choice, request);
  check_signatures(request, line);
  check_sns(request.body, line);
  return 0;
}
