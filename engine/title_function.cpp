// What a job is about, by the words of its title.
#include "engine/title_words.hpp"

namespace leadlight::engine {
namespace {

constexpr std::uint8_t of(TitleFunction function) {
  return static_cast<std::uint8_t>(function);
}

/// Rank 0 settles it; 1: a department; 2: a trade found in several departments; 3 and 4: words that others go before
/// ("Product Support Engineer" supports, "Data Product Manager" is of product).
const PhraseTable& phrases() {
  using enum TitleFunction;
  static const PhraseTable table = {
      {of(marketing), 0,
       "product marketing, market research, public relations, media relations, social media, demand generation, "
       "demand gen, lead generation, lead gen, customer acquisition, user acquisition, cmo, graphic designer"},
      {of(sales), 0,
       "business development, account executive, account manager, account director, account management, "
       "key account, go to market, chief revenue officer, partner manager, sdr, bdr, ae, cro"},
      {of(it), 0,
       "information technology, information systems, information security, cyber security, cybersecurity, "
       "help desk, helpdesk, service desk, network engineer, network administrator, network architect, "
       "security engineer, security architect, security analyst, system administrator, systems administrator, "
       "sysadmin, database administrator, dba, systems analyst, chief information officer, chief data officer, "
       "chief digital officer, cio, ciso, vciso, vcio"},
      {of(engineering), 0,
       "chief technology officer, chief technical officer, software development, web development, "
       "research development, r d, machine learning, cto, vcto"},
      {of(finance), 0,
       "financial planning, fp a, m a, investor relations, accounts payable, accounts receivable, cfo, vcfo"},
      {of(hr), 0,
       "human resources, human resource, human capital, learning development, l d, people operations, "
       "employee experience, employee relations, recruiter, recruiting, recruitment, chro"},
      {of(operations), 0,
       "supply chain, office manager, chief of staff, security guard, plant manager, document controller, "
       "traffic controller, coo"},
      {of(product), 0, "chief product officer, user experience, user research, product owner, cpo"},
      {of(legal), 0, "general counsel, data protection, company secretary, corporate secretary, clo"},
      {of(support), 0,
       "customer success, customer service, customer support, customer care, customer experience, "
       "technical support, technical account, call center, call centre, contact center, contact centre, "
       "chief customer officer, csm"},

      {of(marketing), 1,
       "marketing, marketer, brand, advertising, communications, communication, pr, seo, sem, ppc, copywriter, "
       "campaign, campaigns, ecommerce"},
      {of(sales), 1,
       "sales, salesperson, salesman, saleswoman, seller, selling, revenue, commercial, presales, partnerships, "
       "alliances"},
      {of(finance), 1,
       "finance, financial, accounting, accountant, accounts, bookkeeper, treasury, treasurer, tax, audit, "
       "auditor, payroll, actuary, investment, investments, credit, loan, billing, comptroller"},
      {of(hr), 1, "hr, hrbp, people, talent, compensation, benefits, workforce"},
      {of(operations), 1, "project manager"},
      {of(legal), 1,
       "legal, counsel, attorney, lawyer, paralegal, solicitor, compliance, privacy, contracts, regulatory"},

      {of(marketing), 2, "growth, content"},
      {of(sales), 2, "channel, account"},
      {of(it), 2, "it, infrastructure"},
      {of(engineering), 2,
       "engineering, engineer, engineers, developer, software, programmer, devops, sre, swe, sde, qa, tester"},
      {of(operations), 2,
       "procurement, purchasing, buyer, sourcing, logistics, warehouse, manufacturing, facilities, fleet"},
      {of(support), 2, "support"},

      {of(engineering), 3, "architect, scientist, development, scrum"},
      {of(finance), 3, "controller"},
      {of(operations), 3, "operations, operating, operation, ops, production, plant, quality"},
      {of(product), 3, "product, products, ux, ui"},

      {of(it), 4, "technology, digital, data, security, systems, information, cloud"},
      {of(engineering), 4, "technical, tech, research"},
      {of(operations), 4, "project, program, programme"},
      {of(product), 4, "designer"},
      {of(support), 4, "customer"}};
  return table;
}

}  // namespace

TitleFunction function_of(const Words& title) {
  const auto found = phrases().find(title);
  return found ? static_cast<TitleFunction>(*found) : TitleFunction::other;
}

}  // namespace leadlight::engine
