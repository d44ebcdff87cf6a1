// Goal: the stored hashes are SipHash-2-4 as published, and never change. Method: the reference vectors; frozen
// results.
#include "engine/hash.hpp"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string>

namespace leadlight::engine {
namespace {

// The first sixteen of the reference implementation's vectors: key 00 01 … 0f, message 00 01 … of length 0 to 15.
constexpr std::array<std::uint64_t, 16> reference{
    0x726fdb47dd0e0e31ULL, 0x74f839c593dc67fdULL, 0x0d6c8009d9a94f5aULL, 0x85676696d7fb7e2dULL,
    0xcf2794e0277187b7ULL, 0x18765564cd99a68dULL, 0xcbc9466e58fee3ceULL, 0xab0200f58b01d137ULL,
    0x93f5f5799a932462ULL, 0x9e0082df0ba9e4b0ULL, 0x7a5dbbc594ddb9f3ULL, 0xf4b32f46226bada7ULL,
    0x751e8fbc860ee5fbULL, 0x14ea5627c0843d90ULL, 0xf723ca908e7af2eeULL, 0xa129ca6149be45e5ULL};

TEST(SipHash, AgreesWithTheReferenceVectors) {
  std::string message;
  for (std::size_t length = 0; length < reference.size(); ++length) {
    EXPECT_EQ(siphash(0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL, message), reference[length]) << length;
    message += static_cast<char>(length);
  }
}

TEST(SipHash, ReadsBytesAboveSevenBitsAsUnsigned) {
  EXPECT_NE(siphash(1, 2, "\xff\xff\xff"), siphash(1, 2, "\x7f\x7f\x7f"));
  EXPECT_NE(siphash(1, 2, std::string(9, '\xff')), siphash(1, 2, std::string(9, '\x7f')));
}

TEST(LeadIdentity, HoldsTheOrganisationInTheUpperBits) {
  const LeadId lead = lead_id(OrganisationId{0xABCD1234U}, "ada@example.com");
  EXPECT_EQ(lead.organisation(), OrganisationId{0xABCD1234U});
  EXPECT_EQ(lead.high >> 32U, 0xABCD1234U);
}

TEST(LeadIdentity, IsTheSameForEverAndDiffersByAddressAndOrganisation) {
  const LeadId lead = lead_id(OrganisationId{1}, "ada@example.com");
  EXPECT_EQ(lead, lead_id(OrganisationId{1}, "ada@example.com"));
  EXPECT_NE(lead, lead_id(OrganisationId{2}, "ada@example.com"));
  EXPECT_NE(lead, lead_id(OrganisationId{1}, "ada@example.org"));
  // Frozen: a change here would lose every stored lead.
  EXPECT_EQ(lead.high, 0x1e011cee8ULL);
  EXPECT_EQ(lead.low, 0x53832dbf61248781ULL);
}

TEST(Shard, IsGivenByTheDomainAloneWhereThereIsOne) {
  const LeadId ada = lead_id(OrganisationId{1}, "ada@example.com");
  const LeadId bob = lead_id(OrganisationId{1}, "bob@mail.example.com");
  EXPECT_EQ(shard_of(ada, "example.com"), shard_of(bob, "example.com"));
  EXPECT_EQ(shard_of(ada, "example.com"), ShardId{40});
  EXPECT_EQ(shard_of(ada, ""), ShardId{14});
}

TEST(Shard, SpreadsLeadsWithoutADomainOverAllShards) {
  std::array<int, shard_count> leads{};
  for (int i = 0; i < 64'000; ++i) {
    const ShardId shard = shard_of(lead_id(OrganisationId{1}, "lead" + std::to_string(i) + "@mail.example"), "");
    ASSERT_LT(static_cast<std::uint16_t>(shard), shard_count);
    ++leads[static_cast<std::uint16_t>(shard)];
  }
  for (const int count : leads) {
    EXPECT_GT(count, 800);
    EXPECT_LT(count, 1'200);
  }
}

TEST(EventIdentity, UsesAKeyOfItsOwn) {
  EXPECT_EQ(event_id_hash("evt_1"), event_id_hash("evt_1"));
  EXPECT_NE(event_id_hash("evt_1"), event_id_hash("evt_2"));
  EXPECT_NE(event_id_hash("evt_1"), lead_id(OrganisationId{0}, "evt_1").low);
  EXPECT_EQ(event_id_hash("evt_1"), 0xaf3c5467505b618eULL);
}

}  // namespace
}  // namespace leadlight::engine
