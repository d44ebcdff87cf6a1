#include "engine/categories.hpp"

#include "engine/words.hpp"

namespace leadlight::engine {
namespace {

template <class Category>
constexpr std::uint8_t of(Category category) {
  return static_cast<std::uint8_t>(category);
}

template <class Category>
Category category_of(std::string_view text, const PhraseTable& phrases) {
  if (says_nothing(text)) return Category::unknown;
  const auto found = phrases.find(Words(text));
  return found ? static_cast<Category>(*found) : Category::other;
}

const PhraseTable& roles() {
  using enum Role;
  static const PhraseTable table = {
      {of(economic_buyer), 0, "economic buyer, economic decision maker, budget holder, budget owner"},
      {of(executive_sponsor), 0, "executive sponsor, sponsor"},
      {of(evaluator), 0, "technical buyer, evaluator, technical evaluator, technical decision maker, recommender"},
      {of(user), 0, "end user, business user, user, power user, practitioner"},
      {of(gatekeeper), 0, "gatekeeper, gate keeper, blocker"},
      {of(champion), 1, "champion, coach, advocate"},
      {of(influencer), 1, "influencer, influence, stakeholder"},
      {of(decision_maker), 1, "decision maker, decisionmaker, decider, approver, final approver, buyer, signer, dm"}};
  return table;
}

const PhraseTable& lead_sources() {
  using enum LeadSource;
  static const PhraseTable table = {
      {of(purchased_list), 0, "purchased list, bought list, list purchase, list import, data vendor"},
      {of(webinar), 0, "webinar, webinars, virtual event, webcast"},
      {of(content), 0,
       "content syndication, content download, content, whitepaper, white paper, ebook, case study, download, "
       "gated content, blog"},
      {of(advertising), 0,
       "paid search, paid social, paid media, paid, ppc, cpc, sem, adwords, google ads, linkedin ads, "
       "facebook ads, ads, ad, advertisement, advertising, display, retargeting"},
      {of(referral), 0,
       "referral, referrals, employee referral, customer referral, external referral, word of mouth, referred"},
      {of(partner), 0, "partner, partners, partner referral, reseller, affiliate, channel partner"},
      {of(event), 1,
       "trade show, tradeshow, event, events, conference, seminar, roadshow, workshop, booth, exhibition, "
       "meetup, summit"},
      {of(outbound), 1, "outbound, cold call, cold calling, cold email, prospecting, sales generated, sdr, bdr"},
      {of(social), 1, "social, social media, linkedin, facebook, twitter, instagram, youtube, tiktok, xing"},
      {of(search), 1, "organic search, organic, search engine, search, seo, google, bing"},
      {of(email), 2, "email, e mail, newsletter, mailing, nurture"},
      {of(phone), 2, "phone, phone inquiry, phone enquiry, inbound call, call, telephone"},
      {of(website), 3,
       "web, website, web site, web form, webform, contact form, contact us, demo request, trial, free trial, "
       "landing page, chat, chatbot, live chat, direct, inbound, form, site, online"}};
  return table;
}

const PhraseTable& industries() {
  using enum Industry;
  static const PhraseTable table = {
      {of(software), 0, "software, saas, computer software, software internet, internet software"},
      {of(healthcare), 0,
       "health care, healthcare, hospital, hospitals, medical devices, medical device, biotechnology, biotech, "
       "pharmaceuticals, pharmaceutical, pharma, life sciences, health tech, health, wellness"},
      {of(financial_services), 0,
       "financial services, financial, finance, banking, bank, banks, insurance, capital markets, "
       "investment banking, investment management, venture capital, private equity, fintech, credit unions"},
      {of(real_estate), 0,
       "real estate, commercial real estate, construction, property management, building materials, "
       "civil engineering, architecture, architecture planning"},
      {of(nonprofit), 0,
       "nonprofit, non profit, nonprofits, not for profit, charity, charities, philanthropy, ngo, "
       "religious institutions, civic social organization"},
      {of(telecommunications), 0, "telecommunications, telecommunication, telecom, telecoms, wireless, communications"},
      {of(government), 0,
       "government, government administration, public sector, military, defense, defence, public administration, "
       "public safety, law enforcement, political organization, international affairs"},
      {of(education), 0,
       "education, higher education, education management, primary secondary education, e learning, elearning, "
       "university, universities, schools, school, edtech"},
      {of(agriculture), 0, "agriculture, farming, forestry, fishery, fisheries, agribusiness, ranching, dairy"},
      {of(energy), 0,
       "energy, oil gas, oil energy, utilities, utility, renewables, renewables environment, mining, "
       "mining metals, power generation, solar, oil, environmental"},
      {of(hospitality), 0,
       "hospitality, hotels, hotel, travel, leisure, leisure travel tourism, tourism, restaurants, restaurant, "
       "food services, food service, recreation, sports, gambling casinos"},
      {of(transportation), 0,
       "transportation, logistics, trucking, freight, shipping, airlines, aviation, airlines aviation, maritime, "
       "warehousing, supply chain, railroad, package freight delivery"},
      {of(media), 1,
       "media, entertainment, publishing, broadcast media, broadcasting, newspapers, music, motion pictures, "
       "film, gaming, computer games, online media, marketing, advertising, marketing advertising, "
       "public relations"},
      {of(professional_services), 1,
       "professional services, business services, consulting, management consulting, legal services, legal, "
       "law practice, law, accounting, human resources, staffing, staffing recruiting, architecture engineering, "
       "research, market research, outsourcing, business consulting, facilities services, "
       "security investigations, design, engineering"},
      {of(retail), 1,
       "retail, wholesale, ecommerce, e commerce, consumer goods, apparel, apparel fashion, supermarkets, "
       "luxury goods, consumer services, grocery, cosmetics"},
      {of(manufacturing), 2,
       "manufacturing, manufacturer, industrial, machinery, automotive, chemicals, chemical, aerospace, "
       "aerospace defense, electronics, electrical electronic manufacturing, consumer electronics, "
       "industrial automation, plastics, textiles, food production, food beverages, food beverage, food, "
       "packaging, paper forest products, medical manufacturing, furniture, steel"},
      {of(technology), 3,
       "technology, tech, information technology, information technology services, it services, it, internet, "
       "computer hardware, hardware, computer networking, network security, computer network security, "
       "cybersecurity, cyber security, semiconductors, semiconductor, information services, computers, data, "
       "cloud, high tech, nanotechnology"}};
  return table;
}

}  // namespace

Role role_of(std::string_view text) {
  return category_of<Role>(text, roles());
}

LeadSource lead_source_of(std::string_view text) {
  return category_of<LeadSource>(text, lead_sources());
}

Industry industry_of(std::string_view text) {
  return category_of<Industry>(text, industries());
}

}  // namespace leadlight::engine
