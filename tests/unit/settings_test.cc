// SPDX-License-Identifier: GPL-2.0
/* The module's setting, as a number, and that a write follows it (P7). */
#include "device_fixture.h"

#include "dax_core/settings.h"

using namespace fake;

namespace {

class Settings : public DeviceTest {};

TEST_F(Settings, VerifyIsOnByDefault) {
    EXPECT_EQ(daxmend_verify(), 1);
    EXPECT_TRUE(daxmend::verify_repairs());
}

TEST_F(Settings, VerifyIsOnForAnyNumberButZero) {
    daxmend_set_verify(0);
    EXPECT_EQ(daxmend_verify(), 0);
    EXPECT_FALSE(daxmend::verify_repairs());
    for (const int32_t on : {1, 2, -1, 256}) {
        daxmend_set_verify(on);
        EXPECT_EQ(daxmend_verify(), 1) << on;
        daxmend_set_verify(0);
    }
}

TEST_F(Settings, TheNextWriteFollowsIt) {
    make(24);
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
