#include "net/surfaces/email_vendors.hpp"

#include "net/email/email_vendors.hpp"
#include "net/email/sns_signature.hpp"
#include "net/text/json_writer.hpp"
#include "net/webhook_signature.hpp"

#include <algorithm>
#include <utility>

namespace leadlight::net {
namespace {

using actors::VendorRow;
using engine::Errc;
using engine::Error;
using VendorsPtr = std::shared_ptr<const EmailVendors>;

constexpr std::size_t body_bytes_max = 64 * 1024;

struct Desk {
  SurfaceContext context;
  VendorsPtr vendors;
};

void write(JsonWriter& json, const EmailMapping& mapping, const std::vector<VendorRow>& rows) {
  const auto own = std::ranges::find(rows, mapping.vendor, &VendorRow::vendor);
  const auto row = own == rows.end() ? VendorRow{} : *own;
  json.object().member("vendor", mapping.vendor).member("title", mapping.title);
  json.member("path", "/hooks/email/" + mapping.vendor).member("signature", label(mapping.signature.scheme));
  json.member("secrets", row.secrets).member("changed_at", row.changed_at).end_object();
}

HttpResponse unknown_vendor(const Desk& desk, const HttpRequest& request) {
  return problem(
      {Errc::not_found,
       "no e-mail vendor \"" + request.captures.front() + "\" is known; the known ones are " + desk.vendors->names(),
       "vendor"},
      request);
}

/// Sends an act whose answer is rows, and answers with what `render` makes of them.
template <class Act, class Render>
void administer(const Desk& desk, const HttpRequest& request, Respond respond, Act act, Render render) {
  actors::AdminRequest message{request.key->organisation, std::move(act)};
  ask_for<actors::AdminAnswer>(
      desk.context, request, std::move(respond), std::move(message),
      [about = essentials(request), render = std::move(render)](const actors::AdminAnswer& answer) {
        if (const auto* rows = std::get_if<std::vector<VendorRow>>(&answer))
          return HttpResponse::json(200, render(*rows));
        return problem({Errc::internal, "An unexpected reply", {}}, about);
      });
}

auto one(const EmailMapping& mapping) {
  return [mapping](const std::vector<VendorRow>& rows) {
    JsonWriter json;
    write(json, mapping, rows);
    return json.take();
  };
}

void list(const Desk& desk, const HttpRequest& request, Respond respond) {
  administer(desk, request, std::move(respond), actors::ListVendorSecrets{},
             [vendors = desk.vendors](const std::vector<VendorRow>& rows) {
               JsonWriter json;
               json.object().key("email_vendors").array();
               for (const auto& [name, mapping] : vendors->all()) write(json, mapping, rows);
               json.end_array().end_object();
               return json.take();
             });
}

engine::Result<actors::SetVendorSecret> parse(const HttpRequest& request) {
  const auto members = json_reader().object(request.body);
  if (!members) return members.error();
  actors::SetVendorSecret act;
  act.vendor = request.captures.front();
  for (const auto& member : *members) {
    if (member.name == "secret") {
      if (member.kind != JsonKind::text) return Error{Errc::invalid, "secret must be a string", "secret"};
      act.secret = member.text;
    } else if (member.name == "keep_previous") {
      if (member.kind != JsonKind::boolean)
        return Error{Errc::invalid, "keep_previous must be true or false", "keep_previous"};
      act.keep_previous = member.text == "true";
    } else {
      return Error{Errc::invalid, "\"" + std::string(member.name) + "\" is not a member of this request",
                   std::string(member.name)};
    }
  }
  if (act.secret.empty()) return Error{Errc::invalid, "secret is required", "secret"};
  return act;
}

engine::Status check(const EmailMapping& mapping, const std::string& secret) {
  if (mapping.signature.scheme != SignatureScheme::sns) return check_secret(mapping.signature, secret);
  const auto trust = read_sns_trust(secret);
  if (!trust) return trust.error();
  return engine::Ok{};
}

void set(const Desk& desk, const HttpRequest& request, Respond respond) {
  const auto* mapping = desk.vendors->find(request.captures.front());
  if (mapping == nullptr) return respond(unknown_vendor(desk, request));
  auto act = parse(request);
  if (!act) return respond(problem(act.error(), request));
  if (const auto fits = check(*mapping, act->secret); !fits) return respond(problem(fits.error(), request));
  administer(desk, request, std::move(respond), *std::move(act), one(*mapping));
}

void get(const Desk& desk, const HttpRequest& request, Respond respond) {
  const auto* mapping = desk.vendors->find(request.captures.front());
  if (mapping == nullptr) return respond(unknown_vendor(desk, request));
  administer(desk, request, std::move(respond), actors::ListVendorSecrets{}, one(*mapping));
}

void remove(const Desk& desk, const HttpRequest& request, Respond respond) {
  const auto vendor = request.captures.front();
  const auto* mapping = desk.vendors->find(vendor);
  EmailMapping gone;  // a secret outlives the mapping file of its vendor: it can be removed all the same
  gone.vendor = vendor;
  administer(desk, request, std::move(respond), actors::RemoveVendorSecrets{vendor},
             one(mapping == nullptr ? gone : *mapping));
}

}  // namespace

void add_email_vendor_administration(Router& router, const SurfaceContext& context) {
  const Desk desk{context, context.email_vendors ? context.email_vendors : EmailVendors::built_in()};
  using Handler = void (*)(const Desk&, const HttpRequest&, Respond);
  const auto bound = [&desk](Handler handler) -> Handle {
    return [desk, handler](const HttpRequest& request, Respond respond) { handler(desk, request, std::move(respond)); };
  };
  constexpr const char* path = "/v1/admin/email-vendors/{vendor}";
  router.add({"GET", "/v1/admin/email-vendors", "admin", 0, bound(list)});
  router.add({"GET", path, "admin", 0, bound(get)});
  router.add({"PUT", path, "admin", body_bytes_max, bound(set)});
  router.add({"DELETE", path, "admin", 0, bound(remove)});
}

}  // namespace leadlight::net
