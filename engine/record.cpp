#include "engine/record.hpp"

namespace leadlight::engine {

std::string_view label(Surface surface) {
  switch (surface) {
    case Surface::internal: return "internal";
    case Surface::events: return "events";
    case Surface::hg_live: return "hg_live";
    case Surface::segment: return "segment";
    case Surface::posthog: return "posthog";
    case Surface::cloudevents: return "cloudevents";
    case Surface::email_vendor: return "email_vendor";
    case Surface::sixsense: return "sixsense";
    case Surface::typeform: return "typeform";
    case Surface::hubspot: return "hubspot";
    case Surface::source_poll: return "source_poll";
    case Surface::import: return "import";
  }
  return "internal";
}

std::string_view label(WriteOutcome outcome) {
  switch (outcome) {
    case WriteOutcome::written: return "written";
    case WriteOutcome::unchanged: return "unchanged";
    case WriteOutcome::no_match:
    case WriteOutcome::no_match_yet: return "no_match";
    case WriteOutcome::converted_lead: return "converted_lead";
    case WriteOutcome::dead_letter: return "dead_letter";
    case WriteOutcome::dropped: return "dropped";
  }
  return "dropped";
}

}  // namespace leadlight::engine
