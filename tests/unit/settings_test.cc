// SPDX-License-Identifier: GPL-2.0
/* The module's settings, as words and numbers, and that a write follows them (P4, P7). */
#include "device_fixture.h"

#include "dax_core/settings.h"

using namespace fake;

namespace {

class Settings : public DeviceTest {};

TEST_F(Settings, DefaultsRepairSectorsAndVerify) {
    EXPECT_STREQ(daxmend_recovery_granularity(), "sector");
    EXPECT_EQ(daxmend_verify(), 1);
    const daxmend::RepairPolicy policy = daxmend::current_repair_policy();
    EXPECT_EQ(policy.granularity, daxmend::Granularity::sector);
    EXPECT_TRUE(policy.verify);
}

TEST_F(Settings, GranularityTakesBothWordsWithOrWithoutNewline) {
    EXPECT_EQ(daxmend_set_recovery_granularity("page"), DAXMEND_OK);
    EXPECT_STREQ(daxmend_recovery_granularity(), "page");
    EXPECT_EQ(daxmend::current_repair_policy().granularity, daxmend::Granularity::page);
    EXPECT_EQ(daxmend_set_recovery_granularity("sector\n"), DAXMEND_OK);
    EXPECT_STREQ(daxmend_recovery_granularity(), "sector");
    EXPECT_EQ(daxmend_set_recovery_granularity("page\n"), DAXMEND_OK);
    EXPECT_STREQ(daxmend_recovery_granularity(), "page");
}

TEST_F(Settings, AnyOtherWordIsRefusedAndChangesNothing) {
    for (const char *word : {"", "\n", "p", "pag", "pages", "page ", " page", "Page", "sectors",
                             "sector page", "secto", "0", "1"}) {
        EXPECT_EQ(daxmend_set_recovery_granularity(word), DAXMEND_INVALID) << '"' << word << '"';
        EXPECT_STREQ(daxmend_recovery_granularity(), "sector") << '"' << word << '"';
    }
}

TEST_F(Settings, VerifyIsOnForAnyNumberButZero) {
    daxmend_set_verify(0);
    EXPECT_EQ(daxmend_verify(), 0);
    EXPECT_FALSE(daxmend::current_repair_policy().verify);
    for (const int32_t on : {1, 2, -1, 256}) {
        daxmend_set_verify(on);
        EXPECT_EQ(daxmend_verify(), 1) << on;
        daxmend_set_verify(0);
    }
}

TEST_F(Settings, TheNextWriteFollowsThem) {
    make(24);
    poison(3, 4);
    ASSERT_EQ(daxmend_set_recovery_granularity("page"), DAXMEND_OK);
    EXPECT_EQ(write_sectors(3, 1), (Written{0, DAXMEND_POISONED}));
    ASSERT_EQ(daxmend_set_recovery_granularity("sector"), DAXMEND_OK);
    EXPECT_EQ(write_sectors(3, 1), (Written{kSector, DAXMEND_OK}));

    daxmend_set_verify(0);
    poison(3, 4);
    media_->logging = true;
    EXPECT_EQ(write_sectors(3, 1), (Written{kSector, DAXMEND_OK}));
    for (const std::string &step : media_->log)
        EXPECT_FALSE(step.starts_with("verify")) << "verify is off";
}

TEST(AbiVersion, IsThatOfTheHeader) {
    EXPECT_EQ(daxmend_abi_version(), DAXMEND_ABI_VERSION);
}

} // namespace
